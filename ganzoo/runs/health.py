"""What the doctor says of a run from its files alone: no plugin, network or data is needed."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass

from ganzoo.diagnosis.doctor import Doctor, is_examined
from ganzoo.diagnosis.verdict import Verdict
from ganzoo.errors import CheckpointError
from ganzoo.runs.folder import RunFolder


@dataclass(frozen=True)
class Health:
    """How many steps were examined, how many were done, what was found by step, and what of it stands at the end."""

    examined: int
    steps: int
    said: list[tuple[int, Verdict]]
    standing: list[Verdict]


def health(run: RunFolder) -> Health:
    """Go through the log of a run as the doctor did while it trained; CheckpointError when its recipe is damaged."""
    doctor = Doctor(_recipe(run))
    said: list[tuple[int, Verdict]] = []
    examined = steps = 0
    for record in run.journal.records():
        steps = record["step"]
        if is_examined(record):
            examined += 1
            said += [(steps, verdict) for verdict in doctor.see(record)]
    return Health(examined, steps, said, list(doctor.standing.values()))


def _recipe(run: RunFolder) -> dict[str, object]:
    try:
        return tomllib.loads(run.recipe.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{run.recipe}: cannot be read: {error}") from error
