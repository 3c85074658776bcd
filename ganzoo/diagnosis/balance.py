"""The balance of the players: a discriminator that always wins, one that sees nothing, a balance that was lost."""

from __future__ import annotations

from collections.abc import Iterator

from ganzoo.diagnosis.history import History
from ganzoo.diagnosis.plan import Plan
from ganzoo.diagnosis.progress import FAR, POINTS, stays
from ganzoo.diagnosis.verdict import Verdict

#: A discriminator wins when it tells so many pairs of real and fake apart, and is blind below the other number.
_WINS, _BLIND = 0.97, 0.75
#: What it teaches fades when the generator's gradient falls to this part of what it was.
_FADED = 0.2
#: Where it fades, or the discriminator is blind, samples need not be far from the data for so long.
_EARLIER = 400
#: Balance is lost when samples are so many times farther from the data than they were at best.
_WORSE = 3.0
_POINTS = 4


def balance(history: History, plan: Plan) -> Iterator[Verdict]:
    """Judge by the separation of logits, where the samples are far from the data and stay there."""
    early = {stay.comparison: stay for stay in stays(history, start=_EARLIER)}
    late = {stay.comparison: stay for stay in stays(history)}
    for name, stay in early.items():
        separation = history.series(f"doctor/separation/{name}")
        if not len(separation):
            continue
        recent = separation.smooth[-1]
        if recent >= _WINS and (name in late or _fades(history)):
            yield _saturated(stay.since, stay.distance, plan)
        elif recent <= _BLIND and separation.lasting(separation.smooth <= _BLIND) >= POINTS:
            yield _blind(stay.since, stay.distance, plan)
        elif name in late:
            yield _no_progress(late[name].since, stay.distance, plan)
    yield from lost_balance(history, plan)


def _fades(history: History) -> bool:
    """Return whether the generator's gradient is a small part of what it was."""
    norms = history.series("gradient_norm/generator")
    return len(norms) > POINTS and norms.smooth[-1] < _FADED * norms.smooth.max()


def lost_balance(history: History, plan: Plan) -> Iterator[Verdict]:
    """Judge by the way: samples that were near to the data and are far now."""
    for name in history.names("doctor/distance/"):
        series = history.series(f"doctor/distance/{name}")
        if len(series) < 2 * _POINTS:
            continue
        best = int(series.smooth.argmin())
        limit = max(FAR, _WORSE * float(series.smooth[best]))
        flags = series.smooth > limit
        last = series.lasting(flags)
        if series.smooth[best] < FAR and _POINTS <= last < len(series) - best:
            yield Verdict(
                kind="lost_balance",
                severity="failure",
                since=int(series.steps[-last]),
                what=(
                    f"samples moved away from the data: their distance is {series.smooth[-1]:.2f} and was "
                    f"{series.smooth[best]:.2f} near step {series.steps[best]} (0 is none, 1 the most)"
                ),
                cause="one player outran the other, most often the discriminator, or a rate is too high",
                change=f"lower {plan.rate('discriminator')}, or let it fall with a schedule; "
                'or go back to the state before: train.on_collapse = "rollback"',
            )


def _saturated(since: int, distance: float, plan: Plan) -> Verdict:
    return Verdict(
        kind="saturated_discriminator",
        severity="failure",
        since=since,
        player="discriminator",
        what=(
            f"the discriminator tells real from fake nearly every time, and the samples stay far from the data "
            f"(distance {distance:.2f}; 0 is none, 1 the most): the generator learns nothing from it"
        ),
        cause=_why_it_wins(plan),
        change=_against_a_strong_discriminator(plan),
    )


def _why_it_wins(plan: Plan) -> str:
    if plan.uses("losses", "minimax"):
        return "the loss 'minimax' gives the generator no gradient once the discriminator wins"
    return "the discriminator learns faster than the generator, or nothing limits how steep it is"


def _against_a_strong_discriminator(plan: Plan) -> str:
    lower = f"lower {plan.rate('discriminator')}"
    if plan.uses("losses", "minimax"):
        return f'[[losses]] name = "non_saturating" in place of "minimax"; or {lower}'
    if plan.has_penalty:
        return f"{lower}; or raise the weight of the penalty in [[regularizers]]"
    return f'{lower}; or add [[regularizers]] name = "r1" (or "gradient_penalty", "instance_noise")'


def _blind(since: int, distance: float, plan: Plan) -> Verdict:
    return Verdict(
        kind="blind_discriminator",
        severity="failure",
        since=since,
        player="discriminator",
        what=(
            f"the discriminator cannot tell real from fake although the samples are far from the data "
            f"(distance {distance:.2f}; 0 is none, 1 the most)"
        ),
        cause="the discriminator learns too slowly, is too small, or is held back by noise or a penalty",
        change=(
            f"raise {plan.rate('discriminator')}; or a larger [discriminator], or a smaller weight in [[regularizers]]"
        ),
    )


def _no_progress(since: int, distance: float, plan: Plan) -> Verdict:
    return Verdict(
        kind="no_progress",
        severity="failure",
        since=since,
        what=f"the samples stay far from the data (distance {distance:.2f}; 0 is none, 1 the most)",
        cause="rates that are too high or much too low for these networks",
        change=f"{plan.rate('generator')} and {plan.rate('discriminator')}: try a tenth of both, then ten times",
    )
