"""Weights of a network from a file that Keras or somebody else wrote."""

from __future__ import annotations

from pathlib import Path

import keras

from ganzoo.contracts.tensor import Network, Variable
from ganzoo.errors import CheckpointError
from ganzoo.execution.keras_internals import saved_names
from ganzoo.runs.foreign import open_foreign

#: Where Keras puts what only its own training needs; a warm start takes weights alone.
TRAINING_STATE = ("optimizer",)


def import_weights(network: Network, path: Path) -> str:
    """Set all weights of a network from a foreign file and return the file's sha256.

    Nothing is converted, and nothing assigned before everything is verified: CheckpointError leaves the network as it
    was.
    """
    variables = weight_names(network, path)
    foreign = open_foreign(path, variables, ignored=TRAINING_STATE)
    for name, variable in variables.items():
        variable.assign(foreign.values[name])
    return foreign.sha256


def weight_names(network: Network, path: Path) -> dict[str, Variable]:
    """Return the variables by the names that Keras gives them in a `.weights.h5`.

    CheckpointError naming the file when Keras does not save the weights as they are.
    """
    if not network.built:
        raise CheckpointError(
            f"{path}: no weights can be set, for {network.name} has none yet; call it or build it first"
        )
    found = saved_names(network)
    for name, value in found.items():
        if not isinstance(value, keras.Variable):
            raise CheckpointError(f"{path}: {name} of {network.name} is computed when it is saved, so it cannot be set")
    kept = {id(value) for value in found.values()}
    for variable in network.weights:
        if id(variable) not in kept:
            raise CheckpointError(f"{path}: Keras' files do not hold {variable.path} of {network.name}")
    return found
