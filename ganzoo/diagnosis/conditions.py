"""Conditions that say nothing of the data, or that the generator does not heed."""

from __future__ import annotations

from collections.abc import Iterator

from ganzoo.diagnosis.history import History
from ganzoo.diagnosis.plan import Plan
from ganzoo.diagnosis.progress import FAR, POINTS
from ganzoo.diagnosis.verdict import Verdict

#: Neighbours among the data agree on the class hardly more often than chance.
_CHANCE = 1.3
#: They agree so much more often that a class can be seen.
_CLEAR = 3.0
#: The generator heeds the class when samples agree by this part of what data do above chance.
_HEEDED = 0.12


def conditions(history: History, _plan: Plan) -> Iterator[Verdict]:
    """Judge by the class of the nearest example: of another example, and of a sample for which a class was asked."""
    for name in history.names("doctor/real_agrees/"):
        real, fake = (history.series(f"doctor/{side}_agrees/{name}") for side in ("real", "fake"))
        chance = 1 / max(history.series(f"doctor/classes/{name}").values[-1], 1)
        agrees = float(real.values[-1])
        if agrees < min(_CHANCE * chance, (1 + chance) / 2):
            if len(real) >= POINTS:
                yield _mislabelled(int(real.steps[0]), name, agrees, chance)
            continue
        since = _looks_real_since(history)
        heeded = fake.values[fake.steps >= since][-POINTS:] if since is not None else fake.values[:0]
        limit = chance + _HEEDED * (agrees - chance)
        if agrees > _CLEAR * chance and len(heeded) == POINTS and heeded.mean() < limit and since is not None:
            yield _ignored(since, name, float(heeded.mean()), agrees)


def _looks_real_since(history: History) -> int | None:
    """Return the step since which samples are near to the data: before that, no class can be seen in them."""
    since = 0
    for name in history.names("doctor/distance/"):
        series = history.series(f"doctor/distance/{name}")
        last = series.lasting(series.smooth < FAR)
        if not last:
            return None
        since = max(since, int(series.steps[-last]))
    return since


def _mislabelled(since: int, name: str, agrees: float, chance: float) -> Verdict:
    return Verdict(
        kind="mislabelled_conditions",
        severity="warning",
        since=since,
        what=(
            f"'{name}' says nothing of the data: the nearest other example has the same one in {agrees:.0%} of the "
            f"cases, which is chance ({chance:.0%})"
        ),
        cause="labels belong to other examples, as after shuffling one of two lists",
        change="[data]: the labels of the dataset, or of the folders that its classes come from",
    )


def _ignored(since: int, name: str, found: float, agrees: float) -> Verdict:
    return Verdict(
        kind="ignored_conditions",
        severity="failure",
        since=since,
        player="generator",
        what=(
            f"the generator does not heed '{name}': the nearest example is of the class that was asked for in "
            f"{found:.0%} of the cases, among data in {agrees:.0%}"
        ),
        cause="the generator's network does not use the condition, or the discriminator is not told it",
        change=(
            "[generator]: a network that uses the label; [task] discriminator; or a term of classes in [[losses]], "
            'as term = "classification"'
        ),
    )
