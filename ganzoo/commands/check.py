"""`ganzoo check`: assemble a recipe, show what it would train on and with; train nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import click

from ganzoo.backend import require_torch_backend

if TYPE_CHECKING:
    from rich.table import Table

    from ganzoo.assembly import Assembly
    from ganzoo.contracts.dataset import Source
    from ganzoo.contracts.field import Field, Signature
    from ganzoo.contracts.tensor import Tensor
    from ganzoo.recipe import Recipe


@click.command(name="check")
@click.argument("recipe")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change one value; repeatable.")
@click.option("--profile", metavar="NAME", help="Apply a profile of the recipe, as smoke.")
def command(recipe: str, overrides: tuple[str, ...], profile: str | None) -> None:
    """Check RECIPE and its data: fields, one prepared batch, networks with their parameters, phases.

    Everything that `ganzoo run` would refuse before its first step is refused here.
    """
    require_torch_backend()
    from ganzoo.assembly import assemble, training_device
    from ganzoo.commands._notices import tell
    from ganzoo.data.opening import open_source, skipped_text
    from ganzoo.recipe import load_recipe
    from ganzoo.terminal import console, say
    from ganzoo.training.evaluation import check_metrics
    from ganzoo.training.setup import build_model
    from ganzoo.zoo import load_zoo

    zoo = load_zoo()
    plan = load_recipe(recipe, zoo=zoo, profile=profile, overrides=overrides)
    tell(zoo, plan)
    source = open_source(plan.data)
    held_out = open_source(plan.validation, key="validation") if plan.validation else None
    with training_device(plan.train.device):
        assembly = assemble(plan, source.fields)
        model = build_model(plan, assembly)
        batch = first_batch(plan, source)
        model.prepare(batch)
        check_metrics(plan.metrics, say)
    output = console()
    say(f"{plan.name}: {plan.title}")
    for key, opened in (("data", source), ("validation", held_out)):
        if opened is not None and (text := skipped_text(opened, key=key)):
            say(text)
    for shown in (data_table(source, held_out), batch_table(batch), network_table(assembly), phase_table(plan)):
        output.print()
        output.print(shown)
    say("\neverything fits; ganzoo run trains it")


def first_batch(recipe: Recipe, source: Source) -> Mapping[str, Tensor]:
    """Return the batch of step 0 as tensors."""
    from ganzoo.data.loader import StepBatches

    return StepBatches.of(recipe, source).tensors(0)


def data_table(source: Source, held_out: Source | None) -> Table:
    """Return what the data hold."""
    from ganzoo.terminal import table

    rows = [["training", str(len(source)), fields_text(source.fields)]]
    if held_out is not None:
        rows.append(["held out", str(len(held_out)), fields_text(held_out.fields)])
    return table("Data", ["", "examples", "fields"], rows)


def batch_table(batch: Mapping[str, Tensor]) -> Table:
    """Return statistics of one prepared batch."""
    from ganzoo.terminal import table

    rows = []
    for name, value in batch.items():
        numbers = value.double()
        figures = (numbers.min(), numbers.max(), numbers.mean(), numbers.std())
        shape = "x".join(str(side) for side in value.shape)
        rows.append(
            [name, f"{shape} {str(value.dtype).removeprefix('torch.')}", *(f"{figure:.3f}" for figure in figures)]
        )
    return table("The batch of step 0", ["field", "shape", "lowest", "highest", "mean", "deviation"], rows)


def network_table(assembly: Assembly) -> Table:
    """Return the networks with their parameters."""
    from ganzoo.terminal import table

    rows = [
        [spec.name, spec.player, signature_text(spec.signature), f"{assembly.networks[spec.name].count_params():,}"]
        for spec in assembly.specs
    ]
    return table("Networks", ["network", "side", "takes and gives", "parameters"], rows)


def phase_table(recipe: Recipe) -> Table:
    """Return what each phase minimises."""
    from ganzoo.terminal import table

    rows = [[phase.name, f"{phase.steps:,}", ", ".join(active(recipe, phase.name))] for phase in recipe.phases]
    return table("Phases", ["phase", "steps", "losses and regularizers"], rows)


def active(recipe: Recipe, phase: str) -> Iterator[str]:
    """Yield the keys that act in a phase."""
    for wired in (*recipe.losses, *recipe.regularizers):
        if wired.phases is None or phase in wired.phases:
            yield wired.key


def fields_text(fields: Mapping[str, Field]) -> str:
    """Return fields on one line."""
    return "; ".join(f"{name} {field}" for name, field in fields.items())


def signature_text(signature: Signature) -> str:
    """Return a signature on one line."""
    return f"{fields_text(signature.inputs)} -> {fields_text(signature.outputs)}"
