"""Image files, and what networks that encode and decode make of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ganzoo import images
from ganzoo.sampling.drawing import draw_named
from ganzoo.sampling.files import sample_files, write_sample_files
from ganzoo.sampling.photographs import photograph_paths

if TYPE_CHECKING:
    from ganzoo.contracts.results import SampleRequest
    from ganzoo.contracts.tensor import Array

_COLUMNS = 10


def write_reconstructions(
    request: SampleRequest, reconstruct: Callable[[Array], Array], shape: Sequence[int]
) -> list[Path]:
    """Write what `reconstruct` makes of the image files of a request; return the files that were written.

    `reconstruct` maps uint8 images (count, height, width, channels) of this `shape` to such images; files are scaled
    and cut to it. A PNG shows the images and their reconstructions, a .npy and a folder have the reconstructions alone,
    in the order of the files.
    """
    paths = [path for path, _ in photograph_paths(request)]
    files = sample_files(replace(request, count=len(paths)), (".png", ".npy"), are_images=True)
    given = np.stack([_image(path, shape) for path in paths])
    made = reconstruct(given)
    if files == [request.output] and request.output.suffix.lower() == ".png":
        columns = min(len(given), _COLUMNS)
        request.output.parent.mkdir(parents=True, exist_ok=True)
        drawn = draw_named({"given": given, "reconstructed": made}, columns=columns)
        images.write_image(request.output, drawn, texts=request.origin)
        return files
    return write_sample_files(request, files, made)


def _image(path: Path, shape: Sequence[int]) -> Array:
    height, width, channels = shape
    image = images.resized(images.read_image(path), (height, width), "crop")
    return image if channels > 1 else images.grey(image)
