"""The drift penalty of ProGAN."""

from __future__ import annotations

from dataclasses import dataclass

from ganzoo import Random, Regularizer, Step, Tensor, Verdict, logit_maps


@dataclass(frozen=True, kw_only=True)
class Drift(Regularizer):
    """Keeps the logits of reals near 0: E D(real)^2 (ProGAN, arXiv 1710.10196, which gives it the weight 0.001)."""

    def discriminator_penalty(self, judged: Verdict, *, step: Step, rng: Random) -> Tensor:
        import torch

        return torch.stack([logits.float().square().mean() for logits in logit_maps(judged.real)]).sum()
