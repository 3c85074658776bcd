"""Every private name of Keras that ganzoo uses, in one place.

Keras promises nothing about these. `tests/core/execution/test_keras_internals.py` names each one, so that another
release of Keras fails there first; `pyproject.toml` admits only releases that were tested.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

import keras
from keras.src.backend.common.global_state import get_global_attribute, set_global_attribute
from keras.src.backend.common.variables import AutocastScope
from keras.src.backend.common.variables import get_autocast_scope as current_autocast_scope
from keras.src.backend.torch.core import get_device
from keras.src.backend.torch.optimizers.torch_adam import Adam as TorchAdam
from keras.src.backend.torch.optimizers.torch_adamw import AdamW as TorchAdamW
from keras.src.models.functional import Functional
from keras.src.random.seed_generator import SeedGenerator, global_seed_generator
from keras.src.saving import saving_lib

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Network

__all__ = [
    "AutocastScope",
    "Functional",
    "SeedGenerator",
    "TorchAdam",
    "TorchAdamW",
    "configuration_of",
    "current_autocast_scope",
    "declared_inputs",
    "declared_outputs",
    "flat_layers",
    "fresh_layer_names",
    "get_device",
    "global_seed_generator",
    "has_graph",
    "nodes_in_order",
    "run_graph",
    "save_model",
    "saved_names",
    "seed_generators",
    "uses_graph",
]

_NAME_COUNTS = "object_name_uids"


def flat_layers(network: Network) -> Iterable[keras.Layer]:
    """Return a network and all layers inside it, however deep."""
    layers: Iterable[keras.Layer] = network._flatten_layers()
    return layers


def seed_generators(network: Network) -> Iterator[SeedGenerator]:
    """Yield the seed generators of a network and all its layers, in a stable order."""
    for layer in flat_layers(network):
        yield from layer._seed_generators


def uses_graph(network: Network) -> bool:
    """Return whether a network runs Keras' graph of layers, not a custom `call`."""
    return bool(type(network).call is Functional.call)


def has_graph(network: Network) -> bool:
    """Return whether the operations of a network can be listed: it is functional or sequential."""
    return isinstance(network, keras.Sequential) or uses_graph(network)


def declared_inputs(network: Network) -> Any:
    """Return the inputs of a functional network as it was made with them: a tensor, or a structure of tensors."""
    return _function(network)._inputs_struct


def declared_outputs(network: Network) -> Any:
    """Return the outputs of a functional network, likewise."""
    return _function(network)._outputs_struct


def run_graph(network: Network, inputs: Any, operation: Callable[[Any], Callable[..., Any]]) -> Any:
    """Return what a functional network gives where `operation` maps each of its operations to what takes its place."""
    return _function(network)._run_through_graph(inputs, operation_fn=operation)


def _function(network: Network) -> Any:
    # a sequential network keeps its graph inside
    return getattr(network, "_functional", None) or network


def nodes_in_order(network: Network) -> list[Any]:
    """Return the operations of a functional network in the order in which Keras runs them."""
    return [
        node
        for depth in sorted(network._nodes_by_depth, reverse=True)
        for node in network._nodes_by_depth[depth]
        if node.operation and not node.is_input
    ]


@contextmanager
def fresh_layer_names() -> Iterator[None]:
    """Reset automatic layer names inside this block, as if this process had not built a layer before."""
    before = get_global_attribute(_NAME_COUNTS)
    set_global_attribute(_NAME_COUNTS, defaultdict(int))
    try:
        yield
    finally:
        set_global_attribute(_NAME_COUNTS, before)


def configuration_of(network: Network) -> dict[str, Any]:
    """Return the configuration that Keras writes into a `.keras` archive."""
    text, _ = saving_lib._serialize_model_as_json(network)
    found: dict[str, Any] = json.loads(text)
    return found


def save_model(network: Network, file: IO[bytes]) -> None:
    """Write a `.keras` archive to an open file."""
    saving_lib.save_model(network, file)


def saved_names(network: Network) -> dict[str, Any]:
    """Return what Keras would save of a network, by its path in a `.weights.h5` file, without the optimizer."""
    names = _NameStore()
    optimizer = getattr(network, "optimizer", None)
    # Keras' own walk over layers, attributes and containers, because another walk could disagree with it
    saving_lib._save_state(network, names, None, inner_path="", visited_saveables={id(optimizer)})
    return names.found


class _NameStore(saving_lib.H5IOStore):
    """A store that keeps what a network would write, by its path, and writes no file. Keras asks for the base class."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}
        self._group = ""

    def __bool__(self) -> bool:
        return True

    def make(self, path: str, metadata: Any = None) -> _NameStore:
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
