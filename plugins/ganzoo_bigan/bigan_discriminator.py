"""The joint discriminator of BiGAN for MNIST."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Le

from ganzoo import Architecture, Network, Signature


@dataclass(frozen=True, kw_only=True)
class BiGANDiscriminator(Architecture):
    """Two hidden layers of `hidden` units from an image and latents to a logit (BiGAN's MNIST code, arXiv 1605.09782).

    LeakyReLU 0.2 after each; the latents enter the second layer, before its normalization over the batch. The weights
    of the logit start at 0, others from N(0, 0.02); no biases, scales or offsets; images are brought to [0, 1]. The
    activations of the second layer are the features. 1,903,616 weights for MNIST with 50 latents.
    """

    role: ClassVar[str] = "discriminator"

    hidden: Annotated[int, Ge(1), Le(65_536)] = 1024

    def build(self, signature: Signature) -> Network:
        from ganzoo_bigan import networks

        return networks.discriminator(signature, hidden=self.hidden)
