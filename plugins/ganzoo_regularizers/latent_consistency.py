"""Consistency under small steps of the latents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from annotated_types import Ge, Gt

from ganzoo import (
    Comparison,
    Player,
    PlayerName,
    Random,
    RecipeError,
    Regularizer,
    Step,
    Tensor,
    Verdict,
    logit_maps,
    sampling,
)
from ganzoo_regularizers.latent_pairs import generated, named_fakes

_NAME = "latent_consistency"


class LatentConsistency(Regularizer):
    """Lets small steps of the latents change fakes, but not what the discriminator says (zCR, arXiv 2002.04724).

    With T(z) = z + `sigma` N(0, 1), the discriminator's loss gets `discriminator_weight` E (D(G(z)) - D(G(T(z))))^2 and
    the generator's - `generator_weight` E (G(z) - G(T(z)))^2, a mean over all values of the fakes; classes and other
    conditions stay. The defaults are common for CIFAR-10; PyTorch-StudioGAN has 0.05, 20 and 0.5. Beside `consistency`
    with `fakes = true` it is ICR-GAN. Fakes are judged as they are made, whatever other regularizers change in the
    discriminator's inputs, so it does not go with `packing`. `field` names the fakes among the tensors that the task
    generates. It needs one generator, and calls it once more in each update.
    """

    def __init__(
        self,
        *,
        sigma: Annotated[float, Gt(0)] = 0.03,
        discriminator_weight: Annotated[float, Ge(0)] = 5.0,
        generator_weight: Annotated[float, Ge(0)] = 0.5,
        field: str = "sample",
    ) -> None:
        self.sigma = sigma
        self.discriminator_weight, self.generator_weight = discriminator_weight, generator_weight
        self.field = field

    def build(self, players: Mapping[PlayerName, Player], comparisons: Mapping[str, Comparison]) -> None:
        generators = players["generator"].networks
        if len(generators) != 1:
            raise RecipeError(f"{_NAME} needs one generator, there are {', '.join(generators)}")
        (self._generator,) = generators.values()

    def discriminator_penalty(self, judged: Verdict, *, step: Step, rng: Random) -> Tensor:
        import torch

        made = named_fakes(judged.fakes, self.field, _NAME)
        if judged.comparison.fake.shape[1:] != made.shape[1:]:
            raise RecipeError(f"{_NAME} needs a discriminator that judges single fakes; it does not go with packing")
        with torch.no_grad():
            moved = self._moved(judged.fakes, rng)
        before, after = (logit_maps(judged.comparison.fake_outputs(fakes)) for fakes in (made, moved))
        pairs = zip(before, after, strict=True)
        return self.discriminator_weight * torch.stack([_squared_difference(*pair) for pair in pairs]).sum()

    def generator_penalty(
        self, fakes: Mapping[str, Tensor], judged: Mapping[str, Verdict], *, step: Step, rng: Random
    ) -> Tensor:
        made = named_fakes(fakes, self.field, _NAME)
        return -self.generator_weight * _squared_difference(made, self._moved(fakes, rng))

    def _moved(self, fakes: Mapping[str, Tensor], rng: Random) -> Tensor:
        """Return the fakes of latents a small step away, of the same conditions."""
        latent = named_fakes(fakes, "latent", _NAME)
        near = {**fakes, "latent": latent + self.sigma * rng.normal(tuple(latent.shape))}
        inputs = {each.name: generated(near, each.name, _NAME) for each in self._generator.inputs}
        made = sampling.call_network(self._generator, inputs, training=True)
        moved: Tensor = made[self.field] if isinstance(made, Mapping) else made
        return moved


def _squared_difference(one: Tensor, other: Tensor) -> Tensor:
    return (one.float() - other.float()).square().mean()
