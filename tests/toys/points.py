"""What the toy tasks share: 2-D points, tiny networks, and the parts of a task that are not about learning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ganzoo import LOGITS, Architecture, Dataset, Field, NetworkSpec, Signature, Source, Task

POINT = Field(shape=(2,))


class Rows(Source):
    def __init__(self, columns, fields):
        self.columns, self.fields = columns, fields

    def __len__(self):
        return len(next(iter(self.columns.values())))

    def __getitem__(self, index):
        return {name: values[index] for name, values in self.columns.items()}


@dataclass(frozen=True, kw_only=True)
class Blobs(Dataset):
    """Points around three labelled centres, and a second set of points elsewhere."""

    count: int = 64

    def open(self):
        rng = np.random.default_rng(0)
        label = np.arange(self.count) % 3
        centres = np.array([[0, 1], [1, -1], [-1, -1]])
        columns = {
            "point": (centres[label] + rng.normal(0, 0.1, (self.count, 2))).astype(np.float32),
            "other": rng.normal(2, 0.3, (self.count, 2)).astype(np.float32),
            "label": label.astype(np.int32),
            "token": (label % 2).astype(np.int32),
        }
        label_field = Field(shape=(), dtype="int32", low=0, high=2, names=("top", "right", "left"))
        token_field = Field(shape=(), dtype="int32", low=0, high=1)
        return Rows(columns, {"point": POINT, "other": POINT, "label": label_field, "token": token_field})


class ToyTask(Task):
    """The parts of a task that the toys have in common; what they show is the default."""

    kept: ClassVar[tuple[str, ...]] = ("point",)

    def prepare(self, example, context):
        return {name: example[name] for name in self.kept}


def spec(name, role, inputs, outputs, player=None, product=None):
    signature = Signature(inputs=inputs, outputs=outputs)
    return NetworkSpec(name=name, role=role, player=player or role, signature=signature, product=product)


def head(values, name, field):
    import keras

    shape = (1,) if field == LOGITS else field.sides
    flat = keras.layers.Dense(int(np.prod(shape)), name=f"{name}_head")(values)
    return flat if len(shape) == 1 else keras.layers.Reshape(shape)(flat)


def dense_network(signature, hidden=8):
    """Concatenate all inputs, one hidden layer, one linear head for each output; `features` is the hidden layer."""
    import keras

    inputs = {name: keras.Input(field.shape, name=name) for name, field in signature.inputs.items()}
    flat = [keras.layers.Flatten()(value) for value in inputs.values()]
    hidden_values = keras.layers.Dense(hidden, activation="tanh")(
        keras.layers.Concatenate()(flat) if len(flat) > 1 else flat[0]
    )
    outputs = {
        name: hidden_values if name == "features" else head(hidden_values, name, field)
        for name, field in signature.outputs.items()
    }
    one_in, one_out = len(inputs) == 1, len(outputs) == 1
    return keras.Model(
        next(iter(inputs.values())) if one_in else inputs, next(iter(outputs.values())) if one_out else outputs
    )


@dataclass(frozen=True, kw_only=True)
class ToyGenerator(Architecture):
    """One hidden layer."""

    role: ClassVar[str] = "generator"

    def build(self, signature):
        return dense_network(signature)


@dataclass(frozen=True, kw_only=True)
class ToyDiscriminator(Architecture):
    """One hidden layer."""

    role: ClassVar[str] = "discriminator"

    def build(self, signature):
        return dense_network(signature)


@dataclass(frozen=True, kw_only=True)
class ToyEncoder(Architecture):
    """One hidden layer."""

    role: ClassVar[str] = "encoder"

    def build(self, signature):
        return dense_network(signature)


ARCHITECTURES = {"toy_generator": ToyGenerator, "toy_discriminator": ToyDiscriminator, "toy_encoder": ToyEncoder}
