import numpy as np
import pytest
import torch
from ganzoo_vae_gan import ganzoo_register_architectures, ganzoo_register_tasks
from ganzoo_vae_gan.gradient_scale import scale_gradient
from PIL import Image

from ganzoo import LOGITS, Field, Random, SampleRequest, Signature, Step, Trained, View, load_zoo
from ganzoo.schema.build import construct
from ganzoo.testing import check_component, check_task, judged

ARCHITECTURES = ganzoo_register_architectures()
ROLES = {"generator": "decoder", "encoder": "encoder", "discriminator": "discriminator"}
Task = ganzoo_register_tasks()["vae_gan"]
ZOO = load_zoo()
SMALL = Field(shape=(8, 8, 3), dtype="uint8", low=0, high=255)
FACE = Field(shape=(64, 64, 3), dtype="uint8", low=0, high=255)


def networks(field=SMALL, filters=2, task=None):
    specs = (task or Task(latent_dim=3, layer="similarity")).networks({"image": field}, {})
    return {
        spec.name: ARCHITECTURES[f"vae_gan_{ROLES[spec.role]}"](filters=filters).build(spec.signature) for spec in specs
    }


def trained_weights(network):
    return [weight.value for weight in network.trainable_variables]


# -- networks --------------------------------------------------------------------------------------------------------


def test_the_networks_have_the_weights_of_the_authors_code():
    made = networks(FACE, filters=64, task=Task(layer="similarity"))
    counts = {name: sum(weight.numel() for weight in trained_weights(network)) for name, network in made.items()}
    # 5x5 convolutions without biases, scale and offset for each normalization, as counted from the authors' lists
    convolutions = 25 * (3 * 64 + 64 * 128 + 128 * 256)
    assert counts["encoder"] == convolutions + 64 * 256 * 1024 + 2 * (64 + 128 + 256 + 1024) + 2 * (1024 * 128 + 128)
    assert counts == {"generator": 4_693_155, "encoder": 18_071_360, "discriminator": 10_953_857}


def test_weights_start_within_one_by_the_root_of_three_times_the_inputs():
    for network in networks(filters=16).values():
        for layer in network.layers:
            if hasattr(layer, "kernel"):
                kernel = layer.kernel.value.detach()
                # transposed convolutions have their outputs before their inputs
                fan_in = kernel[..., 0].numel()
                limit = (3 * fan_in) ** -0.5
                assert limit * 0.8 < kernel.abs().max() <= limit, layer.name


def test_similarity_is_the_last_convolution_before_its_normalization():
    made = networks()["discriminator"]
    names = [type(layer).__name__ for layer in made.layers]
    place = [layer.name for layer in made.layers].index("similarity")
    assert names[place : place + 3] == ["Conv2D", "BatchNormalization", "ReLU"]
    assert names[:place].count("Conv2D") == 3
    assert tuple(made(torch.zeros(2, 8, 8, 3))["features/similarity"].shape) == (2, 1, 1, 8)


def test_the_first_convolution_is_not_normalized_and_the_image_ends_in_tanh():
    made = networks()
    names = [type(layer).__name__ for layer in made["discriminator"].layers]
    assert names[1:4] == ["Conv2D", "ReLU", "Conv2D"]
    assert [type(layer).__name__ for layer in made["generator"].layers][-2:] == ["Conv2D", "Activation"]


def test_what_the_networks_cannot_do_is_refused():
    image, label = Field(shape=(8, 8, 3), low=-1, high=1), Field(shape=(), dtype="int32", low=0, high=9)
    build = {name: ARCHITECTURES[f"vae_gan_{name}"](filters=2).build for name in ("encoder", "discriminator")}
    odd = Field(shape=(12, 8, 3), low=-1, high=1)
    with pytest.raises(ValueError, match="needs images whose sides are multiples of 8, received 12x8x3"):
        build["discriminator"](Signature(inputs={"sample": odd}, outputs={"logits": LOGITS}))
    with pytest.raises(ValueError, match="works with an image alone"):
        build["encoder"](Signature(inputs={"sample": image, "label": label}, outputs={"mean": Field(shape=(3,))}))
    with pytest.raises(ValueError, match="gives rows of values without limits, but 'mean' is 3 float32 in"):
        build["encoder"](Signature(inputs={"sample": image}, outputs={"mean": Field(shape=(3,), low=-1, high=1)}))


