"""Pairs of images: from two folders, from one picture, and made from photographs."""

from __future__ import annotations

import numpy as np
import pytest
from ganzoo_data.edge_pairs import EdgePairs
from ganzoo_data.edges import edges
from ganzoo_data.folder import Folder
from ganzoo_data.gaussians import Gaussians
from ganzoo_data.grey_pairs import GreyPairs
from ganzoo_data.image_pairs import ImagePairs
from ganzoo_data.side_by_side import SideBySide

from ganzoo import DataError, images
from ganzoo.testing import check_dataset

PHOTO = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)


def test_images_of_two_folders_are_paired_by_name_whatever_their_suffix(tmp_path):
    for name in ("1", "2"):
        images.write_image(tmp_path / "drawings" / f"{name}.png", PHOTO)
        images.write_image(tmp_path / "photographs" / f"{name}.webp", PHOTO)
    paths = {"input_path": str(tmp_path / "drawings"), "target_path": str(tmp_path / "photographs")}
    dataset = ImagePairs(**paths, input_channels=1)
    source = dataset.open()
    assert [source.name_of(index).rpartition("/")[2] for index in range(2)] == ["1.webp", "2.webp"]
    assert np.array_equal(source[0]["input"], images.grey(PHOTO))
    assert source[0]["target"].shape == (6, 8, 3)
    assert list(source.headers()) == [{"input": (6, 8, 1), "target": (6, 8, 3)}] * 2
    check_dataset(dataset)


def test_an_image_without_a_partner_is_named(tmp_path):
    for name in ("a/1.png", "a/2.png", "b/1.png"):
        images.write_image(tmp_path / name, PHOTO)
    with pytest.raises(DataError, match="1 images lack a partner, '2' first"):
        ImagePairs(input_path=str(tmp_path / "a"), target_path=str(tmp_path / "b")).open()


@pytest.mark.parametrize(("side", "left"), [("left", "input"), ("right", "target")])
def test_a_picture_of_two_halves_is_a_pair(tmp_path, side, left):
    picture = np.concatenate([PHOTO, 255 - PHOTO], axis=1)
    images.write_image(tmp_path / "1.png", picture)
    dataset = SideBySide(path=str(tmp_path), input=side)
    example = dataset.open()[0]
    assert np.array_equal(example.pop(left), PHOTO)
    assert np.array_equal(*example.values(), 255 - PHOTO)
    assert list(dataset.open().headers()) == [{"input": (6, 8, 3), "target": (6, 8, 3)}]
    check_dataset(dataset)


def test_a_picture_that_has_no_halves_is_named(tmp_path):
    images.write_image(tmp_path / "odd.png", np.zeros((4, 7, 3), np.uint8))
    source = SideBySide(path=str(tmp_path)).open()
    with pytest.raises(DataError, match=r"odd\.png: the picture is 7x4; two halves need an even width"):
        source[0]
    assert "even width" in str(next(source.headers()))


def test_some_pictures_of_a_folder_can_be_held_out(tmp_path):
    for name in range(20):
        images.write_image(tmp_path / f"{name}.png", PHOTO)
    parts = [SideBySide(path=str(tmp_path), split=split, fraction=0.3).open() for split in ("train", "validation")]
    names = [{part.name_of(index) for index in range(len(part))} for part in parts]
    assert not names[0] & names[1]
    assert len(names[0] | names[1]) == 20


def test_the_input_can_be_the_brightness_of_a_photograph(tmp_path):
    images.write_image(tmp_path / "1.png", PHOTO)
    source = GreyPairs(of=Folder(path=str(tmp_path))).open()
    assert np.array_equal(source[0]["input"], images.grey(PHOTO))
    assert np.array_equal(source[0]["target"], PHOTO)
    assert list(source.headers()) == [{"input": (6, 8, 1), "target": (6, 8, 3)}]


def square(side=40, place=slice(10, 30)):
    image = np.zeros((side, side))
    image[place, place] = 1
    return image


def test_edges_are_thin_lines_where_brightness_changes():
    found = edges(square(), sigma=1.0, low=0.02, high=0.05)
    rows, columns = np.nonzero(found)
    to_border = [np.minimum(abs(place - 9.5), abs(place - 29.5)) for place in (rows, columns)]
    assert np.minimum(*to_border).max() <= 1
    assert list(found[20].nonzero()[0]) in ([9, 29], [10, 30], [9, 30], [10, 29])
    assert found.sum() < 90


def test_weak_edges_count_only_where_they_touch_strong_ones():
    image = np.zeros((20, 60))
    image[:, 10:] = 0.5  # strong
    image[:, 40:] = 0.55  # weak, and alone
    strong = edges(image, sigma=1.0, low=0.02, high=0.05)
    assert strong[:, :20].any()
    assert not strong[:, 30:].any()
    assert edges(image, sigma=1.0, low=0.005, high=0.01)[:, 30:].any()


def test_a_flat_image_has_no_edges():
    assert not edges(np.full((8, 8), 0.3), sigma=1.0, low=0.02, high=0.05).any()


def test_drawings_are_black_and_white_and_always_the_same(tmp_path):
    images.write_image(tmp_path / "1.png", (square()[..., None] * [255, 200, 100]).astype(np.uint8))
    source = EdgePairs(of=Folder(path=str(tmp_path)), sigma=1.0).open()
    assert set(np.unique(source[0]["input"])) == {0, 255}
    assert np.array_equal(source[0]["input"], source[0]["input"])


def test_thresholds_in_the_wrong_order_are_refused():
    with pytest.raises(ValueError, match=r"low must be at most high, but 0\.5 is more than 0\.1"):
        EdgePairs(of=Folder(path="x"), low=0.5, high=0.1)


@pytest.mark.parametrize("pairs", [GreyPairs, EdgePairs])
def test_pairs_are_made_of_photographs_only(pairs):
    with pytest.raises(DataError, match="needs RGB photographs in field 'image'"):
        pairs(of=Gaussians(count=100)).open()
