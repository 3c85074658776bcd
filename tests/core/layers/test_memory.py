"""The kernel's memory order is what makes convolutions fast; nothing may lose it, and nothing may depend on it."""

import copy

import keras
import pytest
import torch

from ganzoo import layers
from ganzoo.execution.layout import align_optimizer_memory, flat_view


@pytest.fixture(params=["Conv2D", "Conv2DTranspose"])
def layer(request):
    made = getattr(layers, request.param)(4, 3, padding="same")
    made.build((None, 6, 6, 5))
    return made


def is_fast(kernel):
    return kernel.permute(3, 2, 0, 1).is_contiguous(memory_format=torch.channels_last)


def descend(layer, optimizer):
    kernel = layer.kernel.value
    [gradient] = torch.autograd.grad(layer(torch.randn(2, 6, 6, 5)).square().sum(), [kernel])
    with torch.no_grad():
        optimizer.apply([gradient], [layer.kernel])
    return gradient


def test_the_kernel_has_the_shape_of_keras_over_the_memory_of_torch(layer):
    assert tuple(layer.kernel.shape)[:2] == (3, 3)
    assert is_fast(layer.kernel.value)


def test_outputs_are_contiguous_so_that_no_later_layer_copies(layer):
    assert layer(torch.randn(2, 6, 6, 5)).is_contiguous()


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "sgd"])
def test_training_keeps_the_memory_order(layer, optimizer):
    gradient = descend(layer, keras.optimizers.get(optimizer))
    assert is_fast(layer.kernel.value)
    assert is_fast(gradient)


def test_assigning_keeps_the_memory_order(layer):
    values = torch.randn(tuple(layer.kernel.shape))
    layer.kernel.assign(values)
    assert is_fast(layer.kernel.value)
    assert torch.equal(layer.kernel.value, values)
    layer.set_weights([each * 2 for each in layer.get_weights()])
    assert is_fast(layer.kernel.value)


def test_loading_keeps_the_memory_order(layer, tmp_path):
    network = keras.Sequential([keras.Input((6, 6, 5)), layer])
    network.save_weights(tmp_path / "network.weights.h5")
    layer.kernel.assign(torch.zeros(tuple(layer.kernel.shape)))
    network.load_weights(tmp_path / "network.weights.h5")
    assert is_fast(layer.kernel.value)
    assert layer.kernel.value.abs().sum() > 0


def test_copies_keep_the_memory_order(layer):
    network = keras.Sequential([keras.Input((6, 6, 5)), layer])
    assert is_fast(copy.deepcopy(layer.kernel.value))
    assert is_fast(keras.models.clone_model(network).layers[0].kernel.value)


def test_half_precision_keeps_the_memory_order():
    layer = layers.Conv2D(4, 3, dtype="mixed_bfloat16")
    assert layer(torch.randn(2, 6, 6, 5)).is_contiguous()
    assert is_fast(layer.kernel.value)


def test_a_lost_memory_order_changes_no_number(layer):
    values = torch.randn(2, 6, 6, 5)
    wanted = layer(values)
    layer.kernel.value.data = layer.kernel.value.data.contiguous()
    assert not is_fast(layer.kernel.value)
    assert torch.allclose(layer(values), wanted, atol=1e-5)


def test_optimizer_state_can_be_laid_out_like_the_kernels(layer):
    optimizer = keras.optimizers.Adam()
    descend(layer, optimizer)
    before = [slot.value.clone() for slot in optimizer.variables]
    align_optimizer_memory(optimizer.variables, [layer.kernel])
    kernels = [slot.value for slot in optimizer.variables if slot.shape == layer.kernel.shape]
    assert len(kernels) == 2
    assert all(map(is_fast, kernels))
    assert all(torch.equal(slot.value, old) for slot, old in zip(optimizer.variables, before, strict=True))
    descend(layer, optimizer)
    assert all(map(is_fast, kernels))


def test_the_values_of_an_initializer_do_not_depend_on_the_memory_order():
    drawn = [
        home.Conv2D(4, 3, kernel_initializer=keras.initializers.HeNormal(seed=1)) for home in (layers, keras.layers)
    ]
    for layer in drawn:
        layer.build((None, 6, 6, 5))
    assert torch.equal(drawn[0].kernel.value, drawn[1].kernel.value)


def test_fully_connected_kernels_lie_in_memory_as_torch_has_them_and_stay_so():
    layer = layers.Dense(4)
    layer.build((None, 7))
    assert layer.kernel.value.T.is_contiguous()
    optimizer = keras.optimizers.Adam()
    [gradient] = torch.autograd.grad(layer(torch.randn(2, 7)).square().sum(), [layer.kernel.value])
    with torch.no_grad():
        optimizer.apply([gradient], [layer.kernel])
    assert gradient.T.is_contiguous()
    assert layer.kernel.value.T.is_contiguous()


def test_values_flat_view_are_a_view_of_what_lies_densely(layer):
    for tensor in (layer.kernel.value, torch.randn(3, 4).T, torch.randn(3, 4), torch.randn(())):
        row = flat_view(tensor)
        assert row.is_contiguous()
        assert row.data_ptr() == tensor.data_ptr()
        assert torch.equal(row.flatten().sort().values, tensor.flatten().sort().values)


@pytest.mark.parametrize("tensor", [torch.arange(6.0)[::2], torch.ones(1).expand(3)], ids=["gaps", "repeated"])
def test_what_does_not_lie_densely_stays_as_it_is(tensor):
    assert flat_view(tensor) is tensor
