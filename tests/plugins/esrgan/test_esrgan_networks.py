from __future__ import annotations

import numpy as np
import pytest
import torch
from ganzoo_esrgan.rrdb import RRDB
from ganzoo_esrgan.unet_discriminator import UNetDiscriminator
from ganzoo_esrgan.unshuffle import Unshuffle
from ganzoo_esrgan.vgg_discriminator import VGGDiscriminator
from rrdb_twin import RRDBNet
from torch import nn
from torch.nn.functional import interpolate, leaky_relu

from ganzoo import LOGITS, Field, Signature
from ganzoo.testing import check_architecture


def image(side):
    return Field(shape=(side, side, 3), low=-1, high=1)


def enlarging(scale, side=6):
    return Signature(inputs={"image": image(side)}, outputs={"image": image(side * scale)})


def judging(side, **more):
    return Signature(inputs={"image": image(side)}, outputs={"logits": LOGITS, **more})


def trainable(network):
    return sum(int(np.prod(variable.shape)) for variable in network.trainable_variables)


def convolutions(module):
    return [part for part in module.modules() if isinstance(part, nn.Conv2d)]


def copy_convolutions(network, module):
    """Give a module the kernels of a network, both in the order in which they compute; a bias of the module random."""
    kernels = [variable for variable in network.trainable_variables if variable.name == "kernel" and variable.ndim == 4]
    biases = {variable.path.rpartition("/")[0]: variable for variable in network.trainable_variables}
    for part, kernel in zip(convolutions(module), kernels, strict=True):
        part.weight.data = kernel.value.detach().permute(3, 2, 0, 1).clone()
        if part.bias is not None:
            bias = biases[kernel.path.rpartition("/")[0]]
            bias.assign(torch.randn(bias.shape))
            part.bias.data = bias.value.detach().clone()


# -- the generator -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scale", "unshuffle"), [(4, 1), (2, 1), (3, 1), (8, 1), (2, 2), (1, 4)], ids=lambda value: str(value)
)
def test_the_generator_is_that_of_the_authors_code(scale, unshuffle):
    network = RRDB(filters=4, blocks=2, growth=3, unshuffle=unshuffle).build(enlarging(scale))
    twin = RRDBNet(filters=4, blocks=2, growth=3, scale=scale, unshuffle=unshuffle)
    copy_convolutions(network, twin)
    for side in (8, 7):
        given = torch.rand(2, side, side + 4, 3) * 2 - 1
        wanted = twin.on_images(given)
        assert tuple(wanted.shape) == (2, side * scale, (side + 4) * scale, 3)
        assert torch.allclose(network(given), wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("blocks", "count"), [(23, 16_697_987), (6, 4_467_779)])
def test_the_generator_has_the_weights_of_the_authors_code(blocks, count):
    assert sum(value.numel() for value in RRDBNet(filters=64, blocks=blocks, growth=32, scale=4).parameters()) == count
    if blocks == 6:
        assert RRDB(blocks=blocks).build(enlarging(4)).count_params() == count


def test_kernels_of_dense_blocks_start_small():
    network = RRDB(filters=64, blocks=1, growth=32).build(enlarging(2))
    wanted = {"body_0_rdb2_conv4": 0.1 * (2 / (9 * (64 + 3 * 32))) ** 0.5, "conv_hr": (3 * 9 * 64) ** -0.5}
    for name, deviation in wanted.items():
        assert float(network.get_layer(name).kernel.value.detach().std()) == pytest.approx(deviation, rel=0.02)


def test_images_of_any_shape_are_enlarged():
    network = RRDB(filters=2, blocks=1, growth=2, unshuffle=2).build(enlarging(2))
    assert tuple(network(torch.zeros(1, 7, 12, 3)).shape) == (1, 14, 24, 3)


