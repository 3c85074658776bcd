"""Metrics on features, each against an implementation of others on the same features."""

import tracemalloc

import numpy as np
import pytest
import torch
from ganzoo_metrics import ganzoo_register_metrics, nearest_training
from ganzoo_metrics.precision_recall import precision_recall

from ganzoo import DataError, Embedding, Extractor, sources

METRICS = ganzoo_register_metrics()
WIDTH, CLASSES, SIDE = 6, 4, 5
PIXELS = SIDE * SIDE * 3
MATRIX = np.random.default_rng(0).normal(0, 0.1, (PIXELS, WIDTH + CLASSES)).astype(np.float32)
ON_FEATURES = {
    "class_score": {"splits": 3},
    "frechet": {},
    "kernel_distance": {"subsets": 5, "size": 50},
    "nearest_training": {},
    "precision_recall": {"k": 3},
}


class Projections(Extractor):
    """Linear features and classes, with names of the literature where they are given."""

    def __init__(self, *, names=None):
        self.names = names or {}

    def load(self, training):
        def logits(images):
            return (projected(images)[:, WIDTH:] / 10).astype(np.float64)

        def probabilities(images):
            return np.exp(logits(images)) / np.exp(logits(images)).sum(axis=1, keepdims=True)

        return Embedding(
            label="fixed",
            identity={"weights_sha256": "0"},
            to_features=lambda images: projected(images)[:, :WIDTH],
            to_probabilities=probabilities,
            names=self.names,
        )


class Module(torch.nn.Module):
    """The same features for torchmetrics."""

    num_features = WIDTH

    def __init__(self, part):
        super().__init__()
        self.part = part

    def forward(self, images):
        return torch.from_numpy(projected(images.permute(0, 2, 3, 1).numpy())[:, self.part])


def projected(images):
    # summed in float64: sums in float32 depend on how many images a processor multiplies at once
    return (images.reshape(len(images), -1).astype(np.float64) @ MATRIX).astype(np.float32)


def images(count, seed, shift=0):
    return np.random.default_rng(seed).integers(0, 200, (count, SIDE, SIDE, 3), dtype=np.uint8) + np.uint8(shift)


FAKES, REALS, TRAINING = images(90, 1, 30), images(80, 2), images(40, 3)


def made(name, *parts, names=None, **options):
    metric = METRICS[name](features=Projections(names=names), **{**ON_FEATURES[name], **options})
    metric.build(lambda: {"data": sources.from_arrays(TRAINING)})
    for fakes, reals in parts or [(FAKES, REALS)]:
        metric.update({"image": fakes}, {"image": reals})
    return metric


def scores(name, *parts, **options):
    return made(name, *parts, **options).result()


def channels_first(given):
    return torch.from_numpy(given).permute(0, 3, 1, 2)


def by_torchmetrics(metric):
    metric.update(channels_first(REALS), real=True)
    metric.update(channels_first(FAKES), real=False)
    return metric.compute()


# -- against others ----------------------------------------------------------------------------------------------------


def test_frechet_distance_agrees_with_torchmetrics():
    from torchmetrics.image.fid import FrechetInceptionDistance

    theirs = by_torchmetrics(FrechetInceptionDistance(feature=Module(slice(WIDTH))).set_dtype(torch.float64))
    assert scores("frechet")["fixed_frechet"] == pytest.approx(float(theirs), rel=1e-4)


@pytest.mark.filterwarnings("ignore:Metric .* will save all extracted features:UserWarning")
def test_kernel_distance_agrees_with_torchmetrics_where_a_subset_is_the_whole():
    from torchmetrics.image.kid import KernelInceptionDistance

    same = FAKES[:80]
    metric = KernelInceptionDistance(feature=Module(slice(WIDTH)), subsets=1, subset_size=80)
    metric.update(channels_first(REALS), real=True)
    metric.update(channels_first(same), real=False)
    mine = scores("kernel_distance", (same, REALS), subsets=1, size=1000)["fixed_kernel_distance"]
    assert mine == pytest.approx(float(metric.compute()[0]), rel=1e-4)


