"""Values whose gradient is scaled on its way back."""

from __future__ import annotations

from ganzoo import Tensor


def scale_gradient(values: Tensor, factor: float) -> Tensor:
    """Return the same values; what lies before them receives `factor` times the gradient."""
    scaled = values.view_as(values)
    if scaled.requires_grad:
        scaled.register_hook(lambda gradient: gradient * factor)  # type: ignore[no-untyped-call]
    return scaled
