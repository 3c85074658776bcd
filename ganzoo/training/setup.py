"""From a recipe and its networks to a compiled model."""

from __future__ import annotations

from collections.abc import Iterator

from ganzoo.assembly import Assembly
from ganzoo.contracts.regularizer import PLAYERS
from ganzoo.contracts.schedule import Schedule
from ganzoo.contracts.tensor import Example
from ganzoo.contracts.wiring import WiredOptimizer
from ganzoo.errors import Problem, RecipeError, listing, nearest
from ganzoo.execution.mixing import batch_normalizations
from ganzoo.recipe import Recipe
from ganzoo.training.averaging import WeightAverage
from ganzoo.training.model import AdversarialModel
from ganzoo.training.optimizers import make_optimizer
from ganzoo.training.scheduled import rate_at


def build_model(recipe: Recipe, assembly: Assembly, fitted: Example | None = None) -> AdversarialModel:
    """Return the task's model, compiled with everything that the recipe says.

    RecipeError, with all problems, where the recipe says something of networks that the task does not have.
    """
    if problems := [*optimizer_problems(recipe, assembly), *phase_problems(recipe, assembly)]:
        raise RecipeError(problems)
    model = AdversarialModel(
        task=recipe.task,
        networks=assembly.networks,
        specs=assembly.specs,
        architectures=assembly.architectures,
        fitted=fitted,
        fields=assembly.fields,
        seed=recipe.train.seed,
    )
    model.compile(
        losses=recipe.losses,
        regularizers=recipe.regularizers,
        optimizers={
            key: make_optimizer(wired.optimizer, first_rate(key, wired), key=key, precision=recipe.train.precision)
            for key, wired in recipe.optimizers.items()
        },
        phases=recipe.timeline.phases,
        learning_rates=learning_rates_of(recipe),
        n_critic=recipe.train.n_critic,
        first=recipe.train.first,
        clip_norm=recipe.train.clip_norm,
        average=average_of(recipe, assembly),
        network_phases=network_phases_of(recipe, assembly),
        reset_optimizers=[phase.name for phase in recipe.phases if phase.reset_optimizers],
    )
    return model


def optimizer_problems(recipe: Recipe, assembly: Assembly) -> Iterator[Problem]:
    """Yield optimizers of no network, networks without an optimizer, and what float16 cannot scale together."""
    known = {*PLAYERS, *assembly.networks}
    for key in recipe.optimizers:
        if key not in known:
            message = f"there is no player or network '{key}'{nearest(key, known)}; there are {listing(known)}"
            yield Problem(message, key=f"optimizers.{key}")
    for spec in assembly.specs:
        if not {spec.name, spec.player} & recipe.optimizers.keys():
            message = f"the network '{spec.name}' has no optimizer; add [optimizers.{spec.name}] or this section"
            yield Problem(message, key=f"optimizers.{spec.player}")
        elif recipe.train.precision == "float16" and spec.name in recipe.optimizers and spec.name != spec.player:
            yield Problem(
                f"in float16, one scale of the loss goes with one optimizer, and the {spec.player}'s loss would need "
                'several; set train.precision = "bfloat16", or leave this section out',
                key=f"optimizers.{spec.name}",
            )


def phase_problems(recipe: Recipe, assembly: Assembly) -> Iterator[Problem]:
    """Yield the phases in which no network is trained."""
    allowed = network_phases_of(recipe, assembly)
    for index, phase in enumerate(recipe.phases):
        active = [wired for wired in recipe.losses if wired.phases is None or phase.name in wired.phases]
        players = {player for wired in active for player in wired.trains(recipe.task.exposes)}
        mine = [spec.name for spec in assembly.specs if spec.player in players]
        if not any(phase.name in allowed.get(name, {phase.name}) for name in mine):
            message = f"no network is trained in the phase '{phase.name}'; each has 'phases' without it"
            yield Problem(message, key=f"phases.{index}")


def network_phases_of(recipe: Recipe, assembly: Assembly) -> dict[str, frozenset[str]]:
    """Return the phases in which networks are trained, by name, where the recipe says so for the name or the role."""
    found = {}
    for spec in assembly.specs:
        table = spec.name if spec.name in recipe.architectures else spec.role
        if table in recipe.network_phases:
            found[spec.name] = recipe.network_phases[table]
    return found


def notes_on(recipe: Recipe, assembly: Assembly) -> Iterator[str]:
    """Yield what a user should know of a recipe that runs: penalties per sample where samples are mixed."""
    mixing = {
        spec.name: layers
        for spec in assembly.specs
        if spec.player == "discriminator" and (layers := batch_normalizations(assembly.networks[spec.name]))
    }
    for wired in recipe.regularizers:
        for name, layers in mixing.items() if wired.regularizer.per_sample else ():
            yield (
                f"the penalty '{wired.key}' is one for each sample, but the batch normalization of '{name}' "
                f"({layers[0]}{', ...' if len(layers) > 1 else ''}) makes its logits depend on the other samples; "
                "use a discriminator with another normalization"
            )


def first_rate(key: str, wired: WiredOptimizer) -> float:
    """Return the learning rate that an optimizer begins with."""
    return rate_at(wired.rate, 0, key)


def learning_rates_of(recipe: Recipe) -> dict[tuple[str, str], Schedule]:
    """Return each optimizer's schedule over the run, and the phases' own where they have one."""
    rates: dict[tuple[str, str], Schedule] = {}
    for key, wired in recipe.optimizers.items():
        rates[key, ""] = wired.rate
        for phase in recipe.phases:
            if phase.learning_rate is not None:
                rates[key, phase.name] = phase.learning_rate
    return rates


def average_of(recipe: Recipe, assembly: Assembly) -> WeightAverage | None:
    """Return the weight average of the products, if the recipe wants one."""
    if recipe.ema is None:
        return None
    return WeightAverage(assembly.averages, **recipe.ema.model_dump())
