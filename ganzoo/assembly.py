"""From a recipe and the data's fields to networks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import keras
import torch
from keras.src.backend.common.global_state import get_global_attribute, set_global_attribute

from ganzoo.blame import is_out_of_memory
from ganzoo.contracts.architecture import Architecture
from ganzoo.contracts.field import Field
from ganzoo.contracts.task import NetworkSpec
from ganzoo.contracts.tensor import Network
from ganzoo.errors import BackendError, Problem, RecipeError, ResourceError, listing, nearest
from ganzoo.layers import run_directly
from ganzoo.layers.modes import building_in, with_float32_outputs
from ganzoo.recipe import Recipe
from ganzoo.seeding import seed_everything

_NAME_COUNTS = "object_name_uids"


@dataclass(frozen=True)
class Assembly:
    """The networks of a recipe: those that are trained, and the averaged copies of the generator's side."""

    specs: tuple[NetworkSpec, ...]
    networks: Mapping[str, Network]
    averages: Mapping[str, Network]


def assemble(recipe: Recipe, fields: Mapping[str, Field], *, precision: str | None = None) -> Assembly:
    """Build the networks that the recipe's task needs for data with these fields.

    Those that train compute in the recipe's precision, if no other is given, averages in float32; all give float32.
    Initial weights derive from the seed and the network's name alone. RecipeError, with all problems, when a network
    has no architecture or one of the wrong role; DataError when the data do not fit the task.
    """
    standardise_keras()
    specs = needed(recipe, recipe.task.networks(fields))
    chosen = choose_architectures(recipe, specs)
    seed, precision = recipe.train.seed, precision or recipe.train.precision
    networks = {}
    for spec in specs:
        with explaining(_table(recipe, spec), spec):
            networks[spec.name] = build_network(chosen[spec.name], spec, seed, precision)
    averaged = [spec for spec in specs if spec.player == "generator"] if recipe.ema else []
    averages = {}
    for spec in averaged:
        with explaining(_table(recipe, spec), spec):
            averages[spec.name] = build_network(chosen[spec.name], spec, seed)
    return Assembly(specs=specs, networks=networks, averages=averages)


def needed(recipe: Recipe, specs: Sequence[NetworkSpec]) -> tuple[NetworkSpec, ...]:
    """Return the networks that the recipe's losses train: no discriminator for content losses alone."""
    trained = {player for loss in recipe.losses for player in loss.trains(recipe.task.exposes)}
    return tuple(spec for spec in specs if spec.player in trained or spec.name in recipe.architectures)


def choose_architectures(recipe: Recipe, specs: tuple[NetworkSpec, ...]) -> dict[str, Architecture]:
    """Return the architecture of each network: by the network's own name, else by its role."""
    problems: list[Problem] = []
    chosen: dict[str, Architecture] = {}
    for spec in specs:
        architecture = recipe.architectures.get(spec.name) or recipe.architectures.get(spec.role)
        if architecture is None:
            problems.append(
                Problem(f"the task needs a network '{spec.name}'; add a table [{_table(recipe, spec)}] with a name")
            )
        elif architecture.role != spec.role:
            problems.append(Problem(f"is a {architecture.role}, expected a {spec.role}", key=_table(recipe, spec)))
        else:
            chosen[spec.name] = architecture
    known = {name for spec in specs for name in (spec.name, spec.role)}
    for name in recipe.architectures:
        if name not in known:
            problems.append(
                Problem(f"the task has no such network{nearest(name, known)}; it has {listing(known)}", key=name)
            )
    if problems:
        raise RecipeError(problems)
    return chosen


def build_network(architecture: Architecture, spec: NetworkSpec, seed: int, precision: str = "float32") -> Network:
    """Build one network with weights, and names of layers, that no other component can move."""
    seed_everything(seed, f"initial/{spec.name}")
    with names_from_nothing(), building_in(precision):
        network = run_directly(architecture.build(spec.signature))
    return network if precision == "float32" else with_float32_outputs(network)


@contextmanager
def explaining(table: str, spec: NetworkSpec) -> Iterator[None]:
    """Turn an architecture's ValueError into a RecipeError of its table, a failed allocation into a ResourceError."""
    try:
        yield
    except ValueError as error:
        raise RecipeError(Problem(str(error), key=table)) from error
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise ResourceError(
            f"{table}: memory does not suffice to build the network '{spec.name}'; make it smaller"
        ) from error


@contextmanager
def names_from_nothing() -> Iterator[None]:
    """Let Keras number layers as if nothing had been built in this process before."""
    before = get_global_attribute(_NAME_COUNTS)
    set_global_attribute(_NAME_COUNTS, defaultdict(int))
    try:
        yield
    finally:
        set_global_attribute(_NAME_COUNTS, before)


def standardise_keras() -> None:
    """Undo what a user's keras.json or environment would silently change about training."""
    keras.config.set_floatx("float32")
    keras.config.set_image_data_format("channels_last")
    keras.config.set_max_epochs(None)
    keras.config.set_max_steps_per_epoch(None)


@contextmanager
def training_device(name: str) -> Iterator[None]:
    """Work on `auto` (a GPU when there is one), `cpu` or `cuda`; BackendError when that is not there."""
    if name == "cuda" and not torch.cuda.is_available():
        raise BackendError("train.device is 'cuda', but torch sees no CUDA device; use 'auto' or 'cpu'")
    if name == "auto":
        yield
        return
    with keras.device(name):
        yield


def _table(recipe: Recipe, spec: NetworkSpec) -> str:
    """Return the table of a recipe that configures a network, or that it lacks."""
    if spec.name not in recipe.architectures and spec.role in (*recipe.architectures, "generator", "discriminator"):
        name = spec.role
    else:
        name = spec.name
    return name if name in ("generator", "discriminator") else f"networks.{name}"
