"""What the style losses share: layers, and the scale of each."""

from __future__ import annotations

from abc import abstractmethod

from ganzoo import Features, Tensor
from ganzoo_perceptual.feature_loss import FeatureLoss


class StyleLoss(FeatureLoss):
    """The sum over layers of a distance of activations, which are multiplied by the layer's scale before (1)."""

    def __init__(self, features: Features, layers: tuple[str, ...], scales: tuple[float, ...]) -> None:
        if not layers:
            raise ValueError(f"needs layers to compare, some of {', '.join(features.layers)}")
        if scales and len(scales) != len(layers):
            raise ValueError(f"needs a scale for each of its {len(layers)} layers, received {len(scales)}")
        super().__init__(features, layers)
        self.scales = scales

    def __call__(self, output: Tensor, target: Tensor) -> Tensor:
        found, wanted = self.activations(output, target)
        scales = self.scales or (1.0,) * len(self.layers)
        distances = [
            self.distance(scale * found[layer], scale * wanted[layer])
            for layer, scale in zip(self.layers, scales, strict=True)
        ]
        return sum(distances[1:], distances[0])

    @abstractmethod
    def distance(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the distance of two batches of activations (n, h, w, c), a scalar; places may differ in number."""
