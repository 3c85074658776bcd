"""What losses on activations of a frozen network share."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Features, Network, PairLoss, RecipeError, Tensor


class FeatureLoss(PairLoss):
    """Compares activations of a frozen network. Images are RGB in [-1, 1]; the target's side carries no gradient."""

    def __init__(self, features: Features, layers: tuple[str, ...]) -> None:
        for layer in layers:
            if layer not in features.layers:
                raise ValueError(f"{features.label} has no layer '{layer}'; it has {', '.join(features.layers)}")
        self.features = features
        self.layers = layers
        self._network: Network | None = None

    def build(self) -> None:
        if self._network is None:
            self._network = self.features.build(self.layers)

    def activations(self, output: Tensor, target: Tensor) -> tuple[Mapping[str, Tensor], Mapping[str, Tensor]]:
        """Return the activations of both sides (batch, h, w, channels) by layer, in float32."""
        import torch

        if self._network is None:
            raise RecipeError(f"{type(self).__name__}: build() must be called before the first step")
        with torch.no_grad():
            wanted = self._network(target, training=False)
        found = self._network(output, training=False)
        return _in_float32(found), _in_float32(wanted)


def _in_float32(activations: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return what losses compute with: the network itself may compute in half precision."""
    return {name: values.float() for name, values in activations.items()}
