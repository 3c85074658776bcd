"""`ganzoo timing`: where a training step's time goes."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from ganzoo.backend import require_torch_backend

if TYPE_CHECKING:
    from ganzoo.training.profiling import Profile


@click.command(name="timing")
@click.argument("recipe")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change one value; repeatable.")
@click.option("--profile", metavar="NAME", help="Apply a profile of the recipe, as smoke.")
@click.option("--phase", metavar="NAME", help="Which phase; the last by default.")
@click.option("--steps", type=click.IntRange(min=1), default=20, show_default=True, help="How many steps to measure.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    recipe: str, overrides: tuple[str, ...], profile: str | None, phase: str | None, steps: int, as_json: bool
) -> None:
    """Show what the training steps of RECIPE spend time on.

    Takes some steps with fresh networks; nothing is written.
    """
    require_torch_backend()
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # torch's profiler would print its own beginning and end
    from ganzoo.data.opening import open_data
    from ganzoo.errors import RecipeError, listing, nearest
    from ganzoo.recipe import load_recipe
    from ganzoo.zoo import load_zoo

    plan = load_recipe(recipe, zoo=load_zoo(), profile=profile, overrides=overrides)
    names = [each.name for each in plan.phases]
    if phase is not None and phase not in names:
        raise RecipeError(
            f"--phase: there is no phase '{phase}'{nearest(phase, names)}; the recipe has {listing(names)}"
        )
    data = open_data(plan)

    from ganzoo.assembly import assemble, training_device
    from ganzoo.data.loader import StepBatches
    from ganzoo.training import profiling
    from ganzoo.training.setup import build_model

    with training_device(plan.train.device):
        model = build_model(plan, assemble(plan, data.fields, data.fitted), data.fitted)
        batches = StepBatches.of(plan, data)
        model.step_number = model.timeline.first_step(phase or names[-1])
        found = profiling.profile(model, batches, steps=steps)
    if as_json:
        click.echo(json.dumps({**asdict(found), "achieved": found.achieved}, indent=2))
    else:
        show(found, plan.train.batch_size)


def show(found: Profile, batch_size: int) -> None:
    """Print a profile."""
    from ganzoo.commands._terminal import console, say, table

    whole = sum(found.parts.values())
    say(
        f"{1000 * found.step_seconds:.1f} ms a step, {batch_size / found.step_seconds:.1f} examples/s, "
        f"{found.flops / 1e9:.3g} GFLOP a step, {found.flops / found.step_seconds / 1e9:.1f} GFLOP/s: "
        f"{found.achieved:.0%} of a matrix product's {found.peak_flops / 1e9:.0f}"
    )
    parts = [[label, f"{1000 * spent:.2f}", f"{spent / whole:.1%}"] for label, spent in found.parts.items()]
    operations = [[name, f"{1000 * spent:.2f}", ""] for name, spent in found.operations.items()]
    output = console()
    output.print()
    output.print(table("Parts of a step", ["", "ms", "share"], parts))
    output.print()
    output.print(table("Operations of torch, each by itself", ["", "ms", ""], operations))
