"""What tasks that generate have in common: which fields can be generated, and calls of a generator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ganzoo.contracts.field import Field
from ganzoo.errors import DataError
from ganzoo.sampling.examples import in_chunks, to_edge

if TYPE_CHECKING:
    from ganzoo.contracts.results import Trained
    from ganzoo.contracts.tensor import Array, Network, Tensor

_IMAGE_AXES = 3


def sample_field(name: str, fields: Mapping[str, Field]) -> Field:
    """Return what networks see of field `name`: images in [-1, 1], points as they are; DataError if it is neither."""
    if name not in fields:
        offered = ", ".join(f"'{known}' ({field})" for known, field in fields.items()) or "(none)"
        raise DataError(f"the data have no field '{name}' to generate; set task.field to one of: {offered}")
    field = fields[name]
    if None not in field.shape:
        if field.dtype == "uint8" and len(field.shape) == _IMAGE_AXES and field.shape[-1] in (1, 3):
            return Field(shape=field.shape, low=-1, high=1)
        if field.dtype.startswith("float") and len(field.shape) == 1 and field.shape[0] != 1:
            return Field(shape=field.shape, low=field.low, high=field.high)
    if field.dtype == "uint8" and len(field.shape) == _IMAGE_AXES and field.shape[-1] in (1, 3):
        raise DataError(
            f"field '{name}' is {field}; generation needs images of one size; --set data.size=64 brings all images "
            "of a folder to 64x64"
        )
    raise DataError(
        f"field '{name}' is {field}; generation needs images of one size (uint8, height x width x 1 or 3) "
        "or points (floats, 2 or more values)"
    )


def made_shape(trained: Trained) -> tuple[int, ...]:
    """Return the shape of what a trained generator makes."""
    return tuple(trained.networks["generator"].output_shape[1:])


def check_held_out(name: str, shape: Sequence[object], made: Sequence[int]) -> None:
    """DataError when held-out examples have another shape than what the generator makes."""
    if tuple(shape) != tuple(made):
        given, wanted = ("x".join(map(str, sides)) for sides in (shape, made))
        raise DataError(
            f"held-out data: field '{name}' is {given}, but the training data have {wanted}; name data of this shape, "
            "or the folder of [data] once more, of which a part is then held out: --set validation=PATH"
        )


def call_network(network: Network, inputs: Mapping[str, Tensor], *, training: bool = False) -> Any:
    """Call a network as its signature says: with a tensor where it has one input, with a dict otherwise."""
    return network(dict(inputs) if len(inputs) > 1 else next(iter(inputs.values())), training=training)


def made_by(network: Network, inputs: Mapping[str, Tensor]) -> Array:
    """Return what a trained generator makes of these inputs, as the data have it: images as uint8."""

    def part(*values: Tensor) -> Tensor:
        made: Tensor = call_network(network, dict(zip(inputs, values, strict=True)))
        return made

    return to_edge(in_chunks(part, *inputs.values()))
