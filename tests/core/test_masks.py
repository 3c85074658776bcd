"""Masks of missing parts of images."""

from __future__ import annotations

import numpy as np
import pytest

from ganzoo.sources import box_mask, stroke_mask

MASKS = [box_mask, stroke_mask]


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("draw", MASKS)
def test_a_mask_is_one_where_the_image_is_missing(draw):
    for seed in range(20):
        mask = draw(12, 20, rng(seed))
        assert mask.shape == (12, 20, 1)
        assert mask.dtype == np.uint8
        assert set(np.unique(mask)) == {0, 1}


@pytest.mark.parametrize("draw", MASKS)
def test_a_mask_follows_from_its_generator(draw):
    assert np.array_equal(draw(32, 32, rng(3)), draw(32, 32, rng(3)))
    assert not np.array_equal(draw(32, 32, rng(3)), draw(32, 32, rng(4)))


def test_a_box_is_a_filled_rectangle_of_the_fractions_asked_for():
    for seed in range(50):
        mask = box_mask(40, 60, rng(seed), sides=(0.25, 0.5))[..., 0]
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        assert 10 <= len(rows) <= 20
        assert 15 <= len(columns) <= 30
        assert mask.sum() == len(rows) * len(columns) == (rows[-1] - rows[0] + 1) * (columns[-1] - columns[0] + 1)


def test_a_box_of_the_whole_side_covers_the_image():
    assert box_mask(3, 5, rng(), sides=(1, 1)).all()


def test_boxes_reach_every_place():
    assert np.all(sum(box_mask(8, 8, rng(seed)).astype(int) for seed in range(300)) > 0)


def test_a_thicker_brush_hides_more():
    def share(brush):
        return np.mean([stroke_mask(64, 64, rng(seed), brush=brush).mean() for seed in range(40)])

    assert 0.02 < share((0.02, 0.02)) < share((0.1, 0.1)) < share((0.3, 0.3)) < 0.8


@pytest.mark.parametrize(("draw", "name"), [(box_mask, "sides"), (stroke_mask, "brush")])
@pytest.mark.parametrize("limits", [(0, 0.5), (0.5, 0.25), (0.5, 1.5)])
def test_fractions_that_are_none_are_refused(draw, name, limits):
    with pytest.raises(ValueError, match=name):
        draw(8, 8, rng(), **{name: limits})


def test_strokes_prefer_no_side_of_the_image():
    mean = np.mean([stroke_mask(32, 32, rng(seed))[..., 0] for seed in range(400)], axis=0)
    halves = [mean[:16].mean(), mean[16:].mean(), mean[:, :16].mean(), mean[:, 16:].mean()]
    assert max(halves) < 1.25 * min(halves)
