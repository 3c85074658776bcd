import keras
import numpy as np
import pytest
import torch

from ganzoo import layers

SHAPES = [((2, 5, 7, 3), 1), ((1, 4, 9, 2), 3), ((2, 3, 3, 1), 2)]


@pytest.mark.parametrize(("shape", "padding"), SHAPES)
def test_reflection_agrees_with_numpy(shape, padding):
    images = torch.randn(shape)
    sides = (padding, padding)
    wanted = np.pad(images.numpy(), ((0, 0), sides, sides, (0, 0)), mode="reflect")
    found = layers.ReflectionPadding2D(padding)(images)
    assert np.array_equal(found.numpy(), wanted)
    assert found.is_contiguous()
    assert np.array_equal(layers.ReflectionPadding2D(padding).to_keras(images).numpy(), wanted)


@pytest.mark.parametrize(("shape", "padding"), SHAPES)
def test_first_and_second_derivatives_are_right(shape, padding):
    layer = layers.ReflectionPadding2D(padding, dtype="float64")
    images = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    layer(images)
    assert torch.autograd.gradcheck(layer, (images,))
    assert torch.autograd.gradgradcheck(lambda given: layer(given) ** 2, (images,))


def test_the_derivative_does_without_the_kernel_that_is_not_deterministic_on_gpus():
    images = torch.randn(1, 6, 6, 2, requires_grad=True)
    gradient = layers.ReflectionPadding2D(2)(images).grad_fn
    names = set()
    waiting = [gradient]
    while waiting:
        node = waiting.pop()
        names.add(node.name())
        waiting += [below for below, _ in node.next_functions if below is not None]
    assert not [name for name in names if "ReflectionPad" in name]


def test_the_size_may_be_open():
    assert layers.ReflectionPadding2D(3)(keras.Input((None, 5, 2))).shape == (None, None, 11, 2)


def test_what_cannot_be_reflected_is_refused():
    with pytest.raises(ValueError, match="needs sides of 4 or more to reflect, received 3 x 8"):
        layers.ReflectionPadding2D(3)(torch.zeros(1, 3, 8, 1))
    with pytest.raises(ValueError, match="needs a padding of at least 1, received 0"):
        layers.ReflectionPadding2D(0)
