import numpy as np
import pytest
from ganzoo_metrics import ganzoo_register_metrics

from ganzoo import DataError

METRICS = ganzoo_register_metrics()
CENTRES = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])


def mixture(spread: float = 1.0):
    """Four real points around each centre: their mean is the centre, their deviation on each axis is `spread`."""
    offsets = spread * np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]])
    points = (CENTRES[:, None] + offsets).reshape(-1, 2).astype(np.float32)
    return {"point": points, "label": np.repeat(np.arange(3, dtype=np.int32), 4)}


def coverage(fakes, target=None, **options):
    metric = METRICS["mode_coverage"](**options)
    metric.update({"point": np.array(fakes, np.float32)}, target or mixture())
    return metric.result()


def sliced_distance(fakes, reals, field="point", **options):
    metric = METRICS["sliced_wasserstein"](field=field, **options)
    metric.update({field: fakes}, {field: reals})
    return metric.result()["sliced_wasserstein"]


def test_modes_with_a_good_point_are_covered():
    assert coverage([[0, 0], [0.5, 0], [10, 1]]) == {"modes_covered": 2.0, "high_quality": 1.0}
    assert coverage([[5, 5], [-9, -9]]) == {"modes_covered": 0.0, "high_quality": 0.0}


def test_points_are_good_within_the_stated_number_of_deviations():
    just_inside, just_outside = [2.99, 0.0], [0.0, -3.01]
    assert coverage([just_inside, just_outside])["high_quality"] == 0.5
    assert coverage([just_inside, just_outside], within=4.0)["high_quality"] == 1.0
    assert coverage([[2.99, 0.0]], mixture(spread=0.5))["high_quality"] == 0.0


def test_distance_is_measured_in_the_plane_and_not_per_axis():
    assert coverage([[2.5, 2.5]])["high_quality"] == 0.0


def test_real_points_cover_every_mode_of_themselves():
    assert coverage(mixture()["point"]) == {"modes_covered": 3.0, "high_quality": 1.0}


def test_mode_coverage_adds_up_over_updates():
    metric = METRICS["mode_coverage"]()
    for centre in CENTRES[:2]:
        metric.update({"point": centre[None]}, mixture())
    assert metric.result()["modes_covered"] == 2.0


def test_mode_coverage_names_the_field_it_misses():
    with pytest.raises(DataError, match="mode_coverage: needs a field 'label', there are point"):
        coverage([[0, 0]], {"point": mixture()["point"]})


def test_sliced_wasserstein_of_shifted_numbers_is_the_shift():
    numbers = np.random.default_rng(0).normal(size=(50, 1))
    assert sliced_distance(numbers + 0.75, numbers) == pytest.approx(0.75)


def test_sliced_wasserstein_of_numbers_is_the_mean_gap_of_sorted_values():
    assert sliced_distance(np.array([[5.0], [1.0]]), np.array([[0.0], [2.0]])) == pytest.approx((1 + 3) / 2)


def test_sliced_wasserstein_of_a_shift_in_the_plane_is_the_mean_projection_of_it():
    points = np.random.default_rng(0).normal(size=(20, 2))
    found = sliced_distance(points + np.array([3.0, 4.0]), points, projections=4096)
    assert found == pytest.approx(5 * 2 / np.pi, rel=0.02)


def test_sliced_wasserstein_does_not_depend_on_order_and_is_zero_for_equal_sets():
    pictures = np.random.default_rng(0).integers(0, 256, (10, 4, 4, 1), dtype=np.uint8)
    assert sliced_distance(pictures[::-1], pictures, field="image") == 0.0


def test_sliced_wasserstein_reads_bytes_as_numbers_from_minus_one_to_one():
    black, white = (np.full((3, 1, 1, 1), value, np.uint8) for value in (0, 255))
    assert sliced_distance(black, white, field="image") == pytest.approx(2.0)
    assert sliced_distance(black, np.ones((3, 1, 1, 1), np.float32), field="image") == pytest.approx(2.0)


def test_sliced_wasserstein_draws_its_directions_from_its_seed():
    fakes, reals = np.random.default_rng(0).normal(size=(2, 30, 8))
    first = sliced_distance(fakes, reals, projections=4, seed=1)
    assert first == sliced_distance(fakes, reals, projections=4, seed=1)
    assert first != sliced_distance(fakes, reals, projections=4, seed=2)


def test_sliced_wasserstein_compares_as_many_as_the_smaller_set_has():
    fakes = np.array([[1.0], [2.0], [9.0]])
    assert sliced_distance(fakes, np.array([[1.0], [2.0]])) == 0.0


def test_sliced_wasserstein_keeps_so_many_examples_of_each_set_and_no_more():
    fakes, reals = np.random.default_rng(0).normal(size=(2, 30, 8))
    assert sliced_distance(fakes, reals, examples=20) == sliced_distance(fakes[:20], reals[:20])
    assert sliced_distance(fakes, reals, examples=20) != sliced_distance(fakes, reals)


def test_sliced_wasserstein_refuses_what_cannot_be_compared():
    with pytest.raises(DataError, match="examples of 2 and 3 values cannot be compared"):
        sliced_distance(np.zeros((4, 2)), np.zeros((4, 3)))
    with pytest.raises(DataError, match="sliced_wasserstein: needs a field 'image', there are point"):
        METRICS["sliced_wasserstein"]().update({"point": np.zeros((4, 2))}, {"point": np.zeros((4, 2))})


def test_reconstruction_distance_is_that_of_pixels_between_nothing_and_one():
    metric = METRICS["reconstruction_distance"]()
    given = np.array([0, 255, 0], np.uint8)[:, None, None, None] * np.ones((3, 2, 2, 1), np.uint8)
    made = given.copy()
    made[0] = 51
    metric.update({"reconstruction": made}, {"image": given})
    scores = metric.result()
    # four pixels that are off by 0.2 have the distance 0.4
    assert scores["reconstruction_distance"] == pytest.approx(0.4 / 3)
    assert scores["mismatched_distance"] == pytest.approx((4 * 0.8**2) ** 0.5 / 3 + 2 / 3)
    with pytest.raises(DataError, match="reconstructions of 1 values cannot be compared with images of 4"):
        metric.update({"reconstruction": made[:, :1, :1]}, {"image": given})


def test_tables_know_which_scores_are_best_when_small():
    assert not any(METRICS[name].larger_is_better for name in ("reconstruction_distance", "sliced_wasserstein"))
    assert all(METRICS[name].larger_is_better for name in ("psnr", "ssim", "mode_coverage"))
