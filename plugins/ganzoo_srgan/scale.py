"""The scale that a task asks a generator for."""

from __future__ import annotations

from ganzoo import Field, Signature


def scale_of(signature: Signature) -> int:
    """Return how much larger the output is than the input; ValueError unless both sides grow by one whole number."""
    low, high = _sides(signature.inputs["image"]), _sides(signature.outputs["image"])
    scale = high[0] // low[0]
    if scale < 1 or high != (low[0] * scale, low[1] * scale):
        raise ValueError(f"enlarges both sides by a whole number, but the task asks for {low} -> {high}")
    return scale


def _sides(field: Field) -> tuple[int, int]:
    height, width, channels = field.shape
    if height is None or width is None or channels != 3:
        raise ValueError(f"works on RGB images of a stated size, received {field}")
    return height, width
