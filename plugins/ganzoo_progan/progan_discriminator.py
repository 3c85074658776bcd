"""The discriminator of ProGAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Le

from ganzoo import Architecture, Network, Signature, Step
from ganzoo_progan.growth import level_at


@dataclass(frozen=True, kw_only=True)
class ProGANDiscriminator(Architecture):
    """A network that grows from 4 x 4 pixels to a square image, and judges it (ProGAN, arXiv 1710.10196).

    It grows with the generator, whose `fade_steps` it shares; images are brought to the side of the phase by averaging.
    Equalized learning rate, LeakyReLU 0.2, the deviation over groups of four images as one more feature. The features
    are the activations before the logit. Add the regularizer `fade_reals`, so that reals are faded as fakes are.
    23,087,249 weights at 1024 pixels.
    """

    role: ClassVar[str] = "discriminator"

    fade_steps: Annotated[int, Ge(1)] = 1000
    base: Annotated[int, Ge(8)] = 8192
    most: Annotated[int, Ge(1), Le(4_096)] = 512

    def build(self, signature: Signature) -> Network:
        from ganzoo_progan import networks

        return networks.discriminator(signature, base=self.base, most=self.most)

    def begin_step(self, network: Network, step: Step) -> None:
        growing = network.get_layer("growing")
        growing.set_level(level_at(step, fade_steps=self.fade_steps, last=growing.doublings))
