"""Packing: the discriminator judges several samples at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from annotated_types import Ge, Le

from ganzoo import Field, PlayerName, Random, RecipeError, Regularizer, Signature, Step, Tensor


@dataclass(frozen=True, kw_only=True)
class Packing(Regularizer):
    """Shows the discriminator `samples` examples at once, all real or all fake (PacGAN, arXiv 1712.04086).

    They are joined along the last axis (channels of images, values of points), neighbours in the batch first, so a
    batch of n has n / samples packs. The discriminator must judge one input without a label.
    """

    samples: Annotated[int, Ge(2), Le(64)] = 2

    def discriminator_signature(self, signature: Signature) -> Signature:
        if len(signature.inputs) != 1:
            received = ", ".join(signature.inputs)
            raise RecipeError(f"packing needs a discriminator of one input, received {received}")
        name, field = next(iter(signature.inputs.items()))
        return replace(signature, inputs={name: self._packed(field)})

    def discriminator_inputs(
        self, images: Tensor, *, comparison: str, real: bool, player: PlayerName, step: Step, rng: Random
    ) -> Tensor:
        if len(images) % self.samples:
            raise RecipeError(
                f"packing makes packs of {self.samples}; train.batch_size must be a multiple of it, not {len(images)}"
            )
        packs = images.reshape(-1, self.samples, *images.shape[1:]).movedim(1, -2)
        return packs.flatten(-2)

    def _packed(self, field: Field) -> Field:
        *others, last = field.sides
        return replace(field, shape=(*others, last * self.samples))
