"""The inputs and the image of a network, read from its signature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras

from ganzoo.contracts.field import Field, Signature

_IMAGE_RANK = 3
_SMALLEST_SIDE = 8
#: Sides are a start of 4 to 7 pixels, doubled one or more times.
_SMALLEST_START = 4


@dataclass(frozen=True, kw_only=True)
class NetworkInputs:
    """The inputs of a network as Keras tensors.

    `model` is what `keras.Model` takes as inputs. `values` is what the network works on: the image of
    a discriminator, or all the floats that a generator is given, in one row per sample. `label` (batch,) are
    class numbers below `num_classes`; None and 0 for a network without a class label.
    """

    model: Any
    values: keras.KerasTensor
    label: keras.KerasTensor | None = None
    num_classes: int = 0

    def one_hot(self) -> keras.KerasTensor:
        """Return the label as (batch, num_classes); ValueError where there is none."""
        if self.label is None:
            raise ValueError("has no label")
        return keras.ops.one_hot(self.label, self.num_classes)


def generator_inputs(signature: Signature) -> NetworkInputs:
    """Return the inputs of a generator: rows of floats (latents, codes), and a class label where there is one.

    ValueError for any other input.
    """
    label, others = _label_of(signature.inputs)
    if not others or any(len(field.shape) != 1 or not _is_float(field) for field in others.values()):
        raise ValueError(f"works with rows of latents and a class label, received {_listed(signature.inputs)}")
    inputs = _inputs_of(signature.inputs)
    rows = [inputs[name] for name in others]
    values = rows[0] if len(rows) == 1 else keras.layers.Concatenate(name="latents")(rows)
    return _network_inputs(signature.inputs, inputs, values, label)


def discriminator_inputs(signature: Signature) -> NetworkInputs:
    """Return the inputs of a discriminator: one image, and a class label where there is one.

    ValueError for any other input.
    """
    label, others = _label_of(signature.inputs)
    if len(others) != 1 or len(next(iter(others.values())).shape) != _IMAGE_RANK:
        raise ValueError(
            f"works with one image (height x width x channels) and a class label, received {_listed(signature.inputs)}"
        )
    inputs = _inputs_of(signature.inputs)
    return _network_inputs(signature.inputs, inputs, inputs[next(iter(others))], label)


def image_to_judge(signature: Signature) -> Field:
    """Return the field of the image among the inputs of a discriminator; ValueError where there is none."""
    _, others = _label_of(signature.inputs)
    return _only_image(others, signature.inputs)


def image_to_make(signature: Signature) -> tuple[str, Field]:
    """Return the name and the field of the only output of a generator; ValueError unless an image in [-1, 1]."""
    image = _only_image(signature.outputs, signature.outputs)
    name = next(iter(signature.outputs))
    if (image.low, image.high) != (-1, 1):
        raise ValueError(f"gives images in [-1, 1], but '{name}' is {image}")
    return name, image


def image_scale(signature: Signature) -> int:
    """Return how much larger the output image is than the input image, both called `image` and RGB.

    ValueError unless both sides grow by the same whole number.
    """
    low, high = _rgb_sides(signature.inputs["image"]), _rgb_sides(signature.outputs["image"])
    scale = high[0] // low[0]
    if scale < 1 or high != (low[0] * scale, low[1] * scale):
        raise ValueError(f"enlarges both sides by a whole number, but the task asks for {low} -> {high}")
    return scale


def image_to_image(signature: Signature) -> tuple[Field, Field]:
    """Return the fields of the only input and the only output, images of one size; ValueError for anything else."""
    given, (_, made) = _only_image(signature.inputs, signature.inputs), image_to_make(signature)
    if given.shape[:2] != made.shape[:2]:
        raise ValueError(f"gives images of the size that it is given, received {given} and {made}")
    return given, made


def start_and_doublings(image: Field) -> tuple[int, int]:
    """Return from which side, 4 to 7 pixels, how many doublings lead to a square image: 28 is 7 doubled twice.

    ValueError for an image that is not square, and for sides that cannot be reached.
    """
    height, width, _ = image.sides if None not in image.shape else (0, 0, 0)
    doublings = max((height // _SMALLEST_START).bit_length() - 1, 0)
    start = height >> doublings
    if height != width or height < _SMALLEST_SIDE or start << doublings != height:
        raise ValueError(
            f"needs square images with a side of 8, 10, 12, 14, 16, 20, 24, 28, 32, ... (4 to 7, times 2^k), "
            f"received {image}"
        )
    return start, doublings


def label_maps(inputs: NetworkInputs, values: keras.KerasTensor) -> keras.KerasTensor:
    """Return feature maps with the class appended as maps of zeros and ones, one for each class (arXiv 1411.1784)."""
    height, width = values.shape[1:3]
    hot = keras.layers.Reshape((1, 1, inputs.num_classes))(inputs.one_hot())
    maps = keras.layers.UpSampling2D((height, width))(hot)
    return keras.layers.Concatenate()([values, maps])


def _network_inputs(
    fields: Mapping[str, Field], inputs: Mapping[str, keras.KerasTensor], values: keras.KerasTensor, label: str | None
) -> NetworkInputs:
    model = dict(inputs) if len(inputs) > 1 else values
    if label is None:
        return NetworkInputs(model=model, values=values)
    return NetworkInputs(model=model, values=values, label=inputs[label], num_classes=fields[label].num_classes)


def _inputs_of(fields: Mapping[str, Field]) -> dict[str, keras.KerasTensor]:
    return {
        name: keras.Input(field.shape, name=name, dtype="int32" if _is_label(field) else None)
        for name, field in fields.items()
    }


def _label_of(fields: Mapping[str, Field]) -> tuple[str | None, dict[str, Field]]:
    """Return the name of the class label, if there is one, and the other fields."""
    labels = [name for name, field in fields.items() if _is_label(field)]
    if len(labels) > 1:
        raise ValueError(f"works with one class label, received {_listed(fields)}")
    return next(iter(labels), None), {name: field for name, field in fields.items() if name not in labels}


def _only_image(fields: Mapping[str, Field], received: Mapping[str, Field]) -> Field:
    if len(fields) != 1 or len(next(iter(fields.values())).shape) != _IMAGE_RANK:
        raise ValueError(f"works with one image (height x width x channels), received {_listed(received)}")
    return next(iter(fields.values()))


def _rgb_sides(field: Field) -> tuple[int, int]:
    if None in field.shape or field.shape[2:] != (3,):
        raise ValueError(f"works on RGB images of a stated size, received {field}")
    height, width, _ = field.sides
    return height, width


def _is_label(field: Field) -> bool:
    return field.shape == () and field.dtype.startswith("int") and field.high is not None


def _is_float(field: Field) -> bool:
    return field.dtype.startswith("float") and None not in field.shape


def _listed(fields: Mapping[str, Field]) -> str:
    return ", ".join(f"'{name}' ({field})" for name, field in fields.items()) or "nothing"
