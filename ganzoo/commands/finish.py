"""`ganzoo finish`: what a finished run has, from a stopped one."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from ganzoo.backend import require_torch_backend


@click.command(name="finish")
@click.argument("run", type=click.Path(path_type=Path))
def command(run: Path) -> None:
    """Export and score a stopped RUN where it stands.

    Does not train. Writes what a finished run has: the networks, evaluation.json and the held-out pictures, of the
    newest checkpoint. Training data are not needed. ganzoo run RUN still resumes it, and ends in the same files.
    """
    require_torch_backend()
    from ganzoo.assembly import training_device
    from ganzoo.commands._scores import show_scores
    from ganzoo.commands._terminal import say
    from ganzoo.contracts.notice import listening
    from ganzoo.data.opening import open_sources
    from ganzoo.reporting import page
    from ganzoo.runs.folder import RunFolder
    from ganzoo.runs.recipes import load_run_recipe
    from ganzoo.training.finishing import export_and_score
    from ganzoo.training.launch import choose_kernels
    from ganzoo.zoo import load_zoo

    folder = RunFolder.existing(run)
    recipe = load_run_recipe(folder, zoo=load_zoo())
    if folder.read_manifest().get("status") == "finished":
        say(f"{run}: the run is finished already; nothing was written")
        return
    held_out = open_sources(recipe.validation, key="validation") if recipe.validation else None
    note = partial(say, stderr=True)
    with folder.working(), training_device(recipe.train.device), listening(note):
        choose_kernels(recipe)
        scores, step = export_and_score(
            recipe,
            folder,
            held_out=held_out,
            training=lambda: open_sources(recipe.data),
            note=note,
        )
        page.write_at_end(folder, folder.read_manifest(), partial(say, stderr=True))
    if scores is not None:
        show_scores(scores, f"held-out data after {step} steps")
    say(
        f"networks and scores in {run} are those after step {step} of {recipe.timeline.total_steps}; "
        f"ganzoo run {run} resumes the run"
    )
