"""Numbers that are not finite any more, or soon will not be."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from ganzoo.contracts.regularizer import PLAYERS
from ganzoo.diagnosis.history import History
from ganzoo.diagnosis.plan import Plan
from ganzoo.diagnosis.verdict import Verdict

#: Logits above this are on their way to overflow: float16 ends at 65504; in float32 digits of a loss are lost.
_LARGEST = {"float16": 8192.0}
_LARGEST_OTHERWISE = 1e5
_POINTS = 3


def numbers(history: History, plan: Plan) -> Iterator[Verdict]:
    """Judge by the losses of the last record and by the largest logit."""
    yield from _not_finite(history.records[-1] if history.records else {}, plan)
    largest = history.series("doctor/largest_logit")
    limit = _LARGEST.get(plan.precision, _LARGEST_OTHERWISE)
    last = largest.lasting(largest.values > limit)
    if last >= _POINTS:
        yield Verdict(
            kind="overflow_risk",
            severity="failure",
            since=int(largest.steps[-last]),
            player="discriminator",
            what=f"the discriminator's logits reach {largest.values[-1]:.2g} in {plan.precision}",
            cause="nothing bounds the discriminator, or its rate is too high",
            change=f"lower {plan.rate('discriminator')}"
            + (
                "" if plan.has_penalty else '; or add [[regularizers]] name = "gradient_penalty" (or "weight_clipping")'
            ),
        )


def broken_terms(record: Mapping[str, Any]) -> list[str]:
    """Return the losses and penalties of a record that are not finite; the log has null for them."""
    return [key for key, value in record.items() if key.partition("/")[0] in PLAYERS and not _is_finite(value)]


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _not_finite(record: Mapping[str, Any], plan: Plan) -> Iterator[Verdict]:
    terms = [key for key in broken_terms(record) if not key.endswith("/total")] or broken_terms(record)
    for key in terms:
        player, _, term = key.partition("/")
        yield Verdict(
            kind="not_finite",
            severity="failure",
            since=int(record["step"]),
            player=player,
            what=f"the {player}'s term '{term}' is not a finite number; the update was not made",
            cause="the logarithm or root of a number that left its range, or an overflow after too large a step",
            change=f"'{term}' in [[losses]] or [[regularizers]]; lower {plan.rate(player)}, or set train.clip_norm",
        )
