"""The diversity term of DSGAN."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Gt

from ganzoo import Random, Regularizer, Step, Tensor, Verdict
from ganzoo_regularizers.latent_pairs import half_differences, named_fakes


@dataclass(frozen=True, kw_only=True)
class Diversity(Regularizer):
    """Rewards different fakes for different latents: -E min(d(fakes) / d(latents), limit) (DSGAN, arXiv 1901.09024).

    d is the mean absolute difference of a pair, one of each half of the batch. Unlike `mode_seeking` it is a mean over
    pairs, and what is different enough earns no more. `field` names the fakes among the tensors of the task.
    """

    limit: Annotated[float, Gt(0)] = 10.0
    field: str = "sample"

    def generator_penalty(
        self, fakes: Mapping[str, Tensor], judged: Mapping[str, Verdict], *, step: Step, rng: Random
    ) -> Tensor:
        made, latents = (
            half_differences(named_fakes(fakes, name, "diversity"), "diversity").mean(dim=1)
            for name in (self.field, "latent")
        )
        return -(made / latents).clamp(max=self.limit).mean()
