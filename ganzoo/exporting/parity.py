"""How far an exported file is from the network that it was made of."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ganzoo.contracts.tensor import Array, Network
from ganzoo.errors import PluginError
from ganzoo.exporting.examples import example, outputs_by_name
from ganzoo.exporting.onnx_file import onnx_outputs
from ganzoo.exporting.product import Product
from ganzoo.runs.arrays import pack_arrays
from ganzoo.training.exported import load_exported
from ganzoo.training.foreign import import_weights

#: The largest difference that is due to float32, for outputs of at most 1; for larger ones, times the largest.
TOLERANCE = 1e-4

_READER = Path(__file__).with_name("_bare_reader.py")
_BATCHES = (1, 3)


def check_parity(product: Product, file: Path, kind: str) -> float:
    """Return the largest difference of what a file gives from what its network gives, on random inputs of two sizes.

    Files of Keras, torch and ONNX are read in a process that has not imported ganzoo (nor Keras, for the last two).
    PluginError when that is impossible, or the difference is more than `TOLERANCE`.
    """
    given = [example(product, batch, seed=seed) for seed, batch in enumerate(_BATCHES)]
    wanted = [outputs_by_name(product, one) for one in given]
    if kind in _OF_GANZOO:
        loaded = replace(product, network=_OF_GANZOO[kind](product, file))
        found = [outputs_by_name(loaded, one) for one in given]
    else:
        found = [_renamed(product, outputs) for outputs in _read_bare(product, file, kind, given)]
    pairs = [(mine[name], theirs[name]) for mine, theirs in zip(wanted, found, strict=True) for name in mine]
    for mine, theirs in pairs:
        if mine.shape != theirs.shape:
            raise PluginError(
                f"network '{product.name}': as a {kind} file it gives {theirs.shape}, expected {mine.shape}"
            )
    difference = max(float(np.abs(mine.astype(np.float64) - theirs).max()) for mine, theirs in pairs)
    tolerance = TOLERANCE * max(1.0, *(float(np.abs(mine).max()) for mine, _ in pairs))
    if not difference <= tolerance:  # which a NaN is not
        raise PluginError(
            f"network '{product.name}': as a {kind} file it differs by {difference:.2g} from the trained network, "
            f"expected at most {tolerance:.2g}; nothing was written"
        )
    return difference


def _rebuilt(product: Product, file: Path) -> Network:
    """Return a new network of the product's architecture with the weights of a state dict."""
    architecture = product.architecture
    if architecture is None:
        raise PluginError(f"network '{product.name}': its architecture is unknown")
    network = architecture.build(product.signature)
    import_weights(network, file, architecture)
    return network


_OF_GANZOO: Mapping[str, Callable[[Product, Path], Network]] = {
    "safetensors": lambda _product, file: load_exported(file, ()),
    "state_dict": _rebuilt,
}


def _read_bare(product: Product, file: Path, kind: str, given: Sequence[Mapping[str, Array]]) -> list[dict[str, Array]]:
    """Return the outputs by their names in the file, for each of the inputs."""
    given_file, found_file = file.with_name("given.npz"), file.with_name("found.npz")
    named = {f"{at}/{place}/{name}": one[name] for at, one in enumerate(given) for place, name in enumerate(one)}
    given_file.write_bytes(pack_arrays(named))
    ended = subprocess.run(  # noqa: S603 - our own interpreter and file
        [sys.executable, "-P", "-W", "ignore", str(_READER), kind, str(file), str(given_file), str(found_file)],
        cwd=file.parent,
        env={**os.environ, "KERAS_BACKEND": "torch", "KERAS_TORCH_DEVICE": "cpu"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if ended.returncode:
        why = next((line for line in reversed(ended.stderr.splitlines()) if line.strip()), f"code {ended.returncode}")
        raise PluginError(f"network '{product.name}': its {kind} file does not work without ganzoo: {why}")
    with np.load(found_file, allow_pickle=False) as archive:
        found: list[dict[str, Array]] = [{} for _ in given]
        for key in archive.files:
            at, _, name = key.partition("/")
            found[int(at)][name] = archive[key]
    return found


def _renamed(product: Product, outputs: dict[str, Array]) -> dict[str, Array]:
    """Return outputs by the names of the signature."""
    if len(product.signature.outputs) == 1:
        return dict(zip(product.signature.outputs, outputs.values(), strict=True))
    names = onnx_outputs(product)
    return {names.get(name, name): value for name, value in outputs.items()}