def test_the_unbiased_kernel_distance_of_halves_of_one_set_is_about_zero_and_can_be_negative():
    halves = [images(60, seed) for seed in range(10, 20)]
    found = [
        scores("kernel_distance", (one, other), subsets=1, size=60)["fixed_kernel_distance"]
        for one, other in zip(halves[::2], halves[1::2], strict=True)
    ]
    assert min(found) < 0 < max(found)
    assert max(map(abs, found)) < scores("kernel_distance", size=60)["fixed_kernel_distance"] / 3


@pytest.mark.filterwarnings("ignore:Metric .* will save all extracted features:UserWarning")
@pytest.mark.filterwarnings("ignore:std\\(\\). degrees of freedom:UserWarning")
def test_class_score_agrees_with_torchmetrics():
    from torchmetrics.image.inception import InceptionScore

    class Logits(Module):
        def forward(self, images):
            return super().forward(images) / 10

    metric = InceptionScore(feature=Logits(slice(WIDTH, None)), splits=1)
    metric.update(channels_first(FAKES))
    assert scores("class_score", splits=1)["fixed_score"] == pytest.approx(float(metric.compute()[0]), rel=1e-4)


def test_class_score_is_the_mean_over_splits_that_take_turns():
    parts = [scores("class_score", (FAKES[start::3], REALS), splits=1)["fixed_score"] for start in range(3)]
    assert scores("class_score", splits=3)["fixed_score"] == pytest.approx(np.mean(parts))


def test_precision_recall_density_and_coverage_agree_with_neighbours_of_scikit_learn():
    neighbors = pytest.importorskip("sklearn.neighbors")
    fakes, reals = (projected(given)[:, :WIDTH].astype(np.float64) for given in (FAKES, REALS))
    # the first neighbour of a row in its own set is itself
    real_radii, fake_radii = (
        neighbors.NearestNeighbors(n_neighbors=4).fit(rows).kneighbors(rows)[0][:, 3] for rows in (reals, fakes)
    )
    distances = np.linalg.norm(reals[:, None] - fakes[None], axis=2)
    found = scores("precision_recall", k=3)
    assert found == {
        "fixed_precision": pytest.approx((distances < real_radii[:, None]).any(axis=0).mean()),
        "fixed_recall": pytest.approx((distances < fake_radii[None]).any(axis=1).mean()),
        "fixed_density": pytest.approx((distances < real_radii[:, None]).sum(axis=0).mean() / 3),
        "fixed_coverage": pytest.approx((distances.min(axis=1) < real_radii).mean()),
    }
    assert 0 < found["fixed_precision"] < 1
    assert 0 < found["fixed_coverage"] < 1


