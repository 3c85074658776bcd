"""Weights of a network from a file that Keras or somebody else wrote."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import keras

from ganzoo.contracts.architecture import Architecture
from ganzoo.contracts.tensor import Array, Network, Variable
from ganzoo.errors import CheckpointError
from ganzoo.execution.keras_internals import saved_names
from ganzoo.runs.foreign import open_foreign
from ganzoo.training.state_dict import InTorch, from_torch, names_in

#: Where Keras puts what only its own training needs; a warm start takes weights alone.
TRAINING_STATE = ("optimizer",)


@dataclass(frozen=True)
class ForeignWeights:
    """The variables of a network with their values in a file, and the file's sha256."""

    values: tuple[tuple[Variable, Array], ...]
    sha256: str


def import_weights(network: Network, path: Path, architecture: Architecture | None = None) -> str:
    """Set all weights of a network from a foreign file and return the file's sha256; see `read_weights`."""
    found = read_weights(network, path, architecture)
    for variable, value in found.values:
        variable.assign(value)
    return found.sha256


def read_weights(network: Network, path: Path, architecture: Architecture | None = None) -> ForeignWeights:
    """Return the values of all weights of a network from a foreign file, and change nothing.

    Their names are those of Keras, or in a `.safetensors` file those of the state dicts that the `architecture` knows,
    whose kernels are transposed. Nothing else is converted, and everything is verified: CheckpointError for a file of
    another network.
    """
    in_torch = None if architecture is None else names_in(path, architecture, network)
    if in_torch is None:
        variables = weight_names(network, path)
        foreign = open_foreign(path, variables, ignored=TRAINING_STATE)
        values = tuple((variable, foreign.values[name]) for name, variable in variables.items())
    else:
        foreign = open_foreign(path, {key: InTorch.of(variable) for key, variable in in_torch.items()})
        values = tuple((variable, from_torch(foreign.values[key], variable)) for key, variable in in_torch.items())
    return ForeignWeights(values, foreign.sha256)


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
