"""A small generator for super-resolution on CPUs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge, Gt, Le

from ganzoo import Architecture, Signature
from ganzoo_srgan.scale import scale_of

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, kw_only=True)
class SubpixelResNet(Architecture):
    """Residual blocks at low resolution and one sub-pixel convolution, added to the bicubic image: fast on CPUs.

    No published network, but made of published parts: blocks without batch normalization (EDSR, arXiv 1707.02921), all
    channels of the enlarged image from one convolution (ESPCN, arXiv 1609.05158), and the difference to bicubic
    interpolation as what is learned (VDSR, arXiv 1511.04587). The last convolution starts at zero, so that training
    starts at bicubic quality. Works at any image size.
    """

    role: ClassVar[str] = "generator"

    filters: Annotated[int, Ge(1), Le(4_096)] = 32
    blocks: Annotated[int, Ge(1), Le(512)] = 4
    residual_scale: Annotated[float, Gt(0)] = 1.0

    def build(self, signature: Signature) -> keras.Model:
        import keras

        from ganzoo_srgan import layers

        scale = scale_of(signature)
        image = keras.Input((None, None, 3), name="image")
        start = layers.convolution(self.filters)(image)
        values = start
        for _ in range(self.blocks):
            values = keras.layers.Add()([values, self._branch(values)])
        values = keras.layers.Add()([start, layers.convolution(self.filters)(values)])
        detail = layers.pixel_shuffle(scale)(layers.convolution(3 * scale**2, initializer="zeros")(values))
        enlarged = keras.layers.Add()([layers.BicubicEnlargement(scale)(image), detail])
        return keras.Model(image, enlarged, name="subpixel_resnet")

    def _branch(self, values: keras.KerasTensor) -> keras.KerasTensor:
        import keras

        from ganzoo_srgan import layers

        inner = keras.layers.ReLU()(layers.convolution(self.filters)(values))
        branch = layers.convolution(self.filters)(inner)
        return branch if self.residual_scale == 1 else keras.layers.Rescaling(self.residual_scale)(branch)
