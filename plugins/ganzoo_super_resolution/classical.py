"""Blur, reduction, noise and JPEG, once each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ganzoo import Array, Degradation, images
from ganzoo_super_resolution.blurring import blur
from ganzoo_super_resolution.jpeg import compressed, to_bytes
from ganzoo_super_resolution.kernels import gaussian
from ganzoo_super_resolution.noise import gaussian_noise
from ganzoo_super_resolution.random_kernels import SIZES, random_spread
from ganzoo_super_resolution.ranges import PositiveRange, Probability, QualityRange, Range, check_ranges


@dataclass(frozen=True, kw_only=True)
class Classical(Degradation):
    """Blurs, reduces by bicubic interpolation, adds noise and compresses as JPEG: a photograph as a camera stores it.

    Each number is drawn from its range for each example. `blur`: deviation of a Gaussian in pixels of the photograph,
    equal in all directions or not, at even odds. `noise`: deviation of normal noise in levels of 255, in grey with
    `grey_probability`. `jpeg`: quality.
    """

    blur: PositiveRange = (0.2, 3.0)
    noise: Range = (0.0, 25.0)
    grey_probability: Probability = 0.4
    jpeg: QualityRange = (30, 95)

    def __post_init__(self) -> None:
        check_ranges(self)

    @property
    def margin(self) -> int:
        return 32

    def reduce(self, image: Array, scale: int, rng: np.random.Generator) -> Array:
        spread = random_spread(rng, self.blur, isotropic=rng.random() < 0.5)
        blurred = to_bytes(blur(image.astype(np.float32), gaussian(max(SIZES), spread)))
        small = images.resize_bicubic(blurred, (image.shape[0] // scale, image.shape[1] // scale)).astype(np.float32)
        grey = rng.random() < self.grey_probability
        noisy = gaussian_noise(small, rng.uniform(*self.noise), grey=grey, rng=rng)
        low, high = self.jpeg
        return to_bytes(compressed(noisy, int(rng.integers(low, high, endpoint=True))))
