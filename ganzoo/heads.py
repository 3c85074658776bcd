"""The end of a discriminator: logits, and whatever else a task asks of it."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING, Any

from ganzoo.contracts.field import Field, Signature

if TYPE_CHECKING:
    import keras

    from ganzoo.contracts.tensor import Network


def discriminator_model(
    inputs: Any,
    features: keras.KerasTensor,
    signature: Signature,
    *,
    make_initializer: Callable[[], keras.initializers.Initializer] | None = None,
    name: str = "discriminator",
) -> Network:
    """Return the model from `inputs` (as `keras.Model` takes them) to what `signature` asks for.

    `features` is the flat Keras tensor (batch, width) before the logits; it is given out as `features`, and every
    other output, `logits` among them, is one linear head on it with the field's shape. A single output is a tensor,
    several are a dict. `make_initializer` is called once per head, because an initializer that is used twice draws the
    same weights twice. ValueError when another size of `features` is asked for, or logits that are not of shape (1,).
    """
    import keras

    outputs = {
        head: features if head == "features" else _linear_head(head, field, features, make_initializer)
        for head, field in _checked(signature, features).items()
    }
    single = len(outputs) == 1
    return keras.Model(inputs, next(iter(outputs.values())) if single else outputs, name=name)


def _checked(signature: Signature, features: keras.KerasTensor) -> dict[str, Field]:
    for name, expected in (("logits", (1,)), ("features", tuple(features.shape[1:]))):
        field = signature.outputs.get(name)
        if field is not None and None not in field.shape and field.shape != expected:
            raise ValueError(f"gives {name} of shape {expected}, but the task asks for {field}")
    return dict(signature.outputs)


def _linear_head(
    name: str, field: Field, features: keras.KerasTensor, make_initializer: Callable[[], Any] | None
) -> keras.KerasTensor:
    import keras

    from ganzoo.layers import Dense

    shape = tuple(side for side in field.shape if side is not None)
    if len(shape) != len(field.shape):
        raise ValueError(f"needs a fixed shape for its output '{name}', received {field}")
    initializer = make_initializer() if make_initializer else "glorot_uniform"
    flat = Dense(prod(shape), kernel_initializer=initializer, name=f"{name}_head")(features)
    return flat if len(shape) == 1 else keras.layers.Reshape(shape, name=name)(flat)
