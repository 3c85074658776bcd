import numpy as np
import pytest
import torch
from ganzoo_bigan import ganzoo_register_architectures, ganzoo_register_metrics, ganzoo_register_tasks
from ganzoo_bigan.neighbours import nearest_labels
from PIL import Image
from torch.nn.functional import leaky_relu, softplus

from ganzoo import LOGITS, DataError, Field, Random, SampleRequest, Signature, Source, Step, Trained, View, load_zoo
from ganzoo.schema.build import construct
from ganzoo.testing import check_component, check_task, judged

ARCHITECTURES = ganzoo_register_architectures()
Task = ganzoo_register_tasks()["bigan"]
ZOO = load_zoo()
IMAGE = Field(shape=(28, 28, 1), dtype="uint8", low=0, high=255)
LABEL = Field(shape=(), dtype="int32", low=0, high=9)
SMALL = Field(shape=(4, 4, 1), dtype="uint8", low=0, high=255)


def networks(field=IMAGE, hidden=1024, task=None):
    specs = (task or Task()).networks({"image": field}, {})
    return {spec.name: ARCHITECTURES[f"bigan_{spec.role}"](hidden=hidden).build(spec.signature) for spec in specs}


def kernels(network):
    return [weight.value.detach() for weight in network.trainable_variables]


# -- networks --------------------------------------------------------------------------------------------------------


def test_the_networks_have_the_weights_of_the_authors_code():
    counts = {name: sum(kernel.numel() for kernel in kernels(network)) for name, network in networks().items()}
    assert counts == {"encoder": 1_902_592, "generator": 1_953_792, "discriminator": 1_903_616}


def test_weights_start_as_in_the_authors_code():
    for name, network in networks(hidden=64).items():
        *most, last = kernels(network)
        assert all(kernel.std().item() == pytest.approx(0.02, rel=0.1) for kernel in most)
        assert (last == 0).all() if name == "discriminator" else last.std().item() == pytest.approx(0.02, rel=0.1)


def normalized(values):
    return (values - values.mean(dim=0)) / (values.var(dim=0, unbiased=False) + 1e-8).sqrt()


def test_generator_is_two_layers_and_a_sigmoid_by_hand():
    made = networks(SMALL, hidden=6, task=Task(latent_dim=3))["generator"]
    latents = torch.rand(5, 3) * 2 - 1
    first, second, again, last = kernels(made)
    values = normalized(latents @ first).relu()
    candidates = [
        normalized(values @ a + latents @ b).relu()
        for a, b in ((second, again), (again, second))
        if a.shape == (6, 6) and b.shape == (3, 6)
    ]
    expected = 2 * torch.sigmoid(candidates[0] @ last) - 1
    assert torch.allclose(made(latents, training=True).flatten(1), expected, atol=1e-5)


def test_encoder_is_two_layers_and_a_sigmoid_by_hand_and_gives_its_last_layer():
    made = networks(SMALL, hidden=6, task=Task(latent_dim=3))["encoder"]
    images = torch.rand(5, 4, 4, 1) * 2 - 1
    first, second, last = kernels(made)
    values = leaky_relu((images.flatten(1) + 1) / 2 @ first, 0.2)
    features = leaky_relu(normalized(values @ second), 0.2)
    outputs = made(images, training=True)
    assert torch.allclose(outputs["features"], features, atol=1e-5)
    assert torch.allclose(outputs["latent"], 2 * torch.sigmoid(features @ last) - 1, atol=1e-5)


def test_latents_without_limits_are_encoded_without_limits():
    made = networks(SMALL, hidden=6, task=Task(latent_dim=3, latent="normal"))["encoder"]
    outputs = made(torch.rand(5, 4, 4, 1), training=True)
    assert torch.allclose(outputs["latent"], outputs["features"] @ kernels(made)[-1], atol=1e-6)


