"""Folders in the shape of data sets that authors publish: JPEG files in a folder for each split."""

from __future__ import annotations

import numpy as np
from PIL import Image


def write_set(folder, counts, size):
    """Write so many random images of (height, width) for each split, and return the folder."""
    rng = np.random.default_rng(0)
    for split, count in counts.items():
        (folder / split).mkdir(parents=True)
        for index in range(count):
            picture = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
            Image.fromarray(picture).save(folder / split / f"n{index}.jpg")
    return folder
