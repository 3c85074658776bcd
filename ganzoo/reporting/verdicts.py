"""Verdicts of a diagnosis, as a run folder stores them in `verdicts.jsonl`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ganzoo.errors import printable

_LONGEST = 500


@dataclass(frozen=True)
class Verdict:
    """What is wrong since step `since`, as was found at step `step`, why, and what to change."""

    step: int
    since: int
    kind: str
    severity: Literal["warning", "failure"]
    player: str
    what: str
    cause: str
    change: str


def verdict(line: Mapping[str, Any]) -> Verdict | None:
    """Return a line as a verdict; None when it is none."""
    since = line.get("since", line["step"])
    if not line.get("what") or type(since) is not int or not 0 <= since <= line["step"]:
        return None
    texts = {key: _text(line.get(key)) for key in ("kind", "player", "what", "cause", "change")}
    severity: Literal["warning", "failure"] = "failure" if line.get("severity") == "failure" else "warning"
    return Verdict(step=line["step"], since=since, severity=severity, **texts)


def _text(value: Any) -> str:
    return "" if value is None else printable(str(value))[:_LONGEST]
