"""Runs side by side: groups of trials, means and spreads over seeds, and what their difference means."""

from __future__ import annotations

import math
import statistics
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ganzoo.contracts.metric import Identity
from ganzoo.reporting.reading import RunFacts, table
from ganzoo.reporting.recipes import Difference, differences, value_text, without_seed
from ganzoo.runs.identity import differing

#: Below this probability a difference counts as significant.
LEVEL = 0.05


@dataclass(frozen=True)
class Group:
    """Runs of one recipe with different seeds; `letter` stands for it in tables."""

    letter: str
    runs: tuple[RunFacts, ...]

    def values(self, row: str, name: str) -> tuple[float, ...]:
        """Return the newest score of each run that has it."""
        found = [run.final.rows.get(row, {}).get(name) for run in self.runs if run.final is not None]
        return tuple(value for value in found if value is not None)


@dataclass(frozen=True)
class Summary:
    """One score of one group: its mean and its standard deviation over `count` runs."""

    group: Group
    values: tuple[float, ...]

    @property
    def count(self) -> int:
        """How many runs have the score."""
        return len(self.values)

    @property
    def mean(self) -> float:
        """The mean over the runs."""
        return statistics.fmean(self.values)

    @property
    def deviation(self) -> float | None:
        """The standard deviation over the runs, None for a single one."""
        return statistics.stdev(self.values) if self.count > 1 else None

    def __str__(self) -> str:
        spread = "" if self.deviation is None else f" ± {self.deviation:.2g}"
        return f"{self.mean:.4g}{spread} (n={self.count})"


@dataclass(frozen=True)
class Test:
    """Welch's t-test between two groups; `probability` is adjusted for the number of tests (Holm)."""

    statistic: float
    freedom: float
    probability: float
    #: 95 % confidence interval of the difference of the means.
    low: float
    high: float
    #: Hedges' g: the difference in pooled standard deviations, corrected for small samples.
    effect: float


@dataclass(frozen=True)
class Contrast:
    """One score of one group against that of the first group."""

    row: str
    name: str
    larger_is_better: bool
    first: Summary
    other: Summary
    #: None where one side has a single run, or no run differs from another.
    test: Test | None = None

    @property
    def difference(self) -> float:
        """By how much the mean of the other group is above that of the first."""
        return self.other.mean - self.first.mean

    @property
    def better(self) -> Summary | None:
        """The group with the better mean; None when they are equal."""
        if self.difference == 0:
            return None
        return self.other if (self.difference > 0) == self.larger_is_better else self.first

    def __str__(self) -> str:
        direction = "larger" if self.larger_is_better else "smaller"
        sides = f"{self.first.group.letter} {self.first}, {self.other.group.letter} {self.other}"
        return f"{self.row} {self.name} ({direction} is better): {sides}: {self._verdict()}"

    def _verdict(self) -> str:
        if self.better is None:
            return "equal means"
        share = abs(self.difference / self.first.mean) if self.first.mean else math.nan
        by = f"{abs(self.difference):.3g}" + ("" if math.isnan(share) else f" ({share:.1%})")
        return f"{self.better.group.letter} is better by {by}; {self._certainty()}"

    def _certainty(self) -> str:
        if min(self.first.count, self.other.count) < 2:
            return "one run on a side says nothing about significance; run more seeds"
        if self.test is None:
            return "no spread on either side: no test is possible"
        test = self.test
        verdict = "significant" if test.probability < LEVEL else "not significant"
        return (
            f"{verdict}: Welch's t({test.freedom:.1f}) = {test.statistic:.2f}, p = {_probability(test.probability)}, "
            f"95 % interval of {self.other.group.letter} - {self.first.group.letter} "
            f"{test.low:.3g} to {test.high:.3g}, Hedges' g = {test.effect:.2f}"
        )


@dataclass(frozen=True)
class Comparison:
    """What can be said about some runs together."""

    groups: tuple[Group, ...]
    recipe: tuple[Difference, ...]
    contrasts: tuple[Contrast, ...]
    #: Why scores were not compared, by `row name`.
    refused: Mapping[str, str]
    notices: tuple[str, ...]

    @property
    def tests(self) -> int:
        """How many tests were made."""
        return sum(contrast.test is not None for contrast in self.contrasts)


def compare(runs: Sequence[RunFacts]) -> Comparison:
    """Return the comparison of these runs, the first of which belongs to the group that others are compared with."""
    notices: list[str] = []
    groups = tuple(_groups(runs, notices))
    kept = [run for group in groups for run in group.runs]
    notices += _of_data(kept)
    scored = [run for run in kept if run.final is not None]
    notices += [f"{run.name}: has no scores yet" for run in kept if run.final is None]
    notices += [
        f"{run.name}: its scores are those after {run.final.step} of {run.total} steps"
        for run in scored
        if run.final is not None and run.final.step < run.total
    ]
    refused: dict[str, str] = {}
    contrasts = []
    for name in dict.fromkeys(name for run in scored if run.final for name in run.final.names):
        reason = _unlike(name, scored)
        if reason is not None:
            refused[name] = reason
        else:
            contrasts += list(_contrasts(groups, name))
    notices += _on_trust(scored, refused)
    return Comparison(
        groups=groups,
        recipe=differences([without_seed(group.runs[0].recipe) for group in groups]),
        contrasts=tuple(_tested(contrasts)),
        refused=refused,
        notices=tuple(notices),
    )


