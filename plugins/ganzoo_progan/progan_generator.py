"""The generator of ProGAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Le

from ganzoo import Architecture, Network, Signature, Step
from ganzoo_progan.growth import level_at


@dataclass(frozen=True, kw_only=True)
class ProGANGenerator(Architecture):
    """A network that grows from 4 x 4 pixels to a square image (ProGAN, arXiv 1710.10196).

    Each phase of the recipe after the first doubles the side (from 4 to 7 pixels, see `start_and_doublings`) and fades
    the new block in over its first `fade_steps` steps; more phases keep the full side. Images always have the full
    size: smaller ones are enlarged by repeating pixels. Equalized learning rate, pixel normalization of latents and
    activations, LeakyReLU 0.2; widths are `base` / side of a block's image times 2, at most `most`. A class label is
    appended to the latents. 23,079,115 weights at 1024 pixels with 512 latents.
    """

    role: ClassVar[str] = "generator"

    fade_steps: Annotated[int, Ge(1)] = 1000
    base: Annotated[int, Ge(8)] = 8192
    most: Annotated[int, Ge(1), Le(4_096)] = 512

    def build(self, signature: Signature) -> Network:
        from ganzoo_progan import networks

        return networks.generator(signature, base=self.base, most=self.most)

    def begin_step(self, network: Network, step: Step) -> None:
        growing = network.get_layer("growing")
        growing.set_level(level_at(step, fade_steps=self.fade_steps, last=growing.doublings))
