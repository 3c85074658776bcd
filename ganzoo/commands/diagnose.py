"""`ganzoo diagnose`: what went wrong in a run, since when, and what to change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ganzoo.runs.health import Health


@click.command(name="diagnose")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(run: Path, as_json: bool) -> None:
    """Say what went wrong in a RUN, also while it trains.

    Reads the log only. Each finding says what is wrong, since which step, the likely cause, and which line of the
    recipe to change. docs/howto/diagnose.md explains them.
    """
    from ganzoo.commands._terminal import say
    from ganzoo.runs.folder import RunFolder
    from ganzoo.runs.health import health

    found = health(RunFolder.existing(run))
    if as_json:
        click.echo(json.dumps(as_record(found), indent=2))
    else:
        say(f"{run} after {found.steps} steps: {text(found)}")


def as_record(found: Health) -> dict[str, object]:
    """Return what is printed as JSON."""
    return {
        "steps": found.steps,
        "examined": found.examined,
        "standing": [verdict.record(found.steps) for verdict in found.standing],
        "said": [verdict.record(step) for step, verdict in found.said],
    }


def text(found: Health) -> str:
    """Return what is printed for people."""
    if not found.examined:
        return "nothing was examined: the log is too short, or train.doctor is false"
    over = [f"{verdict.kind} (step {step})" for step, verdict in found.said if verdict not in found.standing]
    passed = f"\npassed: {', '.join(over)}" if over else ""
    if not found.standing:
        return f"nothing is wrong in {found.examined} examined steps{passed}"
    return "\n".join(["", *map(str, found.standing)]) + passed
