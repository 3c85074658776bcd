from __future__ import annotations

from dataclasses import dataclass

from ganzoo import Array, DataError, Dataset, Field, Source
from ganzoo_coloured_digits.palette import coloured, palette

_IMAGE_AXES = 3


@dataclass(frozen=True, kw_only=True)
class ColouredDigits(Dataset):
    """Grey digits of other data, inverted and in the colour of their class: fields `image`, RGB uint8, and `label`.

    Black ink on coloured paper; the hues of the classes are evenly apart. Beside the grey digits they are two sets for
    `unpaired_translation` of which it is known what is right, as `translated_digits` measures it.
    """

    of: Dataset

    def open(self) -> Source:
        source = self.of.open()
        image, label = source.fields.get("image"), source.fields.get("label")
        if image is None or image.dtype != "uint8" or len(image.shape) != _IMAGE_AXES or image.shape[-1] != 1:
            raise DataError(f"coloured_digits: needs grey images in field 'image' of the data in 'of'; it is {image}")
        if label is None or label.high is None:
            raise DataError(f"coloured_digits: needs class labels in field 'label' of the data in 'of'; it is {label}")
        return _Coloured(source)


class _Coloured(Source):
    def __init__(self, digits: Source) -> None:
        self._digits = digits
        image, label = digits.fields["image"], digits.fields["label"]
        self.fields = {"image": Field(shape=(*image.shape[:2], 3), dtype="uint8", low=0, high=255), "label": label}
        self._palette = palette(label.num_classes)

    def __len__(self) -> int:
        return len(self._digits)

    def __getitem__(self, index: int) -> dict[str, Array]:
        digit = self._digits[index]
        return {"image": coloured(digit["image"], self._palette[int(digit["label"])]), "label": digit["label"]}

    def column(self, name: str) -> Array:
        return self._digits.column(name) if name == "label" else super().column(name)

    def name_of(self, index: int) -> str:
        return self._digits.name_of(index)

    def fingerprint(self) -> str:
        return f"coloured {self._digits.fingerprint()}"
