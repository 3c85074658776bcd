"""The logits of all comparisons in one update."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Tensor, Verdict, logit_maps


def real_and_fake(judged: Mapping[str, Verdict]) -> tuple[Tensor, Tensor]:
    """Return all logits of reals and all of fakes, flat."""
    import torch

    sides = ([verdict.real for verdict in judged.values()], [verdict.fake for verdict in judged.values()])
    real, fake = (
        torch.cat([logits.float().flatten() for outputs in side for logits in logit_maps(outputs)]) for side in sides
    )
    return real, fake
