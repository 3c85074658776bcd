"""Random inputs of a network, at more than one size."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from ganzoo.contracts.field import Field
from ganzoo.contracts.tensor import Array
from ganzoo.exporting.product import Product, Shape, input_shapes

#: A free size about which nothing is known.
_SIDE = 16


def example(product: Product, batch: int, *, seed: int) -> dict[str, Array]:
    """Return random inputs by name.

    Free sizes are those that the network was made for, every other of them doubled: the first, third, ... for even
    seeds, the second, fourth, ... for odd ones.
    """
    rng = np.random.default_rng(seed)
    shapes = input_shapes(product.network, product.signature)
    return {
        name: _values(field, (batch, *_sides(field, shapes[name], seed)), rng)
        for name, field in product.signature.inputs.items()
    }


def outputs_by_name(product: Product, given: dict[str, Array]) -> dict[str, Array]:
    """Return what a network makes of inputs, in inference."""
    inputs: Any = given if len(given) > 1 else next(iter(given.values()))
    found = product.network(inputs, training=False)
    named = found if isinstance(found, dict) else {next(iter(product.signature.outputs)): found}
    return {name: keras.ops.convert_to_numpy(named[name]) for name in product.signature.outputs}


def _sides(field: Field, shape: Shape, seed: int) -> list[int]:
    sides, free = [], seed
    for made_for, side in zip(field.shape, shape, strict=True):
        if isinstance(side, int):
            sides.append(side)
            continue
        usual = made_for if isinstance(made_for, int) else _SIDE
        sides.append(usual * (1 + (free + 1) % 2))
        free += 1
    return sides


def _values(field: Field, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    dtype = np.dtype(field.dtype)
    if dtype.kind != "f":
        low, high = int(field.low or 0), int(field.high or 0)
        return rng.integers(low, high, shape, endpoint=True).astype(dtype)
    if field.low is None or field.high is None:
        return rng.normal(size=shape).astype(dtype)
    return rng.uniform(field.low, field.high, shape).astype(dtype)
