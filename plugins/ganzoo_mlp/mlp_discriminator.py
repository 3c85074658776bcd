"""A fully connected discriminator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Ge, Le

from ganzoo import Architecture, Signature, discriminator_model

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, kw_only=True)
class MlpDiscriminator(Architecture):
    """Fully connected layers from an input of any shape to logits (Goodfellow 2014, arXiv 1406.2661).

    Its features are the activations of the last hidden layer. It has no normalization, so every penalty goes with it.
    """

    role: ClassVar[str] = "discriminator"

    hidden: Annotated[int, Ge(1), Le(16_384)] = 128
    layers: Annotated[int, Ge(1), Le(256)] = 2
    activation: Literal["relu", "leaky_relu"] = "leaky_relu"

    def build(self, signature: Signature) -> keras.Model:
        from ganzoo_mlp.layers import flat_inputs, hidden_layers

        inputs, row = flat_inputs(signature.inputs)
        features = hidden_layers(row, width=self.hidden, count=self.layers, activation=self.activation)
        return discriminator_model(inputs, features, signature, name="mlp_discriminator")
