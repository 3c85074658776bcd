"""What the doctor says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Severity = Literal["warning", "failure"]
#: The kind of a verdict and its player: what is said once while it lasts.
Key: TypeAlias = tuple[str, str | None]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One finding: what is wrong, since which step, the likely cause, and which line of the recipe to change.

    A `failure` is a run whose product is of no use as it is; a `warning` may still end well. `player` is the side or
    the part that the finding is about, where there is one.
    """

    kind: str
    severity: Severity
    since: int
    player: str | None = None
    what: str
    cause: str
    change: str

    @property
    def key(self) -> Key:
        """What is said once while it lasts."""
        return self.kind, self.player

    def record(self, step: int) -> dict[str, Any]:
        """Return the line of `verdicts.jsonl` for a verdict that is given after so many steps."""
        return {
            "step": step,
            "since": self.since,
            "kind": self.kind,
            "severity": self.severity,
            "player": self.player,
            "what": self.what,
            "cause": self.cause,
            "change": self.change,
        }

    def __str__(self) -> str:
        return (
            f"{self.severity}: {self.kind} since step {self.since}: {self.what}\n"
            f"  likely cause: {self.cause}\n"
            f"  change: {self.change}"
        )
