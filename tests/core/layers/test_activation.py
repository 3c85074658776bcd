import keras
import pytest
import torch

from ganzoo import layers

SLOPES = keras.initializers.RandomUniform(0.1, 0.4, seed=0)


@pytest.mark.parametrize(
    ("shared", "shape"),
    [([1, 2], (2, 5, 6, 3)), (None, (4, 3)), ([1, 2, 3], (2, 5, 6, 3)), (None, (2, 5, 6, 3)), ([1], (2, 5, 3))],
)
def test_prelu_agrees_with_keras_however_slopes_are_shared(assert_same, shared, shape):
    stock, mine = (home.PReLU(shared_axes=shared, alpha_initializer=SLOPES) for home in (keras.layers, layers))
    assert_same(stock, mine, torch.randn(shape))


def test_prelu_keeps_images_contiguous():
    assert layers.PReLU(shared_axes=[1, 2])(torch.randn(2, 5, 6, 3)).is_contiguous()


def test_leaky_relu_agrees_with_keras(assert_same):
    assert_same(keras.layers.LeakyReLU(0.2), layers.LeakyReLU(0.2), torch.randn(2, 5, 6, 3))
