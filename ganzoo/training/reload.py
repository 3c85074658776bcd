"""Trained networks from a run folder."""

from __future__ import annotations

from ganzoo.assembly import assemble
from ganzoo.contracts.tensor import Network
from ganzoo.errors import CheckpointError
from ganzoo.recipe import Recipe
from ganzoo.runs.folder import RunFolder
from ganzoo.training.state import network_state


def trained_networks(run: RunFolder, recipe: Recipe) -> tuple[dict[str, Network], int]:
    """Return the networks to sample from, and after how many steps. Needs none of the training data.

    CheckpointError when the run has no checkpoint, or none that verifies.
    """
    assembly = assemble(recipe, run.read_fields())
    state = network_state(assembly.networks, assembly.averages)
    loaded, _ = run.checkpoints().load_newest(state, recipe=recipe.digest(), below="networks/")
    if loaded is None:
        raise CheckpointError(f"{run.path}: has no checkpoint yet; ganzoo run {run.path} goes on with it")
    for name, variable in state.items():
        variable.assign(loaded.values[name])
    networks = {**assembly.networks, **assembly.averages}
    last = recipe.timeline.at(max(loaded.step - 1, 0))
    for network in networks.values():
        if hasattr(network, "begin_step"):
            network.begin_step(last)
    return networks, loaded.step
