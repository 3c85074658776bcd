"""Weights of a network from a file that Keras or somebody else wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
from keras.src.saving import saving_lib

from ganzoo.contracts.tensor import Network, Variable
from ganzoo.errors import CheckpointError
from ganzoo.runs.foreign import open_foreign

#: Where Keras puts what only its own training needs; a warm start takes weights alone.
TRAINING_STATE = ("optimizer",)


def import_weights(network: Network, path: Path) -> str:
    """Set all weights of a network from a foreign file and return the file's sha256.

    Nothing is converted, and nothing assigned before everything is verified: CheckpointError leaves the network as it
    was.
    """
    variables = _names(network, path)
    foreign = open_foreign(path, variables, ignored=TRAINING_STATE)
    for name, variable in variables.items():
        variable.assign(foreign.values[name])
    return foreign.sha256


def _names(network: Network, path: Path) -> dict[str, Variable]:
    """Return the variables by the names that Keras gives them in a `.weights.h5`."""
    if not network.built:
        raise CheckpointError(
            f"{path}: no weights can be set, for {network.name} has none yet; call it or build it first"
        )
    names = _Names()
    optimizer = getattr(network, "optimizer", None)
    # Keras' own walk over layers, attributes and containers: nobody else's would always agree with it
    saving_lib._save_state(network, names, None, inner_path="", visited_saveables={id(optimizer)})
    for name, value in names.found.items():
        if not isinstance(value, keras.Variable):
            raise CheckpointError(f"{path}: {name} of {network.name} is computed when it is saved, so it cannot be set")
    kept = {id(value) for value in names.found.values()}
    for variable in network.weights:
        if id(variable) not in kept:
            raise CheckpointError(f"{path}: Keras' files do not hold {variable.path} of {network.name}")
    return names.found


class _Names(saving_lib.H5IOStore):
    """A store that keeps what a network would write, by its path, and writes no file. Keras asks for the base class."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}
        self._group = ""

    def __bool__(self) -> bool:
        return True

    def make(self, path: str, metadata: Any = None) -> _Names:
        self._group = f"{path}/vars" if path else "vars"
        return self

    def __setitem__(self, key: str, value: Any) -> None:
        self.found[f"{self._group}/{key}"] = value

    def __contains__(self, key: object) -> bool:
        return f"{self._group}/{key}" in self.found

    def __getitem__(self, key: str) -> Any:
        return self.found[f"{self._group}/{key}"]

    def __len__(self) -> int:
        return sum(name.rpartition("/")[0] == self._group for name in self.found)

    def close(self) -> None:
        """Have nothing to close."""
