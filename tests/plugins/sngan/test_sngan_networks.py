import keras
import numpy as np
import pytest
import torch
from ganzoo_sngan import ganzoo_register_architectures

from ganzoo import LOGITS, Field, Signature, layers

OFFERED = ganzoo_register_architectures()
LABEL = Field(shape=(), dtype="int32", low=0, high=9)


def image(side, channels=3):
    return Field(shape=(side, side, channels), low=-1, high=1)


def generator(side=32, filters=256, label=None, channels=3):
    inputs = {"latent": Field(shape=(128,)), **({"label": label} if label else {})}
    signature = Signature(inputs=inputs, outputs={"sample": image(side, channels)})
    return OFFERED["sngan_resnet_generator"](filters=filters).build(signature)


def discriminator(side=32, filters=128, label=None, channels=3, **outputs):
    inputs = {"sample": image(side, channels), **({"label": label} if label else {})}
    signature = Signature(inputs=inputs, outputs=outputs or {"logits": LOGITS})
    return OFFERED["sngan_resnet_discriminator"](filters=filters).build(signature)


def trained(network):
    return sum(int(np.prod(weight.shape)) for weight in network.trainable_variables)


def test_the_networks_have_the_weights_of_the_authors_code():
    assert trained(generator()) == 4_276_739
    assert trained(generator(label=LABEL)) == 4_304_387
    assert trained(discriminator()) == 1_053_825
    assert trained(discriminator(label=LABEL)) == 1_053_825 + 1_280


@pytest.mark.parametrize(("side", "channels"), [(8, 1), (16, 3), (28, 1), (64, 3)])
def test_other_sides_and_channels_work(side, channels):
    images = generator(side, 4, channels=channels)(torch.randn(2, 128))
    assert tuple(images.shape) == (2, side, side, channels)
    assert tuple(discriminator(side, 4, channels=channels)(images).shape) == (2, 1)


def test_every_layer_with_a_kernel_of_the_discriminator_is_spectrally_normalized():
    network = discriminator(16, 4, label=LABEL)
    kernels = [layer for layer in network.layers if isinstance(layer, keras.layers.Wrapper) or hasattr(layer, "kernel")]
    assert kernels
    assert all(isinstance(layer, layers.SpectralNormalization) for layer in kernels)


def test_features_are_summed_over_places_after_the_last_relu():
    network = discriminator(16, 4, logits=LOGITS, features=Field(shape=(None,)))
    given = network(torch.randn(3, 16, 16, 3))
    assert tuple(given["features"].shape) == (3, 4)
    assert given["features"].min() >= 0
    logits = network.get_layer("logits")(given["features"])
    assert torch.allclose(logits, given["logits"])


def test_a_class_changes_the_image_and_the_logit():
    made, judge = generator(16, 4, LABEL), discriminator(16, 4, LABEL)
    for weight in made.trainable_variables:
        if weight.name == "embeddings":
            weight.assign(torch.randn(tuple(weight.shape)))
    latents = torch.randn(1, 128).expand(2, -1)
    one, other = made({"latent": latents, "label": torch.tensor([1, 2])})
    assert not torch.allclose(one, other)
    logits = judge({"sample": torch.stack([one, one]), "label": torch.tensor([1, 2])})
    assert not torch.allclose(logits[0], logits[1])