def test_a_class_label_may_enter_decoder_and_discriminator():
    image, label = Field(shape=(8, 8, 3), low=-1, high=1), Field(shape=(), dtype="int32", low=0, high=9)
    judging = Signature(inputs={"sample": image, "label": label}, outputs={"logits": LOGITS})
    judge = ARCHITECTURES["vae_gan_discriminator"](filters=2).build(judging)
    making = Signature(inputs={"latent": Field(shape=(3,)), "label": label}, outputs={"sample": image})
    make = ARCHITECTURES["vae_gan_decoder"](filters=2).build(making)
    labels = torch.tensor([0, 9])
    made = make({"latent": torch.zeros(2, 3), "label": labels})
    assert not torch.equal(made[0], made[1])
    logits = judge({"sample": torch.zeros(2, 8, 8, 3), "label": labels})
    assert logits[0] != logits[1]


# -- task ------------------------------------------------------------------------------------------------------------


def test_a_gradient_is_scaled_on_its_way_back_only():
    values = torch.tensor([1.0, 2.0], requires_grad=True)
    scaled = scale_gradient(values, 3.0)
    assert torch.equal(scaled, values)
    scaled.square().sum().backward()
    assert values.grad.tolist() == [6.0, 12.0]
    assert torch.equal(scale_gradient(torch.ones(2), 3.0), torch.ones(2))


def view(task, nets):
    sample = torch.rand(6, 8, 8, 3) * 2 - 1
    first = View(networks=nets, batch={"sample": sample}, count=6, step=Step(number=0), rng=Random(0, "test"))
    with_fakes = View(**{**first.__dict__, "fakes": task.generate(first)})
    verdicts = {name: judged(comparison) for name, comparison in task.compare(with_fakes).items()}
    return View(**{**with_fakes.__dict__, "judged": verdicts})


def gradients(value, nets):
    return {
        name: torch.autograd.grad(value, trained_weights(network), retain_graph=True, allow_unused=True)
        for name, network in nets.items()
    }


def size(found):
    return sum(float(each.abs().sum()) for each in found if each is not None)


def test_divergence_is_that_of_normal_distributions_by_hand():
    task = Task(latent_dim=2)
    mean = torch.tensor([[1.0, 0.0]], requires_grad=True)
    log_variance = torch.tensor([[0.0, np.log(4.0)]], dtype=torch.float32, requires_grad=True)
    now = View(networks={}, batch={}, count=1, step=Step(number=0), rng=Random(0, "test"))
    now = View(**{**now.__dict__, "fakes": {"mean": mean, "log_variance": log_variance}})
    value = task.term("divergence", "generator", now)
    assert value.item() == pytest.approx((1 + 4 - 1 - np.log(4.0)) / 2)
    expected = torch.distributions.kl_divergence(
        torch.distributions.Normal(mean, (log_variance / 2).exp()), torch.distributions.Normal(0.0, 1.0)
    )
    assert value.item() == pytest.approx(expected.sum().item(), rel=1e-5)
    value.backward()
    assert mean.grad.tolist() == [[1.0, 0.0]]
    assert log_variance.grad[0].tolist() == pytest.approx([0.0, 1.5])


