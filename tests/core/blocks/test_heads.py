import keras
import pytest

import ganzoo
from ganzoo import Field, Signature

IMAGE = Field(shape=(4, 4, 1))


def build(width: int = 6, **outputs: Field) -> keras.Model:
    inputs = keras.Input((4, 4, 1))
    features = keras.layers.Dense(width)(keras.layers.Flatten()(inputs))
    signature = Signature(inputs={"sample": IMAGE}, outputs={"logits": Field(shape=(1,)), **outputs})
    return ganzoo.discriminator_model(inputs, features, signature)


def test_a_single_output_is_a_tensor_of_logits():
    assert tuple(build()(keras.ops.zeros((2, 4, 4, 1))).shape) == (2, 1)


def test_more_outputs_come_as_a_dict_of_the_shapes_asked_for():
    model = build(features=Field(shape=(None,)), label=Field(shape=(10,)), code=Field(shape=(2, 3)))
    outputs = model(keras.ops.zeros((2, 4, 4, 1)))
    assert {name: tuple(value.shape) for name, value in outputs.items()} == {
        "logits": (2, 1),
        "features": (2, 6),
        "label": (2, 10),
        "code": (2, 2, 3),
    }


def test_a_scalar_head_keeps_the_shape_of_a_scalar():
    assert tuple(build(strength=Field(shape=()))(keras.ops.zeros((2, 4, 4, 1)))["strength"].shape) == (2,)


def test_features_of_another_size_are_refused():
    with pytest.raises(ValueError, match="gives features of shape"):
        build(features=Field(shape=(7,)))


def test_heads_of_equal_shape_start_differently():
    inputs = keras.Input((5,))
    signature = Signature(
        inputs={"sample": Field(shape=(5,))}, outputs={"a": Field(shape=(3,)), "b": Field(shape=(3,))}
    )
    model = ganzoo.discriminator_model(
        inputs, inputs, signature, make_initializer=lambda: keras.initializers.RandomNormal(stddev=0.02)
    )
    first, second = (layer.kernel for layer in model.layers if layer.weights)
    assert not (first.value == second.value).any()
