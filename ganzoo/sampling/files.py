"""Pictures and samples as files."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ganzoo import images
from ganzoo.errors import RecipeError
from ganzoo.sampling.drawing import can_draw, draw

if TYPE_CHECKING:
    from ganzoo.contracts.results import Picture, SampleRequest
    from ganzoo.contracts.tensor import Array

#: An output that ends otherwise is a folder. Some of these are known only to be refused.
_FILE_SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".heic", ".heif", ".avif", ".jp2"),
    *(".npy", ".npz", ".csv", ".txt", ".json"),
)
_DIGITS = 5
_TABLE_AXES = 2


def picture_suffix(picture: Picture) -> str:
    """Return the suffix of the file that shows a picture: an image, a text or a table."""
    return ".txt" if isinstance(picture, str) else ".csv" if isinstance(picture, Mapping) else ".png"


def encode_picture(picture: Picture) -> bytes:
    """Return what the file of a picture holds."""
    if isinstance(picture, str):
        return picture.encode()
    if isinstance(picture, Mapping):
        return _table(picture).encode()
    return images.encode_image(Path("picture.png"), picture)


def write_picture(path: Path, picture: Picture) -> Path:
    """Write an image, a text or a table under the path with the suffix that fits, and return it."""
    target = path.with_suffix(picture_suffix(picture))
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.part")
    temporary.write_bytes(encode_picture(picture))
    temporary.replace(target)
    return target


def check_output(output: Path, suffixes: Sequence[str]) -> None:
    """Raise RecipeError, before any work, when a file of this name cannot be written."""
    if output.suffix.lower() not in suffixes:
        raise RecipeError(f"cannot write samples to '{output}'; expected a file that ends in {' or '.join(suffixes)}")


def is_folder(request: SampleRequest) -> bool:
    """Return whether the output is a folder: it is one, ends in a slash, or has no suffix of a known kind of file."""
    output = request.output
    return request.into_folder or output.is_dir() or output.suffix.lower() not in _FILE_SUFFIXES


def sample_files(request: SampleRequest, suffixes: Sequence[str], *, are_images: bool) -> list[Path]:
    """Return the files for the samples of a request: one, or a numbered PNG for each in a folder.

    RecipeError, before any work, when they cannot be written or exist (see `SampleRequest.overwrite`). `are_images`
    says that the samples are images.
    """
    if not is_folder(request):
        check_output(request.output, suffixes)
        files = [request.output]
    elif are_images:
        width = max(_DIGITS, len(str(request.count - 1)))
        files = [request.output / f"{index:0{width}}.png" for index in range(request.count)]
    else:
        raise RecipeError(f"{request.output}: only images are written to a folder; name a file ({', '.join(suffixes)})")
    taken = [] if request.overwrite else [file for file in files if file.exists()]
    if taken:
        more = f" and {len(taken) - 1} others exist" if len(taken) > 1 else " exists"
        raise RecipeError(f"{taken[0]}{more}; name another output, or overwrite with --overwrite")
    return files


def write_sample_files(
    request: SampleRequest, files: Sequence[Path], samples: Array, *, columns: int | None = None
) -> list[Path]:
    """Write a batch to the files that `sample_files` returned for this request; return them.

    A single PNG of images has `columns`, about as many as rows by default.
    """
    if not is_folder(request):
        return [write_samples(files[0], samples, columns=columns, origin=request.origin)]
    for file, sample in zip(files, samples, strict=True):
        images.write_image(file, sample[..., 0] if sample.shape[-1] == 1 else sample, texts=request.origin)
    return list(files)


def sample_suffixes(samples: Array) -> list[str]:
    """Return the suffixes of the files that can hold a batch."""
    return sorted(
        [".npy", *([".png"] if can_draw(samples) else []), *([".csv"] if samples.ndim <= _TABLE_AXES else [])]
    )


def write_samples(
    output: Path, samples: Array, *, columns: int | None = None, origin: Mapping[str, str] | None = None
) -> Path:
    """Write a batch as its suffix says (`.png` a drawing, `.npy` its values, `.csv` its rows); return the file.

    A PNG says its `origin` (see `SampleRequest`).
    """
    check_output(output, sample_suffixes(samples))
    output.parent.mkdir(parents=True, exist_ok=True)
    suffix = output.suffix.lower()
    if suffix == ".png":
        images.write_image(output, draw(samples, columns=columns), texts=origin)
    elif suffix == ".npy":
        with output.open("wb") as file:
            np.save(file, samples, allow_pickle=False)
    else:
        np.savetxt(output, samples, delimiter=",", fmt="%.9g")
    return output


def _table(columns: Mapping[str, Array]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*(column.tolist() for column in columns.values()), strict=True))
    return text.getvalue()
