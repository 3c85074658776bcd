"""Digits, their coloured twins, and what is right about a translation."""

from __future__ import annotations

import numpy as np
import pytest
from ganzoo_coloured_digits.coloured_digits import ColouredDigits
from ganzoo_coloured_digits.palette import coloured, ink, nearest_colours, palette
from ganzoo_coloured_digits.translated_digits import TranslatedDigits
from ganzoo_data.digits import Digits
from ganzoo_data.photos import Photos

from ganzoo import DataError, Embedding, Extractor
from ganzoo.testing import check_dataset

GREY = np.random.default_rng(0).integers(0, 256, (10, 6, 6, 1), dtype=np.uint8)
TWINS = np.stack([coloured(image, colour) for image, colour in zip(GREY, palette(10), strict=True)])


class Brightest(Extractor):
    """Takes for the class of an image what its first pixel says."""

    def load(self, training):
        def probabilities(images):
            assert images.shape[-1] == 1
            return np.eye(10)[images[:, 0, 0, 0] % 10]

        return Embedding(label="fixed", identity={}, to_features=probabilities, to_probabilities=probabilities)


def test_a_twin_is_black_on_the_colour_of_its_class():
    black, white = np.zeros((1, 1, 1), np.uint8), np.full((1, 1, 1), 255, np.uint8)
    assert coloured(black, palette(10)[0]).tolist() == [[[255, 64, 64]]]
    assert coloured(white, palette(10)[0]).tolist() == [[[0, 0, 0]]]


def test_ink_and_colour_of_a_twin_are_found_again():
    assert np.array_equal(ink(TWINS), GREY)
    assert np.array_equal(nearest_colours(TWINS, palette(10)), np.arange(10))


def test_the_data_are_those_of_the_digits_with_their_labels():
    digits, twins = Digits().open(), ColouredDigits(of=Digits()).open()
    assert len(digits) == len(twins)
    assert twins[5]["label"] == digits[5]["label"]
    assert np.array_equal(ink(twins[5]["image"][None])[0], digits[5]["image"])
    check_dataset(ColouredDigits(of=Digits()))


def test_other_images_have_no_twins():
    with pytest.raises(DataError, match="needs grey images in field 'image'"):
        ColouredDigits(of=Photos()).open()


def scores(images, labels):
    metric = TranslatedDigits(features=Brightest())
    metric.build(dict)
    metric.update({"image": images, "label": labels}, {})
    return metric.result()


def test_classes_that_were_kept_and_colours_that_are_right_are_counted():
    grey = GREY.copy()
    grey[:, 0, 0, 0] = np.arange(10)
    labels = np.arange(10)
    labels[:3] = 9
    assert scores(grey, labels) == {"class_kept": 70.0}
    twins = np.stack([coloured(image, palette(10)[0]) for image in grey])
    assert scores(twins, np.arange(10)) == {"class_kept": 100.0, "colour_right": 10.0}


def test_results_without_labels_are_refused():
    metric = TranslatedDigits(features=Brightest())
    metric.build(dict)
    with pytest.raises(DataError, match="needs sets of images in 'image', and their 'label'"):
        metric.update({"image": GREY}, {})
