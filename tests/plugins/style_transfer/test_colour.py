import numpy as np
from ganzoo_style_transfer.colour import matched_colours, with_luma_of
from scipy.linalg import sqrtm

from ganzoo import images

RNG = np.random.default_rng(0)


def image(seed, low, high):
    coarse = np.random.default_rng(seed).integers(low, high, (6, 7, 3)).astype(np.uint8)
    return images.resize_bicubic(coarse, (30, 40))


def coral_by_hand(source, target):
    """The code of AdaIN's authors says: roots of the unnormalized covariances of standardised colours, plus I."""
    flat = [each.reshape(-1, 3).astype(float) / 255 for each in (source, target)]
    means, deviations = (
        [getattr(each, what)(axis=0, **how) for each in flat] for what, how in (("mean", {}), ("std", {"ddof": 1}))
    )
    unit = [(each - mean) / deviation for each, mean, deviation in zip(flat, means, deviations, strict=True)]
    roots = [np.real(sqrtm(each.T @ each + np.eye(3))) for each in unit]
    moved = unit[0] @ np.linalg.inv(roots[0]).T @ roots[1].T
    return (moved * deviations[1] + means[1]).reshape(source.shape)


def test_matched_colours_are_those_of_coral():
    source, target = image(0, 60, 200), image(1, 90, 160)
    wanted = np.clip(np.rint(coral_by_hand(source, target) * 255), 0, 255)
    assert np.abs(matched_colours(source, target) - wanted).max() <= 1


def test_matched_colours_have_the_mean_and_the_deviation_of_the_reference():
    source, target = image(2, 40, 220), image(3, 100, 150)
    found = matched_colours(source, target).reshape(-1, 3)
    assert np.allclose(found.mean(axis=0), target.reshape(-1, 3).mean(axis=0), atol=1)
    assert np.allclose(found.std(axis=0), target.reshape(-1, 3).std(axis=0), atol=1)


def test_a_plain_image_has_colours_to_match_too():
    plain = np.full((8, 8, 3), 77, np.uint8)
    assert np.abs(matched_colours(plain, image(1, 90, 160)) - image(1, 90, 160).mean(axis=(0, 1))).max() <= 1


def test_luma_of_another_image_leaves_chroma_as_it_is():
    photo, painted = image(4, 90, 160), image(5, 90, 160)
    found = with_luma_of(photo, painted).astype(float)
    luma = np.array([0.299, 0.587, 0.114])
    assert np.abs((found - painted) @ luma).max() <= 1
    assert np.abs(np.diff(found - photo, axis=-1)).max() <= 1
