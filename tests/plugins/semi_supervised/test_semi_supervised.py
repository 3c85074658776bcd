import math

import numpy as np
import pytest
import torch
from ganzoo_semi_supervised import (
    ganzoo_register_architectures,
    ganzoo_register_metrics,
    ganzoo_register_tasks,
)

from ganzoo import DataError, Field, Random, Signature, Step, View, load_zoo, sources
from ganzoo.schema.build import construct
from ganzoo.testing import check_component, check_task, judged

ARCHITECTURES = ganzoo_register_architectures()
Task = ganzoo_register_tasks()["semi_supervised"]
ZOO = load_zoo()
IMAGE = Field(shape=(28, 28, 1), low=-1, high=1)
HEADS = {"classes": Field(shape=(10,)), "features": Field(shape=(None,))}


def dataset(**options):
    return construct(ZOO.find("dataset", "digits"), options, zoo=ZOO).component


def classifier(**options):
    return ARCHITECTURES["matching_classifier"](**options).build(Signature(inputs={"image": IMAGE}, outputs=HEADS))


def test_the_classifier_has_the_weights_of_the_paper():
    network = classifier()
    counted = [weight for weight in network.trainable_variables if weight.name in ("kernel", "bias")]
    assert sum(int(np.prod(weight.shape)) for weight in counted) == 1_538_760
    # of the scales only that of the output is trained
    assert [tuple(weight.shape) for weight in network.trainable_variables if weight.name == "scale"] == [(10,)]


def test_the_classifier_adds_noise_in_training_only_and_its_features_are_before_their_noise():
    network = classifier(hidden=(6, 5), noise=0.5)
    images = torch.rand(3, 28, 28, 1) * 2 - 1
    one, other = (network(images, training=False) for _ in range(2))
    assert torch.equal(one["classes"], other["classes"])
    assert torch.equal(network.get_layer("classes")(one["features"]), one["classes"])
    assert not torch.equal(network(images, training=True)["features"], one["features"])


def test_the_generator_gives_a_sigmoid_on_the_scale_of_images():
    signature = Signature(inputs={"latent": Field(shape=(100,))}, outputs={"image": IMAGE})
    network = ARCHITECTURES["matching_generator"]().build(signature)
    latents = torch.rand(4, 100)
    images = network(latents, training=True)
    assert images.shape == (4, 28, 28, 1)
    assert images.abs().max() <= 1
    names = [weight.name for weight in network.trainable_variables]
    assert names.count("gamma") == 0, "batch normalization has no scale"
    assert names.count("beta") == 2
    assert names.count("scale") == 1


class Logits:
    """A classifier whose logits and features are what it is given."""

    def __call__(self, images, training=None):
        return {"classes": images, "features": images * 2}


def view(labelled, labels, unlabelled, fake):
    batch = {"labelled/image": labelled, "labelled/label": labels, "unlabelled/image": unlabelled}
    found = View(
        networks={"classifier": Logits()},
        batch=batch,
        count=2,
        step=Step(number=0),
        rng=Random(0, "test"),
        fakes={"image": fake},
    )
    comparison = Task().compare(found)["sample"]
    return View(**{**found.__dict__, "judged": {"sample": judged(comparison)}})


def test_the_terms_are_those_of_the_paper_by_hand():
    given = view(torch.tensor([[1.0, 0.0]]), torch.tensor([1]), torch.tensor([[2.0, 0.0]]), torch.tensor([[0.0, -1.0]]))
    task = Task()

    def lse(*values):
        return math.log(sum(map(math.exp, values)))

    def softplus(value):
        return math.log1p(math.exp(value))

    assert task.term("labelled", "discriminator", given).item() == pytest.approx(-0.0 + lse(1, 0))
    expected = -0.5 * lse(2, 0) + 0.5 * softplus(lse(2, 0)) + 0.5 * softplus(lse(0, -1))
    assert task.term("unlabelled", "discriminator", given).item() == pytest.approx(expected)
    assert task.term("feature_matching", "generator", given).item() == pytest.approx(((4 - 0) ** 2 + 2**2) / 2)


def test_the_logit_of_the_comparison_is_the_log_of_z():
    given = view(torch.zeros(1, 2), torch.tensor([0]), torch.tensor([[2.0, 0.0]]), torch.zeros(1, 2))
    assert given.judged["sample"].real["logits"].item() == pytest.approx(math.log(math.exp(2) + 1))


def test_the_task_keeps_its_contract():
    pytest.importorskip("sklearn")
    check_component(Task)
    data = {"labelled": dataset(per_class=2), "unlabelled": dataset()}
    networks = {
        "generator": ARCHITECTURES["matching_generator"](hidden=6),
        "classifier": ARCHITECTURES["matching_classifier"](hidden=(6, 5)),
    }
    check_task(Task(latent_dim=4), data, architectures=networks)


def test_streams_without_labels_or_of_other_images_are_told():
    images = {"image": np.zeros((4, 8, 8, 1), np.uint8)}
    fields = {f"labelled/{name}": each for name, each in sources.from_arrays(images).fields.items()}
    with pytest.raises(DataError, match="needs images of one size in field 'image' of both streams"):
        Task().networks(fields, {})
    both = {**fields, "unlabelled/image": fields["labelled/image"]}
    with pytest.raises(DataError, match="needs class labels in field 'label' of the stream 'labelled'"):
        Task().networks(both, {})


def test_the_error_is_the_percentage_of_wrong_labels():
    metric = ganzoo_register_metrics()["classification_error"]()
    metric.update({"label": np.array([1, 2, 3])}, {"label": np.array([1, 2, 0])})
    metric.update({"label": np.array([1])}, {"label": np.array([1])})
    assert metric.result() == {"classification_error": 25.0}
    with pytest.raises(DataError, match="the results have no 'label'"):
        metric.update({"image": np.zeros(1)}, {"label": np.zeros(1)})
