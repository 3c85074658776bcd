"""The mode-seeking penalty of MSGAN."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ganzoo import Random, Regularizer, Step, Tensor, Verdict
from ganzoo_regularizers.latent_pairs import half_differences, named_fakes

#: As in the authors' code: bounds the penalty when all fakes are the same.
_EPSILON = 1e-5


@dataclass(frozen=True, kw_only=True)
class ModeSeeking(Regularizer):
    """Penalises equal fakes for different latents: 1 / (d(fakes) / d(latents) + 1e-5) (MSGAN, arXiv 1903.05628).

    d is the mean absolute difference between the first and the second half of a batch, so the halves must differ in
    their latents only (and not in a condition). `field` names the fakes among the tensors that the task generates. The
    paper gives it the weight 1.
    """

    field: str = "sample"

    def generator_penalty(
        self, fakes: Mapping[str, Tensor], judged: Mapping[str, Verdict], *, step: Step, rng: Random
    ) -> Tensor:
        made, latents = (
            half_differences(named_fakes(fakes, name, "mode_seeking"), "mode_seeking").mean()
            for name in (self.field, "latent")
        )
        return 1 / (made / latents + _EPSILON)
