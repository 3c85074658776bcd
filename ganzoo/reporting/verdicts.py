"""Verdicts of the doctor, as a run folder stores them in `verdicts.jsonl`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ganzoo.diagnosis.verdict import Verdict
from ganzoo.errors import printable

_LONGEST = 500


@dataclass(frozen=True)
class Found:
    """A verdict, and after how many steps it was given."""

    step: int
    verdict: Verdict


def found_verdict(line: Mapping[str, Any]) -> Found | None:
    """Return a line as a verdict; None when it is none."""
    since = line.get("since", line["step"])
    if not line.get("what") or type(since) is not int or not 0 <= since <= line["step"]:
        return None
    texts = {key: _text(line.get(key)) for key in ("kind", "what", "cause", "change")}
    return Found(
        line["step"],
        Verdict(
            severity="failure" if line.get("severity") == "failure" else "warning",
            since=since,
            player=_text(line.get("player")) or None,
            **texts,
        ),
    )


def _text(value: Any) -> str:
    return "" if value is None else printable(str(value))[:_LONGEST]
