"""A trained network with what its files say about it: from a run, or from an exported file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from types import EllipsisType
from typing import Any, TypeAlias

import numpy as np

import ganzoo
from ganzoo.assembly import product_architectures, task_specs, training_device
from ganzoo.contracts.architecture import Architecture
from ganzoo.contracts.field import Field, Signature
from ganzoo.contracts.tensor import Network
from ganzoo.errors import CheckpointError
from ganzoo.execution.keras_internals import declared_inputs, declared_outputs, has_graph
from ganzoo.recipe import Recipe
from ganzoo.runs.folder import RunFolder
from ganzoo.runs.safetensors import is_safetensors
from ganzoo.training.exported import read_facts
from ganzoo.training.published import load_network
from ganzoo.training.reload import trained_networks
from ganzoo.zoo import Zoo

_IMAGE_AXES = 3

Shape: TypeAlias = "tuple[int | EllipsisType | None, ...]"


@dataclass(frozen=True)
class Product:
    """A trained network, its inputs and outputs, and the facts that its files state.

    `signature` has the sizes that the network was made for, `facts` has None for those that are free.
    """

    name: str
    network: Network
    signature: Signature
    facts: Mapping[str, str]
    #: What it was built from, where that is known.
    architecture: Architecture | None = None


def products_of_run(
    run: RunFolder, recipe: Recipe, *, best: bool = False, note: Callable[[str], None] = lambda _message: None
) -> list[Product]:
    """Return what a run has trained, on the CPU; see `trained_networks`."""
    with training_device("cpu"):
        trained, steps = trained_networks(run, recipe, best=best, note=note)
    about = {"recipe": recipe.title, "task": recipe.resolved["task"]["name"], "steps": str(steps)}
    chosen = product_architectures(recipe, trained.fields, trained.fitted)
    return [
        Product(
            name=spec.name,
            network=trained.networks[spec.name],
            signature=spec.signature,
            facts={**about, **facts_about(spec.name, trained.networks[spec.name], spec.signature)},
            architecture=chosen[spec.name],
        )
        for spec in task_specs(recipe, trained.fields, trained.fitted)
        if spec.name in chosen
    ]


def product_of_file(path: Path, zoo: Zoo) -> Product:
    """Return the network of a `.keras` or `.safetensors` file, on the CPU; see `load_network`.

    A `.keras` file says nothing about ranges, so its facts are shapes alone.
    """
    with training_device("cpu"):
        loaded = load_network(path, zoo)
    network = loaded.network
    if loaded.signature is not None:
        facts = facts_about(network.name, network, loaded.signature)
        return Product(network.name, network, loaded.signature, facts, loaded.architecture)
    if not is_safetensors(path):
        inputs, outputs = declared_inputs(network), declared_outputs(network)
        signature = Signature(inputs=_declared_fields(inputs, "input"), outputs=_declared_fields(outputs, "output"))
        return Product(network.name, network, signature, facts_about(network.name, network, signature))
    facts = read_facts(path)
    try:
        signature = Signature(inputs=_read(facts["inputs"]), outputs=_read(facts["outputs"]))
        _check_shapes(signature.inputs, input_shapes(network, signature))
        _check_shapes(signature.outputs, output_shapes(network, signature))
        return Product(facts["network"], network, signature, facts)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, StopIteration) as error:
        raise CheckpointError(f"{path}: its facts do not state the inputs and outputs of its network") from error


def facts_about(name: str, network: Network, signature: Signature) -> dict[str, str]:
    """Return the facts of any network: its name, its inputs and outputs, and by how much it enlarges images."""
    facts = {
        "ganzoo_version": ganzoo.__version__,
        "network": name,
        "inputs": _written(signature.inputs, input_shapes(network, signature)),
        "outputs": _written(signature.outputs, output_shapes(network, signature)),
    }
    scale = _scale(signature)
    return facts if scale is None else {**facts, "scale": str(scale)}


def input_shapes(network: Network, signature: Signature) -> dict[str, Shape]:
    """Return the shapes of a network's inputs by name, without the batch axis; None for free sizes."""
    return _shapes(declared_inputs(network) if has_graph(network) else None, signature.inputs)


def output_shapes(network: Network, signature: Signature) -> dict[str, Shape]:
    """Return those of its outputs."""
    return _shapes(declared_outputs(network) if has_graph(network) else None, signature.outputs)


def _shapes(declared: Any, fields: Mapping[str, Field]) -> dict[str, Shape]:
    if declared is None:  # a network with a `call` of its own is what it was asked to be
        return {name: tuple(field.shape) for name, field in fields.items()}
    named = declared if isinstance(declared, Mapping) else {next(iter(fields)): declared}
    return {name: tuple(named[name].shape[1:]) for name in fields}


def _written(fields: Mapping[str, Field], shapes: Mapping[str, Shape]) -> str:
    return json.dumps(
        {
            name: {"shape": list(shapes[name]), "dtype": field.dtype, "low": field.low, "high": field.high}
            for name, field in fields.items()
        }
    )


def _read(text: str) -> dict[str, Field]:
    """Return fields as `_written` wrote them; ValueError, KeyError, TypeError or AttributeError for other texts."""
    return {name: _read_field(**about) for name, about in json.loads(text).items()}


def _read_field(shape: Any, dtype: Any, low: Any, high: Any) -> Field:
    limits = [limit for limit in (low, high) if limit is not None]
    if not all(isfinite(limit) for limit in limits) or limits != sorted(limits) or np.dtype(dtype).kind not in "fiu":
        raise ValueError(f"{dtype} from {low} to {high}")
    return Field(shape=tuple(shape), dtype=np.dtype(dtype).name, low=low, high=high)


def _check_shapes(fields: Mapping[str, Field], shapes: Mapping[str, Shape]) -> None:
    if shapes != {name: field.shape for name, field in fields.items()}:
        raise ValueError("shapes of another network")


def _declared_fields(declared: Any, name: str) -> dict[str, Field]:
    named = declared if isinstance(declared, Mapping) else {name: declared}
    return {key: Field(shape=tuple(tensor.shape[1:]), dtype=tensor.dtype) for key, tensor in named.items()}


def _scale(signature: Signature) -> int | None:
    """Return by how much a network from image to image enlarges both sides, where it does."""
    shapes = [field.shape for field in (*signature.inputs.values(), *signature.outputs.values())]
    if len(signature.inputs) != 1 or len(signature.outputs) != 1 or any(len(shape) != _IMAGE_AXES for shape in shapes):
        return None
    match [shape[:2] for shape in shapes]:
        case [(int(height), int(width)), (int(high), int(wide))]:
            scale = high // height
            return scale if (high, wide) == (height * scale, width * scale) else None
    return None