def test_squares_of_pixels_become_channels_as_in_torch():
    values = torch.randn(2, 8, 12, 3)
    wanted = torch.nn.PixelUnshuffle(4)(values.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    assert torch.equal(Unshuffle(4)(values), wanted)


def test_a_scale_that_is_none_is_refused():
    with pytest.raises(ValueError, match="enlarges by 1, 2, 3, 4, 8 with unshuffle 1, not by 5"):
        RRDB().build(enlarging(5))
    with pytest.raises(ValueError, match="enlarges by 1, 2 with unshuffle 4, not by 4"):
        RRDB(unshuffle=4).build(enlarging(4))


# -- discriminators ----------------------------------------------------------------------------------------------------


class VGGStyle(nn.Module):
    """ESRGAN's discriminator for images (n, 3, side, side)."""

    def __init__(self, filters, side):
        super().__init__()
        parts, before = [nn.Conv2d(3, filters, 3, padding=1), nn.LeakyReLU(0.2)], filters
        for stage, width in enumerate([filters, 2 * filters, 4 * filters, 8 * filters, 8 * filters]):
            for size in ([3] if stage else []) + [4]:
                convolution = nn.Conv2d(before, width, size, size - 2, padding=1, bias=False)
                parts += [convolution, nn.BatchNorm2d(width), nn.LeakyReLU(0.2)]
                before = width
        parts += [nn.Flatten(), nn.Linear(before * (side // 32) ** 2, 100), nn.LeakyReLU(0.2), nn.Linear(100, 1)]
        self.parts = nn.Sequential(*parts)

    def forward(self, images):
        return self.parts(images)


class UNet(nn.Module):
    """Real-ESRGAN's discriminator; spectral normalization by the singular value decomposition."""

    def __init__(self, filters):
        super().__init__()
        self.first = nn.Conv2d(3, filters, 3, padding=1)
        self.down = nn.ModuleList(
            nn.Conv2d(filters * 2**power, filters * 2 ** (power + 1), 4, 2, padding=1, bias=False) for power in range(3)
        )
        self.up = nn.ModuleList(
            nn.Conv2d(filters * 2**power, filters * 2 ** (power - 1), 3, padding=1, bias=False) for power in (3, 2, 1)
        )
        self.more = nn.ModuleList(nn.Conv2d(filters, filters, 3, padding=1, bias=False) for _ in range(2))
        self.last = nn.Conv2d(filters, 1, 3, padding=1)

    def normalize(self):
        for part in (*self.down, *self.up, *self.more):
            part.weight.data /= torch.linalg.matrix_norm(part.weight.data.flatten(1), 2)

    def forward(self, images):
        found = [leaky_relu(self.first(images), 0.2)]
        for part in self.down:
            found.append(leaky_relu(part(found[-1]), 0.2))
        values = found.pop()
        for part in self.up:
            doubled = interpolate(values, scale_factor=2, mode="bilinear", align_corners=False)
            values = leaky_relu(part(doubled), 0.2) + found.pop()
        for part in self.more:
            values = leaky_relu(part(values), 0.2)
        return self.last(values)


def test_discriminators_have_the_weights_of_the_authors_code():
    assert trainable(VGGDiscriminator().build(judging(128))) == 14_499_401
    assert trainable(UNetDiscriminator().build(judging(64))) == 4_376_897


def test_the_discriminator_of_esrgan_is_that_of_the_authors_code():
    network, twin = VGGDiscriminator(filters=2).build(judging(64)), VGGStyle(2, 64).eval()
    copy_convolutions(network, twin)
    norms = [part for part in twin.modules() if isinstance(part, nn.BatchNorm2d)]
    theirs = [layer for layer in network.layers if type(layer).__name__ == "BatchNormalization"]
    for part, layer in zip(norms, theirs, strict=True):
        values = [torch.rand(len(part.weight)) + 0.5 for _ in range(4)]
        for variable, value in zip(layer.weights, values, strict=True):
            variable.assign(value)
        part.weight.data, part.bias.data, part.running_mean, part.running_var = values
    first, last = [part for part in twin.modules() if isinstance(part, nn.Linear)]
    dense = [layer for layer in network.layers if type(layer).__name__ == "Dense"]
    first.weight.data = dense[0].kernel.value.detach().reshape(2, 2, 16, 100).permute(3, 2, 0, 1).flatten(1)
    last.weight.data = dense[1].kernel.value.detach().T
    first.bias.data, last.bias.data = torch.zeros(100), torch.zeros(1)
    given = torch.randn(3, 64, 64, 3)
    with torch.no_grad():
        wanted = twin(given.permute(0, 3, 1, 2))
    assert torch.allclose(network(given, training=False), wanted, rtol=1e-4, atol=1e-5)


def test_the_discriminator_of_real_esrgan_is_that_of_the_authors_code():
    network, twin = UNetDiscriminator(filters=2).build(judging(16)), UNet(2)
    copy_convolutions(network, twin)
    twin.normalize()
    for _ in range(100):  # until the power method has found the singular values
        network(torch.zeros(1, 16, 16, 3), training=True)
    given = torch.randn(3, 16, 16, 3)
    logits = network(given, training=False)
    assert tuple(logits.shape) == (3, 16, 16, 1)
    assert torch.allclose(logits, twin(given.permute(0, 3, 1, 2)).permute(0, 2, 3, 1), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("side", [24, 33])
def test_the_discriminator_of_esrgan_takes_any_crop(side):
    check_architecture(VGGDiscriminator(filters=2), judging(side))


def test_discriminators_give_features_and_further_heads():
    for architecture, width in ((VGGDiscriminator(filters=2), 100), (UNetDiscriminator(filters=2), 2)):
        found = architecture.build(judging(16, features=Field(shape=(None,)), classes=Field(shape=(5,))))
        given = found(torch.zeros(2, 16, 16, 3))
        assert tuple(given["features"].shape) == (2, width)
        assert tuple(given["classes"].shape) == (2, 5)


def test_sides_that_cannot_be_halved_three_times_are_refused():
    with pytest.raises(ValueError, match="multiples of 8, received 20 x 20"):
        UNetDiscriminator().build(judging(20))
