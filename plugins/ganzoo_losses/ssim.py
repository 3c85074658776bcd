from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge

from ganzoo import PairLoss, RecipeError, Tensor

#: For images whose values span 2, as in the paper: (0.01 * 2)^2 and (0.03 * 2)^2.
_C1, _C2 = 0.02**2, 0.06**2
_DEVIATION = 1.5


@dataclass(frozen=True, kw_only=True)
class SSIM(PairLoss):
    """1 - SSIM of images in [-1, 1] (Wang 2004): the mean over places and channels, in [0, 2].

    Gaussian windows of deviation 1.5 and `window` pixels (11 in the paper), only where they lie inside of the image.
    """

    window: Annotated[int, Ge(3)] = 11

    def __call__(self, output: Tensor, target: Tensor) -> Tensor:
        if min(output.shape[1:3]) < self.window:
            size = "x".join(map(str, output.shape[1:3]))
            raise RecipeError(f"ssim: images of {size} are smaller than the window of {self.window}; set window")
        return 1 - self._similarity(output.movedim(-1, 1), target.movedim(-1, 1)).mean()

    def _similarity(self, one: Tensor, other: Tensor) -> Tensor:
        mean_one, mean_other = self._blurred(one), self._blurred(other)
        product = mean_one * mean_other
        squares = mean_one.square() + mean_other.square()
        variances = self._blurred(one.square()) + self._blurred(other.square()) - squares
        covariance = self._blurred(one * other) - product
        return (2 * product + _C1) * (2 * covariance + _C2) / ((squares + _C1) * (variances + _C2))

    def _blurred(self, values: Tensor) -> Tensor:
        """Return weighted means over the windows, one axis after the other."""
        import torch
        from torch.nn.functional import conv2d

        places = torch.arange(self.window, dtype=values.dtype, device=values.device) - (self.window - 1) / 2
        weights = (-places.square() / (2 * _DEVIATION**2)).exp()
        kernel = (weights / weights.sum()).expand(values.shape[1], 1, self.window)
        rows = conv2d(values, kernel[..., None], groups=values.shape[1])
        return conv2d(rows, kernel[:, :, None], groups=values.shape[1])
