"""A fully connected generator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Ge, Le

from ganzoo import Architecture, Signature

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, kw_only=True)
class MlpGenerator(Architecture):
    """Fully connected layers from latents to an output of any shape (Goodfellow 2014, arXiv 1406.2661).

    The output goes through tanh where the task states the range [-1, 1], and is unbounded where it states none.
    """

    role: ClassVar[str] = "generator"

    hidden: Annotated[int, Ge(1), Le(16_384)] = 128
    layers: Annotated[int, Ge(1), Le(256)] = 2
    activation: Literal["relu", "leaky_relu"] = "relu"

    def build(self, signature: Signature) -> keras.Model:
        import keras

        from ganzoo_mlp.layers import flat_inputs, hidden_layers, output_layer

        inputs, row = flat_inputs(signature.inputs)
        row = hidden_layers(row, width=self.hidden, count=self.layers, activation=self.activation)
        outputs = {name: output_layer(row, name, field) for name, field in signature.outputs.items()}
        single = len(outputs) == 1
        return keras.Model(inputs, next(iter(outputs.values())) if single else outputs, name="mlp_generator")
