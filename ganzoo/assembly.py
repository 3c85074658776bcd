"""From a recipe and the data's fields to networks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import keras
import torch

from ganzoo.blame import blaming, broken_contract, is_out_of_memory
from ganzoo.contracts.architecture import Architecture
from ganzoo.contracts.field import Field, Signature
from ganzoo.contracts.regularizer import PLAYERS
from ganzoo.contracts.task import NetworkSpec
from ganzoo.contracts.tensor import Example, Network
from ganzoo.errors import BackendError, Problem, RecipeError, ResourceError, listing, nearest
from ganzoo.execution.keras_internals import declared_outputs, fresh_layer_names, uses_graph
from ganzoo.execution.modes import building_in
from ganzoo.execution.prepare import prepare_execution
from ganzoo.execution.seeding import seed_everything
from ganzoo.recipe import Recipe


@dataclass(frozen=True)
class Assembly:
    """The trained networks of a recipe, the averaged copies of the products, and what each is built from."""

    specs: tuple[NetworkSpec, ...]
    networks: Mapping[str, Network]
    averages: Mapping[str, Network]
    architectures: Mapping[str, Architecture]
    #: Those of the data.
    fields: Mapping[str, Field]

    @property
    def products(self) -> tuple[str, ...]:
        """The names of the networks that the training is for, the first of them first in tables."""
        return tuple(spec.name for spec in self.specs if spec.is_product)


def assemble(
    recipe: Recipe, fields: Mapping[str, Field], fitted: Example | None = None, *, for_training: bool = True
) -> Assembly:
    """Build the networks that the recipe's task needs for data with these fields, of which it has fitted this.

    For training, they compute in the recipe's precision and are compiled where it says so; averages always compute in
    float32, as all do with `for_training=False`. All give float32. Initial weights derive from the seed and the
    network's name alone. RecipeError, with all problems, when a network has no architecture or one of the wrong role;
    DataError when the data do not fit the task.
    """
    standardise_keras()
    specs = trained_specs(recipe, task_specs(recipe, fields, fitted or {}))
    chosen = choose_architectures(recipe, specs)
    seed = recipe.train.seed
    precision, compiled = (recipe.train.precision, recipe.train.compile) if for_training else ("float32", False)
    networks = {}
    for spec in specs:
        with explaining(_table(recipe, spec), spec):
            networks[spec.name] = build_network(chosen[spec.name], spec, seed, precision=precision, compiled=compiled)
    averages = {}
    for spec in specs if recipe.ema else ():
        if spec.is_product:
            with explaining(_table(recipe, spec), spec):
                averages[spec.name] = build_network(chosen[spec.name], spec, seed)
    return Assembly(specs=specs, networks=networks, averages=averages, architectures=chosen, fields=fields)


def product_architectures(recipe: Recipe, fields: Mapping[str, Field], fitted: Example) -> dict[str, Architecture]:
    """Return the specifications of the networks that the training is for, by name; nothing is built."""
    specs = trained_specs(recipe, task_specs(recipe, fields, fitted))
    chosen = choose_architectures(recipe, specs)
    return {spec.name: chosen[spec.name] for spec in specs if spec.is_product}


def task_specs(recipe: Recipe, fields: Mapping[str, Field], fitted: Example) -> tuple[NetworkSpec, ...]:
    """Return the networks that the task asks for, discriminators as the regularizers need them."""
    with blaming(recipe.task, "task"):
        specs = tuple(recipe.task.networks(fields, fitted))
    names = [spec.name for spec in specs]
    if not specs or len(set(names)) < len(names):
        raise broken_contract(recipe.task, "task", f"networks() returned {names}, expected one or more unique names")
    for spec in specs:
        if spec.player not in PLAYERS:
            problem = f"network '{spec.name}' is on the side '{spec.player}', expected one of {listing(PLAYERS)}"
            raise broken_contract(recipe.task, "task", problem)
    return tuple(replace(spec, signature=discriminator_signature(recipe, spec)) for spec in specs)


def discriminator_signature(recipe: Recipe, spec: NetworkSpec) -> Signature:
    """Return what a network must take and give; a discriminator also what the recipe's regularizers ask of it."""
    signature = spec.signature
    if spec.player == "discriminator" and "logits" in signature.outputs:
        for wired in recipe.regularizers:
            with blaming(wired.regularizer, f"regularizer '{wired.key}'"):
                signature = wired.regularizer.discriminator_signature(signature)
            if not isinstance(signature, Signature):
                problem = f"discriminator_signature() returned {type(signature).__name__}, expected a Signature"
                raise broken_contract(wired.regularizer, f"regularizer '{wired.key}'", problem)
    return signature


def trained_specs(recipe: Recipe, specs: Sequence[NetworkSpec]) -> tuple[NetworkSpec, ...]:
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


def build_network(
    architecture: Architecture, spec: NetworkSpec, seed: int, *, precision: str = "float32", compiled: bool = False
) -> Network:
    """Build one network with weights, and names of layers, that no other component can move."""
    # one stream per name: a network's weights do not depend on how many others are built before it
    seed_everything(seed, f"initial/{spec.name}")
    what = f"architecture of '{spec.name}'"
    with fresh_layer_names(), building_in(precision), blaming(architecture, what, passing=(ValueError,)):
        network = architecture.build(spec.signature)
    check_network(architecture, spec, network)
    return prepare_execution(network, precision=precision, compile=compiled)


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


def check_network(architecture: Architecture, spec: NetworkSpec, network: Network) -> None:
    """Compare a built network's outputs with what was asked for; PluginError when they do not fit."""
    what = f"architecture of '{spec.name}'"
    if not isinstance(network, keras.Model):
        raise broken_contract(architecture, what, f"build() returned {type(network).__name__}, expected a keras.Model")
    if not uses_graph(network):
        return  # the outputs of a network with a custom `call` are known when it is called
    shapes = output_shapes(network, spec)
    for name, field in spec.signature.outputs.items():
        if name not in shapes:
            raise broken_contract(architecture, what, f"lacks the output '{name}', expected {field}")
        for shape in shapes[name]:
            if not field.accepts(shape[1:]):
                given = "x".join("?" if side is None else str(side) for side in shape[1:])
                raise broken_contract(architecture, what, f"output '{name}' is {given}, expected {field}")


def output_shapes(network: Network, spec: NetworkSpec) -> dict[str, list[tuple[int | None, ...]]]:
    """Return the shapes of a network's outputs by name, several where one is a list."""
    found = declared_outputs(network)
    named = found if isinstance(found, Mapping) else {next(iter(spec.signature.outputs)): found}
    return {name: [tuple(tensor.shape) for tensor in keras.tree.flatten(value)] for name, value in named.items()}


def standardise_keras() -> None:
    """Undo what a user's keras.json or environment would silently change about training."""
    keras.config.set_floatx("float32")
    keras.config.set_image_data_format("channels_last")
    keras.config.set_max_epochs(None)
    keras.config.set_max_steps_per_epoch(None)


@contextmanager
def training_device(name: str) -> Iterator[None]:
    """Work on `auto` (a GPU when there is one), `cpu`, `cuda` or `mps`; BackendError when that is not there."""
    gpus = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not gpus.get(name, True):
        usable = listing(["auto", "cpu", *(gpu for gpu, is_there in gpus.items() if is_there)])
        raise BackendError(f"train.device is '{name}', but torch sees no such device; use one of {usable}")
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
