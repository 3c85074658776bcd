"""A comparison of runs as a page of HTML."""

from __future__ import annotations

from collections.abc import Iterator

from ganzoo.reporting.comparison import Comparison, Group, Summary
from ganzoo.reporting.curves import charts, overlaid, score_charts
from ganzoo.reporting.page import draw_groups, render
from ganzoo.reporting.pictures import Album, Shown
from ganzoo.reporting.plots import columns, curves
from ganzoo.reporting.reading import RunFacts, text

#: So many runs have a picture.
_MOST_PICTURES = 24


def comparison_page(found: Comparison) -> str:
    """Return a comparison as HTML."""
    runs = [(group, index, run) for index, group in enumerate(found.groups) for run in group.runs]
    parts = [(group.letter, index, [*charts(run), *score_charts(run.scores)]) for group, index, run in runs]
    phases = found.groups[0].runs[0].phases
    drawn, figures = draw_groups(
        {
            "scores": [columns(f"{row} {name}", values) for (row, name), values in _values(found).items()],
            "curves": [curves(chart, phases) for chart in overlaid(parts)],
        }
    )
    album = Album()
    return render(
        "compare.html",
        title=f"Comparison of {len(runs)} runs",
        found=found,
        scores=scores_table(found),
        figures=figures,
        drawn=drawn,
        samples=list(_samples(found.groups, album)),
        notices=[
            *(f"{run.name}: {notice}" for _, _, run in runs for notice in run.notices),
            *found.notices,
            *album.notices,
        ],
    )


def scored_names(found: Comparison) -> list[tuple[str, str]]:
    """Return row and name of each score that may be compared."""
    runs = [run for group in found.groups for run in group.runs]
    names = (
        (row, name)
        for run in runs
        if run.final is not None
        for row in run.products
        for name in run.final.rows[row]
        if name not in found.refused
    )
    return list(dict.fromkeys(names))


def scores_table(found: Comparison) -> tuple[list[str], list[list[str]]]:
    """Return the columns and rows of the table of scores: a row for each group."""
    names = scored_names(found)
    rows = [
        [
            group.letter,
            ", ".join(run.name for run in group.runs),
            *(str(Summary(group, values)) if (values := group.values(row, name)) else "" for row, name in names),
        ]
        for group in found.groups
    ]
    return ["group", "runs", *(text(f"{row} {name}") for row, name in names)], rows


def _values(found: Comparison) -> dict[tuple[str, str], dict[str, tuple[float, ...]]]:
    """Return the values of each score by group."""
    return {
        (row, name): values
        for row, name in scored_names(found)
        if (values := {group.letter: each for group in found.groups if (each := group.values(row, name))})
    }


def _samples(groups: tuple[Group, ...], album: Album) -> Iterator[tuple[str, list[Shown]]]:
    """Yield the newest sample pictures by seed: runs of one task and seed draw the same latents."""
    by_seed: dict[str, list[tuple[Group, RunFacts]]] = {}
    for group in groups:
        for run in group.runs:
            if run.samples:
                by_seed.setdefault(f"seed {text(run.seed)}", []).append((group, run))
    left = _MOST_PICTURES
    for seed, runs in by_seed.items():
        shown = []
        for group, run in runs[:left]:
            step = max(run.samples)
            picture = album.file(run.samples[step], f"{group.letter} {run.name}, step {step}")
            shown += [] if picture is None else [picture]
        left -= len(shown)
        if shown:
            yield seed, shown
