"""The gradient of a discriminator with respect to its input."""

from __future__ import annotations

from ganzoo import Comparison, Tensor


def input_gradients(comparison: Comparison, images: Tensor) -> Tensor:
    """Return the gradient of the summed logits at each image as float32 (batch, values).

    It can be differentiated again with respect to the discriminator's weights; nothing flows back into `images`.
    """
    import torch

    points = images.detach().float().requires_grad_()
    logits = comparison.logits(points).float()
    (gradients,) = torch.autograd.grad(logits.sum(), points, create_graph=True)
    return gradients.flatten(1)
