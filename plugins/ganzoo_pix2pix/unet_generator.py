"""The U-Net of pix2pix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Le, Lt

from ganzoo import Architecture, Network, Signature


@dataclass(frozen=True, kw_only=True)
class UNetGenerator(Architecture):
    """An encoder and a decoder with skips at each size, from image to image (pix2pix, arXiv 1611.07004).

    `depth` 4x4 convolutions of stride 2 down and as many up; sides are multiples of 2^depth. Channels double from
    `filters` to at most 8 `filters`. 54,413,955 weights for RGB with depth 8 (256 px down to 1), 41,828,995 with
    depth 7 (128 px). Transposed convolutions leave a checkerboard where training is short; `enlargement` "nearest",
    which is not the paper's, doubles pixels before a 3x3 convolution in their place.

    `dropout` in the wide layers of the decoder is the only noise of the paper, which leaves it on when the network is
    used, and normalizes by the statistics of the batch at hand then, a single image there: set `dropout_at_test` and
    `batch_statistics_at_test` for that. Images are then drawn anew by each call, and `ganzoo export` refuses the
    network. By default its output follows from its input.

    With `keep_brightness` an RGB image of a grey one has its brightness (BT.601), so that colours alone are learned.
    For this the paper predicts a and b of Lab, and keeps L.
    """

    role: ClassVar[str] = "generator"

    filters: Annotated[int, Ge(1), Le(4_096)] = 64
    depth: Annotated[int, Ge(2), Le(12)] = 8
    normalization: Literal["batch", "instance"] = "batch"
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.5
    dropout_at_test: bool = False
    batch_statistics_at_test: bool = False
    keep_brightness: bool = False
    enlargement: Literal["transposed", "nearest"] = "transposed"

    def __post_init__(self) -> None:
        if self.dropout_at_test and not self.dropout:
            raise ValueError("dropout_at_test has no effect without dropout")
        if self.batch_statistics_at_test and self.normalization == "instance":
            raise ValueError("batch_statistics_at_test has no effect with instance normalization")

    def build(self, signature: Signature) -> Network:
        from ganzoo_pix2pix import networks

        return networks.unet_generator(self, signature)
