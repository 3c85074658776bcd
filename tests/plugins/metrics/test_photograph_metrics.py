import math

import numpy as np
import pytest
from ganzoo_metrics import ganzoo_register_metrics

from ganzoo import DataError, images

METRICS = ganzoo_register_metrics()


def photograph(seed: int, height: int = 40, width: int = 32):
    """Smooth colours with some noise, so that structure means something."""
    rng = np.random.default_rng(seed)
    waves = np.sin(np.arange(height) / 5)[:, None, None] * np.cos(np.arange(width) / 7)[:, None]
    return np.clip(128 + 80 * waves + rng.normal(0, 20, (height, width, 3)), 0, 255).astype(np.uint8)


def scores(name, *pairs, **options):
    metric = METRICS[name](**options)
    metric.build(dict)
    for output, target in pairs:
        metric.update({"image": output}, {"image": target})
    return metric.result()


@pytest.mark.parametrize("name", ["psnr", "ssim"])
@pytest.mark.parametrize("channel", ["y", "rgb"])
def test_results_are_called_after_their_channel(name, channel):
    assert set(scores(name, (photograph(0), photograph(1)), channel=channel)) == {f"{name}_{channel}"}


def test_psnr_of_a_constant_error_is_as_by_hand():
    target = np.full((16, 16, 3), 100, np.uint8)
    assert scores("psnr", (target + 5, target), channel="rgb")["psnr_rgb"] == pytest.approx(
        10 * math.log10(255**2 / 25)
    )
    luma_error = 5 * (65.481 + 128.553 + 24.966) / 255
    expected = 20 * math.log10(255 / luma_error)
    assert scores("psnr", (target + 5, target))["psnr_y"] == pytest.approx(expected)


@pytest.mark.parametrize("name", ["psnr", "ssim"])
def test_errors_in_the_border_do_not_count(name):
    target = photograph(0)
    output = 255 - target
    output[4:-4, 4:-4] = target[4:-4, 4:-4]
    assert scores(name, (output, target)) == scores(name, (target, target))
    assert scores(name, (output, target), border=3) != scores(name, (target, target), border=3)


def test_psnr_of_equal_images_is_100_and_their_ssim_1():
    same = photograph(0), photograph(0)
    assert scores("psnr", same) == {"psnr_y": 100.0}
    assert scores("ssim", same) == {"ssim_y": pytest.approx(1.0)}


