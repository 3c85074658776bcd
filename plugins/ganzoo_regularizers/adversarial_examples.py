"""Training the discriminator on adversarial examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from annotated_types import Gt

from ganzoo import Random, Regularizer, Step, Tensor, Verdict, logit_maps


@dataclass(frozen=True, kw_only=True)
class AdversarialExamples(Regularizer):
    """The discriminator's cross-entropy where it is most easily misled: at x + epsilon * sign(gradient).

    Each real and each fake is moved by `epsilon` (images are in [-1, 1]) in the direction that raises its own
    cross-entropy, by the fast gradient sign method (Goodfellow 2015, arXiv 1412.6572), and is judged there too:
    E softplus(-D(moved real)) + E softplus(D(moved fake)).
    """

    epsilon: Annotated[float, Gt(0)] = 0.03

    def discriminator_penalty(self, judged: Verdict, *, step: Step, rng: Random) -> Tensor:
        comparison = judged.comparison
        on_real = self._loss_where_misled(comparison.outputs, comparison.real, -1.0)
        return on_real + self._loss_where_misled(comparison.fake_outputs, comparison.fake, 1.0)

    def _loss_where_misled(self, judge: Callable[[Tensor], Mapping[str, Any]], samples: Tensor, sign: float) -> Tensor:
        import torch

        points = samples.detach().float().requires_grad_()
        (gradient,) = torch.autograd.grad(_cross_entropy(judge(points), sign), points)
        return _cross_entropy(judge(points.detach() + self.epsilon * gradient.sign()), sign)


def _cross_entropy(outputs: Mapping[str, Any], sign: float) -> Tensor:
    import torch
    from torch.nn.functional import softplus

    return torch.stack([softplus(sign * logits.float()).mean() for logits in logit_maps(outputs)]).sum()
