"""The discriminator of SRGAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge, Le

from ganzoo import Architecture, Signature, discriminator_model

if TYPE_CHECKING:
    import keras

#: Channels (in units of `filters`) and stride of the eight convolutions.
_CONVOLUTIONS = ((1, 1), (1, 2), (2, 1), (2, 2), (4, 1), (4, 2), (8, 1), (8, 2))


@dataclass(frozen=True, kw_only=True)
class SRGANDiscriminator(Architecture):
    """The discriminator of SRGAN: eight 3x3 convolutions, a dense layer, logits (arXiv 1609.04802).

    Channels double from `filters` to 8 `filters` while every second convolution halves the image; LeakyReLU 0.2, batch
    normalization after all but the first, a dense layer of 16 `filters` (1024 in the paper) on the flattened map. The
    crop may have any size, fixed by the task. `features` are the activations of the dense layer.
    """

    role: ClassVar[str] = "discriminator"

    filters: Annotated[int, Ge(1), Le(4_096)] = 64
    batch_normalization: bool = True

    def build(self, signature: Signature) -> keras.Model:
        import keras

        from ganzoo_srgan import layers

        image = keras.Input(signature.inputs["image"].shape, name="image")
        values = image
        for index, (width, stride) in enumerate(_CONVOLUTIONS):
            values = layers.convolution(width * self.filters, strides=stride)(values)
            if index and self.batch_normalization:
                values = layers.batch_normalization()(values)
            values = layers.leaky_relu()(values)
        dense = layers.dense(16 * self.filters)(keras.layers.Flatten()(values))
        features = layers.leaky_relu("features")(dense)
        return discriminator_model(image, features, signature, name="srgan_discriminator")
