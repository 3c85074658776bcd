"""The weights that a new run starts from, instead of random ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ganzoo.contracts.tensor import Variable
from ganzoo.errors import CheckpointError, RecipeError, listing, nearest
from ganzoo.runs.checkpoint import arrays_of, load
from ganzoo.runs.folder import RunFolder
from ganzoo.training.model import AdversarialModel
from ganzoo.training.state import network_state


@dataclass(frozen=True, kw_only=True)
class WarmStart:
    """The networks of another run's newest checkpoint, or weight files by the name of a network, or both."""

    fork: RunFolder | None = None
    weights: Mapping[str, Path] = field(default_factory=dict)

    def origin(self) -> dict[str, Any]:
        """Return what the manifest says about where the weights come from."""
        run = None if self.fork is None else str(self.fork.path.resolve())
        return {"run": run, "weights": {name: str(path) for name, path in sorted(self.weights.items())}}

    def apply(self, model: AdversarialModel) -> Iterator[str]:
        """Give the prepared model its weights; yield what was taken from where. CheckpointError when they do not fit.

        Networks that the other run does not have keep their own start; an averaged copy that it does not have starts
        from the live weights.
        """
        averaged: set[str] = set()
        if self.fork is not None:
            taken, note = _from_run(self.fork, model)
            averaged = {name.removeprefix("ema/") for name in taken if name.startswith("ema/")}
            yield note
        for name, path in self.weights.items():
            if name not in model.networks:
                raise RecipeError(
                    f"--weights: there is no network '{name}'{nearest(name, model.networks)}; "
                    f"the recipe has {listing(model.networks)}"
                )
            yield from _from_file(name, path, model)
            averaged.discard(name)
        if model.average is not None:
            fresh = [name for name in model.average.networks if name not in averaged]
            model.average.start_from(model.networks, only=fresh)


def _from_run(run: RunFolder, model: AdversarialModel) -> tuple[list[str], str]:
    """Take over every network that both have, from the newest checkpoint that verifies."""
    refusals = []
    for path in reversed(run.checkpoints().paths()):
        try:
            mine = _by_network(network_state(model.networks, model.averages()))
            theirs = {name.rpartition("/")[0].removeprefix("networks/") for name in arrays_of(path)}
            taken = [name for name in mine if name in theirs]
            if not taken:
                raise CheckpointError(f"{path}: has none of the networks {listing(mine)}")
            expected = {key: variable for name in taken for key, variable in mine[name].items()}
            loaded = load(path, expected, below=tuple(f"networks/{name}/" for name in taken))
        except CheckpointError as error:
            refusals.append(str(error))
            continue
        for key, variable in expected.items():
            variable.assign(loaded.values[key])
        return taken, f"starting from {', '.join(taken)} of {path}"
    raise CheckpointError("\n".join([f"{run.path}: there is no checkpoint to start from", *refusals]))


def _by_network(state: Mapping[str, Variable]) -> dict[str, dict[str, Variable]]:
    found: dict[str, dict[str, Variable]] = {}
    for key, variable in state.items():
        found.setdefault(key.rpartition("/")[0].removeprefix("networks/"), {})[key] = variable
    return found


def _from_file(name: str, path: Path, model: AdversarialModel) -> Iterator[str]:
    from ganzoo.training.foreign import import_weights

    digest = import_weights(model.networks[name], path, model.architectures.get(name))
    yield f"starting from {path} for '{name}' (sha256 {digest[:12]}...)"
