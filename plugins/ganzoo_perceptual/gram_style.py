"""The style loss on Gram matrices."""

from __future__ import annotations

from ganzoo import Features, Tensor
from ganzoo_perceptual.style_loss import StyleLoss


class GramStyle(StyleLoss):
    """Distance of the styles of images: how channels of a frozen network act together (Gatys 2015, arXiv 1508.06576).

    The Gram matrix of a layer is F^T F / (h w c), with its activations as F (h w, c). The loss is the squared Frobenius
    norm of the difference, the mean over images and the sum over `layers`, as in Johnson 2016 (arXiv 1603.08155); in
    Gatys 2015 a layer counts 1/4 of it. `scales`, one for each layer, multiply the activations: they bring layers of
    very different sizes together, and the loss has their fourth power. The places of things do not matter, so the two
    images may have other sides. They are RGB in [-1, 1]; the target's side carries no gradient. The default layers are
    those of Johnson for VGG16.
    """

    def __init__(
        self,
        *,
        features: Features,
        layers: tuple[str, ...] = ("block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3"),
        scales: tuple[float, ...] = (),
    ) -> None:
        super().__init__(features, layers, scales)

    def distance(self, output: Tensor, target: Tensor) -> Tensor:
        return gram_distance(output, target)


def gram_distance(output: Tensor, target: Tensor) -> Tensor:
    """Return the squared Frobenius norm of the difference of the Gram matrices, the mean over images."""
    return (_gram(output) - _gram(target)).square().sum(dim=(1, 2)).mean()


def _gram(activations: Tensor) -> Tensor:
    """Return (batch, c, c) of activations (batch, h, w, c), in float32: sums over places overflow in half precision."""
    rows = activations.float().flatten(1, 2)
    return rows.mT @ rows / rows[0].numel()
