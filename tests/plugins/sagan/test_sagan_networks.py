import keras
import pytest
import torch
from ganzoo_sagan import ganzoo_register_architectures

from ganzoo import LOGITS, Field, Signature, blocks, layers

OFFERED = ganzoo_register_architectures()
LABEL = Field(shape=(), dtype="int32", low=0, high=9)


def built(role, side=32, label=None, channels=3, **options):
    image = Field(shape=(side, side, channels), low=-1, high=1)
    labels = {"label": label} if label else {}
    if role == "generator":
        signature = Signature(inputs={"latent": Field(shape=(16,)), **labels}, outputs={"sample": image})
    else:
        signature = Signature(inputs={"sample": image, **labels}, outputs={"logits": LOGITS})
    return OFFERED[f"sagan_{role}"](**{"filters": 8, "attention": 0, **options}).build(signature)


def places(network):
    """Return the sides and channels at which a network attends."""
    found = [layer for layer in network.layers if isinstance(layer, blocks.SelfAttention)]
    return [(layer.output.shape[1], layer.output.shape[3]) for layer in found]


@pytest.mark.parametrize("role", ["generator", "discriminator"])
def test_attention_stands_at_the_side_that_was_asked_for(role):
    assert places(built(role)) == []
    assert places(built(role, attention=16)) == [(16, 16 if role == "generator" else 8)]
    with pytest.raises(ValueError, match="no block whose output has a side of 5 for attention; there are"):
        built(role, attention=5)


def test_channels_are_those_of_the_paper_at_128_pixels():
    network = built("generator", 128, filters=4, attention=32)
    sides = {
        layer.output.shape[1]: layer.output.shape[3] for layer in network.layers if isinstance(layer, keras.layers.Add)
    }
    assert sides == {8: 64, 16: 32, 32: 16, 64: 8, 128: 4}
    network = built("discriminator", 128, filters=4, attention=32)
    sides = {
        layer.output.shape[1]: layer.output.shape[3] for layer in network.layers if isinstance(layer, keras.layers.Add)
    }
    assert sides == {64: 4, 32: 8, 16: 16, 8: 32, 4: 64}


@pytest.mark.parametrize("role", ["generator", "discriminator"])
def test_every_kernel_is_spectrally_normalized_on_both_sides(role):
    network = built(role, attention=16, label=LABEL)
    kernels = [layer for layer in network.layers if isinstance(layer, keras.layers.Wrapper) or hasattr(layer, "kernel")]
    assert all(isinstance(layer, layers.SpectralNormalization) for layer in kernels)


@pytest.mark.parametrize(("side", "channels"), [(8, 1), (28, 1), (64, 3)])
def test_other_sides_and_channels_work(side, channels):
    images = built("generator", side, channels=channels)(torch.randn(2, 16))
    assert tuple(images.shape) == (2, side, side, channels)
    assert tuple(built("discriminator", side, channels=channels)(images).shape) == (2, 1)
