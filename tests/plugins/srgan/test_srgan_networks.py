from __future__ import annotations

import keras
import numpy as np
import pytest
import torch
from ganzoo_srgan.bicubic_enlargement import BicubicEnlargement
from ganzoo_srgan.srgan_discriminator import SRGANDiscriminator
from ganzoo_srgan.srresnet import SRResNet
from ganzoo_srgan.subpixel_resnet import SubpixelResNet

from ganzoo import Field, Signature, images
from ganzoo.testing import check_architecture


def image(side):
    return Field(shape=(side, side, 3), low=-1, high=1)


def enlarging(scale, side=6):
    return Signature(inputs={"image": image(side)}, outputs={"image": image(side * scale)})


def judging(side, **more):
    return Signature(inputs={"image": image(side)}, outputs={"logits": Field(shape=(1,)), **more})


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize(
    "network",
    [
        SRResNet(filters=4, blocks=1),
        SubpixelResNet(filters=4, blocks=1),
        SubpixelResNet(filters=4, blocks=1, hr_filters=3),
    ],
)
def test_generators_keep_the_contract_at_every_scale(network, scale):
    check_architecture(network, enlarging(scale))


def test_the_generator_of_the_paper_has_its_number_of_parameters():
    ends = (9 * 9 * 3 * 64 + 64) + 64 + (9 * 9 * 64 * 3 + 3)
    convolution, norm = 3 * 3 * 64 * 64 + 64, 4 * 64
    block = 2 * (convolution + norm) + 64
    shuffle = 3 * 3 * 64 * 256 + 256 + 64
    assert SRResNet().build(enlarging(4)).count_params() == ends + 16 * block + convolution + norm + 2 * shuffle


@pytest.mark.parametrize("side", [16, 24, 40])
def test_the_discriminator_works_at_any_crop(side):
    check_architecture(SRGANDiscriminator(filters=2), judging(side))


def test_the_discriminator_of_the_paper_has_its_layers():
    network = SRGANDiscriminator().build(judging(96))
    convolutions = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [layer.filters for layer in convolutions] == [64, 64, 128, 128, 256, 256, 512, 512]
    assert [layer.strides[0] for layer in convolutions] == [1, 2] * 4
    assert sum(isinstance(layer, keras.layers.BatchNormalization) for layer in network.layers) == 7
    assert network.get_layer("features").output.shape == (None, 1024)


def test_the_discriminator_gives_features_and_further_heads():
    signature = judging(16, features=Field(shape=(32,)), classes=Field(shape=(5,)))
    outputs = SRGANDiscriminator(filters=2).build(signature)(torch.zeros(2, 16, 16, 3))
    assert {name: tuple(value.shape) for name, value in outputs.items()} == {
        "logits": (2, 1),
        "features": (2, 32),
        "classes": (2, 5),
    }


def test_generators_take_photographs_of_any_shape():
    network = SubpixelResNet(filters=4, blocks=1).build(enlarging(4))
    assert tuple(network(torch.zeros(1, 7, 11, 3)).shape) == (1, 28, 44, 3)


def test_the_small_network_has_two_more_convolutions_at_high_resolution_where_asked():
    def convolution(inputs, filters):
        return 3 * 3 * inputs * filters + filters

    trunk = convolution(3, 8) + 2 * convolution(8, 8) + convolution(8, 8)
    plain, refined = (SubpixelResNet(filters=8, blocks=1, hr_filters=width).build(enlarging(4)) for width in (0, 6))
    assert plain.count_params() == trunk + convolution(8, 3 * 16)
    assert refined.count_params() == trunk + convolution(8, 6 * 16) + convolution(6, 6) + convolution(6, 3)


@pytest.mark.parametrize("hr_filters", [0, 3])
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_the_small_network_starts_as_bicubic_interpolation(scale, hr_filters):
    photo = images.resize_bicubic(np.random.default_rng(0).integers(0, 256, (5, 6, 3), dtype=np.uint8), (30, 36))
    network = SubpixelResNet(filters=4, blocks=1, hr_filters=hr_filters).build(enlarging(scale))
    started = images.to_uint8(network(images.to_float(photo)[None])[0].detach().numpy())
    wanted = images.resize_bicubic(photo, (30 * scale, 36 * scale))
    inside = slice(3 * scale, -3 * scale)
    assert np.abs(started.astype(int) - wanted)[inside, inside].max() <= 2


def test_enlargement_keeps_constant_images_up_to_the_border():
    assert torch.allclose(BicubicEnlargement(4)(torch.full((1, 5, 6, 3), 0.3)), torch.full((1, 20, 24, 3), 0.3))


def test_the_batch_statistics_are_used_in_training_only():
    network = SRResNet(filters=4, blocks=1).build(enlarging(2))
    values = torch.linspace(-1, 1, 2 * 6 * 6 * 3).reshape(2, 6, 6, 3)
    assert torch.allclose(network(values, training=False)[:1], network(values[:1], training=False), atol=1e-6)
    assert not torch.allclose(network(values, training=True)[:1], network(values[:1], training=True), atol=1e-3)


def test_a_scale_that_is_none_is_refused():
    crooked = Signature(inputs={"image": image(6)}, outputs={"image": image(15)})
    with pytest.raises(ValueError, match="enlarges both sides by a whole number"):
        SRResNet().build(crooked)
    with pytest.raises(ValueError, match="not by 5"):
        SRResNet().build(enlarging(5))
