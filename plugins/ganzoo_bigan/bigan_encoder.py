"""The encoder of BiGAN for MNIST."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Le

from ganzoo import Architecture, Network, Signature


@dataclass(frozen=True, kw_only=True)
class BiGANEncoder(Architecture):
    """Two hidden layers of `hidden` units from an image to latents (BiGAN's MNIST code, arXiv 1605.09782).

    LeakyReLU 0.2 after each, normalization over the batch before that of the second, whose activations are the
    features. Latents in [-1, 1] are a rescaled sigmoid of the last layer, others the layer itself. No biases, scales or
    offsets; weights from N(0, 0.02); images are brought to [0, 1]. 1,902,592 weights for MNIST with 50 latents.
    """

    role: ClassVar[str] = "encoder"

    hidden: Annotated[int, Ge(1), Le(65_536)] = 1024

    def build(self, signature: Signature) -> Network:
        from ganzoo_bigan import networks

        return networks.encoder(signature, hidden=self.hidden)
