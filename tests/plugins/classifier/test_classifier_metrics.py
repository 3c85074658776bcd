import math

import numpy as np
import pytest
import torch
from ganzoo_classifier import classifier, ganzoo_register_metrics
from ganzoo_classifier.classifier_frechet import Moments, frechet_distance

from ganzoo import DataError, load_zoo, sampling, sources
from ganzoo.schema.build import construct

ZOO = load_zoo()
OFFERED = ganzoo_register_metrics()


def digits(**options):
    pytest.importorskip("sklearn")
    return construct(ZOO.find("dataset", "digits"), options, zoo=ZOO).component.open()


def columns(source):
    return sampling.stack_examples(source, range(len(source)), ["image", "label"])


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Train each classifier anew, into a folder of this test."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(classifier, "_known", {})
    return tmp_path / "models" / "ganzoo" / "classifiers"


def made(name, **options):
    metric = OFFERED[name](**options)
    metric.build(lambda: {"data": digits()})
    return metric


# -- the classifier ----------------------------------------------------------------------------------------------------


def test_the_classifier_is_right_about_digits_that_it_has_not_seen():
    held_out = columns(digits(split="validation"))
    found = classifier.classifier_of(digits()).classes(held_out["image"])
    assert (found == held_out["label"]).mean() > 0.95


def test_training_it_again_gives_the_same_weights_and_moves_no_global_generator(monkeypatch, cache):
    torch.manual_seed(7)
    np.random.seed(7)
    expected = torch.rand(3), np.random.random(3)
    torch.manual_seed(7)
    np.random.seed(7)
    first = classifier.classifier_of(digits())
    assert torch.equal(torch.rand(3), expected[0])
    assert np.array_equal(np.random.random(3), expected[1])
    monkeypatch.setattr(classifier, "_known", {})
    next(cache.iterdir()).unlink()
    assert classifier.classifier_of(digits()).weights_hash == first.weights_hash


def test_it_is_read_from_its_file_and_a_damaged_file_is_replaced(monkeypatch, cache):
    first = classifier.classifier_of(digits())
    (file,) = cache.iterdir()
    written = file.stat().st_mtime_ns
    monkeypatch.setattr(classifier, "_known", {})
    assert classifier.classifier_of(digits()).weights_hash == first.weights_hash
    assert file.stat().st_mtime_ns == written
    file.write_bytes(file.read_bytes()[:1000])
    monkeypatch.setattr(classifier, "_known", {})
    assert classifier.classifier_of(digits()).weights_hash == first.weights_hash
    assert len(file.read_bytes()) > 1000


def test_other_data_have_a_classifier_of_their_own(cache):
    classifier.classifier_of(digits())
    classifier.classifier_of(digits(split="validation"))
    assert len(list(cache.iterdir())) == 2


def test_a_folder_that_cannot_be_written_costs_time_only(monkeypatch, tmp_path):
    (tmp_path / "models").write_text("a file where the folder would be")
    assert classifier.classifier_of(digits(split="validation")).num_classes == 10


def test_data_without_labels_are_refused():
    source = sources.from_arrays(np.zeros((4, 8, 8, 1), np.uint8))
    with pytest.raises(DataError, match="a classifier needs class labels in field 'label'"):
        classifier.classifier_of(source)
    points = sources.from_arrays({"point": np.zeros((4, 2), np.float32), "label": np.arange(4)})
    with pytest.raises(DataError, match="a classifier needs images of one size in field 'image'"):
        classifier.classifier_of(points)


# -- class_accuracy ----------------------------------------------------------------------------------------------------


def test_images_of_the_asked_classes_are_accurate_and_wrong_labels_are_counted():
    held_out = columns(digits(split="validation"))
    right, wrong = made("class_accuracy"), made("class_accuracy")
    right.update(held_out, held_out)
    wrong.update({**held_out, "label": (held_out["label"] + 1) % 10}, held_out)
    assert right.result()["class_accuracy"] > 95
    assert wrong.result()["class_accuracy"] < 5


def test_a_task_that_was_not_asked_for_classes_is_told():
    metric = made("class_accuracy")
    with pytest.raises(DataError, match="does not say which 'label' it was asked for"):
        metric.update({"image": columns(digits())["image"]}, {})


def test_images_of_another_size_are_refused():
    metric = made("class_accuracy")
    with pytest.raises(DataError, match=r"was trained on images of \(8, 8, 1\), received \(9, 9, 1\)"):
        metric.update({"image": np.zeros((2, 9, 9, 1), np.uint8), "label": np.zeros(2)}, {})


# -- class_modes -------------------------------------------------------------------------------------------------------


