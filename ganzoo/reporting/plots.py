"""Charts as figures of Bokeh. Colours of axes come from the page's CSS, so that they fit dark and light."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from markupsafe import Markup

from ganzoo.reporting.curves import Chart

#: Readable on white and on black, and distinguished by people who see few colours.
COLOURS = ("#3b82f6", "#f08c1a", "#12a380", "#e0529c", "#8b6cf0", "#5aa9d6", "#a3821a", "#e5484d")
_ON_A_MAP = ("#111111", "#e5484d")
_DASHES = ("solid", "dashed")
_HEIGHT = 250
#: From this ratio on, values above 0 are shown on a logarithmic axis.
_WIDE = 300.0


@dataclass(frozen=True)
class Figure:
    """A figure in a page: its place, filled by the page's script, and the names of its colours."""

    title: str
    place: Markup
    legend: tuple[tuple[str, str, str], ...]
    note: str = ""


@dataclass(frozen=True)
class Drawn:
    """All figures of a page, in their order, and the script that fills their places; `library` is Bokeh itself."""

    figures: tuple[Figure, ...]
    script: Markup
    library: Markup


def draw(models: Sequence[tuple[Any, Figure]]) -> Drawn:
    """Return these models of Bokeh as parts of one page."""
    from bokeh.document import Document
    from bokeh.embed import components
    from bokeh.resources import Resources

    if not models:
        return Drawn((), Markup(), Markup())
    document = Document()
    with document.models.freeze():  # otherwise everything is walked through again for each figure
        for model, _ in models:
            document.add_root(model)
    script, places = components(tuple(model for model, _ in models), wrap_script=True)
    library = Resources(mode="inline", components=["bokeh"]).render_js()
    figures = [
        Figure(figure.title, Markup(place), figure.legend, figure.note)  # noqa: S704 Bokeh made and escaped it
        for place, (_, figure) in zip(places, models, strict=True)
    ]
    return Drawn(tuple(figures), Markup(script), Markup(library))  # noqa: S704


def curves(chart: Chart, phases: Sequence[tuple[str, int]] = ()) -> tuple[Any, Figure]:
    """Return a chart by step; where a new phase begins, there is a vertical line."""
    from bokeh.models import HoverTool

    values = [value for series in chart.series for value in series.values]
    wide = min(values) > 0 and max(values) / min(values) > _WIDE
    figure = _figure(y_axis_type="log" if wide else "linear")
    if max(values) == min(values):
        figure.y_range.default_span = abs(values[0]) or 1.0  # the axis of a constant would go from -1 to 1 otherwise
    styles = [index if series.colour is None else series.colour for index, series in enumerate(chart.series)]
    renderers = [
        _line(figure, style, [*series.steps], [*series.values])
        for style, series in zip(styles, chart.series, strict=True)
    ]
    figure.add_tools(
        HoverTool(renderers=renderers, tooltips=[("step", "@x{0}"), ("value", "@y{0.0000g}")], mode="mouse")
    )
    if starts := _starts(phases):
        figure.vspan(x=starts, line_dash="dotted", line_color="#888888")
    note = "logarithmic axis" if wide else ""
    if chart.left_out:
        note = f"{note}{'; ' if note else ''}{chart.left_out} more are in metrics.jsonl"
    names = {series.name: style for style, series in zip(styles, chart.series, strict=True)}
    legend = tuple((name, *_style(style)) for name, style in names.items())
    return figure, Figure(chart.title, Markup(), legend, note)


def points(title: str, groups: Mapping[str, Any], note: str = "") -> tuple[Any, Figure]:
    """Return a scatter plot of groups of points (n x 2)."""
    figure = _figure(height=360, x_axis_label="")
    for index, found in enumerate(groups.values()):
        colour, _ = _style(index)
        figure.scatter(found[:, 0].tolist(), found[:, 1].tolist(), size=5, color=colour, alpha=0.6)
    return figure, _described(title, list(groups), note)


def histograms(
    title: str, counts: Mapping[str, tuple[Sequence[float], Sequence[float]]], note: str = ""
) -> tuple[Any, Figure]:
    """Return histograms over each other: counts and edges by name."""
    figure = _figure(x_axis_label="")
    for index, (heights, edges) in enumerate(counts.values()):
        colour, _ = _style(index)
        figure.quad(top=list(heights), bottom=0, left=list(edges[:-1]), right=list(edges[1:]), color=colour, alpha=0.45)
    return figure, _described(title, list(counts), note)


