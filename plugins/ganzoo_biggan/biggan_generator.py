"""The generator of BigGAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Le

from ganzoo import Architecture, Network, Signature
from ganzoo_biggan.options import Initializer


@dataclass(frozen=True, kw_only=True)
class BigGANGenerator(Architecture):
    """Residual blocks whose normalization depends on class and latent (BigGAN, arXiv 1809.11096).

    Each block doubles the side; widths are those of the authors' code for 32, 64, 128 and 256 pixels, in units of
    `filters`. With `hierarchical`, the latents are split into one part for the first layer and one for each block.
    Scale and offset of a block's batch normalizations are linear in its part of the latents and the class, whose
    `embedding` values are shared by all blocks; with `embedding = 0` each normalization has a scale and an offset for
    each class, as in the authors' CIFAR-10 runs. Attention follows the block of side `attention` (0: none). Every
    kernel is spectrally normalized. 70,433,988 weights at 128 pixels with 1000 classes and 120 latents.
    """

    role: ClassVar[str] = "generator"

    filters: Annotated[int, Ge(1), Le(1_024)] = 96
    hierarchical: bool = True
    embedding: Annotated[int, Ge(0)] = 128
    attention: Annotated[int, Ge(0)] = 64
    initializer: Initializer = "orthogonal"

    def __post_init__(self) -> None:
        if self.hierarchical and not self.embedding:
            raise ValueError("hierarchical latents need a shared embedding of the class")

    def build(self, signature: Signature) -> Network:
        from ganzoo_biggan import networks

        return networks.generator(self, signature)
