from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Gt

from ganzoo import Features, Network, PairLoss, RecipeError, Tensor


class Perceptual(PairLoss):
    """Distance between activations of a frozen network instead of between pixels (arXiv 1603.08155; SRGAN's VGG loss).

    Mean over all activations of the squared (or absolute) difference, after multiplying them by `scale`: SRGAN's
    1/12.75 brings VGG54 (`block5_conv4` of VGG19, after the activation) to the size of the pixel loss. Images are RGB
    in [-1, 1]; the target's side carries no gradient.
    """

    def __init__(
        self,
        *,
        features: Features,
        layer: str = "block5_conv4",
        scale: Annotated[float, Gt(0)] = 1 / 12.75,
        distance: Literal["mse", "l1"] = "mse",
    ) -> None:
        if layer not in features.layers:
            raise ValueError(f"{features.label} has no layer '{layer}'; it has {', '.join(features.layers)}")
        self.features = features
        self.layer = layer
        self.scale = scale
        self.distance = distance
        self._network: Network | None = None

    def build(self) -> None:
        if self._network is None:
            self._network = self.features.build((self.layer,))

    def __call__(self, output: Tensor, target: Tensor) -> Tensor:
        import torch

        with torch.no_grad():
            wanted = self._activations(target)
        error = self.scale * (self._activations(output) - wanted)
        return error.square().mean() if self.distance == "mse" else error.abs().mean()

    def _activations(self, image: Tensor) -> Tensor:
        if self._network is None:
            raise RecipeError("perceptual: build() must be called before the first step")
        found: Tensor = self._network(image, training=False)[self.layer]
        return found
