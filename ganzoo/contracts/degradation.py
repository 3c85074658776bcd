"""Ways in which a good image becomes a small, damaged one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from ganzoo.contracts.component import Component

if TYPE_CHECKING:
    import numpy as np

    from ganzoo.contracts.metric import Identity
    from ganzoo.contracts.tensor import Array


class Degradation(Component, ABC):
    """Makes the low resolution image of an image: what a task of super-resolution learns to undo.

    Works on one image at a time, in numpy, in worker processes. All randomness comes from the generator that it is
    given, so that the same example at the same step always looks the same.
    """

    kind = "degradation"

    @property
    def margin(self) -> int:
        """How many pixels around a crop have a part in its low resolution image; 0 where the crop alone is reduced.

        A task cuts this much more of the photograph and keeps the middle of the result.
        """
        return 0

    @abstractmethod
    def reduce(self, image: Array, scale: int, rng: np.random.Generator) -> Array:
        """Return an image (uint8, height x width x 3) at a `scale`-th of its size, uint8 too.

        Height and width are multiples of `scale`. The result stays aligned with the image.
        """

    def identity(self) -> Identity:
        """Return what decides how images look, for the identity of scores: the class and its public attributes."""
        options = {name: value for name, value in vars(self).items() if not name.startswith("_")}
        return {"degradation": type(self).__name__, **{f"degradation.{name}": each for name, each in options.items()}}
