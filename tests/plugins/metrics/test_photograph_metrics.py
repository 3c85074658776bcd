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