def test_lost_classes_are_missing_in_the_count_and_in_the_divergence():
    every = columns(digits(split="validation"))
    whole, half = made("class_modes"), made("class_modes")
    whole.update(every, every)
    half.update({"image": every["image"][every["label"] < 5]}, every)
    assert whole.result()["classes_found"] == 10
    assert whole.result()["classes_kl"] < 0.05
    assert half.result()["classes_found"] >= 5
    assert half.result()["classes_kl"] == pytest.approx(math.log(2), abs=0.15)


def test_the_divergence_is_that_of_the_counts():
    metric = made("class_modes")
    metric._classifier = type("Known", (), {"num_classes": 4, "classes": lambda self, images: images[:, 0, 0, 0]})()
    metric.update({"image": np.array([0, 0, 0, 1], np.uint8).reshape(4, 1, 1, 1)}, {})
    expected = 0.75 * math.log(0.75 * 4) + 0.25 * math.log(0.25 * 4)
    assert metric.result() == {"classes_found": 2.0, "classes_kl": pytest.approx(expected)}


def test_channels_are_classified_one_by_one():
    metric = made("class_modes", of="channels", data=construct(ZOO.find("dataset", "digits"), {}, zoo=ZOO).component)
    every = columns(digits(split="validation"))["image"][:60]
    stacked = np.concatenate([every[:20], every[20:40], every[40:]], axis=-1)
    metric.update({"image": stacked}, {})
    assert 10 < metric.result()["classes_found"] <= 20
    # 20 samples of 1000 modes: log(1000 / 20) where all differ
    assert metric.result()["classes_kl"] == pytest.approx(math.log(1000 / 20), abs=0.4)


def test_stacked_images_need_data_for_the_classifier():
    with pytest.raises(ValueError, match=r'of = "channels" needs data'):
        OFFERED["class_modes"](of="channels")


# -- classifier_frechet ------------------------------------------------------------------------------------------------


def exact(mean, covariance, count=1000):
    """Rows with exactly this mean and this covariance."""
    rows = np.random.default_rng(0).normal(size=(count, len(mean)))
    rows -= rows.mean(axis=0)
    rows = rows @ np.linalg.inv(np.linalg.cholesky(np.cov(rows.T))).T
    return mean + rows @ np.linalg.cholesky(covariance).T


def moments(*parts):
    found = Moments()
    for part in parts:
        found.add(part)
    return found


def test_the_distance_of_known_gaussians_is_exact():
    # diagonal covariances commute: |m|^2 + sum (sqrt a - sqrt b)^2
    one = exact(np.array([0.0, 0.0]), np.diag([4.0, 9.0]))
    other = exact(np.array([3.0, 4.0]), np.diag([1.0, 16.0]))
    assert frechet_distance(moments(one), moments(other)) == pytest.approx(25 + 1 + 1, abs=1e-9)


def test_the_distance_of_correlated_gaussians_is_that_of_the_matrix_root():
    one, other = np.array([[2.0, 0.6], [0.6, 1.0]]), np.array([[1.0, -0.4], [-0.4, 3.0]])
    values, vectors = np.linalg.eig(one @ other)
    root = vectors @ np.diag(np.sqrt(values)) @ np.linalg.inv(vectors)
    expected = np.trace(one + other - 2 * root)
    rows = [exact(np.zeros(2), covariance) for covariance in (one, other)]
    assert frechet_distance(*map(moments, rows)) == pytest.approx(expected, abs=1e-9)


def test_parts_give_the_same_as_the_whole_far_from_zero():
    rows = np.random.default_rng(1).normal(1e4, 1.0, (999, 5)).astype(np.float32)
    whole, parts = moments(rows), moments(rows[:10], rows[10:500], rows[500:])
    assert np.allclose(whole.mean, parts.mean, rtol=1e-12)
    assert np.allclose(whole.covariance, np.cov(rows.astype(np.float64).T), rtol=1e-9)
    assert np.allclose(parts.covariance, whole.covariance, rtol=1e-9)


def test_digits_are_nearer_to_digits_than_noise():
    every = columns(digits(split="validation"))["image"]
    noise = np.random.default_rng(0).integers(0, 256, every[:150].shape, dtype=np.uint8)
    near, far = made("classifier_frechet"), made("classifier_frechet")
    near.update({"image": every[:150]}, {"image": every[150:]})
    far.update({"image": noise}, {"image": every[150:]})
    assert near.result()["classifier_frechet"] * 4 < far.result()["classifier_frechet"]


def test_several_streams_with_labels_need_data_for_the_classifier():
    metric = OFFERED["classifier_frechet"]()
    with pytest.raises(DataError, match="2 of the streams a, b have labels; state what the classifier"):
        metric.build(lambda: {"a": digits(), "b": digits()})
