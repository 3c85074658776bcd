"""Networks made of Keras' own layers alone: what each layer of ganzoo and of plugins becomes."""

from __future__ import annotations

import re
from pathlib import Path

import keras
import numpy as np
import pytest
from ganzoo_srgan.bicubic_enlargement import BicubicEnlargement

from ganzoo import layers
from ganzoo.blocks import SelfAttention
from ganzoo.errors import PluginError
from ganzoo.exporting.keras_file import stock_network
from ganzoo.training.export import portable_configuration

PAGE = Path(__file__).parents[3] / "docs" / "exporting.md"

LAYERS = {
    "drop-in": lambda: layers.Conv2D(3, 3, activation="relu"),
    "pixel shuffle, Keras' order": lambda: layers.PixelShuffle(2, order="keras"),
    "pixel shuffle, torch's order": lambda: layers.PixelShuffle(2),
    "pixel shuffle by one": lambda: layers.PixelShuffle(1),
    "instance normalization": layers.InstanceNormalization,
    "equalized convolution": lambda: layers.EqualizedConv2D(4, 3),
    "equalized dense, without bias": lambda: layers.EqualizedDense(4, use_bias=False),
    "spectral convolution": lambda: layers.SpectralNormalization(layers.Conv2D(4, 3)),
    "spectral transposed convolution": lambda: layers.SpectralNormalization(layers.Conv2DTranspose(4, 3)),
    "spectral equalized dense": lambda: layers.SpectralNormalization(layers.EqualizedDense(4)),
    "attention": SelfAttention,
    "attention without spectral normalization": lambda: SelfAttention(spectral=False),
    "bicubic enlargement": lambda: BicubicEnlargement(3),
    "bicubic enlargement by one": lambda: BicubicEnlargement(1),
    "a network in the network": lambda: keras.Sequential([keras.Input((None, None, 8)), layers.PixelShuffle(2)]),
}


def network_of(layer):
    """Return a network of any image size that calls a layer twice, with random weights."""
    image = keras.Input((None, None, 8))
    outputs = [layer(image), layer(keras.layers.Rescaling(2.0)(image))]
    network = keras.Model(image, keras.layers.Concatenate()(outputs), name="network")
    rng = np.random.default_rng(0)
    for weight in network.weights:
        if not re.search("vector_[uv]$", weight.path):
            weight.assign(rng.uniform(0.1, 0.5, weight.shape))
    return network


def strangers(value):
    """Yield the registered names in a configuration that Keras does not know."""
    if isinstance(value, dict):
        if ">" in str(value.get("registered_name")):
            yield value["registered_name"]
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from strangers(part)


def difference(network, other, shape):
    """Return the largest difference of the outputs, relative to the largest of them."""
    given = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    mine, theirs = (keras.ops.convert_to_numpy(each(given, training=False)) for each in (network, other))
    return abs(mine - theirs).max() / abs(mine).max()


@pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)
def test_a_layer_becomes_layers_of_keras_with_the_same_outputs_at_any_size(make):
    network = network_of(make())
    stock = stock_network(network)
    assert list(strangers(portable_configuration(stock))) == []
    assert difference(network, stock, (1, 5, 7, 8)) < 1e-4
    assert difference(network, stock, (3, 8, 6, 8)) < 1e-4
    rebuilt = keras.Model.from_config(stock.get_config())
    rebuilt.set_weights(stock.get_weights())
    assert difference(network, rebuilt, (2, 4, 4, 8)) < 1e-4


def test_a_layer_without_a_way_to_keras_is_named_with_its_plugin():
    network = network_of(layers.MinibatchStdDev(name="deviation"))
    with pytest.raises(PluginError, match=r"layer 'deviation' \(MinibatchStdDev\) of .*ganzoo.*no method to_keras"):
        stock_network(network)


def test_a_layer_inside_another_one_is_named_too():
    network = network_of(keras.layers.TimeDistributed(layers.MinibatchStdDev(), name="each"))
    with pytest.raises(PluginError, match=r"layer 'each' \(TimeDistributed\)"):
        stock_network(network)


def test_an_error_of_to_keras_names_the_layer():
    class Broken(keras.layers.Layer):
        def call(self, inputs):
            return inputs

        def to_keras(self, inputs):
            raise RuntimeError("not today")

    with pytest.raises(PluginError, match=r"layer 'broken' \(Broken\), to_keras\(\).*not today"):
        stock_network(network_of(Broken(name="broken")))


def test_a_network_with_a_call_of_its_own_is_refused():
    class Own(keras.Model):
        def call(self, inputs):
            return inputs

    with pytest.raises(PluginError, match=r"network 'own'.*has a call of its own.*export it to onnx, torch"):
        stock_network(Own(name="own"))


@pytest.mark.skipif(not PAGE.is_file(), reason="there is no checkout around the tests")
def test_the_layer_of_the_page_becomes_layers_of_keras():
    [code] = re.findall(r"^```python\n(import keras\n\n\n@.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    written = {}
    exec(compile(code, "exporting.md", "exec"), written)
    network = network_of(written["PixelNormalization"]())
    stock = stock_network(network)
    assert list(strangers(portable_configuration(stock))) == []
    assert difference(network, stock, (2, 3, 4, 8)) < 1e-4
