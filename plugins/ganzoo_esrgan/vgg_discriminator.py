"""The discriminator of ESRGAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Le

from ganzoo import Architecture, Network, Signature


@dataclass(frozen=True, kw_only=True)
class VGGDiscriminator(Architecture):
    """The discriminator of ESRGAN's code: ten convolutions, a dense layer of 100, logits (arXiv 1809.00219).

    Five times a 3x3 convolution and a 4x4 convolution of stride 2; channels double from `filters` to 8 `filters`;
    LeakyReLU 0.2, batch normalization after all but the first. 14,499,401 weights for crops of 128 pixels; the crop may
    have any size, fixed by the task. `features` are the activations of the dense layer.
    """

    role: ClassVar[str] = "discriminator"

    filters: Annotated[int, Ge(1), Le(4_096)] = 64

    def build(self, signature: Signature) -> Network:
        from ganzoo_esrgan import networks

        return networks.vgg_discriminator(signature, filters=self.filters)
