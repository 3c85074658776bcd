"""Pictures of a run folder inside a page: decoded, bounded, and encoded again, so that nothing foreign gets there."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ganzoo import images
from ganzoo.contracts.tensor import Array
from ganzoo.errors import DataError, for_terminal, printable
from ganzoo.reporting.reading import RunFacts
from ganzoo.reporting.scores import StepScores
from ganzoo.runs.names import file_stem

#: How many bytes of pictures a page may hold, and what one of them may take without loss.
BUDGET = 6 * 2**20
_LARGE = 160 * 2**10
_LONGEST_SIDE = 1200
_MOST_PIXELS = 64 * 2**20
_MOST_FRAMES = 16
_MOST_PAIRS = 6
_MOST_TEXT = 4000


@dataclass(frozen=True)
class Shown:
    """A picture as a page shows it: an image with its size in pixels, or a text."""

    caption: str
    source: str = ""
    width: int = 0
    height: int = 0
    text: str = ""

    @property
    def is_small(self) -> bool:
        """Whether it has so few pixels that they should stay sharp when it is enlarged."""
        return max(self.width, self.height) <= 128


@dataclass(frozen=True)
class Pair:
    """The same example by two methods."""

    name: str
    before: Shown
    after: Shown


class Album:
    """Hands out pictures until the budget is spent; `notices` say what could not be shown."""

    def __init__(self) -> None:
        self._left = BUDGET
        self.notices: list[str] = []

    def file(self, path: Path, caption: str) -> Shown | None:
        """Return a file of a run folder; None, and a notice, where it cannot be shown."""
        try:
            if path.suffix != ".png":
                with path.open("rb") as file:
                    content = file.read(_MOST_TEXT).decode("utf-8", "replace")
                return Shown(caption, text=for_terminal(content))
            height, width = images.read_size(path)
            if height * width > _MOST_PIXELS:
                self.notices.append(f"{printable(path.name)}: is too large to be shown")
                return None
            return self.picture(images.read_image(path), caption)
        except (OSError, DataError) as error:
            self.notices.append(f"{printable(path.name)}: cannot be shown: {printable(str(error))}")
            return None

    def picture(self, picture: Array, caption: str) -> Shown | None:
        """Return an image (uint8, height x width x 3); None, and a notice, where no room is left for it."""
        content, kind = _encoded(picture)
        if len(content) * 4 // 3 > self._left:
            if not self.notices or "no room" not in self.notices[-1]:
                self.notices.append(
                    f"{caption}: no room is left on this page for it and others; they are in the folder"
                )
            return None
        self._left -= len(content) * 4 // 3
        source = f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
        return Shown(caption, source, picture.shape[1], picture.shape[0])


def evolution(run: RunFacts, album: Album) -> tuple[Shown, ...]:
    """Return sample pictures from the first to the last, evenly chosen where there are many."""
    steps = _evenly(list(run.samples), _MOST_FRAMES)
    return tuple(shown for step in steps if (shown := album.file(run.samples[step], f"step {step}")) is not None)


def pairs_and_others(run: RunFacts, album: Album) -> tuple[tuple[Pair, ...], tuple[Shown, ...]]:
    """Return held-out results as pairs of a baseline and a product, and those that have no partner."""
    pairs: list[Pair] = []
    used: set[str] = set()
    for name, before, after in _partners(run):
        if len(pairs) < _MOST_PAIRS and (pair := _pair(name, before, after, run.held_out, album)) is not None:
            pairs.append(pair)
            used |= {f"{name}-{before}", f"{name}-{after}"}
    rest = [path for path in run.held_out if path.stem not in used][: 2 * _MOST_PAIRS]
    others = [album.file(path, printable(path.stem)) for path in rest if not pairs or path.suffix != ".png"]
    return tuple(pairs), tuple(shown for shown in others if shown is not None)


def _partners(run: RunFacts) -> Iterator[tuple[str, str, str]]:
    """Yield name, baseline and product of each example that both have a picture of."""
    rows = [] if run.final is None else list(run.final.rows)
    products = [file_stem(row) for row in run.products]
    baselines = [file_stem(row) for row in rows if row not in run.products]
    stems = {path.stem for path in run.held_out if path.suffix == ".png"}
    for product in products:
        for stem in sorted(stems):
            name = stem.removesuffix(f"-{product}")
            for baseline in baselines:
                if name != stem and f"{name}-{baseline}" in stems:
                    yield name, baseline, product


def _pair(name: str, before: str, after: str, paths: Sequence[Path], album: Album) -> Pair | None:
    files = {path.stem: path for path in paths}
    one, other = (album.file(files[f"{name}-{row}"], printable(row)) for row in (before, after))
    if one is None or other is None or (one.width, one.height) != (other.width, other.height):
        return None
    return Pair(printable(name), one, other)


def _encoded(picture: Array) -> tuple[bytes, str]:
    """Return a picture as PNG where that is small, as JPEG otherwise; its sides are at most `_LONGEST_SIDE`."""
    from PIL import Image

    image = Image.fromarray(picture)
    image.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    for kind, options in (("png", {}), ("jpeg", {"quality": 95, "subsampling": 0})):
        file = io.BytesIO()
        image.save(file, kind, **options)
        if kind == "jpeg" or file.tell() <= _LARGE:
            break
    return file.getvalue(), kind


def _evenly(items: Sequence[int], most: int) -> list[int]:
    """Return the first, the last and evenly spaced ones between them."""
    if len(items) <= most:
        return list(items)
    return [items[round(index * (len(items) - 1) / (most - 1))] for index in range(most)]


def score_rows(scores: StepScores) -> Mapping[str, Sequence[tuple[str, bool]]]:
    """Return the cells of the table of scores by row: a text, and whether it is the best of its column."""
    return {
        row: [
            (
                "" if name not in values else "failed" if (value := values[name]) is None else f"{value:.5g}",
                values.get(name) is not None and values[name] == scores.best(name),
            )
            for name in scores.names
        ]
        for row, values in scores.rows.items()
    }