def _groups(runs: Sequence[RunFacts], notices: list[str]) -> Iterator[Group]:
    """Yield the runs by recipe; of runs with one recipe and seed only the first, as they are not a second trial."""
    found: list[tuple[Mapping[str, Any], list[RunFacts]]] = []
    for run in runs:
        recipe = without_seed(run.recipe)
        same = next((members for other, members in found if other == recipe), None)
        if same is None:
            found.append((recipe, [run]))
        elif twin := next((member for member in same if member.seed == run.seed), None):
            notices.append(f"{run.name}: has recipe and seed of {twin.name} and is left out: it is not a second trial")
        else:
            same.append(run)
    for index, (_, members) in enumerate(found):
        yield Group(_letter(index), tuple(members))


def _letter(index: int) -> str:
    high, low = divmod(index, 26)
    return (_letter(high - 1) if high else "") + chr(ord("A") + low)


def _of_data(runs: Sequence[RunFacts]) -> Iterator[str]:
    """Yield a notice for each run that was trained on other data than the first one."""
    prints = {run.name: _fingerprints(run) for run in runs}
    first = next(iter(prints))
    for name, found in prints.items():
        if found and prints[first] and found != prints[first]:
            yield f"{name}: was trained on other data than {first}"


def _fingerprints(run: RunFacts) -> dict[str, Any]:
    streams = table(table(run.manifest, "data"), "streams")
    return {name: value.get("fingerprint") for name, value in streams.items() if isinstance(value, Mapping)}


def _unlike(name: str, runs: Sequence[RunFacts]) -> str | None:
    """Return why a score must not be compared between these runs; None when nothing speaks against it.

    Where a run does not say what it computed the score with, the held-out data in the recipes must be equal.
    """
    having = [run for run in runs if run.final is not None and name in run.final.names]
    for one, other in pairwise(having):
        first, second = _identity(one, name), _identity(other, name)
        if first is None or second is None:
            first, second = ({"held-out data": one.recipe.get("validation")} for one in (one, other))
        if fields := differing(first, second):
            told = "; ".join(
                f"{key} {value_text(first.get(key)):.80} and {value_text(second.get(key)):.80}" for key in fields[:3]
            )
            return f"{one.name} and {other.name} computed it with unlike {told}"
    return None


def _on_trust(runs: Sequence[RunFacts], refused: Mapping[str, str]) -> Iterator[str]:
    """Yield a notice about scores that are compared although a run does not say what they were computed with."""
    names = [
        name
        for name in dict.fromkeys(name for run in runs if run.final for name in run.final.names)
        if name not in refused
        and any(run.final and name in run.final.names and _identity(run, name) is None for run in runs)
    ]
    if names and len(runs) > 1:
        silent = next(run.name for run in runs if any(_identity(run, name) is None for name in names))
        yield (
            f"{', '.join(names)}: {silent} does not say what they were computed with (an older run); they are compared "
            "as the recipes name equal held-out data"
        )


def _identity(run: RunFacts, name: str) -> Identity | None:
    return None if run.final is None else run.final.identity.get(name)


def _contrasts(groups: Sequence[Group], name: str) -> Iterator[Contrast]:
    first, *others = groups
    for row in dict.fromkeys(row for run in first.runs for row in run.products):
        mine = Summary(first, first.values(row, name))
        for group in others:
            theirs = Summary(group, group.values(row, name))
            if mine.values and theirs.values:
                yield Contrast(row, name, _larger(first, name), mine, theirs)


def _larger(group: Group, name: str) -> bool:
    return any(run.final is not None and run.final.larger_is_better.get(name, False) for run in group.runs)


def _tested(contrasts: Sequence[Contrast]) -> Iterator[Contrast]:
    """Yield the contrasts with their tests, adjusted for how many there are (Holm 1979)."""
    raw = [_welch(contrast.other.values, contrast.first.values) for contrast in contrasts]
    ranked = sorted((test.probability, index) for index, test in enumerate(raw) if test is not None)
    adjusted: dict[int, float] = {}
    least = 0.0
    for rank, (probability, index) in enumerate(ranked):
        least = adjusted[index] = min(1.0, max(least, probability * (len(ranked) - rank)))
    for index, (contrast, test) in enumerate(zip(contrasts, raw, strict=True)):
        if test is None:
            yield contrast
        else:
            values = {**vars(test), "probability": adjusted[index]}
            yield Contrast(**{**vars(contrast), "test": Test(**values)})


def _welch(one: Sequence[float], other: Sequence[float]) -> Test | None:
    if min(len(one), len(other)) < 2 or (len(set(one)) == 1 and len(set(other)) == 1):
        return None
    from scipy.stats import ttest_ind

    with warnings.catch_warnings():
        # scipy warns where the values of one side are equal; their variance is 0 then, and the test holds
        warnings.simplefilter("ignore", RuntimeWarning)
        found = ttest_ind(one, other, equal_var=False)
    interval = found.confidence_interval(0.95)
    degrees = len(one) + len(other) - 2
    pooled = math.sqrt(
        ((len(one) - 1) * statistics.variance(one) + (len(other) - 1) * statistics.variance(other)) / degrees
    )
    effect = (statistics.fmean(one) - statistics.fmean(other)) / pooled * (1 - 3 / (4 * degrees - 1))
    return Test(
        statistic=float(found.statistic),
        freedom=float(found.df),
        probability=float(found.pvalue),
        low=float(interval.low),
        high=float(interval.high),
        effect=effect,
    )


def _probability(value: float) -> str:
    return "< 0.0001" if value < 0.0001 else f"{value:.4f}" if value < 0.01 else f"{value:.3f}"
