"""From a recipe and its networks to a compiled model."""

from __future__ import annotations

from ganzoo.assembly import Assembly
from ganzoo.contracts.schedule import Schedule
from ganzoo.contracts.tensor import Example
from ganzoo.recipe import Recipe
from ganzoo.training.averaging import WeightAverage
from ganzoo.training.model import AdversarialModel
from ganzoo.training.optimizers import make_optimizer


def build_model(recipe: Recipe, assembly: Assembly, fitted: Example | None = None) -> AdversarialModel:
    """Return the task's model, compiled with everything that the recipe says."""
    model = AdversarialModel(
        task=recipe.task,
        networks=assembly.networks,
        specs=assembly.specs,
        architectures=assembly.architectures,
        fitted=fitted,
        seed=recipe.train.seed,
    )
    model.compile(
        losses=recipe.losses,
        regularizers=recipe.regularizers,
        optimizers={
            player: make_optimizer(settings.name, settings.rate(0), settings.options, precision=recipe.train.precision)
            for player, settings in recipe.optimizers.items()
        },
        phases=recipe.timeline.phases,
        learning_rates=learning_rates_of(recipe),
        n_critic=recipe.train.n_critic,
        clip_norm=recipe.train.clip_norm,
        average=average_of(recipe, assembly),
    )
    return model


def learning_rates_of(recipe: Recipe) -> dict[tuple[str, str], Schedule]:
    """Return each optimizer's schedule over the run, and the phases' own where they have one."""
    rates: dict[tuple[str, str], Schedule] = {}
    for player, settings in recipe.optimizers.items():
        rates[player, ""] = settings.rate
        for phase in recipe.phases:
            if phase.learning_rate is not None:
                rates[player, phase.name] = phase.learning_rate
    return rates


def average_of(recipe: Recipe, assembly: Assembly) -> WeightAverage | None:
    """Return the weight average of the products, if the recipe wants one."""
    if recipe.ema is None:
        return None
    return WeightAverage(assembly.averages, decay=recipe.ema.decay, ramp_up=recipe.ema.ramp_up)
