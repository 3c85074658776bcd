import numpy as np
import pytest
import torch
from ganzoo_r3gan import ganzoo_register_architectures
from ganzoo_r3gan.resampling import FilteredDownsampling, FilteredUpsampling
from torch.nn import functional

from ganzoo import LOGITS, Field, Signature
from ganzoo.exporting.keras_file import stock_network

OFFERED = ganzoo_register_architectures()
LABEL = Field(shape=(), dtype="int32", low=0, high=9)


def built(role, side, label=None, channels=3, **options):
    image = Field(shape=(side, side, channels), low=-1, high=1)
    labels = {"label": label} if label else {}
    if role == "generator":
        signature = Signature(inputs={"latent": Field(shape=(64,)), **labels}, outputs={"sample": image})
    else:
        signature = Signature(inputs={"sample": image, **labels}, outputs={"logits": LOGITS})
    return OFFERED[f"r3gan_{role}"](**options).build(signature)


@pytest.mark.parametrize(
    ("side", "label", "made", "judged"),
    [(32, LABEL, 20_781_952, 21_280_512), (64, None, 22_429_824, 22_381_440), (256, None, 23_057_952, 23_009_568)],
)
def test_the_networks_have_the_weights_of_the_authors_presets(side, label, made, judged):
    for role, count in (("generator", made), ("discriminator", judged)):
        assert sum(int(np.prod(weight.shape)) for weight in built(role, side, label).trainable_variables) == count


TINY = {"filters": 8, "blocks": 1, "group_width": 4}


@pytest.mark.parametrize(("side", "channels", "label"), [(8, 1, None), (28, 1, LABEL), (64, 3, None)])
def test_other_sides_and_channels_work(side, channels, label):
    labels = {"label": torch.tensor([0, 1])} if label else {}
    latents = torch.randn(2, 64)
    images = built("generator", side, label, channels, **TINY)({"latent": latents, **labels} if label else latents)
    assert tuple(images.shape) == (2, side, side, channels)
    logits = built("discriminator", side, label, channels, **TINY)({"sample": images, **labels} if label else images)
    assert tuple(logits.shape) == (2, 1)


@torch.no_grad()
def test_a_block_changes_nothing_at_the_start():
    network, images = built("discriminator", 16, **TINY), torch.randn(2, 16, 16, 3)
    weights = {tuple(weight.shape): weight.value for weight in network.trainable_variables}
    straight = images @ weights[1, 1, 3, 8][0, 0]
    for _ in range(2):
        planes = straight.permute(0, 3, 1, 2)
        straight = functional.conv2d(planes, kernel(8), stride=2, padding=1, groups=8).permute(0, 2, 3, 1)
    features = (straight * weights[4, 4, 8, 1][..., 0]).sum(dim=(1, 2))
    assert torch.allclose(network(images), features @ weights[8, 1], atol=1e-4)


def kernel(channels):
    row = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
    return torch.outer(row, row).expand(channels, 1, 4, 4)


def test_resampling_is_that_of_a_filtered_convolution():
    values = torch.randn(2, 6, 4, 3, requires_grad=True)
    planes = values.permute(0, 3, 1, 2)
    halved = functional.conv2d(planes, kernel(3), stride=2, padding=1, groups=3).permute(0, 2, 3, 1)
    doubled = functional.conv_transpose2d(planes, 4 * kernel(3), stride=2, padding=1, groups=3).permute(0, 2, 3, 1)
    for layer, expected in ((FilteredDownsampling(), halved), (FilteredUpsampling(), doubled)):
        given, weights = layer(values), torch.randn(expected.shape)
        assert torch.allclose(given, expected, atol=1e-6)
        gradients = (torch.autograd.grad((each * weights).sum(), values)[0] for each in (given, expected))
        assert torch.allclose(*gradients, atol=1e-6)


@torch.no_grad()
def test_resampling_does_not_shift_maps():
    values = torch.randn(1, 8, 8, 2)
    for layer in (FilteredDownsampling(), FilteredUpsampling()):
        assert torch.allclose(layer(values.flip(1, 2)), layer(values).flip(1, 2), atol=1e-6)


@torch.no_grad()
def test_a_generator_can_be_made_of_layers_of_keras():
    network, latents = built("generator", 28, channels=1, **TINY), torch.randn(2, 64)
    for weight in network.trainable_variables:
        weight.assign(weight.value + 0.1 * torch.randn(weight.shape))
    stock = stock_network(network)
    assert not any(type(layer).__module__.startswith("ganzoo_r3gan") for layer in stock._flatten_layers())
    assert torch.allclose(stock(latents), network(latents), atol=1e-4)


def test_kernels_start_with_the_scale_of_the_authors():
    network = built("generator", 32, filters=64)
    kernels = [weight.value for weight in network.trainable_variables if weight.name == "kernel" and weight.ndim == 4]
    gain = (2 / 1.04) ** 0.5 * 8 ** (-1 / 4)
    wide = next(each for each in kernels if each.shape == (1, 1, 64, 128))
    assert wide.std().item() == pytest.approx(gain / 8, rel=0.05)
    grouped = next(each for each in kernels if each.shape == (3, 3, 16, 128))
    assert grouped.std().item() == pytest.approx(gain / 12, rel=0.05)


def test_widths_that_make_no_whole_groups_are_refused():
    with pytest.raises(ValueError, match="needs filters that make whole groups of 16, but a stage has 20"):
        built("generator", 16, filters=20)


@pytest.mark.parametrize(("side", "channels", "label"), [(28, 1, None), (16, 3, LABEL)])
def test_reals_and_fakes_are_compared_one_by_one_with_a_gradient_for_every_weight(side, channels, label):
    network = built("discriminator", side, label, channels, **TINY)
    for weight in network.trainable_variables:  # the last convolution of a block starts at zero
        weight.assign(weight.value + 0.1 * torch.randn(weight.shape))
    real, fake = torch.randn(5, side, side, channels), torch.rand(5, side, side, channels)
    labels = torch.arange(5)

    def judge(images):
        return network({"sample": images, "label": labels[: len(images)]} if label else images)

    assert tuple(judge(real).shape) == tuple(judge(fake).shape) == (5, 1)
    assert not torch.allclose(judge(real), judge(fake), atol=1e-3)
    assert torch.allclose(judge(real)[:2], judge(real[:2]), atol=1e-4), "no image depends on the others"
    loss = functional.softplus(judge(fake) - judge(real)).mean()
    gradients = torch.autograd.grad(loss, [weight.value for weight in network.trainable_variables])
    assert all(torch.isfinite(each).all() and each.abs().sum() > 0 for each in gradients)
