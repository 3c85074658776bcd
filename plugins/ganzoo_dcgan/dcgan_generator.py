"""The generator of DCGAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge, Le

from ganzoo import Architecture, Signature

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, kw_only=True)
class DcganGenerator(Architecture):
    """Transposed 4x4 convolutions from latents to a square image (DCGAN, arXiv 1511.06434).

    From 4 x 4 the side doubles and the channels halve, down to `filters` before the image. Batch normalization and
    ReLU after each layer but the last, which ends in tanh; weights from N(0, 0.02). Sides of 8, 16, 32, 64, 128, ...
    """

    role: ClassVar[str] = "generator"

    filters: Annotated[int, Ge(1), Le(4_096)] = 64

    def build(self, signature: Signature) -> keras.Model:
        import keras

        from ganzoo_dcgan import layers

        _, latent = layers.only_field(signature.inputs, rank=1)
        name, image = layers.only_field(signature.outputs, rank=3)
        if (image.low, image.high) != (-1, 1):
            raise ValueError(f"gives images in [-1, 1], but '{name}' is {image}")

        doublings, channels = layers.square_image(image)
        first, *others = [self.filters * 2**power for power in reversed(range(doublings))]
        inputs = keras.Input(latent.shape)
        values = layers.project(inputs, first)
        for filters in others:
            values = layers.double(values, filters)
        return keras.Model(inputs, layers.double_to_image(values, channels, name), name="dcgan_generator")
