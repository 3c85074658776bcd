from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge

from ganzoo import Array, DataError, Dataset, Field, Source
from ganzoo_data.counted import CountedRandom

_CHANNELS = 3
_IMAGE_AXES = 3


@dataclass(frozen=True, kw_only=True)
class Stacked(Dataset):
    """Grey images of other data by threes, as the channels of colour images: fields `image` and `label` (Metz 2017).

    With the ten digits of MNIST it is the test for lost modes called stacked MNIST: 1000 combinations (arXiv
    1611.02163). The three are drawn from `seed` for each of `count` images. The label, where `of` has labels of c
    classes, is c^2 times that of the first channel, c times that of the second, and that of the third.
    """

    of: Dataset
    count: Annotated[int, Ge(1)] = 128_000
    seed: Annotated[int, Ge(0)] = 0

    def open(self) -> Source:
        source = self.of.open()
        image = source.fields.get("image")
        if image is None or len(image.shape) != _IMAGE_AXES or None in image.shape or image.shape[-1] != 1:
            raise DataError(f"stacked: needs grey images of one size in field 'image'; it is {image}")
        return StackedImages(source, self.count, self.seed)


class StackedImages(Source):
    """Colour images whose channels are drawn when they are asked for."""

    def __init__(self, source: Source, count: int, seed: int) -> None:
        self._source, self._count, self._seed = source, count, seed
        self._random = CountedRandom(seed)
        image, label = source.fields["image"], source.fields.get("label")
        self._classes = 0 if label is None or label.high is None else label.num_classes
        self.fields = {"image": Field(shape=(*image.shape[:2], _CHANNELS), dtype="uint8", low=0, high=255)}
        if self._classes:
            self.fields["label"] = Field(shape=(), dtype="int32", low=0, high=self._classes**_CHANNELS - 1)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> dict[str, Array]:
        places = self._random.at(index).integers(len(self._source), size=_CHANNELS)
        drawn = [self._source[int(place)] for place in places]
        example = {"image": np.concatenate([each["image"] for each in drawn], axis=-1)}
        if self._classes:
            label = np.ravel_multi_index([int(each["label"]) for each in drawn], [self._classes] * _CHANNELS)
            example["label"] = np.asarray(label, np.int32)
        return example

    def fingerprint(self) -> str:
        return f"stacked {self._count} {self._seed} {self._source.fingerprint()}"
