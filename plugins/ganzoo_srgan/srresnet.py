"""The generator of SRGAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge, Le

from ganzoo import Architecture, Signature
from ganzoo_srgan.scale import scale_of

if TYPE_CHECKING:
    import keras

_STAGES = {1: (), 2: (2,), 3: (3,), 4: (2, 2), 8: (2, 2, 2)}


@dataclass(frozen=True, kw_only=True)
class SRResNet(Architecture):
    """The generator of SRGAN: residual blocks at low resolution, then pixel shuffles (arXiv 1609.04802).

    9x9 convolution and PReLU; `blocks` of 3x3 convolution, BN, PReLU, 3x3 convolution, BN and a sum; 3x3 convolution,
    BN and the long skip; for each factor of 2 (or one of 3) a 3x3 convolution, pixel shuffle and PReLU; a 9x9
    convolution to RGB without activation. Batch normalization has momentum 0.9 and epsilon 1e-5, one PReLU slope for
    each channel. Works at any image size. The paper is silent on initial
    weights: uniform of variance 1 / (3 fan_in) here.
    """

    role: ClassVar[str] = "generator"

    filters: Annotated[int, Ge(1), Le(4_096)] = 64
    blocks: Annotated[int, Ge(1), Le(512)] = 16
    batch_normalization: bool = True

    def build(self, signature: Signature) -> keras.Model:
        import keras

        from ganzoo_srgan import layers

        scale = scale_of(signature)
        if scale not in _STAGES:
            raise ValueError(f"enlarges by {', '.join(str(known) for known in _STAGES)}, not by {scale}")
        image = keras.Input((None, None, 3), name="image")
        start = layers.prelu(layers.convolution(self.filters, 9)(image))
        values = start
        for _ in range(self.blocks):
            values = self._block(values)
        values = keras.layers.Add()([start, self._normalized(layers.convolution(self.filters)(values))])
        for factor in _STAGES[scale]:
            wide = layers.convolution(self.filters * factor**2)(values)
            values = layers.prelu(layers.pixel_shuffle(factor)(wide))
        return keras.Model(image, layers.convolution(3, 9)(values), name="srresnet")

    def _block(self, values: keras.KerasTensor) -> keras.KerasTensor:
        import keras

        from ganzoo_srgan import layers

        inner = layers.prelu(self._normalized(layers.convolution(self.filters)(values)))
        return keras.layers.Add()([values, self._normalized(layers.convolution(self.filters)(inner))])

    def _normalized(self, values: keras.KerasTensor) -> keras.KerasTensor:
        from ganzoo_srgan import layers

        return layers.batch_normalization()(values) if self.batch_normalization else values
