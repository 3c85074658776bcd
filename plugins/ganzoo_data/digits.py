from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Le

from ganzoo import DataError, Dataset, Field, Source, images, sources

_EVERY = 6


@dataclass(frozen=True, kw_only=True)
class Digits(Dataset):
    """The 1797 handwritten 8x8 digits of scikit-learn: fields `image` (8, 8, 1) uint8 and `label`.

    Grey levels 0 ... 16 become 0 ... 255. With `size` the images are enlarged to squares of this side, `channels = 3`
    repeats the grey level. Every sixth digit is held out for validation. `per_class` takes so many of each class,
    chosen by `label_seed`. Needs the extra `samples`.
    """

    split: Literal["train", "validation"] = "train"
    size: Annotated[int, Ge(8), Le(1_024)] = 8
    channels: Literal[1, 3] = 1
    per_class: Annotated[int, Ge(1)] | None = None
    label_seed: Annotated[int, Ge(0)] = 0

    def open(self) -> Source:
        try:
            from sklearn.datasets import load_digits
        except ImportError as error:
            raise DataError('digits: need scikit-learn; run pip install "keras-ganzoo[samples]"') from error
        digits = load_digits()
        held_out = np.arange(len(digits.target)) % _EVERY == 0
        chosen = held_out if self.split == "validation" else ~held_out
        pixels = np.rint(digits.images[chosen, :, :, None] * (255 / 16)).astype(np.uint8)
        if self.size != pixels.shape[1]:
            sides = (self.size, self.size)
            pixels = np.stack([images.resized(image, sides, "stretch") for image in pixels])
        found = sources.Arrays(
            {"image": pixels.repeat(self.channels, axis=-1), "label": digits.target[chosen].astype(np.int32)},
            {
                "image": Field(shape=(self.size, self.size, self.channels), dtype="uint8", low=0, high=255),
                "label": Field(shape=(), dtype="int32", low=0, high=9),
            },
        )
        return found if self.per_class is None else sources.per_class(found, self.per_class, seed=self.label_seed)
