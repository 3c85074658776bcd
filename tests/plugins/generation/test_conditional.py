import math

import numpy as np
import pytest
import torch
from ganzoo_generation import ganzoo_register_tasks

from ganzoo import DataError, Field, Random, RecipeError, Step, Trained, View, load_zoo, sources
from ganzoo.schema.build import construct
from ganzoo.testing import check_component, check_task, judged

Generation, Conditional = (ganzoo_register_tasks()[name] for name in ("generation", "conditional_generation"))
ZOO = load_zoo()
FIELDS = {
    "image": Field(shape=(8, 8, 1), dtype="uint8", low=0, high=255),
    "label": Field(shape=(), dtype="int32", low=0, high=2, names=("cat", "dog", "owl")),
}
FITTED = {"num_classes": np.asarray(3)}


def specs(**options):
    return Conditional(latent_dim=4, **options).networks(FIELDS, FITTED)


def test_the_discriminator_is_given_the_label_or_tells_the_class():
    generator, given = specs()
    assert set(generator.signature.inputs) == {"latent", "label"}
    assert set(given.signature.inputs) == {"sample", "label"}
    assert Conditional().exposes.terms == {}
    _, telling = specs(discriminator="classes")
    assert set(telling.signature.inputs) == {"sample"}
    assert telling.signature.outputs["classes"].shape == (3,)
    assert set(Conditional(discriminator="classes").exposes.terms) == {"classification"}


def test_data_without_classes_are_told_how_a_folder_has_them():
    with pytest.raises(DataError, match=r"needs class labels in field 'label'; .*--set data\.classes=true"):
        Conditional().networks({"image": FIELDS["image"]}, FITTED)


@pytest.mark.parametrize("discriminator", ["label", "classes"])
def test_the_task_keeps_its_contract(discriminator):
    pytest.importorskip("sklearn")
    check_component(Conditional)
    data = construct(ZOO.find("dataset", "digits"), {}, zoo=ZOO).component
    networks = {
        name: construct(ZOO.find("architecture", f"dcgan_{name}"), {"filters": 2}, zoo=ZOO).component
        for name in ("generator", "discriminator")
    }
    check_task(Conditional(latent_dim=4, discriminator=discriminator), data, architectures=networks)


def view(network, **more):
    batch = {"sample": torch.zeros(2, 1), "label": torch.tensor([0, 1], dtype=torch.int32)}
    fakes = {"sample": torch.ones(2, 1), "label": torch.tensor([2, 2])}
    return View(
        networks={"discriminator": network},
        batch=batch,
        count=2,
        step=Step(number=0),
        rng=Random(0, "t"),
        fakes=fakes,
        **more,
    )


def test_each_side_is_judged_with_its_own_labels():
    comparison = Conditional().compare(view(lambda inputs, training: inputs["label"][:, None].float()))["sample"]
    assert comparison.outputs(comparison.real)["logits"].flatten().tolist() == [0, 1]
    assert comparison.fake_outputs(comparison.fake)["logits"].flatten().tolist() == [2, 2]


def test_classification_is_cross_entropy_on_both_sides_for_the_discriminator_and_on_fakes_for_the_generator():
    task, scores = Conditional(discriminator="classes"), torch.tensor([[1.0, 0.0, 0.0], [0.0, 3.0, 0.0]])

    def network(samples, training):
        return {"logits": samples, "classes": scores}

    given = view(network)
    given = view(network, judged={"sample": judged(task.compare(given)["sample"])})

    def entropy(row, label):
        return math.log(sum(map(math.exp, row))) - row[label]

    on_fake = (entropy([1, 0, 0], 2) + entropy([0, 3, 0], 2)) / 2
    on_real = (entropy([1, 0, 0], 0) + entropy([0, 3, 0], 1)) / 2
    assert task.term("classification", "generator", given).item() == pytest.approx(on_fake)
    assert task.term("classification", "discriminator", given).item() == pytest.approx(on_fake + on_real)


class Echo:
    """A generator whose images show what it was given: the latents, and the label in the last pixel."""

    output_shape = (None, 1, 5, 1)

    def __call__(self, inputs, training=None):
        last = inputs["label"][:, None].float() / 10
        return torch.cat([inputs["latent"] / 10, last], dim=1)[:, None, :, None]


def drawn(count=12, **options):
    trained = Trained(networks={"generator": Echo()}, fields=FIELDS, fitted=FITTED)
    task = Conditional(latent_dim=4)
    made = task.draw_samples(trained, count=count, rng=Random(0, "sample"), options=task.sampling(**options))
    return (made[:, 0, :, 0].astype(float) / 127.5 - 1) * 10


def test_samples_have_all_classes_in_turn_or_the_one_that_was_asked_for():
    assert np.rint(drawn()[:, -1]).tolist() == [0, 1, 2] * 4
    assert set(np.rint(drawn(label="owl")[:, -1])) == {2}
    assert set(np.rint(drawn(label=1)[:, -1])) == {1}
    with pytest.raises(RecipeError, match="there is no class 'cta' \\(did you mean 'cat'"):
        drawn(label="cta")


def test_an_interpolation_keeps_its_class_and_moves_at_each_step():
    rows = drawn(interpolate=4).reshape(3, 4, 5)
    assert np.rint(rows[:, :, -1]).tolist() == [[0] * 4, [1] * 4, [2] * 4]
    steps = np.linalg.norm(np.diff(rows[:, :, :4], axis=1), axis=2)
    assert (steps > 0.1).all()
    assert not np.allclose(rows[0, 0, :4], rows[1, 0, :4])


def test_truncation_keeps_latents_within_the_limit():
    assert np.abs(drawn(200, truncation=0.5)[:, :4]).max() <= 0.55
    assert np.abs(drawn(200)[:, :4]).max() > 1.5
    uniform, trained = Generation(latent_dim=4, latent="uniform"), Trained(networks={"generator": Echo()})
    options = uniform.sampling(truncation=0.5)
    with pytest.raises(RecipeError, match="the latents of this run are uniform"):
        uniform.draw_samples(trained, count=1, rng=Random(0, "sample"), options=options)


def test_held_out_data_of_other_classes_are_refused():
    other = sources.from_arrays({"image": np.zeros((4, 1, 5, 1), np.uint8), "label": np.arange(4)})
    trained = Trained(networks={"generator": Echo()}, fields=FIELDS, fitted=FITTED)
    with pytest.raises(DataError, match="held-out data: have 4 classes, but the training data have 3"):
        list(Conditional(latent_dim=4).evaluate(trained, {"data": other}, rng=Random(0, "evaluate")))
