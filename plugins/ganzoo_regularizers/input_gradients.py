"""The gradient of a discriminator with respect to its input."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ganzoo import Tensor, logit_maps


def input_gradients(judge: Callable[[Tensor], Mapping[str, Any]], samples: Tensor) -> Tensor:
    """Return the gradient of the summed logits at each sample as float32 (batch, values).

    `judge` is `outputs` or `fake_outputs` of a comparison. The result can be differentiated again with respect to the
    discriminator's weights; nothing flows back into `samples`.
    """
    import torch

    points = samples.detach().float().requires_grad_()
    total = sum((logits.float().sum() for logits in logit_maps(judge(points))), torch.zeros((), device=points.device))
    (gradients,) = torch.autograd.grad(total, points, create_graph=True)
    return gradients.flatten(1)
