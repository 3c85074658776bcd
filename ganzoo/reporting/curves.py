"""Numbers by step as curves that fit on a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from ganzoo.contracts.regularizer import PLAYERS
from ganzoo.reporting.reading import RunFacts, number, text
from ganzoo.reporting.scores import StepScores

#: More points than this are averaged: no screen shows them.
MOST_POINTS = 600
_MOST_SERIES = 12
_MOST_OVERLAID = 40
_MOST_CHARTS = 30
_NO_CURVES = ("step", "phase")
_DOCTOR = "doctor"
#: The numbers of the doctor that a person can read, by chart; its other ones are for its rules.
_DOCTOR_CHARTS = {
    "doctor: samples against data": (
        "distance",
        "diversity",
        "missed",
        "strayed",
        "copied",
        "real_agrees",
        "fake_agrees",
    ),
    "doctor: real and fake told apart": ("separation",),
    "doctor: largest logit": ("largest_logit",),
    "doctor: gradients of layers": ("weakest_gradient", "strongest_gradient"),
}
_CHART_OF_DOCTOR = {name: title for title, names in _DOCTOR_CHARTS.items() for name in names}


@dataclass(frozen=True)
class Series:
    """One curve; those of one `colour` (a number) have it and their name in common."""

    name: str
    steps: tuple[float, ...]
    values: tuple[float, ...]
    colour: int | None = None


@dataclass(frozen=True)
class Chart:
    """Curves that share their axes; `left_out` is how many more there are."""

    title: str
    series: tuple[Series, ...]
    left_out: int = 0


def charts(run: RunFacts) -> tuple[Chart, ...]:
    """Return the losses of each player, then everything else that was logged, by the first part of its key."""
    groups: dict[str, list[Series]] = {player: [] for player in PLAYERS}
    for key, series in _columns(run.metrics).items():
        group, name = _group_and_name(key)
        if group is not None:
            groups.setdefault(group, []).append(replace(series, name=name))
    for player in PLAYERS:
        groups[player] = _without_lone_total(groups[player])
    found = [_chart(_title(group), series) for group, series in groups.items() if series]
    return tuple(found[:_MOST_CHARTS])


def score_charts(scores: Sequence[StepScores]) -> tuple[Chart, ...]:
    """Return one chart for each score of a run that was scored more than once."""
    found = []
    for name in dict.fromkeys(name for each in scores for name in each.names):
        rows: dict[str, list[tuple[float, float]]] = {}
        for each in scores:
            for row, values in each.rows.items():
                if (value := values.get(name)) is not None:
                    rows.setdefault(row, []).append((each.step, value))
        series = [_series(row, points) for row, points in rows.items() if len(points) > 1]
        better = "larger" if any(each.larger_is_better.get(name) for each in scores) else "smaller"
        if series:
            found.append(_chart(f"{text(name)} ({better} is better)", series))
    return tuple(found[:_MOST_CHARTS])


def overlaid(runs: Sequence[tuple[str, int, Sequence[Chart]]]) -> tuple[Chart, ...]:
    """Return the curves of several runs over each other, one chart for each that is in more than one of them.

    `runs` holds the name and the number of the colour of each run with its charts.
    """
    found: dict[str, list[Series]] = {}
    for name, colour, parts in runs:
        for chart in parts:
            for series in chart.series:
                title = chart.title if series.name == chart.title else f"{chart.title}: {series.name}"
                found.setdefault(title, []).append(replace(series, name=name, colour=colour))
    shared = {title: series for title, series in found.items() if len(series) > 1}
    return tuple(_chart(title, series, most=_MOST_OVERLAID) for title, series in shared.items())[:_MOST_CHARTS]


def throughput_charts(run: RunFacts) -> tuple[Chart, ...]:
    """Return the rate of training and the share of time spent waiting for data, by step."""
    rates, waits = [], []
    for before, after, seconds in stretches(run.timing):
        rates.append((float(after["step"]), (after["step"] - before["step"]) / seconds))
        waited = (number(after.get("waited")) or 0.0) - (number(before.get("waited")) or 0.0)
        waits.append((float(after["step"]), min(max(waited / seconds, 0.0), 1.0)))
    if len(rates) < 2:
        return ()
    return (
        _chart("steps per second", [_series("steps per second", rates)]),
        _chart("share of time spent waiting for data", [_series("waiting", waits)]),
    )


def stretches(timing: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any], float]]:
    """Yield lines of timing.jsonl that follow each other in one process, and the seconds between them."""
    for before, after in pairwise(timing):
        one, other = number(before.get("seconds")), number(after.get("seconds"))
        # seconds start again with each process
        if one is not None and other is not None and other > one and after["step"] > before["step"]:
            yield before, after, other - one


def _columns(lines: Iterable[Mapping[str, Any]]) -> dict[str, Series]:
    points: dict[str, list[tuple[float, float]]] = {}
    for line in lines:
        for key, given in line.items():
            if key not in _NO_CURVES and (value := number(given)) is not None:
                points.setdefault(text(key), []).append((line["step"], value))
    return {key: _series(key, found) for key, found in points.items()}


def _series(name: str, points: Sequence[tuple[float, float]]) -> Series:
    """Return a curve of at most `MOST_POINTS` points, each the mean of as many neighbours."""
    size = -(-len(points) // MOST_POINTS)
    parts = [points[first : first + size] for first in range(0, len(points), size)]
    means = [tuple(sum(column) / len(part) for column in zip(*part, strict=True)) for part in parts]
    return Series(name, tuple(step for step, _ in means), tuple(value for _, value in means))


def _chart(title: str, series: Sequence[Series], *, most: int = _MOST_SERIES) -> Chart:
    return Chart(title, tuple(series[:most]), max(0, len(series) - most))


def _title(group: str) -> str:
    if group in PLAYERS:
        return f"losses of the {group}"
    return group.replace("_", " ")


def _group_and_name(key: str) -> tuple[str | None, str]:
    """Return the chart that a key of the log belongs to, None where it is in none, and its name there."""
    group, slash, rest = key.partition("/")
    if group == _DOCTOR:
        return _CHART_OF_DOCTOR.get(rest.partition("/")[0]), rest
    return (group, rest) if slash else ("other", key)


def _without_lone_total(series: list[Series]) -> list[Series]:
    """Leave out the total where it is the only loss."""
    totals = [each for each in series if each.name == "total"]
    return [each for each in series if each not in totals] if len(series) == len(totals) + 1 else series
