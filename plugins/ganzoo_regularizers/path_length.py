"""Path length regularization of StyleGAN2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from annotated_types import Ge, Gt, Lt

from ganzoo import (
    Comparison,
    Network,
    Player,
    PlayerName,
    Random,
    RecipeError,
    Regularizer,
    Step,
    Tensor,
    Variable,
    Verdict,
)
from ganzoo_regularizers.latent_pairs import named_fakes

#: Keeps the square root differentiable where the generator is flat.
_EPSILON = 1e-12


class PathLength(Regularizer):
    """Wants a step in latent space to change the image equally everywhere (StyleGAN2, arXiv 1912.04958).

    E (||J^T y|| - a)^2 with y from N(0, 1) / sqrt(pixels), J the Jacobian of the generator at the latents of the fakes,
    and a the exponential moving average of the norms, which includes the current ones. Only every `shrink`-th latent of
    the batch is used. The paper has weight 2 and `interval = 4`, for the intermediate latents of its mapping network;
    this takes what the generator is given, which must be latents alone. Normalizations use their moving statistics.
    """

    def __init__(self, *, decay: Annotated[float, Gt(0), Lt(1)] = 0.01, shrink: Annotated[int, Ge(1)] = 2) -> None:
        self.decay, self.shrink = decay, shrink
        self._generators: dict[str, Network] = {}

    def build(self, players: Mapping[PlayerName, Player], comparisons: Mapping[str, Comparison]) -> None:
        import keras

        self._generators = dict(players["generator"].networks)
        generator = next(iter(self._generators.values()))
        if len(self._generators) != 1 or len(generator.inputs) != 1 or len(generator.inputs[0].shape) != 2:
            raise RecipeError("path_length needs one generator whose only input are latents")
        self._mean = keras.Variable(0.0, trainable=False)

    def generator_penalty(
        self, fakes: Mapping[str, Tensor], judged: Mapping[str, Verdict], *, step: Step, rng: Random
    ) -> Tensor:
        import torch

        latents = named_fakes(fakes, "latent", "path_length")[:: self.shrink].detach().requires_grad_()
        (generator,) = self._generators.values()
        images = generator(latents, training=False)
        pixels = images[0, ..., 0].numel()
        noise = rng.normal(tuple(images.shape)) / pixels**0.5
        (products,) = torch.autograd.grad((images * noise).sum(), latents, create_graph=True)
        lengths = (products.square().sum(dim=1) + _EPSILON).sqrt()
        mean = self._mean.value.detach() + self.decay * (lengths.mean() - self._mean.value.detach())
        self._mean.value.data.copy_(mean.detach())
        penalty: Tensor = (lengths - mean).square().mean()
        return penalty

    def state(self) -> Mapping[str, Variable]:
        return {"mean": self._mean}

    def report(self) -> Mapping[str, Tensor | float]:
        return {"length": self._mean.value}
