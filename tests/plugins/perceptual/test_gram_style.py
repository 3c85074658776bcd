import keras
import numpy as np
import pytest
import torch
from ganzoo_perceptual import ganzoo_register_architectures, ganzoo_register_losses

from ganzoo import Features

GramStyle = ganzoo_register_losses()["gram_style"]
VGG16 = ganzoo_register_architectures()["vgg16"]
RNG = np.random.default_rng(0)
OUTPUT, TARGET = RNG.uniform(-1, 1, (3, 4, 5, 3)), RNG.uniform(-1, 1, (3, 2, 4, 3))
KERNELS = {"fine": RNG.normal(size=(3, 4)), "coarse": RNG.normal(size=(3, 6))}


class Mixed(Features):
    """Channels of an image in other proportions; the layer `coarse` sees every second row."""

    layers = ("fine", "coarse")
    label = "MIXED"

    def build(self, layers):
        image = keras.Input((None, None, 3))
        maps = {name: keras.layers.Conv2D(KERNELS[name].shape[1], 1, use_bias=False, name=name) for name in layers}
        seen = {"fine": image, "coarse": image[:, ::2]}
        network = keras.Model(image, {name: layer(seen[name]) for name, layer in maps.items()})
        for name, layer in maps.items():
            layer.set_weights([KERNELS[name][None, None]])
        network.trainable = False
        return network


def seen(images, layer):
    """What a layer sees of an image, a row for each place."""
    images = images[:, ::2] if layer == "coarse" else images
    return images.reshape(len(images), -1, 3)


def gram(rows):
    return np.einsum("npi,npj->nij", rows, rows) / rows[0].size


def value_by_hand(layer):
    grams = [gram(seen(images, layer) @ KERNELS[layer]) for images in (OUTPUT, TARGET)]
    return ((grams[0] - grams[1]) ** 2).sum(axis=(1, 2)).mean()


def gradient_by_hand(layer):
    """d/dF of ||F^T F / m - A||^2 is 4 F (F^T F / m - A) / m, with m the number of activations."""
    rows = seen(OUTPUT, layer) @ KERNELS[layer]
    difference = gram(rows) - gram(seen(TARGET, layer) @ KERNELS[layer])
    per_place = 4 / rows[0].size / len(OUTPUT) * (rows @ difference) @ KERNELS[layer].T
    gradient = np.zeros_like(OUTPUT)
    step = 2 if layer == "coarse" else 1
    gradient[:, ::step] = per_place.reshape(gradient[:, ::step].shape)
    return gradient


def tensor(images, **options):
    return torch.tensor(images, dtype=torch.float32, **options)


def built(features=None, **options):
    loss = GramStyle(features=features or Mixed(), **options)
    loss.build()
    return loss


@pytest.mark.parametrize("layers", [("fine",), ("coarse",), ("fine", "coarse")], ids="-".join)
def test_value_and_gradient_are_those_worked_out_by_hand(layers):
    output, target = tensor(OUTPUT, requires_grad=True), tensor(TARGET, requires_grad=True)
    value = built(layers=layers)(output, target)
    value.backward()
    assert value.item() == pytest.approx(sum(map(value_by_hand, layers)), rel=1e-5)
    assert np.allclose(output.grad.numpy(), sum(map(gradient_by_hand, layers)), rtol=1e-4, atol=1e-6)
    assert target.grad is None


def test_where_things_are_does_not_matter():
    shuffled = TARGET[:, ::-1, ::-1].copy()
    assert built(layers=("fine",))(tensor(shuffled), tensor(TARGET)).item() == pytest.approx(0, abs=1e-10)


def test_sums_over_places_do_not_overflow_in_half_precision():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        loss = built(layers=("fine",))
    finally:
        keras.config.set_dtype_policy("float32")
    value = loss(200 * tensor(OUTPUT), tensor(TARGET))
    assert value.dtype is torch.float32
    assert torch.isfinite(value)


def test_the_layers_of_johnson_are_the_default():
    features = VGG16(weights="random")
    assert built(features).layers == ("block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3")
    images = torch.rand(2, 1, 16, 16, 3) * 2 - 1
    assert built(features)(*images).item() > 0


def test_layers_that_are_missing_are_told():
    with pytest.raises(ValueError, match="MIXED has no layer 'rough'; it has fine, coarse"):
        GramStyle(features=Mixed(), layers=("fine", "rough"))
    with pytest.raises(ValueError, match="needs layers to compare, some of fine, coarse"):
        GramStyle(features=Mixed(), layers=())


def test_the_loss_has_the_fourth_power_of_a_layers_scale():
    images = tensor(OUTPUT), tensor(TARGET)
    alone = built(layers=("fine",))(*images).item() + 16 * built(layers=("coarse",))(*images).item()
    assert built(layers=("fine", "coarse"), scales=(1.0, 2.0))(*images).item() == pytest.approx(alone, rel=1e-5)
