"""Images and what is computed from them, as pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ganzoo import Array, DataError, Dataset, Field, Source

_IMAGE_AXES = 3


class DerivedInput(Source):
    """The images of a source as `target`, and what a function makes of them, in one channel, as `input`."""

    def __init__(self, images: Source, make: Callable[[Array], Array], about: str) -> None:
        self._images, self._make, self._about = images, make, about
        self.skipped, self.notes = images.skipped, images.notes
        target = images.fields["image"]
        self.fields = {"input": Field(shape=(*target.shape[:2], 1), dtype="uint8", low=0, high=255), "target": target}

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: int) -> dict[str, Array]:
        image = self._images[index]["image"]
        return {"input": self._make(image), "target": image}

    def headers(self) -> Iterator[Mapping[str, tuple[int, ...]] | DataError]:
        for header in self._images.headers():
            if isinstance(header, DataError):
                yield header
            else:
                yield {"input": (*header["image"][:2], 1), "target": header["image"]}

    def name_of(self, index: int) -> str:
        return self._images.name_of(index)

    def fingerprint(self) -> str:
        return f"{self._about} of {self._images.fingerprint()}"


def open_photographs(dataset: Dataset, name: str) -> Source:
    """Open a data set of RGB photographs; DataError, in the name of the one that is made of it, for another."""
    source = dataset.open()
    image = source.fields.get("image")
    if image is None or image.dtype != "uint8" or len(image.shape) != _IMAGE_AXES or image.shape[-1] != 3:
        raise DataError(f"{name}: needs RGB photographs in field 'image' of the data in 'of'; it is {image}")
    return source
