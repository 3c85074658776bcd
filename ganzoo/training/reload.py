"""Trained networks from a run folder."""

from __future__ import annotations

from collections.abc import Callable

from ganzoo.assembly import assemble
from ganzoo.blame import blaming, is_out_of_memory
from ganzoo.contracts.results import Trained
from ganzoo.errors import CheckpointError, ResourceError
from ganzoo.recipe import Recipe
from ganzoo.runs.folder import RunFolder
from ganzoo.training.state import network_state


def trained_networks(
    run: RunFolder, recipe: Recipe, *, best: bool = False, note: Callable[[str], None] = lambda _message: None
) -> tuple[Trained, int]:
    """Return what a run has trained, ready for use, and after how many steps. Needs none of the training data.

    They are the newest that verify, or the `best`; `note` is told of damaged ones. CheckpointError when there are none.
    """
    store = run.best() if best else run.checkpoints()
    try:
        fields, fitted = run.read_fields(), run.read_fitted()
        assembly = assemble(recipe, fields, fitted, for_training=False)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise ResourceError(f"{run.path}: memory does not suffice for the networks of this run") from error
    state = network_state(assembly.networks, assembly.averages)
    loaded, refusals = store.load_newest(state, recipe=recipe.digest(), below="networks/")
    for refusal in refusals:
        note(f"skipped a damaged checkpoint: {refusal}")
    if loaded is None and best:
        raise CheckpointError(f"{run.path}: keeps no best checkpoint; train.best names the score that chooses it")
    if loaded is None:
        raise CheckpointError(f"{run.path}: has no checkpoint yet; ganzoo run {run.path} resumes it")
    for name, variable in state.items():
        variable.assign(loaded.values[name])
    networks = {**assembly.networks, **assembly.averages}
    last = recipe.timeline.at(max(loaded.step - 1, 0))
    for name, architecture in assembly.architectures.items():
        with blaming(architecture, f"architecture of '{name}'", step=last.number):
            architecture.begin_step(networks[name], last)
    return Trained(networks=networks, fields=fields, fitted=fitted), loaded.step
