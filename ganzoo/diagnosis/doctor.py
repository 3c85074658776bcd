"""Which verdicts stand after each record, and which of them are new."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from ganzoo.diagnosis.balance import balance
from ganzoo.diagnosis.collapse import collapse
from ganzoo.diagnosis.conditions import conditions
from ganzoo.diagnosis.copying import copying
from ganzoo.diagnosis.gradients import gradients
from ganzoo.diagnosis.history import History
from ganzoo.diagnosis.numbers import broken_terms, numbers
from ganzoo.diagnosis.oscillation import oscillation
from ganzoo.diagnosis.plan import Plan
from ganzoo.diagnosis.verdict import Key, Verdict

#: So many examined records are remembered; what stands after one depends on no earlier ones.
MEMORY = 200
#: What did not stand after so many records is over, and said when it comes again.
QUIET = 6
#: What is asked, the gravest first.
RULES = (numbers, gradients, collapse, copying, conditions, balance, oscillation)


def is_examined(record: Mapping[str, Any]) -> bool:
    """Return whether the doctor looks at this record: where it measured, or a loss was not finite."""
    return any(key.startswith("doctor/") for key in record) or bool(broken_terms(record))


class Doctor:
    """Sees the records of a run in order. What it says after one depends on the last MEMORY + QUIET records only."""

    def __init__(self, resolved: Mapping[str, Any]) -> None:
        self._plan = Plan(resolved)
        self._records: deque[Mapping[str, Any]] = deque(maxlen=MEMORY)
        self._recent: deque[Mapping[Key, Verdict]] = deque(maxlen=QUIET)

    @property
    def standing(self) -> Mapping[Key, Verdict]:
        """What is wrong after the last record."""
        return self._recent[-1] if self._recent else {}

    def see(self, record: Mapping[str, Any]) -> list[Verdict]:
        """Return the verdicts that stand after this record, and after none of those shortly before."""
        self._records.append(record)
        known = {key for standing in self._recent for key in standing}
        self._recent.append(diagnose(list(self._records), self._plan))
        return [verdict for key, verdict in self.standing.items() if key not in known]


def diagnose(records: Sequence[Mapping[str, Any]], plan: Plan) -> dict[Key, Verdict]:
    """Return what is wrong after the last of these records."""
    history = History(records)
    found = [verdict for rule in RULES for verdict in rule(history, plan)]
    return {verdict.key: verdict for verdict in reversed(found)}
