import keras
import pytest
import torch

from ganzoo import layers


@pytest.mark.parametrize("name", ["MaxPooling2D", "AveragePooling2D"])
@pytest.mark.parametrize(
    ("pool_size", "options"),
    [(2, {}), (2, {"strides": 1}), ((3, 2), {}), (3, {"padding": "same"}), (2, {"data_format": "channels_first"})],
)
def test_pooling_agrees_with_keras(assert_same, name, pool_size, options):
    stock, mine = (getattr(home, name)(pool_size, **options) for home in (keras.layers, layers))
    assert_same(stock, mine, torch.randn(2, 7, 6, 5))


@pytest.mark.parametrize("name", ["MaxPooling2D", "AveragePooling2D"])
def test_pooling_keeps_images_contiguous(name):
    assert getattr(layers, name)(2)(torch.randn(2, 6, 6, 5)).is_contiguous()
