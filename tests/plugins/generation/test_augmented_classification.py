import math

import pytest
import torch
from ganzoo_generation import ganzoo_register_tasks

from ganzoo import Random, Step, View, load_zoo
from ganzoo.schema.build import construct
from ganzoo.testing import check_component, check_task
from ganzoo.testing.networks import SmallNetwork

Task = ganzoo_register_tasks()["augmented_classification"]
ZOO = load_zoo()


def view():
    fake = torch.tensor([[2.0], [3.0]], requires_grad=True)

    def classifier(samples, training):
        return torch.cat([samples, -samples], dim=1)

    return View(
        networks={"classifier": classifier, "baseline": classifier},
        batch={"sample": torch.tensor([[1.0], [0.0]]), "label": torch.tensor([0, 1], dtype=torch.int32)},
        count=2,
        step=Step(number=0),
        rng=Random(0, "test"),
        fakes={"sample": fake, "label": torch.tensor([0, 0])},
    )


def entropy(value, label):
    return math.log(math.exp(value) + math.exp(-value)) - (value if label == 0 else -value)


def test_one_classifier_learns_from_generated_examples_too_and_one_does_not():
    task, given = Task(), view()
    real = (entropy(1, 0) + entropy(0, 1)) / 2
    fake = (entropy(2, 0) + entropy(3, 0)) / 2
    assert task.term("without_generated", "generator", given).item() == pytest.approx(real)
    value = task.term("with_generated", "generator", given)
    assert value.item() == pytest.approx(real + fake)
    assert not value.requires_grad, "the generator does not learn from what the classifier says"


def test_both_classifiers_are_products_beside_the_generator():
    pytest.importorskip("sklearn")
    data = construct(ZOO.find("dataset", "digits"), {}, zoo=ZOO).component.open()
    task = Task()
    specs = task.networks(data.fields, task.fit({"data": data}))
    assert [spec.name for spec in specs if spec.is_product] == ["generator", "classifier", "baseline"]


def test_the_task_keeps_its_contract():
    pytest.importorskip("sklearn")
    check_component(Task)
    data = construct(ZOO.find("dataset", "digits"), {}, zoo=ZOO).component
    networks = {
        name: construct(ZOO.find("architecture", f"dcgan_{name}"), {"filters": 2}, zoo=ZOO).component
        for name in ("generator", "discriminator")
    }
    classifiers = dict.fromkeys(("classifier", "baseline"), SmallNetwork())
    check_task(Task(latent_dim=4, discriminator="classes"), data, architectures={**networks, **classifiers})
