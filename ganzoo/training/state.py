"""State by stable names: role and order, never the automatic names that depend on what the process built before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ganzoo.contracts.tensor import Array, Network, Variable


def numbered(prefix: str, variables: Sequence[Variable]) -> dict[str, Variable]:
    """Name variables by their order."""
    return {f"{prefix}/{index:04d}": variable for index, variable in enumerate(variables)}


def network_state(networks: Mapping[str, Network], averages: Mapping[str, Network]) -> dict[str, Variable]:
    """Name the weights of trained networks and of their averaged copies."""
    found: dict[str, Variable] = {}
    for name, network in networks.items():
        found |= numbered(f"networks/{name}", network.weights)
    for name, network in averages.items():
        found |= numbered(f"networks/ema/{name}", network.weights)
    return found


def to_arrays(state: Mapping[str, Variable]) -> dict[str, Array]:
    """Copy state to the host."""
    return {name: np.array(variable.value.detach().cpu().numpy()) for name, variable in state.items()}


def not_finite(arrays: Mapping[str, Array]) -> list[str]:
    """Return the names of arrays with a NaN or an infinity."""
    return [name for name, value in arrays.items() if value.dtype.kind == "f" and not np.isfinite(value).all()]
