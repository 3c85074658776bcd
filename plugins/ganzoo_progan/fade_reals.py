"""Reals at the resolution at which a growing discriminator looks at them."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Comparison, Player, PlayerName, Random, RecipeError, Regularizer, Step, Tensor


class FadeReals(Regularizer):
    """Brings reals to the level of a `progan_discriminator`, as its generator's images are (ProGAN, arXiv 1710.10196).

    Images are averaged down to the current side, mixed with the next lower one as far as the new block is not yet faded
    in, and enlarged again by repeating pixels.
    """

    def build(self, players: Mapping[PlayerName, Player], comparisons: Mapping[str, Comparison]) -> None:
        from ganzoo_progan.growing import GrowingDiscriminator

        layers = [layer for network in players["discriminator"].networks.values() for layer in network.layers]
        growing = [layer for layer in layers if isinstance(layer, GrowingDiscriminator)]
        if len(growing) != 1:
            raise RecipeError("fade_reals needs a discriminator that grows: progan_discriminator")
        self._growing = growing[0]

    def discriminator_inputs(
        self, images: Tensor, *, comparison: str, real: bool, player: PlayerName, step: Step, rng: Random
    ) -> Tensor:
        from ganzoo_progan.growing import faded

        return faded(images, self._growing.level, self._growing.doublings) if real else images