def test_reconstruction_trains_the_encoder_wholly_and_the_decoder_by_gamma():
    nets = networks()
    found, values = {}, {}
    for gamma in (1.0, 1e-3):
        task = Task(latent_dim=3, layer="similarity", gamma=gamma)
        torch.manual_seed(0)
        value = task.term("reconstruction", "generator", view(task, nets))
        values[gamma], found[gamma] = value.item(), gradients(value, nets)
    assert values[1e-3] == values[1.0] > 0
    for name, factor in (("encoder", 1.0), ("generator", 1e-3)):
        assert size(found[1.0][name]) > 0
        whole, scaled = (torch.cat([each.flatten() for each in found[gamma][name]]) for gamma in (1.0, 1e-3))
        assert (scaled - factor * whole).norm() < 1e-3 * factor * whole.norm()


def test_reconstruction_is_half_the_squared_difference_in_the_layer_by_hand():
    nets, task = networks(), Task(latent_dim=3, layer="similarity")
    now = view(task, nets)
    made = nets["generator"](now.fakes["encoded"], training=True)
    seen = nets["discriminator"](torch.cat([made, now.batch["sample"]]), training=True)["features/similarity"]
    expected = 0.5 * (seen[:6] - seen[6:]).square().flatten(1).sum(dim=1).mean()
    assert task.term("reconstruction", "generator", now).item() == pytest.approx(expected.item(), rel=1e-5)


def test_no_adversarial_gradient_reaches_the_encoder():
    nets, task = networks(), Task(latent_dim=3, layer="similarity", judge_reconstructions=True)
    now = view(task, nets)
    assert task.exposes.comparisons == tuple(now.judged) == ("sample", "reconstruction")
    for verdict in now.judged.values():
        found = gradients(verdict.fake["logits"].sum(), nets)
        assert size(found["generator"]) > 0
        assert size(found["encoder"]) == 0


def test_reconstructions_are_judged_only_where_asked_for():
    task = Task(latent_dim=3, layer="similarity")
    now = view(task, networks())
    assert task.exposes.comparisons == tuple(now.judged) == ("sample",)
    assert "reconstruction" not in now.fakes


def test_the_encoding_of_an_image_is_drawn_from_its_moments():
    task, nets = Task(latent_dim=3, layer="similarity"), networks()
    fakes = view(task, nets).fakes
    noise = (fakes["encoded"] - fakes["mean"]) / (fakes["log_variance"] / 2).exp()
    assert 0.5 < noise.std().item() < 1.7
    assert not torch.equal(fakes["encoded"], fakes["latent"])


@pytest.mark.parametrize("judge_reconstructions", [False, True])
def test_the_task_keeps_its_contract(tmp_path, judge_reconstructions):
    pytest.importorskip("sklearn")
    check_component(Task)
    data = construct(ZOO.find("dataset", "digits"), {}, zoo=ZOO).component
    task = Task(latent_dim=4, layer="similarity", judge_reconstructions=judge_reconstructions)
    architectures = {role: ARCHITECTURES[f"vae_gan_{name}"](filters=2) for role, name in ROLES.items()}
    Image.fromarray(np.full((20, 30, 3), 99, np.uint8)).save(tmp_path / "a.png")
    check_task(task, data, architectures=architectures, inputs=[tmp_path / "a.png"])


def test_the_task_compares_features_of_any_discriminator():
    pytest.importorskip("sklearn")
    check_task(Task(latent_dim=4), construct(ZOO.find("dataset", "digits"), {}, zoo=ZOO).component)


def test_samples_are_drawn_and_files_are_reconstructed(tmp_path):
    Image.fromarray(np.full((20, 30, 3), 99, np.uint8)).save(tmp_path / "a.png")
    task, known = Task(latent_dim=3), Trained(networks=networks())
    for inputs, count in (([], 5), ([tmp_path / "a.png"], 1)):
        output = tmp_path / f"{count}.npy"
        task.sample(known, SampleRequest(inputs=inputs, output=output, count=5, rng=Random(0, "sample")))
        assert np.load(output).shape == (count, 8, 8, 3)