@pytest.mark.parametrize("name", ["psnr", "ssim"])
def test_several_photographs_count_by_the_mean_of_their_scores(name):
    pairs = [(photograph(1), photograph(0)), (photograph(2, 30, 60) // 2, photograph(3, 30, 60))]
    single = [scores(name, pair)[f"{name}_y"] for pair in pairs]
    assert scores(name, *pairs)[f"{name}_y"] == pytest.approx(np.mean(single))


def test_ssim_of_one_window_is_as_by_hand():
    one, other = (photograph(seed, 11, 11) for seed in (0, 1))
    line = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    window = np.outer(line, line) / line.sum() ** 2
    x, y = images.luma(one), images.luma(other)
    mean_x, mean_y = (window * x).sum(), (window * y).sum()
    variance_x, variance_y = (window * (x - mean_x) ** 2).sum(), (window * (y - mean_y) ** 2).sum()
    covariance = (window * (x - mean_x) * (y - mean_y)).sum()
    c1, c2 = 2.55**2, 7.65**2
    expected = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    expected /= (mean_x**2 + mean_y**2 + c1) * (variance_x + variance_y + c2)
    assert scores("ssim", (one, other), border=0)["ssim_y"] == pytest.approx(expected)


@pytest.mark.parametrize("channel", ["y", "rgb"])
def test_ssim_agrees_with_scikit_image(channel):
    reference = pytest.importorskip("skimage.metrics", reason="scikit-image, an extra, is not installed")
    one, other = photograph(0), photograph(1)
    x, y = (images.luma(image)[:, :, None] if channel == "y" else image for image in (one, other))
    expected = reference.structural_similarity(
        x.astype(float)[4:-4, 4:-4],
        y.astype(float)[4:-4, 4:-4],
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=255,
        channel_axis=2,
    )
    assert scores("ssim", (one, other), channel=channel)[f"ssim_{channel}"] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("name", ["psnr", "ssim"])
@pytest.mark.parametrize(
    ("output", "target", "complaint"),
    [
        (photograph(0, 20, 20), photograph(0, 20, 24), r"\(20, 20, 3\) and \(20, 24, 3\) cannot be compared"),
        (photograph(0).astype(np.float32), photograph(0), "needs uint8 RGB photographs, received float32"),
        (
            photograph(0)[:, :, :1],
            photograph(0)[:, :, :1],
            r"needs uint8 RGB photographs, received uint8 \(40, 32, 1\)",
        ),
        (photograph(0, 8, 20), photograph(0, 8, 20), "nothing of 8x20 is left inside a border of 4"),
    ],
)
def test_what_cannot_be_compared_is_told(name, output, target, complaint):
    with pytest.raises(DataError, match=f"{name}: .*{complaint}"):
        scores(name, (output, target))


def test_ssim_says_how_large_a_photograph_must_be():
    with pytest.raises(DataError, match="at least 11 pixels a side inside the border, received"):
        scores("ssim", (photograph(0, 18, 30), photograph(1, 18, 30)))


def test_missing_fields_are_named_beside_those_that_exist():
    with pytest.raises(DataError, match="psnr: needs a field 'image', there are point"):
        METRICS["psnr"]().update({"point": np.zeros((2, 2))}, {"image": photograph(0)})


# -- ms_ssim -----------------------------------------------------------------------------------------------------------


def five_scales(x, y):
    """Return MS-SSIM of two planes from the sums that define it, with whole windows only."""
    from scipy.signal import convolve2d

    line = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    window = np.outer(line, line) / line.sum() ** 2
    product = 1.0
    for scale, weight in enumerate((0.0448, 0.2856, 0.3001, 0.2363, 0.1333)):
        mean_x, mean_y, xx, yy, xy = (convolve2d(each, window, "valid") for each in (x, y, x * x, y * y, x * y))
        contrast = (2 * (xy - mean_x * mean_y) + 7.65**2) / (xx - mean_x**2 + yy - mean_y**2 + 7.65**2)
        luminance = (2 * mean_x * mean_y + 2.55**2) / (mean_x**2 + mean_y**2 + 2.55**2)
        product *= (contrast * luminance if scale == 4 else contrast).mean() ** weight
        height, width = (side // 2 * 2 for side in x.shape)
        x, y = (
            (
                each[:height:2, :width:2]
                + each[1:height:2, :width:2]
                + each[:height:2, 1:width:2]
                + each[1:height:2, 1:width:2]
            )
            / 4
            for each in (x, y)
        )
    return product


@pytest.mark.parametrize("channel", ["y", "rgb"])
def test_ms_ssim_is_that_of_five_scales_added_up_by_hand(channel):
    one, other = photograph(0, 190, 184), photograph(1, 190, 184)
    planes = [images.luma(image)[:, :, None] if channel == "y" else image for image in (one, other)]
    x, y = (np.moveaxis(plane.astype(np.float64)[4:-4, 4:-4], 2, 0) for plane in planes)
    expected = np.mean([five_scales(*pair) for pair in zip(x, y, strict=True)])
    assert scores("ms_ssim", (one, other), channel=channel)[f"ms_ssim_{channel}"] == pytest.approx(expected, rel=1e-9)


def test_ms_ssim_agrees_with_torchmetrics_but_for_its_border():
    import torch
    from torchmetrics.functional.image import multiscale_structural_similarity_index_measure

    one, other = photograph(0, 190, 184), photograph(1, 190, 184)
    x, y = (torch.from_numpy(images.luma(image)[4:-4, 4:-4])[None, None] for image in (one, other))
    theirs = float(multiscale_structural_similarity_index_measure(x, y, data_range=255.0))
    # it mirrors the image at its border for the luminance of the coarsest scale
    assert scores("ms_ssim", (one, other))["ms_ssim_y"] == pytest.approx(theirs, rel=2e-3)


def test_ms_ssim_says_how_large_a_photograph_must_be():
    with pytest.raises(DataError, match="at least 176 pixels a side inside the border, received"):
        scores("ms_ssim", (photograph(0, 183, 200), photograph(1, 183, 200)))


# -- spectrum_distance -------------------------------------------------------------------------------------------------


def by_hand(image):
    """Return the level of each ring, from the sums that define a Fourier transform."""
    height, width = image.shape
    rows, columns = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / (n - 1)) for n in (height, width))
    window = np.outer(rows, columns)
    values = (image - image.mean()) * window
    waves = [np.exp(-2j * np.pi * np.outer(np.arange(n), np.arange(n)) / n) for n in (height, width)]
    power = np.abs(waves[0] @ values @ waves[1].T) ** 2 / (window**2).sum()
    rings = {}
    for v in range(height):
        for u in range(width):
            radius = math.hypot(min(v, height - v) / height, min(u, width - u) / width)
            if radius < 0.5:
                rings.setdefault(int(radius * 64), []).append(power[v, u])
    return {ring: 10 * math.log10(np.mean(found) + 1 / 12) for ring, found in sorted(rings.items())}


def test_the_spectrum_distance_is_that_of_rings_added_up_by_hand():
    one, other = photograph(0, 40, 32), photograph(1, 40, 32)
    mine, wanted = (by_hand(images.luma(image)[4:-4, 4:-4]) for image in (one, other))
    expected = np.mean([abs(mine[ring] - wanted[ring]) for ring in wanted])
    assert scores("spectrum_distance", (one, other))["spectrum_distance_y"] == pytest.approx(expected, rel=1e-9)


def test_twice_the_contrast_is_six_decibels_at_every_frequency():
    noise = np.random.default_rng(0).integers(-30, 31, (48, 48, 1)).repeat(3, axis=2)
    one, other = ((128 + factor * noise).astype(np.uint8) for factor in (1, 2))
    found = scores("spectrum_distance", (one, other), channel="rgb")["spectrum_distance_rgb"]
    assert found == pytest.approx(20 * math.log10(2), abs=0.01)


def test_photographs_that_are_equal_but_for_where_things_are_have_equal_spectra_and_blur_does_not():
    target = photograph(0, 64, 64)
    turned, blurred = target[::-1, ::-1], (target[:-1].astype(int) + target[1:]) // 2
    assert scores("spectrum_distance", (turned, target))["spectrum_distance_y"] == pytest.approx(0, abs=1e-9)
    blur = scores("spectrum_distance", (blurred.astype(np.uint8), target[:-1]))["spectrum_distance_y"]
    assert blur > 1
