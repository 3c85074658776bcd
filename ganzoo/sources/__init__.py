"""Examples that a Python program has already, as sources for `ganzoo.train` and `ganzoo.open_data`.

What is an image, a class or a number is derived from the examples: uint8 arrays are images (height x width x 1 or 3)
with values 0 ... 255, whole numbers become int32, other numbers float32; `fields` states it where that is wrong.

`per_class` takes a part with the same number of examples of each class. `box_mask` and `stroke_mask` draw which part
of an image is missing.
"""

from __future__ import annotations

from ganzoo.sources.arrays import Arrays, field_of, from_arrays
from ganzoo.sources.batches import from_batches
from ganzoo.sources.classes import per_class
from ganzoo.sources.dataset import from_dataset
from ganzoo.sources.masks import box_mask, stroke_mask

__all__ = [
    "Arrays",
    "box_mask",
    "field_of",
    "from_arrays",
    "from_batches",
    "from_dataset",
    "per_class",
    "stroke_mask",
]
