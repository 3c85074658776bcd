"""Networks of these layers and networks of Keras' own exchange weights in every format."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import torch

from ganzoo import layers

SHARED = (
    "AveragePooling2D",
    "BatchNormalization",
    "Conv2D",
    "Conv2DTranspose",
    "Dense",
    "GroupNormalization",
    "LeakyReLU",
    "MaxPooling2D",
    "PReLU",
    "UpSampling2D",
)


def network(home):
    values = image = keras.Input((8, 8, 3))
    for layer in (
        home.Conv2D(4, 3, strides=2, padding="same"),
        home.BatchNormalization(),
        home.PReLU(shared_axes=[1, 2], alpha_initializer="random_normal"),
        home.Conv2DTranspose(6, 4, strides=2, padding="same"),
        home.GroupNormalization(2),
        home.LeakyReLU(0.1),
        home.UpSampling2D(2),
        home.MaxPooling2D(2),
        home.AveragePooling2D(2),
        keras.layers.Flatten(),
        home.Dense(5),
    ):
        values = layer(values)
    made = keras.Model(image, values)
    made(torch.randn(4, 8, 8, 3), training=True)
    return made


@pytest.fixture
def values():
    return torch.randn(2, 8, 8, 3)


@pytest.mark.parametrize("homes", [(layers, keras.layers), (keras.layers, layers)], ids=["to keras", "from keras"])
def test_weights_saved_from_one_load_in_the_other(tmp_path, values, homes):
    one, other = map(network, homes)
    one.save_weights(tmp_path / "network.weights.h5")
    other.load_weights(tmp_path / "network.weights.h5")
    assert torch.allclose(one(values), other(values), atol=1e-5)
    other.load_weights(tmp_path / "network.weights.h5")
    one.save(tmp_path / "network.keras")
    twin = network(homes[1])
    twin.load_weights(tmp_path / "network.keras")
    assert torch.allclose(one(values), twin(values), atol=1e-5)


def test_a_saved_network_loads_with_the_same_layers(tmp_path, values):
    made = network(layers)
    made.save(tmp_path / "network.keras")
    twin = keras.saving.load_model(tmp_path / "network.keras")
    assert [type(layer) for layer in twin.layers] == [type(layer) for layer in made.layers]
    assert torch.allclose(made(values), twin(values), atol=1e-6)


FRESH = """
import sys
import keras, numpy
shared, folder = sys.argv[1].split(","), sys.argv[2]
values, wanted = (numpy.load(f"{folder}/{name}.npy") for name in ("values", "wanted"))
stock = {f"ganzoo>{name}": getattr(keras.layers, name) for name in shared}
plain = keras.saving.load_model(f"{folder}/network.keras", custom_objects=stock)
assert "ganzoo" not in sys.modules and numpy.allclose(plain(values).detach(), wanted, atol=1e-5)
from ganzoo import layers
fast = keras.saving.load_model(f"{folder}/network.keras")
assert isinstance(fast.layers[1], layers.Conv2D) and numpy.allclose(fast(values).detach(), wanted, atol=1e-5)
"""


def test_a_fresh_process_loads_a_saved_network_with_and_without_ganzoo(tmp_path, values):
    made = network(layers)
    made.save(tmp_path / "network.keras")
    np.save(tmp_path / "values.npy", values.numpy())
    np.save(tmp_path / "wanted.npy", made(values).detach().numpy())
    subprocess.run([sys.executable, "-c", FRESH, ",".join(SHARED), str(tmp_path)], check=True)


@pytest.mark.parametrize(
    "layer",
    [
        layers.Conv2D(4, (3, 2), strides=2, padding="same"),
        layers.Dense(4, activation="tanh"),
        layers.EqualizedConv2D(4, 3, gain=1.5),
        layers.EqualizedDense(4, gain=1.5, use_bias=False),
        layers.InstanceNormalization(1e-3, scale=False),
        layers.MinibatchStdDev(2, 3, epsilon=1e-4),
        layers.PixelShuffle(3, order="keras"),
        layers.ReflectionPadding2D(3),
        layers.SpectralNormalization(layers.Conv2D(4, 3), 2),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_layers_are_made_again_from_their_configuration(layer):
    config = layer.get_config()
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert type(twin) is type(layer)
    assert twin.get_config() == config


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize(
    "make",
    [
        lambda home: home.Conv2D(4, 3, strides=2, padding="same", dtype=keras.config.dtype_policy()),
        lambda home: home.Conv2DTranspose(4, 4, strides=2, padding="same"),
        lambda home: home.BatchNormalization(),
        lambda home: home.GroupNormalization(2),
        lambda home: home.PReLU(shared_axes=[1, 2]),
        lambda home: home.Dense(5),
        lambda home: home.MaxPooling2D(2),
        lambda home: home.UpSampling2D(2, interpolation="bilinear"),
    ],
)
def test_mixed_precision_gives_what_keras_gives(policy, make):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        stock, mine = make(keras.layers), make(layers)
    finally:
        keras.config.set_dtype_policy(before)
    values = torch.randn(2, 8, 8, 4)
    wanted = stock(values)
    mine.build(values.shape)
    mine.set_weights(stock.get_weights())
    found = mine(values)
    assert found.dtype == wanted.dtype
    assert mine(keras.Input((8, 8, 4))).dtype == stock(keras.Input((8, 8, 4))).dtype
    assert torch.allclose(found.float(), wanted.float(), atol=0.02, rtol=0.02)


def test_layers_work_inside_a_layer_whose_shapes_keras_traces():
    class Inner(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.parts = [
                layers.Conv2D(4, 3, strides=2, padding="same"),
                layers.BatchNormalization(),
                layers.GroupNormalization(2),
                layers.PReLU(shared_axes=[1, 2]),
                layers.SpectralNormalization(layers.Conv2D(8, 3, padding="same")),
                layers.PixelShuffle(2),
                layers.MaxPooling2D(2),
                layers.MinibatchStdDev(),
            ]

        def build(self, input_shape):
            for part in self.parts:
                part.build(input_shape)
                input_shape = part.compute_output_shape(input_shape)

        def call(self, inputs):
            for part in self.parts:
                inputs = part(inputs)
            return inputs

    layer = Inner()
    assert layer(keras.Input((8, 8, 3))).shape[1:] == (4, 4, 3)
    assert layer(torch.randn(4, 8, 8, 3)).shape == (4, 4, 4, 3)
