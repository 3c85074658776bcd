"""LPIPS as a loss."""

from __future__ import annotations

from ganzoo import Features, Tensor
from ganzoo_perceptual.feature_loss import FeatureLoss
from ganzoo_perceptual.lpips import LAYERS, check_vgg16, read_heads


class LPIPSLoss(FeatureLoss):
    """The distance that the metric `lpips` measures, mean over the batch (arXiv 1801.03924; VQGAN's perceptual loss).

    Activations of five layers are normalised to unit length over channels, so that smooth parts of an image count as
    much as strong edges. Whoever trains with it cannot take `lpips` with the same features for an independent score.
    Images are RGB in [-1, 1]; the target's side carries no gradient.
    """

    def __init__(self, *, features: Features) -> None:
        check_vgg16(features)
        super().__init__(features, LAYERS)
        self._heads: list[Tensor] = []

    def build(self) -> None:
        import torch

        super().build()
        self._heads = [torch.from_numpy(head.copy()) for head in read_heads()]

    def __call__(self, output: Tensor, target: Tensor) -> Tensor:
        from torch.nn.functional import normalize

        found, wanted = self.activations(output, target)
        total = output.new_zeros(())
        for layer, head in zip(self.layers, self._heads, strict=True):
            error = normalize(found[layer], dim=-1, eps=1e-10) - normalize(wanted[layer], dim=-1, eps=1e-10)
            total = total + (error.square() @ head.to(error.device)).mean()
        return total
