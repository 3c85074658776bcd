import pytest
import torch
from ganzoo_vae_gan import ganzoo_register_architectures, ganzoo_register_tasks

from ganzoo import LOGITS, Field, Random, Signature, Step, View, load_zoo
from ganzoo.schema.build import construct
from ganzoo.testing import check_component, check_task

ARCHITECTURES = ganzoo_register_architectures()
Task = ganzoo_register_tasks()["vae_gan"]
ZOO = load_zoo()


class Linear(torch.nn.Module):
    """A network of one factor."""

    def __init__(self, factor):
        super().__init__()
        self.factor = torch.nn.Parameter(torch.tensor(factor))

    def forward(self, samples, training=None):
        return samples * self.factor


class Encoder(Linear):
    def forward(self, samples, training=None):
        return torch.cat([samples * self.factor, torch.full_like(samples, -20.0)], dim=1)


class Judge(Linear):
    def forward(self, samples, training=None):
        return {"logits": samples * self.factor, "features": samples * self.factor}


def view(task):
    networks = {"generator": Linear(2.0), "encoder": Encoder(0.5), "discriminator": Judge(3.0)}
    found = View(
        networks=networks,
        batch={"sample": torch.tensor([[1.0], [-2.0]])},
        count=2,
        step=Step(number=0),
        rng=Random(0, "test"),
    )
    return View(**{**found.__dict__, "fakes": task.generate(found)})


def test_the_adversarial_loss_does_not_reach_the_encoder_and_the_features_do():
    task = Task(latent_dim=1)
    given = view(task)
    encoder, generator = given.networks["encoder"].factor, given.networks["generator"].factor
    comparisons = task.compare(given)
    for name in ("prior", "decoded"):
        (reached,) = torch.autograd.grad(comparisons[name].fake.sum(), encoder, allow_unused=True, retain_graph=True)
        assert reached is None, name
        (reached,) = torch.autograd.grad(comparisons[name].fake.sum(), generator, retain_graph=True)
        assert reached is not None
    output, target = task.pair("features", given)
    assert not target.requires_grad
    (reached,) = torch.autograd.grad((output - target).square().mean(), encoder, retain_graph=True)
    # the deviation is exp(-10): latents are x / 2, and the reconstruction is x again
    assert output.flatten().tolist() == pytest.approx([3, -6], abs=1e-2)
    assert reached is not None


def test_the_divergence_is_that_of_normal_latents_by_hand():
    task = Task(latent_dim=1)
    given = view(task)
    mean, log = torch.tensor([0.5, -1.0]), -10.0
    expected = ((mean.square() + torch.tensor(2 * log).exp() - 1) / 2 - log).mean()
    assert task.term("divergence", "generator", given).item() == pytest.approx(expected.item())


def test_networks_halve_as_often_as_the_sides_allow():
    def built(name, side):
        image = Field(shape=(side, side, 1), low=-1, high=1)
        signatures = {
            "encoder": Signature(inputs={"sample": image}, outputs={"moments": Field(shape=(6,))}),
            "generator": Signature(inputs={"latent": Field(shape=(3,))}, outputs={"sample": image}),
            "discriminator": Signature(
                inputs={"sample": image}, outputs={"logits": LOGITS, "features/deep": Field(shape=(...,))}
            ),
        }
        return ARCHITECTURES[f"vae_gan_{name}"](filters=2).build(signatures[name])

    for side, deep in ((64, 8), (28, 7), (8, 2)):
        images = built("generator", side)(torch.randn(2, 3))
        assert tuple(images.shape) == (2, side, side, 1)
        assert tuple(built("encoder", side)(images).shape) == (2, 6)
        assert tuple(built("discriminator", side)(images)["features/deep"].shape) == (2, deep, deep, 8)
    with pytest.raises(ValueError, match="needs images whose sides can be halved, received 9x9x1"):
        built("encoder", 9)


def test_the_task_keeps_its_contract():
    pytest.importorskip("sklearn")
    check_component(Task)
    data = construct(ZOO.find("dataset", "digits"), {}, zoo=ZOO).component
    networks = {name: ARCHITECTURES[f"vae_gan_{name}"](filters=2) for name in ("generator", "encoder", "discriminator")}
    check_task(Task(latent_dim=4), data, architectures=networks)
