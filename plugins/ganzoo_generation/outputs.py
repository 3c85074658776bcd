"""Files that `ganzoo sample` writes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganzoo import RecipeError, images
from ganzoo_generation.pictures import draw


def check_request(inputs: Sequence[Path], output: Path, *, are_images: bool) -> None:
    """Raise RecipeError, before any work, when files were given or `output` is no file that can be written."""
    if inputs:
        raise RecipeError(f"generation takes no files, received '{inputs[0]}'; --count says how many samples to draw")
    suffixes = (".png", ".npy") if are_images else (".png", ".npy", ".csv")
    if output.suffix.lower() not in suffixes:
        raise RecipeError(f"cannot write samples to '{output}'; expected a file that ends in {' or '.join(suffixes)}")


def write_samples(output: Path, samples: NDArray[Any]) -> Path:
    """Write a picture of all samples, or their values, as the suffix says; return the file."""
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
