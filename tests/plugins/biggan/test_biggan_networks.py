import itertools

import numpy as np
import pytest
import torch
from ganzoo_biggan import ganzoo_register_architectures

from ganzoo import LOGITS, Field, Signature

OFFERED = ganzoo_register_architectures()


def label(classes=10):
    return Field(shape=(), dtype="int32", low=0, high=classes - 1)


def built(role, side=32, latent=20, classes=10, channels=3, **options):
    image = Field(shape=(side, side, channels), low=-1, high=1)
    labels = {"label": label(classes)} if classes else {}
    if role == "generator":
        signature = Signature(inputs={"latent": Field(shape=(latent,)), **labels}, outputs={"sample": image})
    else:
        signature = Signature(inputs={"sample": image, **labels}, outputs={"logits": LOGITS})
    return OFFERED[f"biggan_{role}"](**{"filters": 4, "attention": 0, **options}).build(signature)


def trained(network):
    return sum(int(np.prod(weight.shape)) for weight in network.trainable_variables)


@pytest.mark.slow
def test_the_networks_have_the_weights_of_the_authors_code_at_128_pixels():
    options = {"side": 128, "classes": 1000, "filters": 96, "attention": 64, "initializer": "normal"}
    assert trained(built("generator", latent=120, **options)) == 70_433_988
    assert trained(built("discriminator", **options)) == 87_982_370


def test_a_small_network_has_the_weights_that_follow_from_its_widths():
    # 2 filters, 4 (= 2 x 2) wide 64 pixel blocks, 4 latents for each of 5 parts, a shared embedding of 3: worked out
    # as for the authors' network
    network = built("generator", 64, latent=20, filters=2, embedding=3)
    widths, condition = [32, 32, 16, 8, 4], 4 + 3
    wanted = (4 * 4 * 4 * 32 + 4 * 4 * 32) + 10 * 3 + (2 * 4) + (9 * 4 * 3 + 3)
    for before, after in itertools.pairwise(widths):
        wanted += 9 * before * after + after + 9 * after * after + after + before * after + after
        wanted += condition * 2 * (before + after)
    assert trained(network) == wanted


def test_each_block_is_conditioned_on_its_own_part_of_the_latents():
    network = built("generator", latent=20)
    for weight in network.trainable_variables:
        weight.assign(torch.randn(tuple(weight.shape)) * 0.3)
    latents, labels = torch.randn(1, 20), torch.tensor([3])
    images = network({"latent": latents, "label": labels})
    for start in range(0, 20, 5):
        changed = latents.clone()
        changed[:, start : start + 5] += 1
        assert not torch.allclose(network({"latent": changed, "label": labels}), images)


def test_without_a_hierarchy_the_latents_enter_once_and_the_class_everywhere():
    network = built("generator", latent=7, hierarchical=False)
    dense = [weight for weight in network.trainable_variables if weight.name == "kernel" and weight.shape[0] == 7]
    assert len(dense) == 1
    plain = built("generator", latent=7, hierarchical=False, embedding=0)
    assert sum(weight.name == "embeddings" for weight in plain.trainable_variables) == 2 * 2 * 3


def test_latents_that_cannot_be_split_are_refused():
    with pytest.raises(ValueError, match=r"splits the latents into 4 equal parts; set task\.latent_dim to a multiple"):
        built("generator", latent=21)
    with pytest.raises(ValueError, match="hierarchical latents need a shared embedding"):
        OFFERED["biggan_generator"](embedding=0)


@pytest.mark.parametrize("role", ["generator", "discriminator"])
def test_kernels_start_orthogonal(role):
    network = built(role, filters=8)
    kernel = next(
        weight.value for weight in network.trainable_variables if weight.name == "kernel" and weight.ndim == 4
    )
    rows = kernel.reshape(-1, kernel.shape[-1])
    small = rows.T @ rows if rows.shape[0] >= rows.shape[1] else rows @ rows.T
    assert torch.allclose(small, torch.eye(len(small)), atol=1e-4)


@pytest.mark.parametrize(("side", "channels", "classes"), [(8, 1, 0), (28, 1, 10), (64, 3, 0)])
def test_other_sides_channels_and_no_classes_work(side, channels, classes):
    options = {"side": side, "channels": channels, "classes": classes, "hierarchical": False}
    labels = {"label": torch.tensor([0, 1])} if classes else {}
    latents = torch.randn(2, 20)
    images = built("generator", **options)({"latent": latents, **labels} if classes else latents)
    assert tuple(images.shape) == (2, side, side, channels)
    del options["hierarchical"]
    logits = built("discriminator", **options)({"sample": images, **labels} if classes else images)
    assert tuple(logits.shape) == (2, 1)
