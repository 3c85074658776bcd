"""The perceptual loss."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Gt

from ganzoo import Features, Tensor
from ganzoo_perceptual.feature_loss import FeatureLoss


class Perceptual(FeatureLoss):
    """Distance between activations of a frozen network instead of between pixels (arXiv 1603.08155; SRGAN's VGG loss).

    Mean over all activations of the squared (or absolute) difference, after multiplying them by `scale`: SRGAN's
    1/12.75 brings VGG54 (`block5_conv4` of VGG19, after the activation) to the size of the pixel loss. ESRGAN compares
    `block5_conv4_pre`, before it. Several layers are summed, each times 1 or its number in `layer_weights`. Images are
    RGB in [-1, 1]; the target's side carries no gradient.
    """

    def __init__(
        self,
        *,
        features: Features,
        layer: str | tuple[str, ...] = "block5_conv4",
        layer_weights: tuple[Annotated[float, Gt(0)], ...] | None = None,
        scale: Annotated[float, Gt(0)] = 1 / 12.75,
        distance: Literal["mse", "l1"] = "mse",
    ) -> None:
        layers = (layer,) if isinstance(layer, str) else layer
        super().__init__(features, layers)
        self.weights = (1.0,) * len(layers) if layer_weights is None else layer_weights
        if not layers or len(self.weights) != len(layers):
            raise ValueError(f"needs a weight for each layer, received {len(self.weights)} for {len(layers)} layers")
        self.scale = scale
        self.distance = distance

    def __call__(self, output: Tensor, target: Tensor) -> Tensor:
        found, wanted = self.activations(output, target)
        distances = [
            weight * self._distance(found[layer], wanted[layer])
            for layer, weight in zip(self.layers, self.weights, strict=True)
        ]
        return sum(distances[1:], distances[0])

    def _distance(self, found: Tensor, wanted: Tensor) -> Tensor:
        error = self.scale * (found - wanted)
        return error.square().mean() if self.distance == "mse" else error.abs().mean()