def test_discriminator_sees_the_latents_in_its_second_layer():
    made = networks(SMALL, hidden=6, task=Task(latent_dim=3))["discriminator"]
    images, latents = torch.rand(5, 4, 4, 1) * 2 - 1, torch.rand(5, 3)
    made.layers[-1].kernel.assign(np.ones((6, 1)))
    by_shape = {tuple(kernel.shape): kernel for kernel in kernels(made)}
    values = leaky_relu((images.flatten(1) + 1) / 2 @ by_shape[16, 6], 0.2)
    features = leaky_relu(normalized(values @ by_shape[6, 6] + latents @ by_shape[3, 6]), 0.2)
    logits = made({"sample": images, "latent": latents}, training=True)
    assert torch.allclose(logits, features.sum(dim=1, keepdim=True), atol=1e-5)


def test_other_inputs_and_ranges_are_refused():
    image = Field(shape=(4, 4, 1), low=-1, high=1)
    build = {name: ARCHITECTURES[f"bigan_{name}"](hidden=2).build for name in ("encoder", "discriminator")}
    with pytest.raises(ValueError, match=r"works with one image .* and one row of latents, received 'sample'"):
        build["discriminator"](Signature(inputs={"sample": image}, outputs={"logits": LOGITS}))
    with pytest.raises(ValueError, match="works with an image alone"):
        build["encoder"](Signature(inputs={"sample": image, "label": LABEL}, outputs={"latent": Field(shape=(3,))}))
    with pytest.raises(ValueError, match=r"gives latents in \[-1, 1\] or without limits, but 'latent' is 3 float32"):
        build["encoder"](Signature(inputs={"sample": image}, outputs={"latent": Field(shape=(3,), low=0, high=1)}))


# -- task ------------------------------------------------------------------------------------------------------------


def view(nets, task):
    sample = torch.rand(6, 4, 4, 1) * 2 - 1
    first = View(networks=nets, batch={"sample": sample}, count=6, step=Step(number=0), rng=Random(0, "test"))
    with_fakes = View(**{**first.__dict__, "fakes": task.generate(first)})
    verdicts = {name: judged(comparison) for name, comparison in task.compare(with_fakes).items()}
    return View(**{**with_fakes.__dict__, "judged": verdicts})


def test_the_encoders_pairs_are_real_and_the_generators_are_fake():
    task = Task(latent_dim=3)
    nets = networks(SMALL, 6, task)
    nets["discriminator"].layers[-1].kernel.assign(np.ones((6, 1)))
    now = view(nets, task)
    comparison = now.judged["joint"].comparison
    for side, latent, logits in (
        (now.batch["sample"], "encoded", comparison.logits(comparison.real)),
        (now.fakes["sample"], "latent", comparison.fake_outputs(comparison.fake)["logits"]),
    ):
        expected = nets["discriminator"]({"sample": side, "latent": now.fakes[latent]}, training=True)
        assert torch.allclose(logits, expected)


def test_the_term_moves_the_encoder_alone_towards_the_side_of_fakes():
    task = Task(latent_dim=3)
    nets = networks(SMALL, 6, task)
    nets["discriminator"].layers[-1].kernel.assign(np.ones((6, 1)))
    now = view(nets, task)
    value = task.term("encoder", "generator", now)
    logits = nets["discriminator"]({"sample": now.batch["sample"], "latent": now.fakes["encoded"]}, training=True)
    assert value.item() == pytest.approx(softplus(logits).mean().item(), rel=1e-5)
    parts = {name: [weight.value for weight in nets[name].trainable_variables] for name in ("encoder", "generator")}
    gradients = {
        name: torch.autograd.grad(value, weights, retain_graph=True, allow_unused=True)
        for name, weights in parts.items()
    }
    assert all(gradient is None for gradient in gradients["generator"])
    assert all(gradient.abs().sum() > 0 for gradient in gradients["encoder"])


def test_the_task_keeps_its_contract(tmp_path):
    pytest.importorskip("sklearn")
    check_component(Task)
    data = construct(ZOO.find("dataset", "digits"), {}, zoo=ZOO).component
    architectures = {
        role: ARCHITECTURES[f"bigan_{role}"](hidden=4) for role in ("generator", "encoder", "discriminator")
    }
    check_task(Task(latent_dim=4), data, architectures=architectures)
    Image.fromarray(np.full((20, 30, 3), 99, np.uint8)).save(tmp_path / "a.png")
    check_task(Task(latent_dim=4), data, architectures=architectures, inputs=[tmp_path / "a.png"])


