"""The style loss on means and deviations."""

from __future__ import annotations

from ganzoo import Features, Tensor
from ganzoo_perceptual.style_loss import StyleLoss

_EPSILON = 1e-5


class MomentStyle(StyleLoss):
    """Distance of the means and deviations that a frozen network's channels have in two images (AdaIN, 1703.06868).

    For each layer the squared difference of the means over places, plus that of the deviations, each as the mean over
    images and channels; the sum over `layers`. As in the authors' code, the variance is unbiased, plus 1e-5. Their
    network is normalized: its channels have the mean 1 in every layer. `scales`, one for each layer, brings another
    network's activations to that size. Images are RGB in [-1, 1] and may have other sides; the target's side carries no
    gradient.
    """

    def __init__(
        self,
        *,
        features: Features,
        layers: tuple[str, ...] = ("block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1"),
        scales: tuple[float, ...] = (),
    ) -> None:
        super().__init__(features, layers, scales)

    def distance(self, output: Tensor, target: Tensor) -> Tensor:
        pairs = zip(_moments(output), _moments(target), strict=True)
        means, deviations = ((one - other).square().mean() for one, other in pairs)
        return means + deviations


def _moments(activations: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and deviation over places, (batch, c), in float32."""
    rows = activations.float().flatten(1, 2)
    return rows.mean(dim=1), (rows.var(dim=1) + _EPSILON).sqrt()
