import keras
import pytest
import torch

from ganzoo import layers


@pytest.mark.parametrize(
    ("size", "options"),
    [
        (2, {}),
        ((3, 2), {}),
        (2, {"interpolation": "bilinear"}),
        ((1, 3), {"interpolation": "bilinear"}),
        (2, {"interpolation": "bicubic"}),
        (2, {"data_format": "channels_first"}),
    ],
)
def test_enlargement_agrees_with_keras(assert_same, size, options):
    stock, mine = (home.UpSampling2D(size, **options) for home in (keras.layers, layers))
    assert_same(stock, mine, torch.randn(2, 7, 6, 5))


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_enlarged_images_are_contiguous(interpolation):
    assert layers.UpSampling2D(2, interpolation=interpolation)(torch.randn(2, 6, 6, 5)).is_contiguous()
