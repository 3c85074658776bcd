"""The generator of BiGAN for MNIST."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Le

from ganzoo import Architecture, Network, Signature


@dataclass(frozen=True, kw_only=True)
class BiGANGenerator(Architecture):
    """Two hidden layers of `hidden` units from latents to an image (BiGAN's MNIST code, arXiv 1605.09782).

    Normalization over the batch and ReLU after each; the latents enter the second layer once more. The sigmoid of the
    last layer is brought to [-1, 1]. No biases, scales or offsets; weights from N(0, 0.02). 1,953,792 weights for MNIST
    with 50 latents.
    """

    role: ClassVar[str] = "generator"

    hidden: Annotated[int, Ge(1), Le(65_536)] = 1024

    def build(self, signature: Signature) -> Network:
        from ganzoo_bigan import networks

        return networks.generator(signature, hidden=self.hidden)