class Held(Source):
    """Images whose values all are their index, of the class of that number."""

    def __init__(self, count, *, labels=True):
        self.fields = {"image": SMALL, **({"label": LABEL} if labels else {})}
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        example = {"image": np.full((4, 4, 1), 20 * index, np.uint8), "label": np.int32(index)}
        return {name: example[name] for name in self.fields}


def trained(task, **more):
    return Trained(networks=networks(SMALL, 6, task), **more)


def evaluated(task, source, **more):
    (found,) = task.evaluate(trained(task, **more), {"data": source}, rng=Random(0, "evaluate"))
    return found


def test_results_are_reconstructions_samples_and_the_labels_of_neighbours():
    task, source = Task(latent_dim=3, evaluation_samples=4), Held(8)
    found = evaluated(task, source, training=lambda: {"data": source})
    assert found.method == "encoder"
    assert found.output["image"].shape == (4, 4, 4, 1)
    assert found.output["reconstruction"].shape == (8, 4, 4, 1)
    # each held-out image is its own nearest neighbour here
    assert found.output["nearest_label"].tolist() == list(range(8)) == found.target["label"].tolist()
    few = evaluated(Task(latent_dim=3, neighbours=1), source, training=lambda: {"data": source})
    assert len(set(few.output["nearest_label"].tolist())) == 1


@pytest.mark.parametrize(
    ("task", "source", "more"),
    [
        (Task(latent_dim=3, neighbours=0), Held(4), {"training": lambda: {"data": Held(4)}}),
        (Task(latent_dim=3), Held(4, labels=False), {"training": lambda: {"data": Held(4, labels=False)}}),
        (Task(latent_dim=3), Held(4), {}),
    ],
)
def test_neighbours_are_left_out_where_there_are_none_to_compare(task, source, more):
    assert "nearest_label" not in evaluated(task, source, **more).output


def test_files_are_reconstructed_as_a_picture_values_or_a_folder(tmp_path):
    given = tmp_path / "given"
    given.mkdir()
    for name in ("a", "b", "c"):
        Image.fromarray(np.full((20, 30, 3), 99, np.uint8)).save(given / f"{name}.png")
    task = Task(latent_dim=3)
    known = trained(task)

    def written(output, **options):
        request = SampleRequest(inputs=[given], output=output, rng=Random(0, "sample"), **options)
        return task.sample(known, request)

    assert np.load(written(tmp_path / "out.npy")[0]).shape == (3, 4, 4, 1)
    assert [path.name for path in written(tmp_path / "sheets" / "x.png")] == ["x.png"]
    made = written(tmp_path / "folder", into_folder=True)
    assert [path.name for path in made] == ["00000.png", "00001.png", "00002.png"]


# -- metrics ---------------------------------------------------------------------------------------------------------


def test_neighbours_are_those_of_a_search_over_all_at_once():
    rng = np.random.default_rng(0)
    queries, references = (rng.standard_normal((count, 5)).astype(np.float32) for count in (20, 33))
    labels = rng.integers(0, 4, 33).astype(np.int32)
    distances = ((queries[:, None] - references) ** 2).sum(axis=2)
    expected = labels[distances.argmin(axis=1)]
    parts = [(references[first : first + 7], labels[first : first + 7]) for first in range(0, 33, 7)]
    assert nearest_labels(queries, parts).tolist() == expected.tolist()


def test_nearest_neighbour_is_the_percentage_of_right_labels():
    metric = ganzoo_register_metrics()["nearest_neighbour"]()
    metric.update({"nearest_label": np.array([1, 2, 3])}, {"label": np.array([1, 2, 4])})
    metric.update({"nearest_label": np.array([5])}, {"label": np.array([5])})
    assert metric.result() == {"nearest_neighbour": 75}
    with pytest.raises(DataError, match="nearest_neighbour: needs 'nearest_label'"):
        metric.update({}, {"label": np.zeros(1)})
