import math

import numpy as np
import pytest
import torch
from ganzoo_classifier import classifier, ganzoo_register_metrics, training
from ganzoo_classifier.extractor import ClassifierFeatures
from ganzoo_metrics.frechet import Frechet

from ganzoo import DataError, load_zoo, sampling, sources
from ganzoo.contracts.wiring import WiredMetric
from ganzoo.schema.build import construct
from ganzoo.training.evaluation import check_metrics

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


def test_the_user_is_told_that_a_classifier_is_trained_and_the_next_time_nothing(monkeypatch, cache):
    monkeypatch.setattr(training, "_FEWEST_STEPS", 10)
    told = []
    wired = WiredMetric(key="class_accuracy", make=OFFERED["class_accuracy"])
    for _ in range(2):
        check_metrics([wired], lambda: {"data": digits(split="validation")}, told.append)
    assert told == ["training a classifier on 300 images for the scores; it is kept for later runs"]


def test_a_classifier_is_prepared_ahead_from_data_by_name(monkeypatch, cache, ganzoo):
    monkeypatch.setattr(training, "_FEWEST_STEPS", 10)
    done = ganzoo("data", "prepare", "classifier", "--data", "digits", "--set", "split=validation")
    assert done.code == 0, done.err
    (file,) = cache.iterdir()
    assert file == classifier.file_of(digits(split="validation"))
    assert str(file) in done.out.replace("\n", "")
    assert "training the classifier" in done.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["classifier"], "run: ganzoo data prepare classifier --data NAME"),
        (["vgg16", "--data", "digits"], "vgg16 is made from no data set; leave out --data"),
        (["classifier", "--data", "digitz"], "did you mean 'digits'?"),
        (["classifier", "--set", "split=train"], "--set: needs --data"),
    ],
)
def test_what_cannot_be_prepared_is_told(ganzoo, arguments, message):
    refused = ganzoo("data", "prepare", *arguments)
    assert refused.code != 0
    assert message in " ".join(refused.err.split())


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


# -- the features -----------------------------------------------------------------------------------------------------


def test_digits_are_nearer_to_digits_than_noise():
    every = columns(digits(split="validation"))["image"]
    noise = np.random.default_rng(0).integers(0, 256, every[:150].shape, dtype=np.uint8)
    near, far = (Frechet(features=ClassifierFeatures()) for _ in range(2))
    for metric in (near, far):
        metric.build(lambda: {"data": digits()})
    near.update({"image": every[:150]}, {"image": every[150:]})
    far.update({"image": noise}, {"image": every[150:]})
    assert near.result()["classifier_frechet"] * 4 < far.result()["classifier_frechet"]


def test_several_streams_with_labels_need_data_for_the_classifier():
    with pytest.raises(DataError, match="2 of the streams a, b have labels; state what the classifier"):
        ClassifierFeatures().load(lambda: {"a": digits(), "b": digits()})


def test_the_features_know_the_hash_of_their_weights_and_the_probabilities_of_classes():
    embedding = ClassifierFeatures().load(lambda: {"data": digits()})
    held_out = columns(digits(split="validation"))
    assert embedding.identity["weights_sha256"] == classifier.classifier_of(digits()).weights_hash
    assert embedding.features(held_out["image"]).shape == (len(held_out["image"]), 128)
    shares = embedding.probabilities(held_out["image"])
    assert shares.sum(axis=1) == pytest.approx(np.ones(len(shares)))
    assert (shares.argmax(axis=1) == held_out["label"]).mean() > 0.95
    assert embedding.named("frechet") == "classifier_frechet"


# -- train_on_synthetic ------------------------------------------------------------------------------------------------


def test_images_with_their_labels_teach_a_classifier_and_wrong_labels_do_not(monkeypatch):
    monkeypatch.setattr(training, "_FEWEST_STEPS", 100)
    known, held_out = columns(digits()), columns(digits(split="validation"))
    right, wrong = (OFFERED["train_on_synthetic"]() for _ in range(2))
    right.update(known, held_out)
    wrong.update({**known, "label": (known["label"] + 1) % 10}, held_out)
    assert right.result()["train_on_synthetic"] > 85
    assert right.result() == right.result()
    assert wrong.result()["train_on_synthetic"] < 5


def test_only_so_many_examples_are_learned_from_however_they_come(monkeypatch):
    monkeypatch.setattr(training, "_FEWEST_STEPS", 10)
    known = columns(digits())
    first = {name: values[:30] for name, values in known.items()}
    rest = {name: values[30:] for name, values in known.items()}
    whole, parts = (OFFERED["train_on_synthetic"](examples=50) for _ in range(2))
    whole.update(known, known)
    parts.update(first, first)
    parts.update(rest, rest)
    assert whole.result() == parts.result()


def test_unlabelled_samples_teach_nothing():
    known = columns(digits())
    with pytest.raises(DataError, match="needs a 'label' of each generated and each held-out image"):
        OFFERED["train_on_synthetic"]().update({"image": known["image"]}, known)
