"""The generator of pix2pix against the authors' network, written in plain torch."""

import numpy as np
import pytest
import torch
from ganzoo_pix2pix import ganzoo_register_architectures
from ganzoo_pix2pix.brightness import KeepBrightness
from torch import nn

from ganzoo import Field, Signature, blocks
from ganzoo.exporting.keras_file import stock_network
from ganzoo.randomness import Random
from ganzoo.sampling import reseed

UNet = ganzoo_register_architectures()["unet_generator"]


def built(given=3, made=3, side=256, **options):
    image, output = (Field(shape=(side, side, channels), low=-1, high=1) for channels in (given, made))
    return UNet(**options).build(Signature(inputs={"input": image}, outputs={"image": output}))


def count(network):
    return sum(int(np.prod(weight.shape)) for weight in network.trainable_variables)


@pytest.mark.parametrize(("depth", "side", "weights"), [(8, 256, 54_413_955), (7, 128, 41_828_995)])
def test_the_networks_have_the_weights_of_the_authors_code(depth, side, weights):
    # for 64 filters from widths 2 and 4: the count is a polynomial of second degree in the width, with 3 at the end
    counts = {width: count(built(side=side, depth=depth, filters=width)) for width in (1, 2, 3)}
    fitted = np.polynomial.Polynomial.fit(list(counts), list(counts.values()), 2)
    assert round(float(fitted(64))) == weights


class Twin(nn.Module):
    """Depth 3: down, down, innermost; the skip of each size is joined after its way up."""

    def __init__(self, given, made, width):
        super().__init__()
        self.down1 = nn.Conv2d(given, width, 4, 2, 1, bias=False)
        self.down2 = nn.Conv2d(width, 2 * width, 4, 2, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(2 * width)
        self.down3 = nn.Conv2d(2 * width, 4 * width, 4, 2, 1, bias=False)
        self.up3 = nn.ConvTranspose2d(4 * width, 2 * width, 4, 2, 1, bias=False)
        self.unnorm3 = nn.BatchNorm2d(2 * width)
        self.up2 = nn.ConvTranspose2d(4 * width, width, 4, 2, 1, bias=False)
        self.unnorm2 = nn.BatchNorm2d(width)
        self.up1 = nn.ConvTranspose2d(2 * width, made, 4, 2, 1)

    def forward(self, image):
        leaky, relu = nn.functional.leaky_relu, torch.relu
        first = self.down1(image)
        second = self.norm2(self.down2(leaky(first, 0.2)))
        inner = self.down3(leaky(second, 0.2))
        joined = torch.cat([second, self.unnorm3(self.up3(relu(inner)))], 1)
        joined = torch.cat([first, self.unnorm2(self.up2(relu(joined)))], 1)
        return torch.tanh(self.up1(relu(joined)))


def twins(**options):
    """Return a network of depth 3 and its twin, with the same weights."""
    network = built(1, 2, 16, filters=4, depth=3, **options)
    twin = Twin(1, 2, 4)
    for target, variable in zip(twin.parameters(), network.trainable_variables, strict=True):
        value = torch.randn(tuple(variable.shape)) * 0.3
        variable.assign(value)
        target.data = value.permute(3, 2, 0, 1) if value.ndim == 4 else value
    return network, twin


def first(images):
    return images.permute(0, 3, 1, 2)


def test_the_network_is_that_of_the_authors_in_training_and_at_rest():
    network, twin = twins(dropout=0.0)
    images = torch.randn(2, 16, 24, 1)
    assert torch.allclose(first(network(images, training=True)), twin(first(images)), atol=1e-5)
    assert torch.allclose(first(network(images, training=False)), twin.eval()(first(images)), atol=1e-2)


def test_batch_statistics_at_test_are_those_of_the_images_at_hand_and_change_nothing():
    network, twin = twins(dropout=0.0, batch_statistics_at_test=True)
    before = [variable.value.clone() for variable in network.variables]
    for _ in range(2):
        images = torch.randn(1, 16, 16, 1)
        assert torch.allclose(first(network(images, training=False)), twin(first(images)), atol=1e-5)
    after = [variable.value for variable in network.variables]
    assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))


