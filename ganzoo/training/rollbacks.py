"""Whether a run goes back after a failure, to which checkpoints it can, and how much lower its learning rates are then.

All of it follows from the run's files, and from what is equal in a run and in one that was killed or stopped on its
way: both decide the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ganzoo.errors import CheckpointError
from ganzoo.recipe.settings import TrainSettings
from ganzoo.runs.checkpoint import CheckpointStore, step_of
from ganzoo.runs.folder import RunFolder
from ganzoo.runs.journal import Journal

#: A run that fails once more after so many rollbacks is stopped.
_MOST = 3
#: What each rollback multiplies the learning rates with.
_FACTOR = 0.5


@dataclass(frozen=True)
class Failure:
    """What the doctor found to have failed, and since which step."""

    kind: str
    since: int

    def __str__(self) -> str:
        return f"{self.kind} since step {self.since}"


@dataclass(frozen=True)
class WayBack:
    """What failed, and the checkpoints from before it, oldest first."""

    failure: Failure
    checkpoints: Sequence[Path]


class Rollbacks:
    """The rollbacks of one run, as its `rollbacks.jsonl` has them; CheckpointError when that is damaged."""

    def __init__(self, run: RunFolder, checkpoints: CheckpointStore, train: TrainSettings) -> None:
        self._run = run
        self._checkpoints = checkpoints
        self._train = train
        #: After how many steps the states were made that the run went back to.
        self._targets = _read_targets(run.rollbacks)

    @property
    def count(self) -> int:
        """How often the run went back."""
        return len(self._targets)

    def scale(self, number: int) -> float:
        """Return what the learning rates of step `number`, counted from 0, are multiplied with."""
        in_force = (count for count, to in enumerate(self._targets, 1) if to <= number)
        return float(_FACTOR ** max(in_force, default=0))

    def way_back(self, done: int) -> WayBack | None:
        """Return how the run goes back after `done` steps; None when nothing failed, or when it may not or cannot."""
        if self._train.on_collapse != "rollback" or self.count >= _MOST or (failure := self._failure(done)) is None:
            return None
        earlier = [path for path in self._checkpoints.regular() if step_of(path) < failure.since]
        return WayBack(failure, earlier) if earlier else None

    def add(self, done: int, to: int, failure: Failure) -> str:
        """Write that the run goes back from `done` to `to` steps, and say so; ResourceError when that fails."""
        self._run.rollbacks.append_durably({"step": done, "to": to, "kind": failure.kind})
        self._targets.append(to)
        return (
            f"step {done}: {failure}: training goes back to step {to}; from there on, learning rates are multiplied "
            f"by {self.scale(to):g} (rollback {self.count} of {_MOST}, train.on_collapse)"
        )

    def stop(self, done: int) -> str | None:
        """Return for which failure the run ends after `done` steps, where it has no way back; None when it goes on."""
        train = self._train
        if train.on_collapse == "warn" or self.way_back(done) is not None or (failure := self._failure(done)) is None:
            return None
        if train.on_collapse == "stop":
            return str(failure)
        if self.count >= _MOST:
            return f"{failure}, after {self.count} rollbacks"
        return (
            f"{failure}, and no checkpoint from before it is kept; train.keep_checkpoints (now "
            f"{train.keep_checkpoints}) keeps older ones, train.checkpoint_every (now {train.checkpoint_every}) makes "
            "them more often"
        )

    def _failure(self, done: int) -> Failure | None:
        """Return what was found to have failed after `done` steps; of several, what failed first."""
        found = [
            Failure(str(record.get("kind")), since)
            for record in self._run.verdicts.records()
            if record["step"] == done and record.get("severity") == "failure"
            if type(since := record.get("since")) is int
        ]
        return min(found, key=lambda failure: failure.since, default=None)


def _read_targets(log: Journal) -> list[int]:
    written = len(log.path.read_bytes().splitlines()) if log.path.exists() else 0
    targets = [record["to"] for record in log.records() if type(record.get("to")) is int]
    if len(targets) != written:
        raise CheckpointError(f"{log.path}: is damaged: one of its {written} lines is not a rollback")
    return targets
