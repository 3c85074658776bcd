"""How often the discriminator of the first Wasserstein GAN is updated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge

from ganzoo import Schedule


@dataclass(frozen=True, kw_only=True)
class WganBursts(Schedule):
    """n_critic of WGAN's authors: `usual`, but `burst` for the `first` updates of the generator and each `every`-th.

    `n_critic = {name = "wgan_bursts"}` gives 100 discriminator updates for each of the first 25 generator updates and
    for every 500th, 5 for the others (arXiv 1701.07875, and its authors' code). Steps are discriminator updates.
    """

    usual: Annotated[int, Ge(1)] = 5
    burst: Annotated[int, Ge(1)] = 100
    first: Annotated[int, Ge(1)] = 25
    every: Annotated[int, Ge(1)] = 500

    def __post_init__(self) -> None:
        if self.every < self.first:
            raise ValueError("wgan_bursts needs every to be at least first")

    def __call__(self, step: int) -> float:
        after = step - self.first * self.burst
        until_next = (self.every - self.first) * self.usual
        if after < until_next:
            return self.burst if after < 0 else self.usual
        cycle = self.burst + (self.every - 1) * self.usual
        return self.burst if (after - until_next) % cycle < self.burst else self.usual
