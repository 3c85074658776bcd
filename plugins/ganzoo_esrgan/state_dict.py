"""The names and shapes of ESRGAN's generator in the state dicts that are published of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

#: From channels of the first convolution to the side of the squares that became channels.
_UNSHUFFLES: Mapping[int, Literal[1, 2, 4]] = {3: 1, 12: 2, 48: 4}
#: The first convolution in each way of naming; what a dense block's index stands in, in each.
_FIRST = ("conv_first.weight", "model.0.weight", "conv_first.weight")
_BLOCK = (r"body\.(\d+)\.rdb1\.conv1\.weight", r"model\.1\.sub\.(\d+)\.RDB1\.conv1\.0\.weight",
          r"RRDB_trunk\.(\d+)\.RDB1\.conv1\.weight")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """What a state dict is of."""

    filters: int
    blocks: int
    growth: int
    doublings: int
    unshuffle: Literal[1, 2, 4]


@dataclass(frozen=True)
class Convolution:
    """A convolution of 3x3 pixels: its layer, its channels, and its keys in each way of naming.

    These are those of BasicSR and Real-ESRGAN, of the first ESRGAN, and of BSRGAN.
    """

    layer: str
    inputs: int
    outputs: int
    keys: tuple[str, str, str]

    def shapes(self, naming: int) -> dict[str, tuple[int, ...]]:
        """Return the shapes of its weights by their keys."""
        key = self.keys[naming]
        return {f"{key}.weight": (self.outputs, self.inputs, 3, 3), f"{key}.bias": (self.outputs,)}


def convolutions(sizes: Sizes) -> Iterator[Convolution]:
    """Yield every convolution, in the order in which they compute."""
    wide, ups = sizes.filters, sizes.doublings
    yield Convolution("conv_first", 3 * sizes.unshuffle**2, wide, ("conv_first", "model.0", "conv_first"))
    for block in range(sizes.blocks):
        yield from _of_block(block, sizes)
    yield Convolution("conv_body", wide, wide, ("conv_body", f"model.1.sub.{sizes.blocks}", "trunk_conv"))
    for number in range(1, ups + 1):
        yield Convolution(
            f"conv_up{number}", wide, wide, (f"conv_up{number}", f"model.{3 * number}", f"upconv{number}")
        )
    yield Convolution("conv_hr", wide, wide, ("conv_hr", f"model.{3 * ups + 2}", "HRconv"))
    yield Convolution("conv_last", wide, 3, ("conv_last", f"model.{3 * ups + 4}", "conv_last"))


def _of_block(block: int, sizes: Sizes) -> Iterator[Convolution]:
    for dense in (1, 2, 3):
        for number in range(1, 6):
            inputs = sizes.filters + (number - 1) * sizes.growth
            outputs = sizes.growth if number < 5 else sizes.filters
            keys = (
                f"body.{block}.rdb{dense}.conv{number}",
                f"model.1.sub.{block}.RDB{dense}.conv{number}.0",
                f"RRDB_trunk.{block}.RDB{dense}.conv{number}",
            )
            yield Convolution(f"body_{block}_rdb{dense}_conv{number}", inputs, outputs, keys)


def sizes_of(shapes: Mapping[str, Sequence[int]]) -> Sizes | None:
    """Return what a state dict with these shapes is of; None unless it is exactly that of such a generator."""
    for naming in range(3):
        sizes = _read(shapes, naming)
        if sizes is not None and shapes == _shapes(sizes, naming):
            return sizes
    return None


def _shapes(sizes: Sizes, naming: int) -> dict[str, tuple[int, ...]]:
    return {key: shape for each in convolutions(sizes) for key, shape in each.shapes(naming).items()}


def _read(shapes: Mapping[str, Sequence[int]], naming: int) -> Sizes | None:
    """Return the sizes that the first kernels tell, and the number of kernels."""
    first = shapes.get(_FIRST[naming], ())
    blocks = [key for key in shapes if re.fullmatch(_BLOCK[naming], key)]
    if len(first) != 4 or first[1] not in _UNSHUFFLES or not blocks:
        return None
    kernels = sum(key.endswith(".weight") for key in shapes)
    return Sizes(
        filters=first[0],
        blocks=len(blocks),
        growth=next(iter(shapes[blocks[0]]), 0),
        doublings=kernels - 15 * len(blocks) - 4,
        unshuffle=_UNSHUFFLES[first[1]],
    )