def test_precision_recall_holds_a_few_blocks_of_distances_and_never_all_of_them():
    fakes, reals = np.random.default_rng(0).normal(size=(2, 4000, 4))
    tracemalloc.start()
    precision_recall(fakes, reals, 3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4000 * 4000 * 8 * 0.6


@pytest.mark.slow
def test_precision_recall_gives_the_published_numbers_of_equal_gaussians():
    # arXiv 2002.09797, the table of its code: d 1000, 10,000 of each, k 5; density differs most between draws
    rng = np.random.default_rng(0)
    fakes, reals = (rng.normal(size=(10_000, 1000)) for _ in range(2))
    found = precision_recall(fakes, reals, 5)
    assert found["precision"] == pytest.approx(0.4772, abs=0.03)
    assert found["recall"] == pytest.approx(0.4705, abs=0.03)
    assert found["density"] == pytest.approx(1.0555, abs=0.08)
    assert found["coverage"] == pytest.approx(0.9735, abs=0.01)


def test_nearest_training_agrees_with_distances_of_scipy():
    from scipy.spatial.distance import cdist

    far, near, training = (projected(given)[:, :WIDTH].astype(np.float64) for given in (FAKES, REALS, TRAINING))
    expected = cdist(near, training).min(axis=1).mean() / cdist(far, training).min(axis=1).mean()
    assert expected < 0.9
    assert scores("nearest_training", (REALS, FAKES))["fixed_nearest_training"] == pytest.approx(expected, rel=1e-4)
    assert scores("nearest_training", (FAKES, REALS))["fixed_nearest_training"] == 1


# -- what they mean ----------------------------------------------------------------------------------------------------


def test_copies_of_training_images_are_at_no_distance_from_them():
    assert scores("nearest_training", (TRAINING, REALS))["fixed_nearest_training"] < 1e-3


def test_held_out_images_that_are_training_images_are_told(monkeypatch):
    monkeypatch.setattr(nearest_training, "nearest_distances", lambda rows, known: np.zeros(len(rows)))
    with pytest.raises(DataError, match="the held-out images are among the training images"):
        scores("nearest_training")


def test_only_so_many_training_examples_are_looked_at():
    assert scores("nearest_training", (TRAINING[10:], REALS), training_examples=10)["fixed_nearest_training"] > 0.5


def test_names_of_the_literature_are_those_that_the_features_reserve():
    assert list(scores("frechet", names={"frechet": "fid"})) == ["fid"]
    assert list(scores("kernel_distance", names={"frechet": "fid"})) == ["fixed_kernel_distance"]


@pytest.mark.parametrize("name", ON_FEATURES)
def test_parts_give_the_score_of_the_whole(name):
    # halves of equal sets
    parts = [(FAKES[:33], REALS[:33]), (FAKES[33:80], REALS[33:])]
    whole = scores(name, (FAKES[:80], REALS))
    assert scores(name, *parts) == {key: pytest.approx(value, rel=1e-9) for key, value in whole.items()}


@pytest.mark.parametrize("name", ON_FEATURES)
def test_no_score_moves_a_global_generator(name):
    torch.manual_seed(3)
    np.random.seed(3)
    expected = torch.rand(2), np.random.random(2)
    torch.manual_seed(3)
    np.random.seed(3)
    scores(name)
    assert torch.equal(torch.rand(2), expected[0])
    assert np.array_equal(np.random.random(2), expected[1])


@pytest.mark.parametrize("name", ["kernel_distance", "precision_recall"])
def test_no_more_features_are_kept_than_asked_for(name):
    whole = scores(name, (FAKES[:40], REALS[:40]))
    assert scores(name, (FAKES[:30], REALS[:30]), (FAKES[30:], REALS[30:]), examples=40) == whole


@pytest.mark.parametrize("name", ON_FEATURES)
def test_the_hash_of_the_weights_is_part_of_the_identity(name):
    assert made(name).identity()["weights_sha256"] == "0"


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("frechet", {}, "needs two images or more on each side"),
        ("kernel_distance", {}, "needs two images or more on each side"),
        ("precision_recall", {"k": 3}, "needs more than k = 3 images on each side"),
    ],
)
def test_sets_that_are_too_small_are_told(name, options, message):
    with pytest.raises(DataError, match=message):
        scores(name, (FAKES[:1], REALS[:1]), **options)


def test_what_is_no_set_of_images_is_refused():
    with pytest.raises(DataError, match=r"fixed: needs sets of uint8 images, received float32 \(2, 3\)"):
        made("frechet").update({"image": np.zeros((2, 3), np.float32)}, {"image": REALS})
    with pytest.raises(DataError, match="needs a field 'image', there are point"):
        made("frechet").update({"point": FAKES}, {"image": REALS})


def test_features_without_classes_give_no_class_score():
    plain = Embedding(label="plain", identity={}, to_features=projected)
    with pytest.raises(DataError, match="the features 'plain' tell no classes"):
        plain.probabilities(FAKES)


def test_features_of_one_set_are_computed_once_for_all_metrics():
    asked = []
    embedding = Embedding(label="counted", identity={}, to_features=lambda images: asked.append(1) or projected(images))
    for _ in range(3):
        embedding.features(FAKES)
        embedding.features(REALS)
    assert len(asked) == 2
    assert np.array_equal(embedding.features(FAKES.copy()), embedding.features(FAKES))


def test_photographs_one_by_one_are_compared_as_two_sets():
    one_by_one = made("frechet", *zip(FAKES[:20], REALS[:20], strict=True)).result()
    assert one_by_one == pytest.approx(scores("frechet", (FAKES[:20], REALS[:20])))
