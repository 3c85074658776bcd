"""The discriminator of DCGAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Le, Lt

from ganzoo import Architecture, Network, Signature


@dataclass(frozen=True, kw_only=True)
class DcganDiscriminator(Architecture):
    """Strided 4x4 convolutions from a square image to logits (DCGAN, arXiv 1511.06434).

    Sides halve and channels double from `filters` on, down to 4 x 4 (7 x 7 for a side of 28), and `extra_halvings`
    times more, rounding up: at a side of 28, an activation of the last layer sees 10 x 10 pixels without and 22 x 22
    with one of them. A class label is appended to the image as maps of zeros and ones, or with `condition = "project"`
    its embedding is multiplied with the sum of the last maps (arXiv 1802.05637). LeakyReLU 0.2 after each convolution,
    `normalization` after each but the first. Use `layer` or `none` with gradient penalties, which are per-sample; batch
    normalization mixes samples. With `spectral_normalization` (arXiv 1802.05957) the kernels of the convolutions, of
    the logit and of the projected class have a largest singular value of 1; `normalization = "none"` goes with it.
    `dropout` follows each convolution. The features are the flat activations of the last convolution, followed by
    `minibatch_discrimination` values of how close the examples of a batch are (arXiv 1606.03498).
    """

    role: ClassVar[str] = "discriminator"

    filters: Annotated[int, Ge(1), Le(4_096)] = 64
    extra_halvings: Annotated[int, Ge(0), Le(3)] = 0
    normalization: Literal["batch", "layer", "none"] = "batch"
    spectral_normalization: bool = False
    condition: Literal["concatenate", "project"] = "concatenate"
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.0
    minibatch_discrimination: Annotated[int, Ge(0), Le(4_096)] = 0

    def build(self, signature: Signature) -> Network:
        from ganzoo_dcgan import networks

        return networks.discriminator(self, signature)