def test_dropout_is_off_at_test_unless_it_is_asked_for():
    images = torch.randn(1, 64, 64, 3)
    still = built(side=64, depth=6, filters=2)
    assert torch.equal(still(images, training=False), still(images, training=False))
    assert not torch.equal(still(images, training=True), still(images, training=True))
    noisy = built(side=64, depth=6, filters=2, dropout_at_test=True)
    assert not torch.equal(noisy(images, training=False), noisy(images, training=False))


def test_noise_at_test_follows_from_the_random_numbers_that_are_given():
    network, images = built(side=64, depth=6, filters=2, dropout_at_test=True), torch.randn(1, 64, 64, 3)

    def drawn(name):
        reseed(network, Random(0, name))
        return network(images, training=False)

    assert torch.equal(drawn("one"), drawn("one"))
    assert not torch.equal(drawn("one"), drawn("other"))


def test_half_of_the_values_are_dropped_at_test_and_the_others_doubled():
    values = blocks.at_test.DropoutAtTest(0.5)(torch.ones(1, 100, 100, 1), training=False)
    assert set(values.unique().tolist()) == {0.0, 2.0}
    assert abs(float(values.mean()) - 1) < 0.05


def test_the_network_works_on_any_size_that_it_can_halve():
    network = built(1, 3, 16, filters=2, depth=2)
    assert tuple(network(torch.zeros(1, 8, 20, 1)).shape) == (1, 8, 20, 3)


def test_doubled_pixels_leave_no_checkerboard():
    def unevenness(enlargement):
        network = built(side=64, depth=3, filters=2, enlargement=enlargement)
        with torch.no_grad():
            inside = network(torch.ones(1, 64, 64, 3))[0, 24:40, 24:40]
        return float((inside.std(dim=(0, 1)) / inside.abs().mean(dim=(0, 1))).max())

    assert unevenness("transposed") > 0.1
    assert unevenness("nearest") < 1e-3


def test_colours_leave_the_brightness_as_it_is():
    network = built(given=1, side=32, depth=3, filters=2, keep_brightness=True)
    grey = torch.rand(2, 32, 32, 1) - 0.5
    coloured = network(grey)
    assert torch.allclose(coloured @ torch.tensor([0.299, 0.587, 0.114]), grey[..., 0], atol=1e-6)
    assert not torch.allclose(coloured, grey, atol=1e-3), "it is not grey itself"


def test_colours_that_a_brightness_does_not_have_are_clipped():
    colours = torch.tensor([[[[1.0, 0.0, -1.0]]]])
    white = KeepBrightness()(colours, torch.ones(1, 1, 1, 1))
    # the brightness of these colours is 0.299 - 0.114 = 0.185: 0.815 is added
    assert torch.allclose(white, torch.tensor([[[[1.0, 0.815, -0.185]]]]))


def test_brightness_is_kept_of_one_channel_for_three_only():
    with pytest.raises(ValueError, match="keep_brightness is for one channel in and three out"):
        built(given=3, side=32, depth=3, keep_brightness=True)


def test_a_network_that_keeps_brightness_is_exported_in_keras_own_layers():
    network = built(given=1, side=32, depth=3, filters=2, keep_brightness=True)
    grey = torch.rand(2, 32, 32, 1)
    assert torch.allclose(stock_network(network)(grey), network(grey), atol=1e-5)


def test_sides_that_cannot_be_halved_often_enough_are_refused():
    with pytest.raises(ValueError, match=r"multiples of 256 at depth 8, received 96x96x3.*depth is 5 at most"):
        built(side=96)


@pytest.mark.parametrize(
    "options",
    [{"dropout": 0, "dropout_at_test": True}, {"normalization": "instance", "batch_statistics_at_test": True}],
)
def test_options_without_effect_are_refused(options):
    with pytest.raises(ValueError, match="has no effect"):
        UNet(**options)
