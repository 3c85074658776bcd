import keras
import pytest
import torch

from ganzoo import layers


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_channels_become_pixels_as_in_torch(scale):
    values = torch.randn(2, 4, 5, 6 * scale**2)
    wanted = torch.nn.PixelShuffle(scale)(values.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    assert torch.equal(layers.PixelShuffle(scale)(values), wanted)


@pytest.mark.parametrize("scale", [2, 3])
def test_channels_become_pixels_as_in_keras_on_request(scale):
    values = torch.randn(2, 4, 5, 6 * scale**2)
    assert torch.equal(layers.PixelShuffle(scale, order="keras")(values), keras.ops.depth_to_space(values, scale))


def test_shuffled_images_are_contiguous():
    assert layers.PixelShuffle(2)(torch.randn(2, 8, 4, 5).permute(0, 2, 3, 1)).is_contiguous()


def test_the_size_may_be_open():
    assert layers.PixelShuffle(2)(keras.Input((None, 5, 12))).shape == (None, None, 10, 3)


def test_channels_that_fill_no_square_are_refused():
    with pytest.raises(ValueError, match="needs a multiple of 4 channels, received 6"):
        layers.PixelShuffle(2)(keras.Input((5, 5, 6)))


@pytest.mark.parametrize("options", [{"scale": 0}, {"scale": 2, "order": "tf"}])
def test_meaningless_arguments_are_refused(options):
    with pytest.raises(ValueError, match="needs a scale of at least 1 and order 'torch' or 'keras'"):
        layers.PixelShuffle(**options)