def columns(title: str, groups: Mapping[str, Sequence[float]], note: str = "") -> tuple[Any, Figure]:
    """Return the values of each group as points above its name, with a line at their mean."""
    figure = _figure(x_axis_label="", names=list(groups))
    for index, (name, values) in enumerate(groups.items()):
        colour, _ = _style(index)
        figure.scatter([name] * len(values), list(values), size=9, color=colour, alpha=0.8)
        mean = sum(values) / len(values)
        figure.segment(x0=[(name, -0.25)], y0=[mean], x1=[(name, 0.25)], y1=[mean], color=colour, line_width=2)
    return figure, Figure(title, Markup(), (), note)


def bars(title: str, values: Sequence[float], note: str = "") -> tuple[Any, Figure]:
    """Return values as bars in their order."""
    figure = _figure(x_axis_label="rank")
    figure.vbar(x=list(range(1, len(values) + 1)), top=list(values), width=0.8, color=COLOURS[0])
    return figure, _described(title, [], note)


def plane(
    title: str, values: Any, extent: tuple[float, float, float, float], groups: Mapping[str, Any]
) -> tuple[Any, Figure]:
    """Return a map of values (rows from bottom to top) over x and y from `extent`, with groups of points on it."""
    from bokeh.models import LinearColorMapper
    from bokeh.models.annotations import ColorBar
    from bokeh.palettes import interp_palette

    low, high, bottom, top = extent
    most = max(float(abs(values).max()), 1e-12)
    palette = interp_palette(("#c2521a", "#f4f4f4", "#1f5fbf"), 101)
    mapper = LinearColorMapper(palette=palette, low=-most, high=most)
    figure = _figure(height=360, x_axis_label="")
    figure.image(image=[values], x=low, y=bottom, dw=high - low, dh=top - bottom, color_mapper=mapper, alpha=0.8)
    for index, found in enumerate(groups.values()):
        figure.scatter(found[:, 0].tolist(), found[:, 1].tolist(), size=4, color=_ON_A_MAP[index % 2])
    figure.add_layout(ColorBar(color_mapper=mapper, width=10, background_fill_color=None), "right")
    legend = tuple((name, _ON_A_MAP[index % 2], "solid") for index, name in enumerate(groups))
    return figure, Figure(title, Markup(), legend)


def _figure(
    *,
    height: int = _HEIGHT,
    y_axis_type: Literal["linear", "log"] = "linear",
    x_axis_label: str = "step",
    names: Sequence[str] = (),
) -> Any:
    """Return an empty figure as all of a page are; with `names`, those are its x axis."""
    from bokeh.models import BasicTickFormatter
    from bokeh.plotting import figure

    axis: dict[str, Any] = {"x_range": list(names)} if names else {}
    made = figure(
        height=height,
        sizing_mode="stretch_width",
        y_axis_type=y_axis_type,
        x_axis_label=x_axis_label,
        tools="xbox_zoom,reset",
        output_backend="canvas",
        background_fill_color=None,
        border_fill_color=None,
        outline_line_color=None,
        min_border_right=12,
        **axis,
    )
    made.toolbar.logo = None
    made.toolbar.autohide = True
    if not names:
        made.xaxis.formatter = BasicTickFormatter(use_scientific=False)
    for drawn in (made.xaxis, made.yaxis):
        drawn.minor_tick_line_color = None
        drawn.axis_label_text_font_style = "normal"
    made.xgrid.visible = False
    return made


def _line(figure: Any, index: int, steps: list[float], values: list[float]) -> Any:
    colour, dash = _style(index)
    if len(steps) == 1:
        return figure.scatter(steps, values, size=7, color=colour)
    return figure.line(steps, values, color=colour, line_dash=dash, line_width=1.8)


def _style(index: int) -> tuple[str, str]:
    return COLOURS[index % len(COLOURS)], _DASHES[index // len(COLOURS) % len(_DASHES)]


def _starts(phases: Sequence[tuple[str, int]]) -> list[int]:
    """Return the steps at which all phases but the first begin."""
    starts, total = [], 0
    for _, steps in phases[:-1]:
        total += steps
        starts.append(total)
    return starts


def _described(title: str, names: Sequence[str], note: str) -> Figure:
    legend = tuple((name, *_style(index)) for index, name in enumerate(names))
    return Figure(title, Markup(), legend, note)
