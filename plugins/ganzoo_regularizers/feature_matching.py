"""Feature matching."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ganzoo import Field, Random, Regularizer, Signature, Step, Tensor, Verdict


@dataclass(frozen=True, kw_only=True)
class FeatureMatching(Regularizer):
    """Penalises a difference between the mean features of reals and of fakes (Salimans 2016, arXiv 1606.03498).

    Means are taken over the batch, then the squared differences are averaged over the features: those before the
    logits, or the output of the discriminator's layer `layer`. It trains the generator only, beside an adversarial loss
    of small weight, or in its place.
    """

    layer: str | None = None

    def discriminator_signature(self, signature: Signature) -> Signature:
        return signature.with_outputs(**{self._output: Field(shape=(...,))})

    def generator_penalty(
        self, fakes: Mapping[str, Tensor], judged: Mapping[str, Verdict], *, step: Step, rng: Random
    ) -> Tensor:
        import torch

        return torch.stack([self._distance(verdict) for verdict in judged.values()]).sum()

    @property
    def _output(self) -> str:
        return "features" if self.layer is None else f"features/{self.layer}"

    def _distance(self, verdict: Verdict) -> Tensor:
        real, fake = (side[self._output].mean(dim=0) for side in (verdict.real, verdict.fake))
        distance: Tensor = (real - fake).square().mean()
        return distance
