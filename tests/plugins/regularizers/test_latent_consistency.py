"""zCR on linear networks: all numbers can be worked out by hand."""

import keras
import pytest
import torch
from ganzoo_regularizers import ganzoo_register_regularizers

from ganzoo import Comparison, Player, Random, RecipeError, Step
from ganzoo.testing import judged

LatentConsistency = ganzoo_register_regularizers()["latent_consistency"]
STEP = Step(number=0)
MAKES = torch.tensor([[1.0, 2.0], [0.0, -1.0], [3.0, 1.0]])
JUDGES = torch.tensor([[2.0], [-1.0]])


def generator(label=False):
    """A linear generator of points from three latents; a label adds the value of its class."""
    latent, made = keras.Input((3,), name="latent"), keras.layers.Dense(2, use_bias=False)
    inputs, points = latent, made(latent)
    if label:
        classes = keras.Input((), dtype="int32", name="label")
        inputs, points = {"latent": latent, "label": classes}, points + keras.layers.Embedding(4, 2)(classes)
    network = keras.Model(inputs, points)
    made.kernel.assign(MAKES)
    return network


def built(*networks, **options):
    regularizer = LatentConsistency(**options)
    named = {f"generator{number or ''}": each for number, each in enumerate(networks)}
    variables = tuple(variable for each in networks for variable in each.trainable_variables)
    regularizer.build({"generator": Player(name="generator", networks=named, variables=variables)}, {})
    return regularizer


LATENTS = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
FAKES = {"latent": LATENTS, "sample": LATENTS @ MAKES}
COMPARISON = Comparison(lambda points: points @ JUDGES, torch.zeros(6, 2), FAKES["sample"])


def step_of_latents(rng, sigma):
    """What the regularizer must have added to the latents."""
    return sigma * rng.normal((6, 3))


def test_the_discriminator_is_punished_for_telling_small_steps_of_the_latents():
    regularizer = built(generator(), sigma=0.1, discriminator_weight=7.0)
    verdict = judged(COMPARISON, fakes=FAKES)
    value = regularizer.discriminator_penalty(verdict, step=STEP, rng=Random(0, "a"))
    expected = 7 * (step_of_latents(Random(0, "a"), 0.1) @ MAKES @ JUDGES).square().mean()
    assert value.item() == pytest.approx(expected.item(), rel=1e-4)


def test_the_generator_is_rewarded_for_showing_them():
    network = generator()
    regularizer = built(network, sigma=0.1, generator_weight=3.0)
    fakes = {"latent": LATENTS, "sample": network(LATENTS)}
    value = regularizer.generator_penalty(fakes, {}, step=STEP, rng=Random(0, "a"))
    steps = step_of_latents(Random(0, "a"), 0.1)
    assert value.item() == pytest.approx(-3 * (steps @ MAKES).square().mean().item(), rel=1e-4)
    (gradient,) = torch.autograd.grad(value, network.trainable_variables[0].value)
    assert torch.allclose(gradient, -3 * 2 * steps.T @ (steps @ MAKES) / 12, rtol=1e-3, atol=1e-6)


def test_the_discriminators_penalty_does_not_reach_the_generator():
    network = generator()
    judge = torch.nn.Parameter(JUDGES.clone())
    comparison = Comparison(lambda points: points @ judge, torch.zeros(6, 2), FAKES["sample"])
    value = built(network).discriminator_penalty(judged(comparison, fakes=FAKES), step=STEP, rng=Random(0, "a"))
    value.backward()
    assert judge.grad.abs().sum() > 0
    assert network.trainable_variables[0].value.grad is None


def test_classes_stay_and_are_judged_as_those_of_the_fakes():
    network = generator(label=True)
    labels = torch.tensor([0, 1, 2, 3, 0, 1])
    fakes = {"latent": LATENTS, "label": labels, "sample": network({"latent": LATENTS, "label": labels}).detach()}
    comparison = Comparison(
        lambda points: torch.full((6, 1), torch.nan),
        torch.zeros(6, 2),
        fakes["sample"],
        fake_judge=lambda points: points @ JUDGES,
    )
    regularizer = built(network, sigma=0.1, discriminator_weight=1.0)
    value = regularizer.discriminator_penalty(judged(comparison, fakes=fakes), step=STEP, rng=Random(0, "a"))
    expected = (step_of_latents(Random(0, "a"), 0.1) @ MAKES @ JUDGES).square().mean()
    assert value.item() == pytest.approx(expected.item(), rel=1e-3)


def test_the_defaults_are_those_common_for_cifar_10():
    regularizer = LatentConsistency()
    assert (regularizer.sigma, regularizer.discriminator_weight, regularizer.generator_weight) == (0.03, 5.0, 0.5)


def test_a_discriminator_of_packed_fakes_is_refused():
    packed = Comparison(lambda pairs: pairs.sum(dim=1, keepdim=True), torch.zeros(3, 4), torch.zeros(3, 4))
    with pytest.raises(RecipeError, match="does not go with packing"):
        built(generator()).discriminator_penalty(judged(packed, fakes=FAKES), step=STEP, rng=Random(0, "a"))


def test_what_is_missing_is_told():
    with pytest.raises(RecipeError, match="latent_consistency needs one generator, there are generator, generator1"):
        built(generator(), generator())
    with pytest.raises(RecipeError, match=r"latent_consistency needs 'label' among the tensors .* 'latent', 'sample'"):
        built(generator(label=True)).generator_penalty(FAKES, {}, step=STEP, rng=Random(0, "a"))
