"""Pages of HTML that open from a disk without network: the report of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ganzoo.errors import Stopped, for_terminal, printable
from ganzoo.reporting.curves import charts, score_charts, stretches, throughput_charts
from ganzoo.reporting.durations import duration
from ganzoo.reporting.origins import beyond_defaults, bundled_origin, component_rows
from ganzoo.reporting.pictures import Album, evolution, pairs_and_others, score_rows
from ganzoo.reporting.plots import Drawn, Figure, curves, draw
from ganzoo.reporting.reading import RunFacts, number, read_run, table, text
from ganzoo.runs import files
from ganzoo.runs.folder import RunFolder

if TYPE_CHECKING:
    from ganzoo.zoo import Zoo

#: The report of a run, in its folder.
NAME = "report.html"


@dataclass(frozen=True)
class Insight:
    """A part of a report that needs the networks: models of Bokeh, pictures, or why there are none."""

    title: str
    explanation: str
    models: Sequence[tuple[Any, Any]] = ()
    pictures: Sequence[tuple[Any, str]] = ()
    reason: str = ""


def write_at_end(run: RunFolder, manifest: Mapping[str, Any], note: Callable[[str], None]) -> None:
    """Write the report of a run that ends; what goes wrong is told to `note` and harms nothing."""
    try:
        files.write_durably(run.path / NAME, report(read_run(run.path, manifest=manifest)).encode())
    except Stopped:
        raise
    except Exception as error:  # a finished run must not fail for a page about it
        note(f"{NAME} was not written: {printable(str(error))[:300]}; ganzoo report {run.path} tries again")


def report(run: RunFacts, *, zoo: Zoo | None = None, insights: Sequence[Insight] | None = None) -> str:
    """Return the report of a run as HTML; without `insights` it says how to get them."""
    from ganzoo.zoo import load_zoo

    zoo = zoo or load_zoo()
    album = Album()
    drawn, figures = draw_groups(
        {
            "curves": [curves(chart, run.phases) for chart in charts(run)],
            "scores": [curves(chart, run.phases) for chart in score_charts(run.scores)],
            "throughput": [curves(chart, run.phases) for chart in throughput_charts(run)],
            **{insight.title: insight.models for insight in insights or ()},
        }
    )
    frames = evolution(run, album)
    pairs, others = pairs_and_others(run, album)
    shown = {
        insight.title: [found for picture, caption in insight.pictures if (found := album.picture(picture, caption))]
        for insight in insights or ()
    }
    return render(
        "report.html",
        run=run,
        title=text(run.recipe.get("title") or run.name),
        description=for_terminal(str(run.recipe.get("description") or "")),
        summary=summary(run),
        components=component_rows(run.recipe),
        origin=bundled_origin(run.recipe, zoo),
        beyond=beyond_defaults(run.recipe, zoo),
        figures=figures,
        drawn=drawn,
        frames=frames,
        pairs=pairs,
        others=others,
        final=run.final,
        score_rows=score_rows(run.final) if run.final else {},
        insights=insights,
        shown=shown,
        environment=environment_rows(run.manifest),
        notices=[*run.notices, *album.notices],
    )


def draw_groups(groups: Mapping[str, Sequence[tuple[Any, Figure]]]) -> tuple[Drawn, dict[str, list[Figure]]]:
    """Draw all figures of a page together, and return them by group."""
    drawn = draw([model for models in groups.values() for model in models])
    left = iter(drawn.figures)
    return drawn, {name: [next(left) for _ in models] for name, models in groups.items()}


def render(template: str, **values: Any) -> str:
    """Return a page of the package's templates; everything that is not Markup is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("ganzoo.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(values)


def summary(run: RunFacts) -> list[tuple[str, str]]:
    """Return what a person wants to know first."""
    train = table(run.recipe, "train")
    environment = table(run.manifest, "environment")
    device = environment.get("device")
    seconds = sum(seconds for _, _, seconds in stretches(run.timing))
    steps = sum(after["step"] - before["step"] for before, after, _ in stretches(run.timing))
    batch = number(train.get("batch_size"))
    rate = f"{steps / seconds:,.3g} steps/s" if seconds else ""
    if seconds and batch is not None:
        rate += f", {steps / seconds * batch:,.0f} examples/s"
    facts = {
        "progress": _progress(run),
        "paper": run.recipe.get("paper"),
        "phases": ", ".join(f"{name} {steps} steps" for name, steps in run.phases),
        "batch size": train.get("batch_size"),
        "seed": run.seed,
        "device": device.get("name") if isinstance(device, Mapping) else device,
        "training": f"{duration(seconds)}, {rate}" if seconds else "",
        "stopped early": run.manifest.get("stopped_early"),
        "verdicts": f"{len(run.verdicts)}, see below" if run.verdicts else "",
    }
    return [(name, text(value)) for name, value in facts.items() if value not in (None, "")]


def _progress(run: RunFacts) -> str:
    total = f" of {run.total}" if run.total else ""
    ended = "finished" if run.manifest.get("status") == "finished" else "not finished"
    return f"{ended}, {run.done}{total} steps"


def environment_rows(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return environment, data and origin of a run as rows; plugins only where the recipe uses them."""
    environment = dict(table(manifest, "environment"))
    plugins = environment.pop("plugins", {})
    used = plugins if isinstance(plugins, Mapping) else {}
    rows = [
        (
            key,
            text(", ".join(f"{name} {part}" for name, part in value.items()) if isinstance(value, Mapping) else value),
        )
        for key, value in environment.items()
    ]
    rows += [
        (f"plugin {name}", text(f"{plugin.get('distribution')} {plugin.get('version')}, code {plugin.get('code')}"))
        for name, plugin in used.items()
        if isinstance(plugin, Mapping) and plugin.get("used", True)
    ]
    streams = table(table(manifest, "data"), "streams")
    rows += [
        (f"data {name}", text(f"{stream.get('examples')} examples, fingerprint {str(stream.get('fingerprint'))[:16]}"))
        for name, stream in streams.items()
        if isinstance(stream, Mapping)
    ]
    for key in ("determinism", "origin", "drift"):
        if manifest.get(key):
            rows.append((key, text(manifest[key])))
    return [(text(key), value) for key, value in rows[:100]]
