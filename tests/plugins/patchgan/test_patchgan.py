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
