"""`ganzoo check`: rehearse a recipe, show what it would train on and with; leave nothing behind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from ganzoo.backend import require_torch_backend
from ganzoo.training.observer import Observer

if TYPE_CHECKING:
    from rich.table import Table

    from ganzoo.contracts.dataset import Source
    from ganzoo.contracts.field import Field, Signature
    from ganzoo.contracts.results import Sources
    from ganzoo.contracts.tensor import Tensor
    from ganzoo.recipe import Recipe
    from ganzoo.training.estimate import Estimate
    from ganzoo.training.model import AdversarialModel
    from ganzoo.training.trainer import Trainer
    from ganzoo.zoo import Zoo


@click.command(name="check")
@click.argument("recipe")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change one value; repeatable.")
@click.option("--profile", metavar="NAME", help="Apply a profile of the recipe, as smoke.")
def command(recipe: str, overrides: tuple[str, ...], profile: str | None) -> None:
    """Check that RECIPE runs, without training it.

    Does once, in a folder that is removed, all that a run of it does: one step of each phase, one picture, one
    checkpoint, the exported networks, and the first results on held-out data with every metric: what `ganzoo run`
    would refuse is refused here. Two more steps of each phase estimate the time and the memory of the run, pictures,
    checkpoints and scores not counted. Nothing is left on the disk.
    """
    require_torch_backend()
    from ganzoo.assembly import training_device
    from ganzoo.commands._notices import tell
    from ganzoo.commands._terminal import console, say
    from ganzoo.data.opening import check_examples, data_texts, open_sources
    from ganzoo.recipe import load_recipe
    from ganzoo.zoo import load_zoo

    zoo = load_zoo()
    plan = load_recipe(recipe, zoo=zoo, profile=profile, overrides=overrides)
    tell(zoo, plan)
    sources = open_sources(plan.data)
    held_out = open_sources(plan.validation, key="validation") if plan.validation else None
    check_examples(plan, sources, held_out)
    with training_device(plan.train.device):
        trainer, scored, found = rehearsed(plan, sources, held_out, zoo)
    output = console()
    say(f"{plan.name}: {plan.title}")
    for text in data_texts(plan, sources, held_out):
        say(text)
    batch = trainer.batches.tensors(0)
    tables = (
        data_table(sources, held_out or {}),
        batch_table(batch),
        network_table(trainer.model),
        phase_table(plan, found),
    )
    for shown in tables:
        output.print()
        output.print(shown)
    say(f"\n{rehearsed_text(scored)}\n{estimate_text(plan, found)}\nOK: ganzoo run can train it")


def rehearsed(
    recipe: Recipe, sources: Sources, held_out: Sources | None, zoo: Zoo
) -> tuple[Trainer, Mapping[str, int], Estimate]:
    """Do all that a run does once, in a scratch folder.

    Returns the trainer, how many examples were scored, and what the run will take.
    """
    from ganzoo.runs.environment import describe_plugins, environment
    from ganzoo.runs.folder import RunFolder
    from ganzoo.training.estimate import estimate
    from ganzoo.training.launch import choose_kernels, prepare, write_manifest
    from ganzoo.training.rehearsal import rehearse

    with TemporaryDirectory(prefix="ganzoo-check-") as folder:
        run = RunFolder(Path(folder) / recipe.name)
        with run.working():
            kept = choose_kernels(recipe)
            facts = environment(describe_plugins(zoo.plugins, recipe.used))
            trainer = prepare(recipe, run, Notes(), sources, held_out, environment=facts)
            write_manifest(trainer, kept, None)
            scored = rehearse(trainer)
            return trainer, scored, estimate(trainer)


class Notes(Observer):
    """Watches a rehearsal; shows notes and nothing else."""

    def note(self, message: str) -> None:
        from ganzoo.commands._terminal import say

        say(message, stderr=True)


def rehearsed_text(scored: Mapping[str, int]) -> str:
    """Return a summary of the rehearsal."""
    done = "rehearsed: one step of each phase, one picture, a checkpoint, the exported networks"
    if not scored:
        return f"{done}; nothing is scored"
    rows = ", ".join(f"'{method}' ({count})" for method, count in scored.items())
    return f"{done}, and every metric on the first results of {rows}"


def data_table(training: Mapping[str, Source], held_out: Mapping[str, Source]) -> Table:
    """Return the size and fields of the data, a row for each stream."""
    from ganzoo.commands._terminal import table

    rows = [
        [f"{what} {name}" if len(sources) > 1 else what, str(len(source)), fields_text(source.fields)]
        for what, sources in (("training", training), ("held out", held_out))
        for name, source in sources.items()
    ]
    return table("Data", ["", "examples", "fields"], rows)


def batch_table(batch: Mapping[str, Tensor]) -> Table:
    """Return statistics of one prepared batch."""
    from ganzoo.commands._terminal import table

    rows = []
    for name, value in batch.items():
        numbers = value.double()
        figures = (numbers.min(), numbers.max(), numbers.mean(), numbers.std())
        shape = "x".join(str(side) for side in value.shape)
        rows.append(
            [name, f"{shape} {str(value.dtype).removeprefix('torch.')}", *(f"{figure:.3f}" for figure in figures)]
        )
    return table("The first batch", ["field", "shape", "lowest", "highest", "mean", "deviation"], rows)


def network_table(model: AdversarialModel) -> Table:
    """Return the networks with their parameters."""
    from ganzoo.commands._terminal import table

    rows = [
        [spec.name, spec.player, signature_text(spec.signature), f"{model.networks[spec.name].count_params():,}"]
        for spec in model.specs.values()
    ]
    return table("Networks", ["network", "side", "input -> output", "parameters"], rows)


def phase_table(recipe: Recipe, found: Estimate) -> Table:
    """Return what each phase minimises, and how long a thousand steps of it take."""
    from ganzoo.commands._terminal import table

    rows = [
        [phase.name, f"{phase.steps:,}", f"{found.seconds[phase.name]:.3g}", ", ".join(active(recipe, phase.name))]
        for phase in recipe.phases
    ]
    return table("Phases", ["phase", "steps", "seconds for 1,000", "losses and regularizers"], rows)


def estimate_text(recipe: Recipe, found: Estimate) -> str:
    """Return what the whole run will take."""
    whole = timedelta(seconds=round(sum(found.seconds[phase.name] * phase.steps / 1000 for phase in recipe.phases)))
    memory = "" if found.peak_bytes is None else f", {found.peak_bytes / 2**20:,.0f} MiB of memory at the peak"
    return f"estimated from two steps of each phase: {whole} for all steps{memory}"


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
