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
    from ganzoo.contracts.results import Picture
    from ganzoo.contracts.tensor import Array


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


def write_samples(output: Path, samples: Array) -> Path:
    """Write a batch as its suffix says (`.png` a drawing, `.npy` its values, `.csv` its rows); return the file."""
    suffixes = [".npy", *([".png"] if can_draw(samples) else []), *([".csv"] if samples.ndim <= 2 else [])]
    check_output(output, sorted(suffixes))
    output.parent.mkdir(parents=True, exist_ok=True)
    suffix = output.suffix.lower()
    if suffix == ".png":
        images.write_image(output, draw(samples))
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
