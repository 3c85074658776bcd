import math

import numpy as np
import pytest
import torch
from ganzoo_bigan import ganzoo_register_architectures, ganzoo_register_metrics, ganzoo_register_tasks

from ganzoo import LOGITS, DataError, Field, Random, Signature, Step, View, load_zoo
from ganzoo.schema.build import construct
from ganzoo.testing import check_component, check_task

ARCHITECTURES = ganzoo_register_architectures()
Task = ganzoo_register_tasks()["bigan"]
ZOO = load_zoo()
IMAGE, LATENT = Field(shape=(28, 28, 1), low=-1, high=1), Field(shape=(50,))


def built(name, inputs, outputs, **options):
    return ARCHITECTURES[f"bigan_{name}"](**options).build(Signature(inputs=inputs, outputs=outputs))


def kernels(network):
    return sorted(tuple(weight.shape) for weight in network.trainable_variables)


def test_the_networks_are_those_of_the_authors_without_biases_and_gains():
    generator = built("generator", {"latent": LATENT}, {"sample": IMAGE})
    encoder = built("encoder", {"sample": IMAGE}, {"latent": LATENT, "features": Field(shape=(None,))})
    judge = built("discriminator", {"sample": IMAGE, "latent": LATENT}, {"logits": LOGITS})
    assert kernels(generator) == [(50, 1024), (1024, 784), (1024, 1024)]
    assert kernels(encoder) == [(784, 1024), (1024, 50), (1024, 1024)]
    # the head of the logit has a bias
    assert kernels(judge) == [(1,), (50, 1024), (784, 1024), (1024, 1), (1024, 1024)]


def test_latents_of_images_stay_within_their_range():
    encoder = built("encoder", {"sample": IMAGE}, {"latent": LATENT, "features": Field(shape=(None,))})
    given = encoder(torch.randn(4, 28, 28, 1) * 100)
    assert given["latent"].abs().max() <= 1
    assert tuple(given["features"].shape) == (4, 1024)


def test_a_discriminator_of_something_else_is_refused():
    with pytest.raises(ValueError, match="works with one image and its latents, received 'sample'"):
        built("discriminator", {"sample": IMAGE}, {"logits": LOGITS})


def linear(inputs, training=None):
    return inputs["sample"].flatten(1).sum(dim=1, keepdim=True) + 10 * inputs["latent"].sum(dim=1, keepdim=True)


def view(**fakes):
    batch = {"sample": torch.ones(2, 1, 1, 1)}
    return View(
        networks={"discriminator": linear}, batch=batch, count=2, step=Step(number=0), rng=Random(0, "t"), fakes=fakes
    )


def test_images_are_judged_with_their_encoding_and_fakes_with_their_latents():
    given = view(
        sample=torch.full((2, 1, 1, 1), 2.0), latent=torch.tensor([[0.5], [0.0]]), encoded=torch.tensor([[-1.0], [0.3]])
    )
    comparison = Task().compare(given)["joint"]
    assert comparison.outputs(comparison.real)["logits"].flatten().tolist() == pytest.approx([1 - 10, 1 + 3])
    assert comparison.fake_outputs(comparison.fake)["logits"].flatten().tolist() == pytest.approx([2 + 5, 2])


def test_the_encoder_wants_its_pairs_to_be_taken_for_generated_ones():
    encoded = torch.tensor([[-0.1], [0.3]], requires_grad=True)
    value = Task().term("encoder", "generator", view(encoded=encoded))
    value.backward()
    logits = [1 - 1.0, 1 + 3.0]
    assert value.item() == pytest.approx(sum(math.log1p(math.exp(logit)) for logit in logits) / 2)
    slopes = [10 / 2 / (1 + math.exp(-logit)) for logit in logits]
    assert encoded.grad.flatten().tolist() == pytest.approx(slopes)


def test_the_task_keeps_its_contract():
    pytest.importorskip("sklearn")
    check_component(Task)
    data = construct(ZOO.find("dataset", "digits"), {}, zoo=ZOO).component
    networks = {name: ARCHITECTURES[f"bigan_{name}"](hidden=6) for name in ("generator", "encoder", "discriminator")}
    check_task(Task(latent_dim=4), data, architectures=networks)


def test_the_nearest_neighbour_decides_in_parts_as_in_the_whole():
    rng = np.random.default_rng(0)
    known, seen = rng.normal(size=(60, 5)).astype(np.float32), rng.normal(size=(40, 5)).astype(np.float32)
    labels, wanted = rng.integers(3, size=60), rng.integers(3, size=40)
    nearest = ((seen[:, None] - known[None]) ** 2).sum(axis=2).argmin(axis=1)
    for chunk in (7, 500):
        metric = ganzoo_register_metrics()["nearest_neighbour"](chunk=chunk)
        metric.update({"features": seen, "neighbours": known, "neighbour_labels": labels}, {"label": wanted})
        assert metric.result()["nearest_neighbour"] == pytest.approx(100 * (labels[nearest] == wanted).mean())
    with pytest.raises(DataError, match=r"lacks neighbours, neighbour_labels; .*task\.neighbours"):
        metric.update({"features": seen}, {"label": wanted})
