"""The convolutions of each VGG network (Simonyan and Zisserman 2015, arXiv 1409.1556)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from ganzoo_perceptual.weights import Shapes

_CHANNELS = (64, 128, 256, 512, 512)

#: How many convolutions each block has.
VGG16_COUNTS = (2, 2, 3, 3, 3)
VGG19_COUNTS = (2, 2, 4, 4, 4)


def conv_shapes(counts: tuple[int, ...], layers: tuple[str, ...]) -> Shapes:
    """Return (inputs, outputs) of each convolution as far as the deepest of `layers`; ValueError if one is unknown."""
    names = layer_names(counts)
    unknown = [layer for layer in layers if layer not in names]
    if unknown:
        raise ValueError(f"there is no layer {', '.join(unknown)}; there are {', '.join(names)}")
    needed = max(names.index(layer) for layer in layers) // 2 + 1
    return dict(islice(_conv_shapes(counts), needed))


def layer_names(counts: tuple[int, ...]) -> tuple[str, ...]:
    """Return every layer that can be asked for: after the activation, and `..._pre` before it."""
    return tuple(name + ending for name, _ in _conv_shapes(counts) for ending in ("_pre", ""))


def _conv_shapes(counts: tuple[int, ...]) -> Iterator[tuple[str, tuple[int, int]]]:
    inputs = 3
    for block, (count, outputs) in enumerate(zip(counts, _CHANNELS, strict=True), start=1):
        for number in range(1, count + 1):
            yield f"block{block}_conv{number}", (inputs, outputs)
            inputs = outputs
