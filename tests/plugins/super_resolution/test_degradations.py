"""Whole degradations: what is drawn how often, in which order, and where the images lie."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from ganzoo_super_resolution import second_order
from ganzoo_super_resolution.classical import Classical
from ganzoo_super_resolution.random_kernels import KINDS, SIZES, random_kernel, random_kind, random_sinc
from ganzoo_super_resolution.second_order import ODDS, SecondOrder, random_factor

from ganzoo import RecipeError, load_recipe, load_zoo

ZOO = load_zoo()


def rng(seed=0):
    return np.random.default_rng(seed)


def photo(height, width, seed=0):
    return rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def shares(found):
    """How often each value is among so many draws."""
    return {name: count / len(found) for name, count in Counter(found).items()}


def test_kinds_of_kernels_come_with_the_probabilities_of_the_paper():
    stream = rng()
    found = shares([random_kind(stream) for _ in range(5000)])
    assert [kind.probability for kind in KINDS.values()] == [0.45, 0.25, 0.12, 0.03, 0.12, 0.03]
    assert found == pytest.approx({name: kind.probability for name, kind in KINDS.items()}, abs=0.02)


def test_kernels_have_odd_sides_from_7_to_21_and_a_tenth_of_them_rings():
    stream = rng()
    found = [random_kernel(stream, (0.2, 3.0), sinc_probability=0.1) for _ in range(3000)]
    assert shares([len(kernel) for kernel in found]) == pytest.approx(dict.fromkeys(range(7, 22, 2), 1 / 8), abs=0.02)
    assert np.mean([bool((kernel < -1e-6).any()) for kernel in found]) == pytest.approx(0.1, abs=0.02)
    assert all(kernel.sum() == pytest.approx(1, abs=1e-4) for kernel in found)
    assert {len(random_sinc(stream)) for _ in range(100)} == set(SIZES)


def test_factors_enlarge_and_reduce_with_their_odds_within_their_limits():
    stream = rng()
    found = [random_factor(stream, (0.15, 1.5), ODDS) for _ in range(5000)]
    assert shares(np.sign(np.array(found) - 1).tolist()) == pytest.approx({1.0: 0.2, -1.0: 0.7, 0.0: 0.1}, abs=0.02)
    assert (min(found), max(found)) == pytest.approx((0.15, 1.5), abs=0.01)
    assert {random_factor(stream, (1.0, 1.0), ODDS) for _ in range(50)} == {1.0}
    assert max(random_factor(stream, (0.5, 0.8), ODDS) for _ in range(200)) == 1.0


@pytest.fixture
def stages(monkeypatch):
    """The names of the stages of one degradation, in order, in place of what they do."""
    found = []

    def recorded(name, result):
        def stage(*arguments, **_options):
            found.append(name)
            return result(*arguments)

        return stage

    def same(image, *_rest):
        return image

    for name in ("blur", "gaussian_noise", "poisson_noise", "compressed"):
        monkeypatch.setattr(second_order, name, recorded(name, same))
    monkeypatch.setattr(second_order, "random_sinc", recorded("sinc", lambda _rng: None))
    monkeypatch.setattr(second_order, "resize", recorded("resize", lambda image, size, _method: np.zeros((*size, 3))))
    return found


def test_stages_come_in_the_order_of_the_paper_with_its_probabilities(stages):
    orders = Counter()
    for seed in range(2000):
        stages.clear()
        SecondOrder().reduce(photo(8, 8), 2, rng(seed))
        text = " ".join(stages).replace("gaussian_noise", "noise").replace("poisson_noise", "noise")
        orders[text.replace("sinc blur", "final")] += 1
        orders["poisson"] += stages.count("poisson_noise") / 2
    last = {
        "jpeg last": ("resize final compressed", "resize compressed"),
        "jpeg first": ("compressed resize final", "compressed resize"),
    }
    expected = {
        f"blur resize noise compressed {second}resize noise {end}": 0.5 * share * (0.8 if "final" in end else 0.2)
        for second, share in (("blur ", 0.8), ("", 0.2))
        for ends in last.values()
        for end in ends
    }
    found = {name: count / 2000 for name, count in orders.items() if name != "poisson"}
    assert found == pytest.approx(expected, abs=0.03)
    assert orders["poisson"] / 2000 == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("degradation", [SecondOrder(), Classical()])
def test_random_numbers_alone_decide(degradation):
    image = photo(24, 32)
    assert np.array_equal(degradation.reduce(image, 4, rng(5)), degradation.reduce(image, 4, rng(5)))
    assert len({degradation.reduce(image, 4, rng(seed)).tobytes() for seed in range(8)}) == 8


def middle(values):
    """The centre of gravity of a bright spot, in shares of height and width."""
    weights = np.clip(values.astype(np.float64).mean(axis=2) - 40, 0, None)
    height, width = weights.shape
    y, x = np.indices((height, width)) + 0.5
    return np.array([(weights * y).sum() / height, (weights * x).sum() / width]) / weights.sum()


@pytest.mark.parametrize("scale", [2, 3, 4, 8])
@pytest.mark.parametrize(
    "degradation",
    [
        SecondOrder(noise=(0, 2), second_noise=(0, 2), poisson=(0, 0.1), second_poisson=(0, 0.1), jpeg=(90, 95)),
        Classical(noise=(0, 2)),
    ],
)
def test_small_images_lie_where_the_large_ones_do(degradation, scale):
    side = 24 * scale
    y, x = np.indices((side, side)) + 0.5
    spot = 255 * np.exp(-((y - 0.4 * side) ** 2 + (x - 0.55 * side) ** 2) / (2 * (side / 8) ** 2))
    image = spot[..., None].repeat(3, axis=2).astype(np.uint8)
    shifts = [24 * (middle(degradation.reduce(image, scale, rng(seed))) - middle(image)) for seed in range(12)]
    assert np.abs(np.mean(shifts, axis=0)).max() < 0.15
    assert np.abs(shifts).max() < 0.5


def test_the_margin_covers_both_blurs_where_pixels_became_larger():
    assert SecondOrder().margin == pytest.approx(72, abs=6), "as the code of the paper"
    assert SecondOrder(resize=(0.5, 1.2)).margin == 30
    assert SecondOrder(resize=(1.0, 1.2)).margin == 20


def test_the_classical_one_leaves_out_what_is_set_to_nothing():
    gentle = Classical(blur=(0.01, 0.01), noise=(0.0, 0.0), jpeg=(100, 100))
    image = np.full((16, 16, 3), 90, np.uint8)
    assert np.abs(gentle.reduce(image, 2, rng()).astype(int) - 90).max() <= 1


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("{name='second_order', noise=[20, 10]}", "noise is a range from low to high, but 20.0 is above 10.0"),
        ("{name='second_order', jpeg=[0, 90]}", "task.degradation.jpeg: is [0, 90], expected list of int >= 1"),
        ("{name='second_ordr'}", "there is no degradation 'second_ordr' (did you mean 'second_order'?)"),
        ("'second_order'", 'expected a table with a name, as {name = "..."}'),
    ],
)
def test_mistakes_in_options_are_told(options, told):
    with pytest.raises(RecipeError) as caught:
        load_recipe("srgan_photos", zoo=ZOO, overrides=[f"task.degradation={options}"])
    assert told in str(caught.value)
