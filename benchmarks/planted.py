"""Components that fail in one known way, for the study of the doctor."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Ge

from ganzoo import AdversarialLoss, Architecture, Array, Dataset, Network, Signature, Source, Tensor


@dataclass(frozen=True, kw_only=True)
class OnePoint(Architecture):
    """A generator that makes one learned point of every latent."""

    role: ClassVar[str] = "generator"

    def build(self, signature: Signature) -> Network:
        import keras

        inputs, latent = _inputs(signature)
        nothing = keras.layers.Rescaling(0.0)(latent)
        return keras.Model(inputs, _output(keras.layers.Dense(16)(nothing), signature))


@dataclass(frozen=True, kw_only=True)
class OneMode(Architecture):
    """A generator that leaves one place of the space by no more than `width`."""

    role: ClassVar[str] = "generator"
    width: float = 0.05

    def build(self, signature: Signature) -> Network:
        import keras

        inputs, latent = _inputs(signature)
        hidden = keras.layers.Dense(64, activation="relu")(latent)
        near = keras.layers.Dense(32, activation="tanh", kernel_initializer="zeros")(
            keras.layers.Rescaling(0.0)(latent)
        )
        [field] = signature.outputs.values()
        place = keras.layers.Dense(prod(field.sides), bias_initializer=keras.initializers.RandomNormal(stddev=1.0))(
            near
        )
        spread = keras.layers.Dense(prod(field.sides), activation="tanh")(hidden)
        flat = keras.layers.Add()([place, keras.layers.Rescaling(self.width)(spread)])
        flat = flat if field.low is None else keras.layers.Activation("tanh")(flat)
        return keras.Model(inputs, keras.layers.Reshape(field.sides)(flat))


@dataclass(frozen=True, kw_only=True)
class Quadrant(Architecture):
    """A generator of points whose coordinates are all above 0: it reaches three of the eight modes of the ring."""

    role: ClassVar[str] = "generator"

    def build(self, signature: Signature) -> Network:
        import keras

        inputs, values = _inputs(signature)
        for _ in range(2):
            values = keras.layers.Dense(64, activation="relu")(values)
        return keras.Model(inputs, keras.ops.absolute(_output(values, signature)))


@dataclass(frozen=True, kw_only=True)
class Dead(Architecture):
    """A generator whose units are all below 0 for every latent."""

    role: ClassVar[str] = "generator"

    def build(self, signature: Signature) -> Network:
        import keras

        inputs, values = _inputs(signature)
        for _ in range(2):
            below = keras.initializers.Constant(-50.0)
            values = keras.layers.Dense(64, activation="relu", bias_initializer=below)(values)
        return keras.Model(inputs, _output(values, signature))


@dataclass(frozen=True, kw_only=True)
class DeepSigmoid(Architecture):
    """A generator of so many layers of sigmoids, through which no gradient comes."""

    role: ClassVar[str] = "generator"
    layers: Annotated[int, Ge(1)] = 16

    def build(self, signature: Signature) -> Network:
        import keras

        inputs, values = _inputs(signature)
        for _ in range(self.layers):
            values = keras.layers.Dense(32, activation="sigmoid")(values)
        return keras.Model(inputs, _output(values, signature))


@dataclass(frozen=True, kw_only=True)
class Copying(Architecture):
    """A generator that gives back examples of the digits, with changes too small to see."""

    role: ClassVar[str] = "generator"

    def build(self, signature: Signature) -> Network:
        import keras

        [field] = signature.outputs.values()
        known = _digits_as_floats(field.sides)
        inputs, latent = _inputs(signature)
        choice = keras.layers.Dense(
            len(known), use_bias=False, trainable=False, kernel_initializer=keras.initializers.RandomNormal(stddev=50.0)
        )(latent)
        chosen = keras.layers.Dense(
            known.shape[1], use_bias=False, trainable=False, kernel_initializer=keras.initializers.Zeros(), name="known"
        )
        copy = chosen(keras.layers.Softmax()(choice))
        change = keras.layers.Dense(known.shape[1], activation="tanh", kernel_initializer="zeros")(latent)
        flat = keras.layers.Add()([copy, keras.layers.Rescaling(0.02)(change)])
        network = keras.Model(inputs, keras.layers.Reshape(field.sides)(flat))
        network.get_layer("known").set_weights([known])
        return network


@dataclass(frozen=True, kw_only=True)
class Unconditional(Architecture):
    """A generator that is not told what is asked for: `of` without the label."""

    role: ClassVar[str] = "generator"
    of: Architecture

    def build(self, signature: Signature) -> Network:
        import keras

        latent = {"latent": signature.inputs["latent"]}
        network = self.of.build(Signature(inputs=latent, outputs=signature.outputs))
        label = keras.Input((), dtype="int32", name="label")
        [given] = network.inputs
        return keras.Model({"latent": given, "label": label}, network.outputs[0])


@dataclass(frozen=True, kw_only=True)
class ShuffledLabels(Dataset):
    """The data of `of` with the labels of other examples."""

    of: Dataset
    seed: Annotated[int, Ge(0)] = 0

    def open(self) -> Source:
        return _Shuffled(self.of.open(), self.seed)


class _Shuffled(Source):
    def __init__(self, source: Source, seed: int) -> None:
        self._source = source
        self._order = np.random.Generator(np.random.PCG64(seed)).permutation(len(source))
        self.fields = source.fields

    def __len__(self) -> int:
        return len(self._source)

    def __getitem__(self, index: int) -> dict[str, Array]:
        label = self._source[int(self._order[index])]["label"]
        return {**self._source[index], "label": label}


@dataclass(frozen=True, kw_only=True)
class BreaksLater(AdversarialLoss):
    """A loss whose discriminator's part is not a number once it knows the reals."""

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        return ((real_logits - 1) ** 2).mean() + (0.3 - real_logits.mean()).sqrt()

    def generator_loss(self, fake_logits: Tensor) -> Tensor:
        return ((fake_logits - 1) ** 2).mean()


COMPONENTS: dict[str, Any] = {
    "planted_one_point": OnePoint,
    "planted_one_mode": OneMode,
    "planted_quadrant": Quadrant,
    "planted_dead": Dead,
    "planted_deep_sigmoid": DeepSigmoid,
    "planted_copying": Copying,
    "planted_unconditional": Unconditional,
    "planted_shuffled_labels": ShuffledLabels,
    "planted_breaks_later": BreaksLater,
}


def _inputs(signature: Signature) -> tuple[Any, Any]:
    import keras

    inputs = {name: keras.Input(field.sides, name=name) for name, field in signature.inputs.items()}
    [latent] = inputs.values()
    return latent, latent


def _output(values: Any, signature: Signature) -> Any:
    import keras

    [field] = signature.outputs.values()
    flat = keras.layers.Dense(prod(field.sides), activation=None if field.low is None else "tanh")(values)
    return keras.layers.Reshape(field.sides)(flat)


def _digits_as_floats(sides: tuple[int, ...]) -> Array:
    from sklearn.datasets import load_digits

    held_out = np.arange(1797) % 6 == 0
    pixels = load_digits().images[~held_out].reshape(-1, prod(sides))
    return (np.rint(pixels * (255 / 16)) / 127.5 - 1).astype(np.float32)
