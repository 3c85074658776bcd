"""`ganzoo data show`: what the networks will see, before anything is trained."""

from __future__ import annotations

import numpy as np
import pytest

from ganzoo import images, load_recipe, load_zoo, open_data
from ganzoo.data.batches import StepBatches
from ganzoo.sampling.rows import draw_rows

SMALL = ("--set=task.scale=2", "--set=task.crop=16", "--set=train.batch_size=3")


def cells(sheet, side, columns):
    """The pictures of a sheet, row by row, below the strip of names."""
    strip = sheet.shape[0] - (sheet.shape[0] // (side + 2)) * (side + 2) + 2
    tops = range(strip, sheet.shape[0], side + 2)
    return [
        [sheet[top : top + side, left : left + side] for left in range(0, columns * (side + 2), side + 2)]
        for top in tops
    ]


def test_a_sheet_has_the_rows_of_the_first_steps_and_names_their_files(ganzoo, photographs, tmp_path):
    sheet = tmp_path / "sheet.png"
    options = [*SMALL, f"--set=data={photographs}", "--set=task.degradation.name=second_order"]
    ended = ganzoo("data", "show", "srgan_photos", "-o", sheet, "--count", 5, *options)
    assert ended.code == 0, ended.err
    recipe = load_recipe("srgan_photos", zoo=load_zoo(), overrides=[each.removeprefix("--set=") for each in options])
    batches = StepBatches.of(recipe, open_data(recipe))
    names = [*batches.names(0), *batches.names(1)][:5]
    told = [line.split() for line in ended.out.splitlines()]
    assert [line[1] for line in told if line and line[0].isdigit()] == names
    rows = [
        {name: images.to_uint8(value[row]) for name, value in batches[step].items()}
        for step in (0, 1)
        for row in range(3)
    ]
    for (lr, hr), row in zip(cells(images.read_image(sheet), 96, 2), rows[:5], strict=True):
        assert np.array_equal(hr, row["hr"].repeat(6, axis=0).repeat(6, axis=1))
        assert np.array_equal(lr, row["lr"].repeat(12, axis=0).repeat(12, axis=1))


def test_numbers_of_a_row_are_printed_beside_its_name(ganzoo, tmp_path):
    ended = ganzoo("data", "show", "acgan_mnist", "--profile", "smoke", "-o", tmp_path / "digits.png", "--count", 3)
    assert ended.code == 0, ended.err
    [header] = [line for line in ended.out.splitlines() if line.startswith("row")]
    assert header.split() == ["row", "example", "label"]
    assert images.read_image(tmp_path / "digits.png").shape[1] >= 96


def test_a_sheet_that_exists_is_kept(ganzoo, tmp_path):
    sheet = tmp_path / "points.png"
    assert ganzoo("data", "show", "gaussians_ring", "-o", sheet).code == 0
    ended = ganzoo("data", "show", "gaussians_ring", "-o", sheet)
    assert ended.code == 2
    assert "points.png exists; name another output, or overwrite with --overwrite" in ended.err
    assert ganzoo("data", "show", "gaussians_ring", "-o", sheet, "--overwrite").code == 0
    assert "expected a file that ends in .png" in ganzoo("data", "show", "gaussians_ring", "-o", "sheet.jpg").err


def test_streams_of_other_lengths_stand_side_by_side():
    dark, light = np.zeros((96, 96, 1), np.uint8), np.ones((48, 48, 3), np.float32)
    drawn = cells(draw_rows({"one/image": [dark, dark], "other/image": [light]}), 96, 2)
    assert [[cell.mean() for cell in row] for row in drawn] == [[0, 255], [0, 255]]
    assert draw_rows({"one": [dark], "label": [np.int32(3)]}).shape[1] == 96, "numbers are not a column"


@pytest.mark.parametrize("values", [[np.int32(3)], [np.arange(4)], []])
def test_what_cannot_be_drawn_is_not_drawn(values):
    assert draw_rows({"field": values}) is None
