"""Keras' padding and cropping as numbers for torch."""

from __future__ import annotations


def same_padding(side: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """Return the zeros before and after one side for "same" padding; the odd one goes to the end, as in TensorFlow."""
    reach = (kernel - 1) * dilation
    total = reach if stride == 1 else max(0, (-(-side // stride) - 1) * stride + reach + 1 - side)
    return total // 2, total - total // 2


def transposed_crops(
    kernel: int, stride: int, dilation: int, padding: str, output_padding: int | None
) -> tuple[int, int]:
    """Return what Keras cuts off before and after one side of the full transposed convolution; zeros where negative.

    The full one has (side - 1) stride + (kernel - 1) dilation + 1 values.
    """
    full = (kernel - 1) * dilation + 1
    if padding == "valid":
        return 0, -(max(full, stride) - full if output_padding is None else output_padding)
    kept = stride + full - 2 if output_padding is None else full + full % 2 - 2 + output_padding
    before = min(kept // 2 + kept % 2, full - 1)
    return full - 1 - before, full - 1 - (kept - before)
