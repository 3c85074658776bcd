"""What both tasks have in common: crops to learn from, and images of any size through a generator."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge

from ganzoo import (
    Array,
    DataError,
    Field,
    Identity,
    Network,
    Random,
    RecipeError,
    RowContext,
    SampleRequest,
    Task,
    images,
    sampling,
)
from ganzoo_translation.crops import as_network, multiple_of, stretched, too_small

#: Pictures show crops of at most this side, or of the task's crop.
_PICTURE_SIDE = 256


@dataclass(frozen=True, kw_only=True)
class Translation(Task):
    """Images into images."""

    crop: Annotated[int, Ge(8)] = 256
    resize: Annotated[int, Ge(8)] | None = None
    mirror: bool = True
    tile: Annotated[int, Ge(16)] = 1024
    overlap: Annotated[int, Ge(0)] = 64

    def __post_init__(self) -> None:
        if self.resize is not None and self.resize < self.crop:
            raise ValueError(f"resize must be at least crop, but {self.resize} is less than {self.crop}")
        if 4 * self.overlap > self.tile:
            raise ValueError(f"overlap must be at most a quarter of tile, but {self.overlap} is more than that")

    def identity(self) -> Identity:
        return {"images": "whole" if self.resize is None else f"squares of {self.crop}"}

    def field_of(self, channels: int) -> Field:
        """Return the field of crops of so many channels."""
        return Field(shape=(self.crop, self.crop, channels), low=-1, high=1)

    def cropped(self, example: dict[str, Array], context: RowContext) -> dict[str, Array]:
        """Return one crop of images of one size, mirrored or not, as networks see it; DataError where they are small.

        All images are cropped alike.
        """
        resized = example if self.resize is None else _stretched(example, self.resize)
        for image in resized.values():
            if reason := too_small(image.shape, self.crop):
                raise DataError(reason)
        corner, mirrored = context.rng.random(2), self.mirror and bool(context.rng.integers(2))
        return {
            name: as_network(images.cut_square(image, self.crop, corner), mirrored=mirrored)
            for name, image in resized.items()
        }

    def scored(self, image: Array) -> Array:
        """Return a held-out image as it is translated: whole, or as a square."""
        return image if self.resize is None else stretched(image, self.crop)

    def side_of_pictures(self, shown: list[Array]) -> int:
        """Return the side of the crops of these images that a picture shows."""
        smallest: int = min(min(image.shape[:2]) for image in shown)
        return min(smallest, max(self.crop, _PICTURE_SIDE))

    def translated(self, generator: Network, image: Array, rng: Random) -> Array:
        """Return what a generator makes of a uint8 image of any size."""
        sampling.reseed(generator, rng)
        return sampling.apply_in_tiles(generator, image, **self.tiles)

    def write_translated(self, request: SampleRequest, generator: Network, *, name: str, suffix: str) -> list[Path]:
        """Write what a generator makes of the photographs of a request; RecipeError, by its name, for its channels."""
        channels = generator.input_shape[-1]
        if channels not in (1, 3):
            raise RecipeError(f"image files have 1 or 3 channels, but {name} takes {channels}")
        sampling.reseed(generator, request.rng)
        return sampling.process_in_tiles(
            request, generator, suffix=suffix, keep_grey=False, channels=channels, **self.tiles
        )

    @property
    def tiles(self) -> dict[str, Any]:
        """How images larger than `tile` are worked on."""
        return {"tile": self.tile, "overlap": self.overlap, "blend": True, "multiple": multiple_of(self.crop)}


def _stretched(example: dict[str, Array], side: int) -> dict[str, Array]:
    return {name: stretched(image, side) for name, image in example.items()}
