"""Photographs in, photographs out: what every image-to-image task does for `ganzoo sample`.

All that can be refused is refused before any work; what goes wrong with one photograph does not stop the others.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from ganzoo import images
from ganzoo.contracts.results import SampleRequest, SamplingOptions
from ganzoo.errors import DataError, Problem, RecipeError
from ganzoo.sampling.before_after import BeforeAfter
from ganzoo.sampling.files import is_folder
from ganzoo.sampling.photograph_files import (
    KINDS,
    read_photograph,
    refuse_size,
    without_alpha,
    write_photograph,
)
from ganzoo.sampling.tiles import apply_in_bands

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Array, Network

#: From a photograph (height x width x 3, uint8, or float32 in [-1, 1]) to the rows of the result, from top to bottom.
Convert: TypeAlias = "Callable[[Array], Iterable[Array]]"

_MOST_TOLD = 20


@dataclass(frozen=True, kw_only=True)
class PhotographOptions(SamplingOptions):
    """`format` of the files that are written; without it that of the input, or PNG where that is only read.

    `sheet` also writes the centres of the first photographs before and after, side by side, beside the results: into
    `before_after.png` of the folder, or `NAME_before_after.png` for one file.
    """

    format: Literal["png", "jpg", "webp"] | None = None
    sheet: bool = False


@dataclass(frozen=True)
class _Job:
    source: Path
    target: Path


def process_photographs(
    request: SampleRequest, convert: Convert, *, suffix: str = "", scale: int = 1, keep_grey: bool = True
) -> list[Path]:
    """Convert the photographs of a request and write each with all else that its file holds; return the files written.

    `convert` gives the rows of a result `scale` times as large, uint8 or floats, with one channel or three; greyscale
    photographs stay greyscale unless `keep_grey` is False. In a folder, results are called like their photographs with
    `suffix` behind the name. RecipeError before any work where a file could be lost; DataError at the end, with the
    list, where photographs could not be read.
    """
    jobs = _plan(request, suffix)
    failures: list[str] = []
    written: list[Path] = []
    pairs = BeforeAfter(scale)
    for number, job in enumerate(jobs, 1):
        try:
            _process(request, job, convert, pairs, f"{number}/{len(jobs)}", keep_grey=keep_grey)
            written.append(job.target)
        except DataError as error:
            request.report.note(f"passed over {error}")
            failures.append(str(error))
    sheet = _sheet(request)
    if sheet is not None and written:
        images.write_image(sheet, pairs.sheet(), texts=request.origin)
        request.report.wrote(sheet)
        written.append(sheet)
    if failures:
        raise DataError(_failed(failures, len(jobs)))
    return written


def process_in_tiles(
    request: SampleRequest,
    network: Network,
    *,
    suffix: str = "",
    scale: int = 1,
    keep_grey: bool = True,
    tile: int,
    overlap: int,
    blend: bool = False,
    multiple: int = 1,
    channels: Literal[1, 3] = 3,
) -> list[Path]:
    """Do the same with an image-to-image network, in tiles (see `apply_in_tiles`).

    A network that takes one of `channels` sees the brightness of the photograph.
    """

    def convert(photograph: Array) -> Iterator[Array]:
        return apply_in_bands(
            network,
            images.grey(photograph) if channels == 1 else photograph,
            scale=scale,
            tile=tile,
            overlap=overlap,
            blend=blend,
            multiple=multiple,
            progress=request.report.tiles,
        )

    return process_photographs(request, convert, suffix=suffix, scale=scale, keep_grey=keep_grey)


def _process(
    request: SampleRequest, job: _Job, convert: Convert, pairs: BeforeAfter, place: str, *, keep_grey: bool
) -> None:
    scale = pairs.scale
    photograph = read_photograph(job.source, fits=lambda size: refuse_size(job.source, size, job.target, scale))
    kind = KINDS[job.target.suffix.lower()]
    if kind == "JPEG":
        photograph = without_alpha(photograph)
    if photograph.deep and kind != "PNG":
        photograph.notes.append(f"{kind} holds 8 bits of its 16")
    height, width = photograph.size
    request.report.begin(job.source.name, f"{width}x{height}", place)
    bands = pairs.watched(photograph.pixels, convert(photograph.pixels))
    lost = write_photograph(job.target, photograph, bands, scale=scale, keep_grey=keep_grey, texts=request.origin)
    for note in (*photograph.notes, *lost):
        request.report.note(f"{job.source}: {note}")
    request.report.wrote(job.target)


def _failed(failures: Sequence[str], count: int) -> str:
    told = [f"  {failure}" for failure in failures[:_MOST_TOLD]]
    more = [f"  and {len(failures) - _MOST_TOLD} more"] if len(failures) > _MOST_TOLD else []
    return "\n".join([f"{len(failures)} of {count} photographs were passed over", *told, *more])


def _plan(request: SampleRequest, suffix: str) -> list[_Job]:
    """Return what is read and written; RecipeError with all that would be lost or cannot be written."""
    wanted = getattr(request.options, "format", None)
    photographs = list(dict.fromkeys(photograph_paths(request)))
    if is_folder(request):
        jobs = [
            _Job(path, request.output / below / f"{path.stem}{suffix}{_suffix_for(path, wanted)}")
            for path, below in photographs
        ]
    else:
        jobs = [_Job(path, _file(request, wanted, len(photographs))) for path, _ in photographs]
    jobs = list(dict.fromkeys(jobs))
    problems = list(_conflicts(jobs, _sheet(request), overwrite=request.overwrite))
    if len(problems) > _MOST_TOLD:
        problems[_MOST_TOLD:] = [Problem(f"and {len(problems) - _MOST_TOLD} more")]
    if problems:
        raise RecipeError(problems)
    return jobs


def _sheet(request: SampleRequest) -> Path | None:
    """Return the file of the sheet before and after, where one is asked for."""
    if not getattr(request.options, "sheet", False):
        return None
    if is_folder(request):
        return request.output / "before_after.png"
    return request.output.with_name(f"{request.output.stem}_before_after.png")


def _file(request: SampleRequest, wanted: str | None, count: int) -> Path:
    """Return the one file to write; RecipeError when it cannot be written, or is one for several photographs."""
    output = request.output
    if count > 1:
        raise RecipeError(f"{output}: several photographs need a folder to be written to, not one file")
    kind = KINDS.get(output.suffix.lower())
    if kind is None:
        raise RecipeError(f"{output}: cannot write '{output.suffix}'; expected one of {', '.join(KINDS)}, or a folder")
    if wanted is not None and kind != KINDS[f".{wanted}"]:
        raise RecipeError(
            f"{output}: '{output.suffix}' is not format={wanted}; leave one of them out, or name a folder"
        )
    return output


def _suffix_for(path: Path, wanted: str | None) -> str:
    if wanted is not None:
        return f".{wanted}"
    return path.suffix if path.suffix.lower() in KINDS else ".png"


def photograph_paths(request: SampleRequest) -> Iterator[tuple[Path, Path]]:
    """Yield each photograph, and where it lies below the folder that was named."""
    for path in request.inputs:
        if path.is_dir():
            found, ignored = _in_folder(path, request.output)
            if ignored:
                told = ", ".join(f"{count} {suffix}" for suffix, count in sorted(ignored.items()))
                request.report.note(f"{path}: ignored: {told}{images.conversion(ignored)}")
            if not found:
                raise DataError(f"{path}: no photographs there; expected files ending in {', '.join(images.SUFFIXES)}")
            yield from ((file, file.parent.relative_to(path)) for file in found)
        else:
            yield path, Path()


def _in_folder(folder: Path, output: Path) -> tuple[list[Path], Counter[str]]:
    """Return the photographs in a folder and below, and how many other files of each suffix were ignored.

    Hidden files and folders are not part of it, nor is the folder to be written to, which may lie inside.
    """
    found: list[Path] = []
    ignored: Counter[str] = Counter()
    written_to = output.resolve()
    for place, folders, names in os.walk(folder):
        below = Path(place)
        folders[:] = sorted(name for name in folders if name[0] != "." and (below / name).resolve() != written_to)
        files = [below / name for name in sorted(names) if name[0] != "."]
        found += [file for file in files if file.suffix.lower() in images.SUFFIXES]
        ignored.update(file.suffix or "without suffix" for file in files if file.suffix.lower() not in images.SUFFIXES)
    return found, ignored


def _conflicts(jobs: Sequence[_Job], sheet: Path | None, *, overwrite: bool) -> Iterator[Problem]:
    """Yield each file that would be lost."""
    inputs = {_identity(job.source) for job in jobs}
    sources: dict[str, Path] = {}
    for job in [*jobs, *([_Job(sheet, sheet)] if sheet is not None else [])]:
        first = sources.setdefault(os.path.normcase(job.target), job.source)
        if first != job.source:
            yield Problem(f"{job.target}: would be written twice, from {first} and {job.source}; name another folder")
        elif job.target.is_dir():
            yield Problem(f"{job.target}: is a folder, not a file")
        elif (file := _file_above(job.target)) is not None:
            yield Problem(f"{job.target}: cannot be written, for {file} is a file, not a folder")
        elif job.target.exists() and _identity(job.target) in inputs:
            yield Problem(f"{job.target}: is one of the photographs, which are never overwritten; name another output")
        elif job.target.exists() and not overwrite:
            yield Problem(f"{job.target}: exists; name another output, or overwrite it with --overwrite")


def _file_above(path: Path) -> Path | None:
    """Return the file that stands where a folder of this path should."""
    return next((above for above in path.parents if above.exists() and not above.is_dir()), None)


def _identity(path: Path) -> tuple[int, int] | str:
    try:
        found = path.stat()
    except OSError:
        return str(path.absolute())
    return found.st_dev, found.st_ino
