"""Real-ESRGAN's degradation: everything that happens to a photograph, twice."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ganzoo import Array, Degradation
from ganzoo_super_resolution.blurring import blur
from ganzoo_super_resolution.jpeg import compressed, to_bytes
from ganzoo_super_resolution.noise import gaussian_noise, poisson_noise
from ganzoo_super_resolution.random_kernels import SIZES, random_kernel, random_sinc
from ganzoo_super_resolution.ranges import PositiveRange, Probability, QualityRange, Range, check_ranges
from ganzoo_super_resolution.resizing import METHODS, resize

#: How likely a photograph is enlarged, reduced and left as it is.
ODDS, SECOND_ODDS = (0.2, 0.7, 0.1), (0.3, 0.4, 0.3)


@dataclass(frozen=True, kw_only=True)
class SecondOrder(Degradation):
    """Blurs, resizes, adds noise and compresses as JPEG, twice, as Real-ESRGAN (Wang 2021, arXiv 2107.10833).

    Each number is drawn from its range for each example; `second_...` are those of the second time. `blur`: deviation
    in pixels of a kernel of one of six kinds; with `sinc_probability` it is a kernel that rings. `resize`: factor of
    the photograph's size, then of the low resolution image's, by averages, bilinear or bicubic interpolation. `noise`:
    deviation of normal noise in levels of 255, with `gaussian_probability`; otherwise shot noise times `poisson`; in
    grey with `grey_probability`. `jpeg`: quality. At last the image gets its size and, with `final_sinc_probability`, a
    filter that rings, before or after the second JPEG at even odds.

    The published code draws sizes and ways of resizing for a whole batch and mixes batches by a pool of pairs; here
    they are drawn for each example. Resizing keeps borders in place, and qualities are whole numbers.
    """

    blur: PositiveRange = (0.2, 3.0)
    resize: PositiveRange = (0.15, 1.5)
    noise: Range = (1.0, 30.0)
    poisson: Range = (0.05, 3.0)
    jpeg: QualityRange = (30, 95)
    second_blur: PositiveRange = (0.2, 1.5)
    second_blur_probability: Probability = 0.8
    second_resize: PositiveRange = (0.3, 1.2)
    second_noise: Range = (1.0, 25.0)
    second_poisson: Range = (0.05, 2.5)
    second_jpeg: QualityRange = (30, 95)
    sinc_probability: Probability = 0.1
    final_sinc_probability: Probability = 0.8
    gaussian_probability: Probability = 0.5
    grey_probability: Probability = 0.4

    def __post_init__(self) -> None:
        check_ranges(self)

    @property
    def margin(self) -> int:
        # both blurs, the second one in pixels that may be larger; the code of the paper has 72 around its crop of 256
        radius = max(SIZES) // 2
        return math.ceil(radius + radius / min(self.resize[0], 1))

    def reduce(self, image: Array, scale: int, rng: np.random.Generator) -> Array:
        whole, small = image.shape[:2], (image.shape[0] // scale, image.shape[1] // scale)
        values = self._blurred(image.astype(np.float32), self.blur, rng)
        values = _resized(values, whole, random_factor(rng, self.resize, ODDS), rng)
        values = _compressed(self._noisy(values, self.noise, self.poisson, rng), self.jpeg, rng)
        if rng.random() < self.second_blur_probability:
            values = self._blurred(values, self.second_blur, rng)
        values = _resized(values, small, random_factor(rng, self.second_resize, SECOND_ODDS), rng)
        values = self._noisy(values, self.second_noise, self.second_poisson, rng)
        if rng.random() < 0.5:
            values = _compressed(self._finished(values, small, rng), self.second_jpeg, rng)
        else:
            values = self._finished(_compressed(values, self.second_jpeg, rng), small, rng)
        return to_bytes(values)

    def _blurred(self, values: Array, deviations: PositiveRange, rng: np.random.Generator) -> Array:
        return blur(values, random_kernel(rng, deviations, sinc_probability=self.sinc_probability))

    def _noisy(self, values: Array, normal: Range, poisson: Range, rng: np.random.Generator) -> Array:
        is_normal, grey = rng.random() < self.gaussian_probability, rng.random() < self.grey_probability
        add, amounts = (gaussian_noise, normal) if is_normal else (poisson_noise, poisson)
        return add(values, rng.uniform(*amounts), grey=grey, rng=rng)

    def _finished(self, values: Array, size: tuple[int, int], rng: np.random.Generator) -> Array:
        values = _resized(values, size, 1.0, rng)
        return blur(values, random_sinc(rng)) if rng.random() < self.final_sinc_probability else values


def random_factor(rng: np.random.Generator, limits: PositiveRange, odds: tuple[float, float, float]) -> float:
    """Return a factor above 1, below 1, or 1, with these odds; 1 too where the limits have none such."""
    low, high = limits
    enlarged, reduced, _ = odds
    draw = rng.random()
    if draw < enlarged:
        return float(rng.uniform(max(low, 1), max(high, 1)))
    if draw < enlarged + reduced:
        return float(rng.uniform(min(low, 1), min(high, 1)))
    return 1.0


def _resized(values: Array, size: tuple[int, int], factor: float, rng: np.random.Generator) -> Array:
    """Return the image at a multiple of a size, by a random method."""
    height, width = (max(1, int(side * factor)) for side in size)
    return resize(values, (height, width), METHODS[rng.integers(len(METHODS))])


def _compressed(values: Array, qualities: QualityRange, rng: np.random.Generator) -> Array:
    low, high = qualities
    return compressed(values, int(rng.integers(low, high, endpoint=True)))
