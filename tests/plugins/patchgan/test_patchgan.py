import numpy as np
import pytest
import torch
from ganzoo_patchgan import ganzoo_register_architectures

from ganzoo import LOGITS, Field, Signature

PatchGAN = ganzoo_register_architectures()["patchgan_discriminator"]


def built(channels=3, side=256, outputs=None, **options):
    image = Field(shape=(side, side, channels), low=-1, high=1)
    return PatchGAN(**options).build(Signature(inputs={"image": image}, outputs=outputs or {"logits": LOGITS}))


@pytest.mark.parametrize(
    ("channels", "normalization", "count"),
    [(3, "instance", 2_764_737), (6, "batch", 2_768_705), (6, "instance", 2_767_809)],
)
def test_the_70_pixel_network_has_the_weights_of_the_authors_code(channels, normalization, count):
    network = built(channels, normalization=normalization)
    assert sum(int(np.prod(weight.shape)) for weight in network.trainable_variables) == count


def test_a_logit_sees_a_patch_and_no_more():
    network = built(3, 128, filters=2, normalization="none", halvings=2)
    images = torch.zeros(1, 128, 128, 3, requires_grad=True)
    logits = network(images)
    (gradient,) = torch.autograd.grad(logits[0, logits.shape[1] // 2, logits.shape[2] // 2, 0], images)
    seen = gradient[0].abs().sum(dim=-1) > 0
    assert int(seen.any(dim=1).sum()) <= 34
    assert int(seen.any(dim=0).sum()) <= 34


def test_features_and_other_heads_are_there_when_asked():
    outputs = {"logits": LOGITS, "features": Field(shape=(None,)), "classes": Field(shape=(10,))}
    given = built(1, 28, outputs, filters=2)(torch.zeros(2, 28, 28, 1))
    assert tuple(given["features"].shape) == (2, 16)
    assert tuple(given["classes"].shape) == (2, 10)
    assert given["logits"].ndim == 4


def test_images_that_are_too_small_are_refused():
    with pytest.raises(ValueError, match="needs sides of 24 or more with 3 halvings"):
        built(1, 16)


@pytest.mark.parametrize("normalization", ["batch", "instance", "none"])
@pytest.mark.parametrize(("halvings", "sides"), [(1, (14, 22)), (2, (6, 10)), (3, (2, 4))])
def test_reals_and_fakes_are_compared_patch_by_patch(normalization, halvings, sides):
    network = built(3, None, filters=2, halvings=halvings, normalization=normalization)
    for weight in network.trainable_variables:  # kernels start so small that two filters give no logits to speak of
        weight.assign(weight.value + 0.2 * torch.randn(weight.shape))
    real, fake = torch.randn(3, 32, 48, 3), torch.rand(2, 32, 48, 3)
    assert tuple(network(real).shape) == (3, *sides, 1)
    assert tuple(network(fake).shape) == (2, *sides, 1)
    assert not torch.allclose(network(real)[:2], network(fake), atol=1e-3)
    loss = (network(real, training=True) - 1).square().mean() + network(fake, training=True).square().mean()
    gradients = torch.autograd.grad(loss, [weight.value for weight in network.trainable_variables])
    assert all(torch.isfinite(each).all() for each in gradients)
    named = zip(network.trainable_variables, gradients, strict=True)
    assert all(each.abs().sum() > 0 for weight, each in named if weight.name == "kernel")


def test_only_patches_that_changed_are_judged_anew():
    network, images = built(3, 64, filters=2, halvings=1, normalization="none"), torch.randn(1, 64, 64, 3)
    other = images.clone()
    other[:, :, 32:] = torch.rand(1, 64, 32, 3)
    before, after = network(images)[0, :, :, 0], network(other)[0, :, :, 0]
    columns = (before - after).abs().amax(dim=0) > 0
    assert not columns[: columns.shape[0] // 2 - 4].any()
    assert columns[columns.shape[0] // 2 + 4 :].all()
