"""The generator of semi-supervised learning by feature matching."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge

from ganzoo import Architecture, Network, Signature


@dataclass(frozen=True, kw_only=True)
class MatchingGenerator(Architecture):
    """Two hidden layers with batch normalization (no scale) and softplus, for MNIST (Salimans 2016, arXiv 1606.03498).

    The output layer has kernels of trained length, one for each pixel, and a sigmoid, whose [0, 1] is the [-1, 1] of
    images here.
    """

    role: ClassVar[str] = "generator"

    hidden: Annotated[int, Ge(1)] = 500

    def build(self, signature: Signature) -> Network:
        from ganzoo_semi_supervised import networks

        return networks.generator(signature, width=self.hidden)
