"""Exported networks are files for everybody: plain Keras loads what is made of its layers."""

from __future__ import annotations

import subprocess
import sys

import keras
import numpy as np
import pytest

from ganzoo import layers
from ganzoo.training.export import export_bytes

READ = """
import os, sys
os.environ["KERAS_BACKEND"] = "torch"
import keras, numpy
network = keras.saving.load_model(sys.argv[1])
given = numpy.load(sys.argv[2])
numpy.save(sys.argv[3], keras.ops.convert_to_numpy(network(given)))
assert not [name for name in sys.modules if name.startswith("ganzoo")]
"""


def generator():
    latent = keras.Input((7,))
    values = keras.layers.Reshape((2, 2, 6))(layers.Dense(24)(latent))
    values = layers.LeakyReLU(0.2)(layers.BatchNormalization()(layers.Conv2DTranspose(8, 4, 2, padding="same")(values)))
    values = layers.PReLU(shared_axes=[1, 2])(layers.GroupNormalization(groups=2)(layers.Conv2D(4, 3)(values)))
    return keras.Model(latent, layers.AveragePooling2D(2)(values))


def test_a_plain_script_without_ganzoo_loads_an_export_and_gets_the_same_numbers(tmp_path):
    network = generator()
    (tmp_path / "generator.keras").write_bytes(export_bytes(network))
    given = np.random.default_rng(0).normal(size=(3, 7)).astype(np.float32)
    np.save(tmp_path / "given.npy", given)
    paths = [str(tmp_path / name) for name in ("generator.keras", "given.npy", "found.npy")]
    subprocess.run([sys.executable, "-c", READ, *paths], check=True, cwd=tmp_path)
    wanted = keras.ops.convert_to_numpy(network(given))
    assert np.allclose(np.load(tmp_path / "found.npy"), wanted, atol=1e-5)


@pytest.mark.parametrize("make", [lambda: layers.PixelShuffle(2), layers.InstanceNormalization])
def test_a_layer_that_keras_lacks_keeps_its_name(tmp_path, make):
    image = keras.Input((4, 4, 4))
    path = tmp_path / "network.keras"
    path.write_bytes(export_bytes(keras.Model(image, make()(image))))
    loaded = keras.saving.load_model(path)
    assert type(loaded.layers[1]).__module__.startswith("ganzoo.layers")
