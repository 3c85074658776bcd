"""The last layers of a discriminator: its logits and the other outputs of its signature."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import keras

from ganzoo import layers
from ganzoo.contracts.field import Field, Signature
from ganzoo.contracts.tensor import Network
from ganzoo.errors import listing, nearest

_LAYER = "features/"


def discriminator_model(
    inputs: Any,
    features: keras.KerasTensor,
    signature: Signature,
    *,
    logits: keras.KerasTensor | None = None,
    add_to_logits: keras.KerasTensor | None = None,
    make_initializer: Callable[[], keras.initializers.Initializer] | None = None,
    name: str = "discriminator",
) -> Network:
    """Return the model from `inputs` (as `keras.Model` takes them) to what `signature` asks for.

    `features` is the flat Keras tensor (batch, width) before the logits; it is the output `features`. `features/NAME`
    is what the layer NAME gives. Every other output, `logits` among them, is one linear head on `features`, of the
    field's shape. `logits` takes the place of that head (a map of a patch discriminator, say), `add_to_logits` is added
    to it (`ganzoo.blocks.class_projection`, say). A single output is a tensor, several are a dict.
    `make_initializer` is called once per head, because an initializer that is used twice draws the same weights twice.

    ValueError when the signature asks for shapes or layers that there are not.
    """
    heads = _Heads(inputs, features, make_initializer)
    outputs = {head: heads.output(head, field) for head, field in signature.outputs.items() if head != "logits"}
    if "logits" in signature.outputs:
        verdict = heads.linear("logits", Field(shape=(1,))) if logits is None else logits
        outputs["logits"] = verdict if add_to_logits is None else keras.layers.Add()([verdict, add_to_logits])
    outputs = {head: outputs[head] for head in signature.outputs}
    for head, field in signature.outputs.items():
        if not field.accepts(outputs[head].shape[1:]):
            raise ValueError(f"gives {head} of shape {tuple(outputs[head].shape[1:])}, but {field} is asked for")
    return keras.Model(inputs, next(iter(outputs.values())) if len(outputs) == 1 else outputs, name=name)


class _Heads:
    """Makes the outputs of a discriminator from its inputs and its flat features."""

    def __init__(self, inputs: Any, features: keras.KerasTensor, make_initializer: Callable[[], Any] | None) -> None:
        self._inputs, self._features, self._make_initializer = inputs, features, make_initializer

    def output(self, name: str, field: Field) -> keras.KerasTensor:
        """Return one output other than the logits."""
        if name == "features":
            return self._features
        if name.startswith(_LAYER):
            return self._of_layer(name.removeprefix(_LAYER))
        return self.linear(name, field)

    def linear(self, name: str, field: Field) -> keras.KerasTensor:
        """Return a linear head of the field's shape on the features."""
        shape = field.sides
        initializer = self._make_initializer() if self._make_initializer else "glorot_uniform"
        flat = layers.Dense(prod(shape), kernel_initializer=initializer, name=f"{name}_head")(self._features)
        return flat if len(shape) == 1 else keras.layers.Reshape(shape, name=name)(flat)

    def _of_layer(self, name: str) -> keras.KerasTensor:
        known = {layer.name: layer for layer in keras.Model(self._inputs, self._features).layers}
        if name not in known:
            raise ValueError(f"has no layer '{name}'{nearest(name, known)}; it has {listing(known)}")
        return known[name].output
