"""A buffer of earlier fakes for the discriminator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from annotated_types import Ge

from ganzoo import Comparison, Player, PlayerName, Random, RecipeError, Regularizer, Step, Tensor, Variable


class ReplayBuffer(Regularizer):
    """Shows the discriminator earlier fakes half of the time (Shrivastava 2017, arXiv 1612.07828; CycleGAN).

    The first `size` fakes are kept and shown as they come. After that each fake is either shown (probability 1/2), or
    takes the place of a random one of the buffer, which is shown instead. Each comparison has its own buffer; the
    generator's update is not changed.
    """

    def __init__(self, *, size: Annotated[int, Ge(1)] = 50) -> None:
        self.size = size
        self._kept: dict[str, Variable] = {}
        self._counts: dict[str, Variable] = {}

    def build(self, players: Mapping[PlayerName, Player], comparisons: Mapping[str, Comparison]) -> None:
        import keras

        for name, comparison in comparisons.items():
            shape = (self.size, *comparison.fake.shape[1:])
            self._kept[name] = keras.Variable(keras.ops.zeros(shape), trainable=False)
            with keras.device("cpu"):  # read at each update, which must not wait for a GPU
                self._counts[name] = keras.Variable(0, dtype="int32", trainable=False)

    def discriminator_inputs(
        self, images: Tensor, *, comparison: str, real: bool, player: PlayerName, step: Step, rng: Random
    ) -> Tensor:
        if real or player == "generator":
            return images
        import torch

        kept = self._kept[comparison].shape[1:]
        if tuple(kept) != tuple(images.shape[1:]):
            raise RecipeError("replay_buffer must come before the regularizers that change the shape, as packing does")
        with torch.no_grad():
            fresh = self._fill(comparison, images)
            return torch.cat([images[:fresh], self._exchange(comparison, images[fresh:], rng)])

    def state(self) -> Mapping[str, Variable]:
        kept = {f"{name}/kept": variable for name, variable in self._kept.items()}
        return {**kept, **{f"{name}/count": variable for name, variable in self._counts.items()}}

    def _fill(self, comparison: str, images: Tensor) -> int:
        """Keep as many images as there is room for; return how many."""
        count = int(self._counts[comparison].value)
        fresh = min(self.size - count, len(images))
        self._kept[comparison].value.data[count : count + fresh] = images[:fresh].float()
        self._counts[comparison].value.data.fill_(count + fresh)
        return fresh

    def _exchange(self, comparison: str, images: Tensor, rng: Random) -> Tensor:
        """Return each image, or one of the buffer whose place it takes."""
        import torch

        kept, shown = self._kept[comparison].value.data, images.clone()
        places = rng.integers((len(images),), 0, self.size)
        exchanged = rng.uniform((len(images),)) < 0.5
        for index in range(len(images)):  # one after the other: a place may be drawn twice
            place = places[index : index + 1]
            old, new = kept.index_select(0, place), images[index : index + 1]
            shown[index : index + 1] = torch.where(exchanged[index], old.to(new.dtype), new)
            kept.index_copy_(0, place, torch.where(exchanged[index], new.to(old.dtype), old))
        return shown
