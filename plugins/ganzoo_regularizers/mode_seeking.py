"""The mode-seeking penalty of MSGAN."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ganzoo import Random, RecipeError, Regularizer, Step, Tensor, Verdict

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
        ratio = _half_distance(_take(fakes, self.field)) / _half_distance(_take(fakes, "latent"))
        return 1 / (ratio + _EPSILON)


def _take(fakes: Mapping[str, Tensor], name: str) -> Tensor:
    if name not in fakes:
        offered = ", ".join(f"'{known}'" for known in fakes)
        raise RecipeError(f"mode_seeking needs '{name}' among the tensors that the task generates; they are {offered}")
    return fakes[name].float()


def _half_distance(values: Tensor) -> Tensor:
    half = len(values) // 2
    if half == 0:
        raise RecipeError("mode_seeking compares the halves of a batch; train.batch_size must be 2 or more")
    return (values[:half] - values[half : 2 * half]).abs().mean()
