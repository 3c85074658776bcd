"""What the task makes of a degradation: aligned crops, targets, held-out photographs that never change."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from ganzoo_super_resolution.bicubic import Bicubic
from ganzoo_super_resolution.classical import Classical
from ganzoo_super_resolution.second_order import SecondOrder
from ganzoo_super_resolution.sharpening import sharpened
from ganzoo_super_resolution.super_resolution import SuperResolution

from ganzoo import Degradation, Field, Random, RowContext, Source, Step, Trained, View, images

PIXELS = Field(shape=(None, None, 3), dtype="uint8", low=0, high=255)
STEP = Step(number=0)


@dataclass(frozen=True, kw_only=True)
class Corners(Degradation):
    """Takes the first pixel of each square, and notes how large the images are."""

    reach: int = 0
    seen: list[tuple[int, ...]] = field(default_factory=list)

    @property
    def margin(self):
        return self.reach

    def reduce(self, image, scale, rng):
        self.seen.append(image.shape[:2])
        return image[::scale, ::scale]


class Photographs(Source):
    fields = {"image": PIXELS}

    def __init__(self, *found):
        self.found = found

    def __len__(self):
        return len(self.found)

    def __getitem__(self, index):
        return {"image": self.found[index]}


def photo(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def row(task, image, seed=0):
    return task.prepare({"image": image}, RowContext(step=STEP, rng=np.random.default_rng(seed)))


def enlarged(image, **_options):
    """Stands for a generator: each pixel twice, four times in all."""
    return torch.as_tensor(image).repeat_interleave(2, dim=1).repeat_interleave(2, dim=2)


@pytest.mark.parametrize("scale", [2, 3, 4, 8])
@pytest.mark.parametrize("reach", [0, 5, 72])
def test_crops_of_both_sizes_show_the_same_place_whatever_the_margin(scale, reach):
    task = SuperResolution(scale=scale, crop=3 * scale, degradation=Corners(reach=reach), flips=False)
    for seed in range(20):
        made = row(task, photo(11 * scale + 1, 13 * scale), seed)
        assert np.array_equal(made["lr"], made["hr"][::scale, ::scale])


def test_only_the_margin_is_degraded_beside_the_crop():
    task = SuperResolution(scale=2, crop=16, degradation=Corners(reach=10))
    for seed in range(50):
        row(task, photo(200, 200), seed)
    sides = {side for shape in task.degradation.seen for side in shape}
    assert max(sides) == 16 + 2 * (10 + 2 * 7), "up to 7 low resolution pixels more move the blocks of JPEG"
    row(SuperResolution(scale=2, crop=16, degradation=(plain := Corners())), photo(200, 200))
    assert plain.seen == [(16, 16)]


@pytest.mark.parametrize("degradation", [SecondOrder(), Classical()])
def test_rows_are_those_of_the_example_at_its_step(degradation):
    task = SuperResolution(scale=4, crop=16, degradation=degradation)
    first, again, other = (row(task, photo(40, 44), seed) for seed in (1, 1, 2))
    assert {name: value.shape for name, value in first.items()} == {"lr": (4, 4, 3), "hr": (16, 16, 3)}
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["lr"], other["lr"])


def test_sharpening_changes_the_low_resolution_image_and_the_target_of_pairs_only():
    whole = photo(40, 44)
    task = SuperResolution(scale=2, crop=16, degradation=Corners(), sharpen=True, flips=False)
    made = row(task, whole)
    assert np.array_equal(made["lr"], made["sharp"][::2, ::2])
    assert np.array_equal(made["hr"], row(SuperResolution(scale=2, crop=16, flips=False), whole)["hr"])
    hr = images.to_uint8(made["hr"])
    places = [(y, x) for y in range(25) for x in range(29) if np.array_equal(whole[y : y + 16, x : x + 16], hr)]
    [(top, left)] = places
    assert np.array_equal(images.to_uint8(made["sharp"]), sharpened(whole)[top : top + 16, left : left + 16])


def test_the_discriminator_sees_plain_photographs_where_pairs_are_sharpened():
    task = SuperResolution(scale=2, crop=16, sharpen=True)
    batch = {name: torch.as_tensor(value[None]) for name, value in row(task, photo(40, 44)).items()}
    networks = {"generator": enlarged, "discriminator": lambda shown, training: shown}
    view = View(networks=networks, batch=batch, count=1, step=STEP, rng=Random(0, "test"), fakes={"image": batch["hr"]})
    assert torch.equal(task.pair("image", view)[1], batch["sharp"])
    assert torch.equal(task.compare(view)["image"].real, batch["hr"])
    plain = SuperResolution(scale=2, crop=16)
    assert torch.equal(plain.pair("image", view)[1], batch["hr"])


def test_held_out_photographs_are_degraded_by_their_index_alone():
    task = SuperResolution(scale=2, crop=16, degradation=SecondOrder(), sharpen=True)
    source = Photographs(photo(24, 26), photo(24, 26))
    trained = Trained(networks={"generator": enlarged})
    scored = [list(task.evaluate(trained, {"data": source}, rng=Random(seed, "test"))) for seed in (0, 1)]
    first, again = ([each.output["image"] for each in found if each.method == "bicubic"] for found in scored)
    assert all(np.array_equal(*each) for each in zip(first, again, strict=True))
    assert not np.array_equal(*first), "equal photographs at other places look different"
    assert np.array_equal(scored[0][0].target["image"], photo(24, 26)), "scores compare with the photograph itself"
    pictures = [
        task.fixed_inputs({"data": source}, count=2, rng=np.random.default_rng(seed), fitted={})["lr"]
        for seed in (0, 1)
    ]
    assert np.array_equal(*pictures)


def test_scores_of_other_degradations_do_not_compare():
    def identity(**options):
        return SuperResolution(scale=2, crop=16, **options).identity()

    plain = {"scale": 2, "low_resolution": "that of the data, otherwise bicubic with antialiasing"}
    assert identity() == identity(sharpen=True) == plain
    assert identity(degradation=SecondOrder()) != identity(degradation=SecondOrder(jpeg=(50, 95)))
    assert identity(degradation=Classical())["degradation"] == "Classical"
    assert identity(degradation=Classical())["degradation.noise"] == (0.0, 25.0)


def test_low_resolution_images_of_the_data_stand_for_bicubic_reductions_only():
    hr, given = photo(16, 16), np.full((8, 8, 3), 7, np.uint8)
    context = RowContext(step=STEP, rng=np.random.default_rng(0))
    for degradation, is_given in ((Bicubic(), True), (Corners(), False)):
        task = SuperResolution(scale=2, crop=16, degradation=degradation, flips=False)
        made = images.to_uint8(task.prepare({"hr": hr, "lr": given}, context)["lr"])
        assert np.array_equal(made, given if is_given else hr[::2, ::2])
