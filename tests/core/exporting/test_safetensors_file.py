"""A network as one `.safetensors` file: written the same everywhere, and built again without running any code."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest
import safetensors.numpy
from PIL import Image

from ganzoo import images, layers
from ganzoo.errors import CheckpointError
from ganzoo.execution.keras_internals import fresh_layer_names
from ganzoo.exporting.safetensors_file import export_safetensors
from ganzoo.training.exported import load_exported, read_facts

FACTS = {"task": "super_resolution", "scale": "2"}


def enlarger():
    keras.utils.set_random_seed(3)
    image = keras.Input((None, None, 3), name="image")
    values = layers.PReLU(shared_axes=[1, 2])(layers.BatchNormalization()(layers.Conv2D(12, 3, padding="same")(image)))
    return keras.Model(image, layers.PixelShuffle(2)(values), name="enlarger")


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "generator.safetensors"
    file.write_bytes(export_safetensors(enlarger(), FACTS))
    return file


def rewritten(path, change, values=None):
    """Return the file with other metadata (a change of them), and other arrays where given."""
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    metadata = json.loads(content[8 : 8 + length])["__metadata__"]
    change(metadata)
    safetensors.numpy.save_file(values or safetensors.numpy.load_file(path), path, metadata)
    return path


def test_the_network_of_a_file_gives_the_same_numbers(path):
    given = np.random.default_rng(0).normal(size=(2, 5, 7, 3)).astype(np.float32)
    found, wanted = (network(given, training=False) for network in (load_exported(path, ()), enlarger()))
    assert np.array_equal(keras.ops.convert_to_numpy(found), keras.ops.convert_to_numpy(wanted))


def test_a_file_states_its_facts(path):
    assert read_facts(path) == FACTS


def test_the_reader_of_others_finds_the_arrays_and_the_facts(path):
    with safetensors.safe_open(path, "numpy") as file:
        assert file.metadata()["task"] == "super_resolution"
        assert json.loads(file.metadata()["keras_config"])["config"]["name"] == "enlarger"
        found = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is not a mapping
    kernel = keras.ops.convert_to_numpy(enlarger().layers[1].kernel)
    assert np.array_equal(found["layers/conv2d/vars/0"], kernel)


def test_the_same_weights_give_the_same_bytes(path):
    with fresh_layer_names():
        one = enlarger()
    with fresh_layer_names():
        other = enlarger()
    assert export_safetensors(one, FACTS) == export_safetensors(other, dict(reversed(FACTS.items())))


def test_a_photograph_is_enlarged_by_a_file(ganzoo, path, tmp_path):
    Image.new("RGB", (9, 6), "red").save(tmp_path / "photo.png")
    done = ganzoo("enlarge", path, tmp_path / "photo.png", "-o", tmp_path / "big.png")
    assert done.code == 0, done.err
    assert images.read_image(tmp_path / "big.png").shape == (12, 18, 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda metadata: metadata.clear(), "does not say of which network"),
        (lambda metadata: metadata.pop("keras_config"), "does not say of which network"),
        (lambda metadata: metadata.update(ganzoo_format="2"), "is of format '2', but this ganzoo reads format 1"),
        (lambda metadata: metadata.update(keras_config="{"), "is not a complete .safetensors file"),
        (lambda metadata: metadata.update(keras_config="[" * 100_000), "nested too deeply"),
        (lambda metadata: metadata.update(keras_config="[]"), "is not that of a network"),
        (
            lambda metadata: metadata.update(keras_config=metadata["keras_config"].replace("PReLU", "Lambda")),
            "holds 'Lambda'; only layers of Keras",
        ),
    ],
)
def test_metadata_that_describe_no_network_are_refused(path, change, message):
    with pytest.raises(CheckpointError, match=message):
        load_exported(rewritten(path, change), ())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda values: values.pop("layers/conv2d/vars/0"), "lacks 1 of the network's arrays: 'layers/conv2d/vars/0'"),
        (lambda values: values.update(more=np.zeros(1)), "has 1 that the network has not: 'more'"),
        (lambda values: values.update({"layers/conv2d/vars/1": np.zeros(5, np.float32)}), r"\(5,\), expected float32"),
        (lambda values: values.update({"layers/conv2d/vars/1": np.zeros(12)}), "is float64"),
        (lambda values: values["layers/conv2d/vars/1"].fill(np.nan), "numbers that are not finite"),
    ],
)
def test_arrays_that_are_not_those_of_the_network_are_refused(path, change, message):
    values = safetensors.numpy.load_file(path)
    change(values)
    with pytest.raises(CheckpointError, match=message):
        load_exported(rewritten(path, lambda metadata: None, values), ())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "claims a header of 0 bytes"),
        ((2**40).to_bytes(8, "little") + b"{}", "claims a header of 1099511627776 bytes"),
        ((9).to_bytes(8, "little") + b"{}", "ends inside its header"),
        ((2).to_bytes(8, "little") + b"{]", "its header is not JSON"),
        ((2).to_bytes(8, "little") + b"[]", "does not map names to texts"),
        ((21).to_bytes(8, "little") + b'{"__metadata__":[1] }', "does not map names to texts"),
        ((26).to_bytes(8, "little") + b'{"__metadata__":{"a": 1}} ', "does not map names to texts"),
    ],
)
def test_a_damaged_header_is_refused(tmp_path, content, message):
    path = tmp_path / "generator.safetensors"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=message):
        read_facts(path)


def test_a_file_that_is_cut_off_is_refused(path):
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(CheckpointError, match="cut off or damaged"):
        load_exported(path, ())
