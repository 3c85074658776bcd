"""The perceptual loss."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Gt

from ganzoo import Features, Tensor
from ganzoo_perceptual.feature_loss import FeatureLoss


class Perceptual(FeatureLoss):
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
        super().__init__(features, (layer,))
        self.layer = layer
        self.scale = scale
        self.distance = distance

    def __call__(self, output: Tensor, target: Tensor) -> Tensor:
        found, wanted = self.activations(output, target)
        error = self.scale * (found[self.layer] - wanted[self.layer])
        return error.square().mean() if self.distance == "mse" else error.abs().mean()
