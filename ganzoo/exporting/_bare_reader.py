"""Run an exported file without ganzoo; `ganzoo.exporting.parity` starts this file in a process of its own.

    python _bare_reader.py KIND FILE GIVEN.npz FOUND.npz

GIVEN holds inputs as `0/00/image`: which example, which place, which name; FOUND what the file made of them, as `0/00`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

#: Runs a file on inputs by name, in order, and returns its outputs: one, or several by name or in order.
Run = Callable[[Mapping[str, Any]], Any]


def main() -> None:
    """Do what the arguments say."""
    kind, file, given_file, found_file = sys.argv[1:]
    run = READERS[kind](file)
    examples: dict[str, dict[str, Any]] = {}
    with np.load(given_file, allow_pickle=False) as archive:
        for key in sorted(archive.files):
            example, _, name = key.split("/", 2)
            examples.setdefault(example, {})[name] = archive[key]
    found = {f"{example}/{name}": value for example, given in examples.items() for name, value in run(given).items()}
    loaded = {name.partition(".")[0] for name in sys.modules}
    if loaded & {"ganzoo", *({"keras"} if kind == "torch" else ())}:
        raise ImportError("the file needs ganzoo or keras")
    np.savez(found_file, **found)


def _keras(file: str) -> Run:
    os.environ["KERAS_BACKEND"] = "torch"
    import keras

    network = keras.saving.load_model(file)

    def run(given: Mapping[str, Any]) -> Any:
        return _named(network(dict(given) if len(given) > 1 else next(iter(given.values())), training=False))

    return run


def _torch(file: str) -> Run:
    import torch

    program = torch.export.load(file).module()

    def run(given: Mapping[str, Any]) -> Any:
        with torch.no_grad():
            return _named(program(*(torch.from_numpy(value) for value in given.values())))

    return run


def _onnx(file: str) -> Run:
    import onnxruntime  # type: ignore[import-untyped]

    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return lambda given: dict(zip(names, session.run(names, dict(given)), strict=True))


def _named(found: Any) -> dict[str, Any]:
    """Return outputs by name as arrays; the only one of a network has none."""
    named = found if isinstance(found, Mapping) else {"": found}
    return {name: value.detach().cpu().numpy() for name, value in named.items()}


READERS: dict[str, Callable[[str], Run]] = {"keras": _keras, "torch": _torch, "onnx": _onnx}

if __name__ == "__main__":
    main()
