"""The discriminator of DCGAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Ge, Le

from ganzoo import Architecture, Signature, discriminator_model

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, kw_only=True)
class DcganDiscriminator(Architecture):
    """Strided 4x4 convolutions from a square image to logits (DCGAN, arXiv 1511.06434).

    Sides halve and channels double from `filters` on, down to 4 x 4; LeakyReLU 0.2 after each, `normalization` after
    each but the first. Gradient penalties want `layer` or `none`: batch normalization mixes the examples that they
    treat one by one. The features are the flat activations of the last convolution.
    """

    role: ClassVar[str] = "discriminator"

    filters: Annotated[int, Ge(1), Le(4_096)] = 64
    normalization: Literal["batch", "layer", "none"] = "batch"

    def build(self, signature: Signature) -> keras.Model:
        import keras

        from ganzoo_dcgan import layers

        _, image = layers.only_field(signature.inputs, rank=3)
        doublings, _ = layers.square_image(image)
        inputs = keras.Input(image.shape)
        values = layers.halve(inputs, self.filters, "none")
        for power in range(1, doublings):
            values = layers.halve(values, self.filters * 2**power, self.normalization)
        features = keras.layers.Flatten(name="features")(values)
        return discriminator_model(
            inputs, features, signature, make_initializer=layers.new_weights, name="dcgan_discriminator"
        )
