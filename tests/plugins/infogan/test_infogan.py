import math

import numpy as np
import pytest
import torch
from ganzoo_infogan import ganzoo_register_architectures, ganzoo_register_metrics, ganzoo_register_tasks

from ganzoo import LOGITS, DataError, Field, Random, RecipeError, Signature, Step, Trained, View, load_zoo
from ganzoo.schema.build import construct
from ganzoo.testing import check_component, check_task, judged

ARCHITECTURES = ganzoo_register_architectures()
Task = ganzoo_register_tasks()["infogan"]
ZOO = load_zoo()
IMAGE = Field(shape=(28, 28, 1), low=-1, high=1)


def networks(filters=64, task=None):
    generator, discriminator = (task or Task()).networks({"image": Field(shape=(28, 28, 1), dtype="uint8")}, {})
    return {
        "generator": ARCHITECTURES["infogan_generator"](filters=filters).build(generator.signature),
        "discriminator": ARCHITECTURES["infogan_discriminator"](filters=filters).build(discriminator.signature),
    }


def test_the_networks_have_the_weights_of_the_authors_code():
    def trained(network):
        return sum(int(np.prod(weight.shape)) for weight in network.trainable_variables)

    made = networks()
    assert trained(made["generator"]) == 6_652_481
    assert trained(made["discriminator"]) == 6_692_173


def test_a_discriminator_without_a_code_has_no_head_for_it():
    network = ARCHITECTURES["infogan_discriminator"](filters=2).build(
        Signature(inputs={"image": IMAGE}, outputs={"logits": LOGITS})
    )
    assert tuple(network(torch.zeros(2, 28, 28, 1)).shape) == (2, 1)


def test_sides_that_four_does_not_divide_are_refused():
    odd = Field(shape=(30, 30, 1), low=-1, high=1)
    with pytest.raises(ValueError, match="needs images whose sides are multiples of 4, received 30x30x1"):
        ARCHITECTURES["infogan_discriminator"]().build(Signature(inputs={"image": odd}, outputs={"logits": LOGITS}))


class Reader:
    """A discriminator that tells this code."""

    def __init__(self, code):
        self.code = code

    def __call__(self, samples, training=None):
        return {"logits": samples[:, :1], "code": self.code}


def test_mutual_information_is_cross_entropy_and_half_the_squared_error_by_hand():
    task = Task(categories=(2, 3), continuous=1)
    told = torch.tensor([[1.0, 0.0, 0.0, 2.0, 0.0, 0.3]], requires_grad=True)
    asked = torch.tensor([[0.0, 1.0, 0.0, 1.0, 0.0, -0.5]])
    view = View(
        networks={"discriminator": Reader(told)},
        batch={"sample": torch.zeros(1, 1)},
        count=1,
        step=Step(number=0),
        rng=Random(0, "test"),
        fakes={"sample": torch.zeros(1, 1), "code": asked},
    )
    view = View(**{**view.__dict__, "judged": {"sample": judged(task.compare(view)["sample"])}})
    value = task.term("mutual_information", "generator", view)
    value.backward()
    expected = math.log(1 + math.e) + math.log(2 + math.exp(2)) - 2 + 0.8**2 / 2
    assert value.item() == pytest.approx(expected)
    assert told.grad[0, 5].item() == pytest.approx(0.8)
    assert told.grad[0, 0].item() == pytest.approx(math.e / (1 + math.e))


def test_a_code_has_one_category_of_each_kind_and_values_in_their_range():
    inputs = Task(categories=(4, 3), continuous=2)._inputs(400, Random(0, "test"))
    code = inputs["code"]
    assert code.shape == (400, 9)
    for part in (code[:, :4], code[:, 4:7]):
        assert torch.equal(part.sum(dim=1), torch.ones(400))
        assert part.sum(dim=0).min() > 70
    assert inputs["latent"].abs().max() <= 1
    assert code[:, 7:].min() < -0.9
    assert code[:, 7:].max() > 0.9


def test_the_task_keeps_its_contract():
    pytest.importorskip("sklearn")
    check_component(Task)
    data = construct(ZOO.find("dataset", "digits"), {}, zoo=ZOO).component
    check_task(
        Task(latent_dim=4),
        data,
        architectures={role: ARCHITECTURES[f"infogan_{role}"](filters=2) for role in ("generator", "discriminator")},
    )


class Codes:
    """A generator whose images are the codes that it was given."""

    output_shape = (None, 1, 12, 1)

    def __call__(self, inputs, training=None):
        return inputs["code"][:, None, :, None]


def drawn(count=40, **options):
    trained = Trained(networks={"generator": Codes()})
    made = Task().draw_samples(trained, count=count, rng=Random(0, "sample"), options=Task.sampling(**options))
    return made[:, 0, :, 0].astype(float) / 127.5 - 1


def test_samples_have_all_categories_in_turn_or_the_one_that_was_asked_for():
    assert drawn()[:, :10].argmax(axis=1).tolist() == [index % 10 for index in range(40)]
    assert set(drawn(category=3)[:, :10].argmax(axis=1)) == {3}


def test_a_varied_code_sweeps_each_row_which_shares_the_rest():
    code = drawn(vary=1)
    rows = code.reshape(4, 10, 12)
    assert np.allclose(rows[:, :, 10], rows[:, :1, 10])
    # images are in [-1, 1]: what goes from -2 to 2 is cut there
    assert np.allclose(rows[0, :, 11], np.linspace(-2, 2, 10).clip(-1, 1), atol=0.01)
    assert [row[0] for row in rows[:, :, :10].argmax(axis=2)] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("options", "message"),
    [({"vary": 2}, "there are 2 continuous codes"), ({"category": 10}, "there are 10 categories")],
)
def test_codes_that_there_are_not_are_refused(options, message):
    with pytest.raises(RecipeError, match=message):
        drawn(**options)


def test_each_category_stands_for_one_class_as_best_fits():
    metric = ganzoo_register_metrics()["code_error"]()
    # category 0 is mostly class 2; category 1 and 2 are both mostly class 0, of which one gets class 1
    metric.update({"category": np.array([0, 0, 0, 1, 1, 1])}, {"label": np.array([2, 2, 0, 0, 0, 1])})
    metric.update({"category": np.array([2, 2])}, {"label": np.array([0, 0])})
    # 0 -> 2 (2 right), 2 -> 0 (2 right), 1 -> 1 (1 right)
    assert metric.result()["code_error"] == pytest.approx(100 * 3 / 8)
    with pytest.raises(DataError, match="code_error: needs 'category'"):
        metric.update({}, {"label": np.zeros(1)})
