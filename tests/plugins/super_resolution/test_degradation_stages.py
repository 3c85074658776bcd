"""Each stage of the degradations against its formula, written once more with loops, or against PyTorch."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from ganzoo_super_resolution.blurring import blur
from ganzoo_super_resolution.jpeg import compressed
from ganzoo_super_resolution.kernels import Spread, gaussian, plateau, sinc
from ganzoo_super_resolution.noise import gaussian_noise, poisson_noise
from ganzoo_super_resolution.resizing import METHODS, resize
from ganzoo_super_resolution.sharpening import sharpened

OVAL = Spread(3.0, 1.2, 0.7)


def picture(height, width, seed=0):
    return np.random.default_rng(seed).uniform(0, 255, (height, width, 3)).astype(np.float32)


def squared_distance(x, y, spread):
    """x^T S^-1 x with S = U diag(a^2, b^2) U^T."""
    turn = np.array(
        [[math.cos(spread.angle), -math.sin(spread.angle)], [math.sin(spread.angle), math.cos(spread.angle)]]
    )
    covariance = turn @ np.diag([spread.first**2, spread.second**2]) @ turn.T
    return float(np.array([x, y]) @ np.linalg.inv(covariance) @ np.array([x, y]))


def kernel_of(size, value):
    """The kernel whose value at (x, y) is given, with rows for y."""
    half = size // 2
    rows = [[value(x, y) for x in range(-half, half + 1)] for y in range(-half, half + 1)]
    return np.array(rows) / np.sum(rows)


def bessel_j1(x):
    return sum((-1) ** m / (math.factorial(m) * math.factorial(m + 1)) * (x / 2) ** (2 * m + 1) for m in range(40))


def reflected(index, length):
    """The index in a row that is mirrored at its outermost values."""
    period = 2 * (length - 1)
    index = abs(index) % period
    return min(index, period - index)


def blurred_by_loops(image, kernel):
    height, width = image.shape[:2]
    half, result = len(kernel) // 2, np.zeros_like(image, np.float64)
    for y in range(height):
        for x in range(width):
            for j in range(-half, half + 1):
                for i in range(-half, half + 1):
                    pixel = image[reflected(y + j, height), reflected(x + i, width)]
                    result[y, x] += kernel[half + j, half + i] * pixel
    return result


@pytest.mark.parametrize("spread", [Spread(1.5, 1.5), OVAL])
def test_kernels_have_the_values_of_their_formulas(spread):
    expected = {
        "gaussian": kernel_of(7, lambda x, y: math.exp(-squared_distance(x, y, spread) / 2)),
        "generalized": kernel_of(7, lambda x, y: math.exp(-(squared_distance(x, y, spread) ** 2.5) / 2)),
        "plateau": kernel_of(7, lambda x, y: 1 / (1 + squared_distance(x, y, spread) ** 1.5)),
    }
    assert np.allclose(gaussian(7, spread), expected["gaussian"], atol=1e-7)
    assert np.allclose(gaussian(7, spread, 2.5), expected["generalized"], atol=1e-7)
    assert np.allclose(plateau(7, spread, 1.5), expected["plateau"], atol=1e-7)


@pytest.mark.parametrize("cutoff", [math.pi / 5, math.pi / 2, math.pi])
def test_the_sinc_kernel_is_the_circular_low_pass_filter(cutoff):
    def value(x, y):
        r = math.hypot(x, y)
        return cutoff * bessel_j1(cutoff * r) / (2 * math.pi * r) if r else cutoff**2 / (4 * math.pi)

    assert np.allclose(sinc(9, cutoff), kernel_of(9, value), atol=1e-6)
    assert (sinc(21, cutoff) < 0).any(), "it must ring"


def test_a_blur_is_the_sum_of_weighted_neighbours_reflected_at_the_borders():
    image, kernel = picture(9, 11), gaussian(7, OVAL)
    found = blur(image, kernel)
    assert found.dtype == np.float32
    assert np.allclose(found, blurred_by_loops(image, kernel), atol=1e-3)


def test_sharpening_adds_half_of_the_detail_where_it_is_large():
    image = picture(8, 9, seed=1).astype(np.uint8)
    weights = [math.exp(-(step**2) / (2 * 8.0**2)) for step in range(-25, 26)]
    kernel = np.outer(weights, weights) / np.sum(weights) ** 2
    values = image.astype(np.float64)
    detail = values - blurred_by_loops(values, kernel)
    mask = blurred_by_loops((np.abs(detail) > 10).astype(np.float64), kernel)
    expected = mask * np.clip(values + 0.5 * detail, 0, 255) + (1 - mask) * values
    assert 0 < mask.mean() < 1
    assert np.abs(sharpened(image) - expected).max() < 0.51
    flat = np.full((8, 8, 3), 77, np.uint8)
    assert np.array_equal(sharpened(flat), flat)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", [(9, 14), (3, 2), (20, 25), (13, 14), (1, 40)])
def test_resizing_is_that_of_pytorch(method, size):
    image = picture(13, 14)
    planes = torch.from_numpy(image).permute(2, 0, 1)[None]
    options = {} if method == "area" else {"align_corners": False}
    expected = torch.nn.functional.interpolate(planes, size, mode=method, **options)[0].permute(1, 2, 0).numpy()
    found = resize(image, size, method)
    assert found.dtype == np.float32
    assert np.allclose(found, expected, atol=2e-3)


@pytest.mark.parametrize("grey", [False, True])
def test_gaussian_noise_has_its_deviation_and_is_equal_in_grey(grey):
    image = np.full((50, 60, 3), 128, np.float32)
    found = gaussian_noise(image, 12.0, grey=grey, rng=np.random.default_rng(0))
    draws = np.random.default_rng(0).standard_normal((50, 60, 1 if grey else 3), np.float32)
    assert np.allclose(found, 128 + 12 * draws, atol=1e-3)
    assert (found - image).std() == pytest.approx(12, rel=0.05)
    assert np.array_equal(found[..., 0], found[..., 1]) == grey
    assert gaussian_noise(image + 100, 50.0, grey=grey, rng=np.random.default_rng(0)).max() == 255


@pytest.mark.parametrize("grey", [False, True])
def test_poisson_noise_counts_as_many_photons_as_there_are_levels(grey):
    image = picture(5, 6)
    image[0, 0] = 300.0  # as after a blur that rings
    exposed = (0.2989 * image[..., :1] + 0.587 * image[..., 1:2] + 0.114 * image[..., 2:]) if grey else image
    levels = np.array([[[min(max(round(float(v)), 0), 255) for v in pixel] for pixel in row] for row in exposed])
    photons = 2 ** math.ceil(math.log2(len(set(levels.ravel().tolist()))))
    counts = np.random.default_rng(3).poisson(levels / 255 * photons)
    expected = np.clip(image + 0.5 * (counts / photons - levels / 255) * 255, 0, 255)
    found = poisson_noise(image, 0.5, grey=grey, rng=np.random.default_rng(3))
    assert photons == 32 if grey else photons == 128
    assert found.dtype == np.float32
    assert np.allclose(found, expected, atol=1e-2)


def test_poisson_noise_grows_with_brightness():
    image = np.repeat(np.array([32, 128], np.float32), 2000).reshape(2, 2000, 1).repeat(3, axis=2)
    dark, bright = poisson_noise(image, 0.2, grey=False, rng=np.random.default_rng(0)).var(axis=(1, 2))
    assert dark == pytest.approx(0.2**2 * 255 * 32 / 2, rel=0.1)  # 2 levels, 2 photons for white
    assert bright == pytest.approx(0.2**2 * 255 * 128 / 2, rel=0.1)


#: Table K.1 of ITU T.81, the quantization of luminance at quality 50.
LUMINANCE = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
)


@pytest.mark.parametrize("quality", [30, 50, 90])
def test_jpeg_rounds_the_cosines_of_each_block(quality):
    grey = np.random.default_rng(0).integers(0, 256, (8, 8)).astype(np.float64)
    cosines = np.array(
        [
            [math.sqrt((1 if k else 0.5) / 4) * math.cos((2 * n + 1) * k * math.pi / 16) for n in range(8)]
            for k in range(8)
        ]
    )
    percent = 5000 / quality if quality < 50 else 200 - 2 * quality
    table = np.clip(np.floor((LUMINANCE * percent + 50) / 100), 1, 255)
    rounded = np.rint(cosines @ (grey - 128) @ cosines.T / table) * table
    expected = np.clip(cosines.T @ rounded @ cosines + 128, 0, 255)
    found = compressed(grey[..., None].repeat(3, axis=2).astype(np.float32), quality)
    assert found.dtype == np.float32
    assert np.abs(found.mean(axis=2) - expected).max() < 2


def test_jpeg_halves_the_resolution_of_colours_only():
    stripes = np.zeros((16, 16, 3), np.float32)
    stripes[:, ::2] = (255, 0, 0)
    stripes[:, 1::2] = (0, 130, 0)  # the same brightness
    found = compressed(stripes, 100)
    assert np.abs(found[:, ::2] - found[:, 1::2]).max() < 20
    grey = np.zeros((16, 16, 3), np.float32)
    grey[:, ::2] = 255
    assert np.abs(compressed(grey, 100) - grey).max() < 3
