"""The generator for several tasks in plain Keras."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

from ganzoo import Field, Network, Signature, layers

if TYPE_CHECKING:
    from ganzoo_multi_task.multi_task_generator import MultiTaskGenerator

_INPUTS = {"image", "mask", "task"}


def generator(options: MultiTaskGenerator, signature: Signature) -> Network:
    """Return a shared trunk and a head for each output of the signature."""
    if set(signature.inputs) != _INPUTS:
        raise ValueError(f"works with the inputs image, mask and task, received {', '.join(signature.inputs)}")
    image = keras.Input((None, None, 3), name="image")
    mask = keras.Input((None, None, 1), name="mask")
    task = keras.Input((), name="task", dtype="int32")
    embedded = keras.layers.Embedding(signature.inputs["task"].num_classes, options.embedding)(task)
    values = _trunk(keras.layers.Concatenate()([image, mask]), embedded, options)
    heads = {
        name: _head(values, image, _scale(signature.inputs["image"], field), options.filters, name)
        for name, field in signature.outputs.items()
    }
    outputs = heads if len(heads) > 1 else next(iter(heads.values()))
    return keras.Model({"image": image, "mask": mask, "task": task}, outputs, name="multi_task_generator")


def _trunk(given: keras.KerasTensor, embedded: keras.KerasTensor, options: MultiTaskGenerator) -> keras.KerasTensor:
    start = values = _convolution(options.filters)(given)
    for _ in range(options.blocks):
        values = _block(values, embedded)
    return keras.layers.Add()([start, _convolution(options.filters, name="trunk")(values)])


def _block(values: keras.KerasTensor, embedded: keras.KerasTensor) -> keras.KerasTensor:
    """Return a residual block whose hidden channels have the scale and the offset of the task; (1, 0) at first."""
    filters = values.shape[-1]
    scale, offset = (
        keras.layers.Reshape((1, 1, filters))(
            layers.Dense(filters, kernel_initializer="zeros", bias_initializer=start)(embedded)
        )
        for start in ("ones", "zeros")
    )
    hidden = keras.layers.Multiply()([_convolution(filters)(values), scale])
    hidden = keras.layers.ReLU()(keras.layers.Add()([hidden, offset]))
    return keras.layers.Add()([values, _convolution(filters)(hidden)])


def _head(
    values: keras.KerasTensor, image: keras.KerasTensor, scale: int, filters: int, name: str
) -> keras.KerasTensor:
    hidden = keras.layers.ReLU()(_convolution(filters, name=f"{name}_hidden")(values))
    change = layers.Conv2D(3 * scale**2, 3, padding="same", kernel_initializer="zeros", name=f"{name}_change")(hidden)
    if scale > 1:
        change = layers.PixelShuffle(scale, order="keras")(change)
        image = layers.UpSampling2D(scale, interpolation="bilinear")(image)
    return keras.layers.Add(name=name)([image, change])


def _convolution(filters: int, *, name: str | None = None) -> keras.Layer:
    """Return a 3x3 convolution that starts with variance 1 / (3 fan_in), small enough for blocks without norm."""
    start = keras.initializers.VarianceScaling(1 / 3, mode="fan_in", distribution="uniform")
    return layers.Conv2D(filters, 3, padding="same", kernel_initializer=start, name=name)


def _scale(given: Field, made: Field) -> int:
    """Return how many times as large an output is; ValueError unless both sides grow by one whole number."""
    sides, wanted = given.sides[:2], made.sides[:2]
    scale = wanted[0] // sides[0]
    if scale < 1 or wanted != (sides[0] * scale, sides[1] * scale) or made.shape[-1] != given.shape[-1]:
        raise ValueError(f"enlarges RGB images by a whole number, but the task asks for {given} -> {made}")
    return scale
