"""Weights by gradient normalization."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from annotated_types import Ge, Gt

from ganzoo import Comparison, Player, PlayerName, RecipeError, Tensor, Variable
from ganzoo_loss_weights.learned_weights import LearnedWeights

#: A weight that would fall to zero or below would never be felt again.
_SMALLEST = 1e-3


class GradNorm(LearnedWeights):
    """Weighs losses so that all learn at similar rates (GradNorm, arXiv 1711.02257).

    At the kernel of `layer`, the last that the losses share, each weighted loss has a gradient of some norm G. The
    weights move down the sum of |G - mean(G) r^alpha|, where r is how much of the loss is left, L / L(0), over the
    mean of that; the mean and r carry no gradient. They start at 1 and are brought to the same sum after each step.
    As in the paper, with `learning_rate` 0.025; `alpha` there is 1.5 where losses differ much, and 0.12 for NYUv2. Here
    weights stay above 0.001. L(0) is the loss of the first step in which all are active. `losses` are the keys of
    losses in the log. The weights are in the log.
    """

    def __init__(
        self,
        *,
        losses: tuple[str, ...],
        layer: str = "trunk",
        network: str = "generator",
        alpha: Annotated[float, Ge(0)] = 1.5,
        learning_rate: Annotated[float, Gt(0)] = 0.025,
    ) -> None:
        super().__init__(losses=losses, learning_rate=learning_rate)
        self.layer = layer
        self.network = network
        self.alpha = alpha

    @property
    def start(self) -> float:
        return 1.0

    def build(self, players: Mapping[PlayerName, Player], comparisons: Mapping[str, Comparison]) -> None:
        import keras

        super().build(players, comparisons)
        self._kernel(players["generator"])
        #: The losses of the first step; zeros before it.
        self._first = keras.Variable([0.0] * len(self.losses), dtype="float32", trainable=False, name="first")

    def factors(self, parameters: Tensor) -> Tensor:
        return parameters

    def gradient(self, parameters: Tensor, values: Tensor, player: Player) -> Tensor:
        import torch

        kernel = self._kernel(player)
        norms = torch.stack(
            [torch.autograd.grad(value, kernel, retain_graph=True)[0].float().norm() for value in values]
        )
        return weight_gradient(parameters, norms, self._left(values.detach()), self.alpha)

    def after(self, parameters: Tensor) -> None:
        parameters.clamp_(min=_SMALLEST)
        parameters.mul_(len(parameters) / parameters.sum())

    def state(self) -> Mapping[str, Variable]:
        return {**super().state(), "first": self._first}

    def _left(self, values: Tensor) -> Tensor:
        """Return L / L(0) of each loss."""
        import torch

        first = self._first.value.detach()
        first.copy_(torch.where(first == 0, values, first))
        left: Tensor = values / first
        return left

    def _kernel(self, player: Player) -> Tensor:
        network = player.networks.get(self.network)
        if network is None:
            raise RecipeError(f"there is no network '{self.network}'; there are {', '.join(player.networks)}")
        found = {layer.name: layer for layer in network.layers}
        if not hasattr(found.get(self.layer), "kernel"):
            known = ", ".join(name for name, layer in found.items() if hasattr(layer, "kernel"))
            raise RecipeError(f"'{self.network}' has no layer '{self.layer}' with a kernel; it has {known}")
        kernel: Tensor = found[self.layer].kernel.value
        return kernel


def weight_gradient(weights: Tensor, norms: Tensor, left: Tensor, alpha: float) -> Tensor:
    """Return the derivative of sum |w n - mean(w n) r^alpha| by w, the mean and r held; `norms` are those of w = 1."""
    weighted = weights * norms
    wanted = weighted.mean() * (left / left.mean()) ** alpha
    gradient: Tensor = (weighted - wanted).sign() * norms
    return gradient
