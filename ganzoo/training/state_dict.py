"""The weights of a network as PyTorch's state dicts hold them; which key is whose the architecture says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ganzoo.blame import blaming, broken_contract
from ganzoo.contracts.architecture import Architecture
from ganzoo.contracts.tensor import Array, Network, Variable
from ganzoo.runs.safetensors import is_safetensors, read_shapes
from ganzoo.training.state import to_arrays

#: From Keras' axes of a kernel to torch's, by their number; the others are the same.
_TO_TORCH = {2: (1, 0), 4: (3, 2, 0, 1)}


@dataclass(frozen=True)
class InTorch:
    """The shape and type that a variable has in a state dict."""

    shape: tuple[int, ...]
    dtype: Any

    @classmethod
    def of(cls, variable: Variable) -> InTorch:
        """Return those of this variable."""
        return cls(tuple(variable.shape[axis] for axis in _axes(variable)), variable.dtype)


def state_dict_names(architecture: Architecture, network: Network) -> list[Mapping[str, Variable]]:
    """Return the weights of a network by their keys, once for each way of naming; PluginError where one lacks some."""
    with blaming(architecture, "architecture, state_dict_names()"):
        found = list(architecture.state_dict_names(network))
    wanted = sorted(id(variable) for variable in network.weights)
    if any(sorted(id(variable) for variable in names.values()) != wanted for names in found):
        problem = "does not name every weight of the network exactly once"
        raise broken_contract(architecture, "architecture, state_dict_names()", problem)
    return found


def names_in(path: Path, architecture: Architecture, network: Network) -> Mapping[str, Variable] | None:
    """Return the weights by the keys that a state dict uses for them; None for a file with other names."""
    known = state_dict_names(architecture, network) if is_safetensors(path) else []
    if not known:
        return None
    held = read_shapes(path).keys()
    nearest = max(known, key=lambda names: len(held & names.keys()))
    return nearest if held & nearest.keys() else None


def to_state_dict(names: Mapping[str, Variable]) -> dict[str, Array]:
    """Return the values of variables, transposed as torch has them."""
    values = to_arrays(names)
    return {key: np.ascontiguousarray(values[key].transpose(_axes(variable))) for key, variable in names.items()}


def from_torch(value: Array, variable: Variable) -> Array:
    """Return the value of a variable from a state dict, transposed as Keras has it."""
    return value.transpose(np.argsort(_axes(variable)))


def _axes(variable: Variable) -> tuple[int, ...]:
    rank = len(variable.shape)
    return _TO_TORCH.get(rank, tuple(range(rank)))
