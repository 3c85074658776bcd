"""Penalties on gradients, logits, weights and features against numbers that were worked out by hand."""

import keras
import pytest
import torch
from ganzoo_regularizers import ganzoo_register_regularizers

from ganzoo import LOGITS, Comparison, Field, Player, Random, RecipeError, Signature, Step
from ganzoo.testing import judged

OFFERED = ganzoo_register_regularizers()
STEP = Step(number=0)
RNG = Random(0, "test")


def linear(weights, real, fake):
    """D(x) = x . w, whose gradient is w everywhere."""
    return Comparison(lambda points: points @ weights[:, None], real, fake)


def discriminator_penalty(regularizer, comparison, rng=RNG):
    return regularizer.discriminator_penalty(judged(comparison), step=STEP, rng=rng)


def generator_penalty(regularizer, fakes, comparisons=None):
    seen = {name: judged(each, real_gradient=False) for name, each in (comparisons or {}).items()}
    return regularizer.generator_penalty(fakes, seen, step=STEP, rng=RNG)


# -- r2, dragan --------------------------------------------------------------------------------------------------------


def test_r2_is_r1_at_fakes():
    # D(x) = |x|^2 / 2 has the gradient x
    comparison = Comparison(
        lambda points: points.square().sum(dim=1, keepdim=True) / 2,
        torch.full((2, 2), 100.0),
        torch.tensor([[1.0, 2.0], [3.0, 0.0]]),
    )
    assert discriminator_penalty(OFFERED["r2"](gamma=2.0), comparison).item() == pytest.approx((5.0 + 9.0) / 2)


def test_r2_judges_fakes_under_their_own_condition():
    comparison = Comparison(
        lambda points: points.sum(dim=1, keepdim=True),
        torch.zeros(2, 2),
        torch.zeros(2, 2),
        fake_judge=lambda points: 3 * points.sum(dim=1, keepdim=True),
    )
    assert discriminator_penalty(OFFERED["r2"](gamma=1.0), comparison).item() == pytest.approx(9 * 2 / 2)


@pytest.mark.parametrize("target", [1.0, 0.0])
def test_dragan_of_a_linear_discriminator_is_its_norm_off_target_squared(target):
    comparison = linear(torch.tensor([3.0, 4.0]), torch.randn(4, 2), torch.randn(4, 2))
    assert discriminator_penalty(OFFERED["dragan"](target=target), comparison).item() == pytest.approx(
        (5.0 - target) ** 2, rel=1e-6
    )


def test_dragan_looks_around_reals_within_half_their_deviation():
    real, seen = torch.randn(500, 4, generator=torch.Generator().manual_seed(0)) * 3, []

    def judge(points):
        seen.append(points.detach())
        return points.sum(dim=1, keepdim=True)

    discriminator_penalty(OFFERED["dragan"](), Comparison(judge, real, torch.zeros(500, 4)))
    moved = (seen[0] - real) / real.std()
    assert moved.min() >= 0
    assert 0.45 < moved.max() < 0.5
    # the mean of the product of two uniforms is 1/4
    assert moved.mean().item() == pytest.approx(0.5 / 4, rel=0.1)


# -- lecam -------------------------------------------------------------------------------------------------------------


def made_lecam(decay=0.9):
    regularizer = OFFERED["lecam"](decay=decay)
    regularizer.build({}, {"sample": None})
    return regularizer


def of_logits(real, fake):
    one = torch.ones(1)
    return linear(one, torch.tensor(real)[:, None], torch.tensor(fake)[:, None])


def test_lecam_measures_logits_from_the_averages_of_the_other_side():
    regularizer = made_lecam()
    first = discriminator_penalty(regularizer, of_logits([1.0, 3.0], [0.0, -2.0]))
    # corrected for their start, the averages are those of the batch: 2 and -1
    assert first.item() == pytest.approx((2**2 + 4**2) / 2 + (2**2 + 4**2) / 2)
    second = discriminator_penalty(regularizer, of_logits([0.0, 0.0], [5.0, 5.0]))
    real = (0.9 * 0.1 * 2 + 0.1 * 0) / (1 - 0.9**2)
    fake = (0.9 * 0.1 * -1 + 0.1 * 5) / (1 - 0.9**2)
    assert second.item() == pytest.approx(max(0 - fake, 0) ** 2 + max(real - 5, 0) ** 2)


def test_lecam_averages_carry_no_gradient_and_are_state():
    regularizer = made_lecam()
    weight = torch.ones(1, requires_grad=True)
    comparison = linear(weight, torch.tensor([[2.0]]), torch.tensor([[-2.0]]))
    discriminator_penalty(regularizer, comparison).backward()
    # 2 * 4 * d(2 w)/dw on both sides, the averages being constants
    assert weight.grad.item() == pytest.approx(2 * 4 * 2 + 2 * 4 * 2)
    assert set(regularizer.state()) == {"real", "fake", "total"}
    assert float(regularizer.state()["real"].value) == pytest.approx(0.2)


def test_lecam_follows_one_comparison():
    with pytest.raises(RecipeError, match="lecam follows the logits of one comparison; set on to one of 'a', 'b'"):
        OFFERED["lecam"]().build({}, {"a": None, "b": None})


# -- adversarial examples ----------------------------------------------------------------------------------------------


def test_adversarial_examples_are_moved_against_the_discriminator_by_epsilon():
    weights = torch.tensor([2.0, -1.0])
    value = discriminator_penalty(
        OFFERED["adversarial_examples"](epsilon=0.5), linear(weights, torch.ones(1, 2), torch.zeros(1, 2))
    )
    # the real (1, 1) moves to (0.5, 1.5), the fake (0, 0) to (0.5, -0.5)
    expected = torch.nn.functional.softplus(torch.tensor([-(1.0 - 1.5), 1.0 + 0.5])).sum()
    assert value.item() == pytest.approx(expected.item())


def test_adversarial_examples_train_the_discriminator_where_they_moved_to():
    weights = torch.tensor([2.0, -1.0], requires_grad=True)
    discriminator_penalty(
        OFFERED["adversarial_examples"](epsilon=0.5), linear(weights, torch.ones(1, 2), torch.zeros(1, 2))
    ).backward()
    at = torch.sigmoid(torch.tensor(0.5)), torch.sigmoid(torch.tensor(1.5))
    expected = -at[0] * torch.tensor([0.5, 1.5]) + at[1] * torch.tensor([0.5, -0.5])
    assert torch.allclose(weights.grad, expected)


# -- weights -----------------------------------------------------------------------------------------------------------


def player(*kernels, name="generator"):
    variables = [keras.Variable(kernel, name="kernel") for kernel in kernels]
    variables.append(keras.Variable(torch.full((2,), 100.0), name="bias"))
    return Player(name=name, networks={}, variables=tuple(variables))


def test_weight_decay_is_half_the_sum_of_squared_kernels_as_torch_has_it():
    kernel = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    mine = player(kernel)
    value = OFFERED["weight_decay"]().weight_penalty(mine, step=STEP)
    value.backward()
    assert value.item() == pytest.approx(30 / 2)
    assert torch.allclose(mine.variables[0].value.grad, kernel)
    assert OFFERED["weight_decay"](player="discriminator").weight_penalty(mine, step=STEP).item() == 0


def test_the_orthogonal_penalty_has_the_gradient_of_the_authors():
    kernel = torch.randn(3, 3, 2, 5, generator=torch.Generator().manual_seed(0))
    mine = player(kernel)
    value = OFFERED["orthogonal"]().weight_penalty(mine, step=STEP)
    value.backward()
    rows = kernel.reshape(-1, 5).T
    overlap = (rows @ rows.T) * (1 - torch.eye(5))
    assert value.item() == pytest.approx(overlap.square().sum().item() / 2, rel=1e-6)
    expected = (2 * overlap @ rows).T.reshape(kernel.shape)
    assert torch.allclose(mine.variables[0].value.grad, expected, rtol=1e-4)


def test_orthogonal_filters_of_any_length_cost_nothing():
    assert OFFERED["orthogonal"]().weight_penalty(player(torch.diag(torch.tensor([1.0, 7.0]))), step=STEP).item() == 0
    other = player(torch.ones(2, 2), name="discriminator")
    assert OFFERED["orthogonal"]().weight_penalty(other, step=STEP).item() == 0


# -- fakes and latents -------------------------------------------------------------------------------------------------


def test_diversity_rewards_each_pair_up_to_the_limit():
    latents = torch.tensor([[0.0], [0.0], [1.0], [2.0]])
    fakes = torch.tensor([[0.0, 0.0], [0.0, 0.0], [3.0, 1.0], [40.0, 80.0]], requires_grad=True)
    value = generator_penalty(OFFERED["diversity"](limit=10.0), {"latent": latents, "sample": fakes})
    value.backward()
    # ratios 2 / 1 and 60 / 2, the latter limited
    assert value.item() == pytest.approx(-(2 + 10) / 2)
    assert torch.allclose(fakes.grad[2], torch.full((2,), -1 / 4))
    assert torch.equal(fakes.grad[3], torch.zeros(2))


def test_diversity_names_what_it_lacks():
    with pytest.raises(RecipeError, match="diversity needs 'sample' among the tensors"):
        generator_penalty(OFFERED["diversity"](), {"latent": torch.zeros(2, 1)})


def test_feature_matching_compares_batch_means():
    regularizer = OFFERED["feature_matching"]()
    asked = regularizer.discriminator_signature(Signature(inputs={}, outputs={"logits": LOGITS}))
    assert "features" in asked.outputs
    fake = torch.tensor([[0.0, 0.0], [2.0, 0.0]], requires_grad=True)
    comparison = Comparison(
        lambda points: {"logits": points[:, :1], "features": points}, torch.tensor([[4.0, 1.0], [0.0, 1.0]]), fake
    )
    value = generator_penalty(regularizer, {}, {"sample": comparison})
    value.backward()
    assert value.item() == pytest.approx(((2 - 1) ** 2 + (1 - 0) ** 2) / 2)
    assert torch.allclose(fake.grad, torch.tensor([[-0.5, -0.5], [-0.5, -0.5]]))


def test_feature_matching_can_look_at_a_layer():
    asked = OFFERED["feature_matching"](layer="hidden_1").discriminator_signature(Signature(inputs={}, outputs={}))
    assert "features/hidden_1" in asked.outputs


class Stretch(keras.Model):
    """Images of one pixel and two channels: the latents, each stretched."""

    def __init__(self, factors):
        super().__init__()
        self.factors = factors

    @property
    def inputs(self):
        return [keras.KerasTensor((None, 2))]

    def call(self, latents, training=None):
        return (latents * self.factors)[:, None, None, :]


def test_path_length_is_the_distance_of_jacobian_products_from_their_average():
    regularizer = OFFERED["path_length"](decay=0.25, shrink=1)
    generator = Player(name="generator", networks={"generator": Stretch(torch.tensor([3.0, 5.0]))}, variables=())
    regularizer.build({"generator": generator}, {})
    value = regularizer.generator_penalty({"latent": torch.randn(64, 2)}, {}, step=STEP, rng=Random(0, "path"))
    noise = Random(0, "path").normal((64, 1, 1, 2))[:, 0, 0]
    lengths = (noise * torch.tensor([3.0, 5.0])).square().sum(dim=1).sqrt()
    mean = 0.25 * lengths.mean()
    assert value.item() == pytest.approx((lengths - mean).square().mean().item(), rel=1e-5)
    assert float(regularizer.state()["mean"].value) == pytest.approx(mean.item(), rel=1e-6)


def test_path_length_needs_a_generator_of_latents_alone():
    network = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten()])
    generator = Player(name="generator", networks={"generator": network}, variables=())
    with pytest.raises(RecipeError, match="path_length needs one generator whose only input are latents"):
        OFFERED["path_length"]().build({"generator": generator}, {})


# -- packing -----------------------------------------------------------------------------------------------------------


def pack(images, samples=2):
    return OFFERED["packing"](samples=samples).discriminator_inputs(
        images, comparison="sample", real=True, player="discriminator", step=STEP, rng=RNG
    )


def test_packs_are_neighbours_joined_along_the_channels():
    images = torch.arange(4 * 2 * 2 * 3.0).reshape(4, 2, 2, 3)
    packs = pack(images)
    assert packs.shape == (2, 2, 2, 6)
    assert torch.equal(packs[0, ..., :3], images[0])
    assert torch.equal(packs[0, ..., 3:], images[1])
    assert torch.equal(packs[1, ..., 3:], images[3])
    assert torch.equal(pack(torch.arange(6.0).reshape(3, 2), 3), torch.arange(6.0).reshape(1, 6))


def test_a_packing_discriminator_takes_as_many_channels_as_packs_have():
    signature = Signature(inputs={"sample": Field(shape=(8, 8, 3), low=-1, high=1)}, outputs={"logits": LOGITS})
    packed = OFFERED["packing"](samples=4).discriminator_signature(signature)
    assert packed.inputs["sample"] == Field(shape=(8, 8, 12), low=-1, high=1)
    with pytest.raises(RecipeError, match="packing needs a discriminator of one input, received sample, label"):
        OFFERED["packing"]().discriminator_signature(Signature(inputs={"sample": LOGITS, "label": LOGITS}, outputs={}))


def test_packs_fill_the_batch():
    with pytest.raises(RecipeError, match=r"packs of 3; train\.batch_size must be a multiple of it, not 4"):
        pack(torch.zeros(4, 2), 3)


# -- the replay buffer -------------------------------------------------------------------------------------------------


def buffer(size, shape=(2,)):
    regularizer = OFFERED["replay_buffer"](size=size)
    regularizer.build({}, {"sample": Comparison(None, None, torch.zeros(1, *shape))})
    return regularizer


def shown(regularizer, images, step=0, *, real=False, player="discriminator"):
    return regularizer.discriminator_inputs(
        images, comparison="sample", real=real, player=player, step=STEP, rng=Random(0, "replay", step)
    )


def numbered(first, count):
    return torch.arange(first, first + count, dtype=torch.float32)[:, None].expand(-1, 2).contiguous()


def test_the_first_fakes_fill_the_buffer_and_are_shown_as_they_come():
    regularizer = buffer(3)
    assert torch.equal(shown(regularizer, numbered(0, 2)), numbered(0, 2))
    third = shown(regularizer, numbered(2, 2), 1)
    assert torch.equal(third[:1], numbered(2, 1))
    assert int(regularizer.state()["sample/count"].value) == 3


def test_a_full_buffer_gives_an_old_fake_for_a_new_one_half_of_the_time():
    regularizer = buffer(50)
    shown(regularizer, numbered(0, 50))
    old = exchanged = 0
    everything = set(range(50))
    for step in range(1, 201):
        fresh = numbered(step * 100, 5)
        seen = shown(regularizer, fresh, step)
        for mine, theirs in zip(fresh[:, 0].tolist(), seen[:, 0].tolist(), strict=True):
            old += mine != theirs
            exchanged += mine != theirs
            assert theirs in everything or theirs == mine
            if mine != theirs:
                everything.remove(theirs)
                everything.add(mine)
    kept = set(regularizer.state()["sample/kept"].value[:, 0].tolist())
    assert kept == everything, "what was shown left the buffer, and what it was exchanged for is there"
    assert 0.44 < old / 1000 < 0.56


def test_reals_and_the_generators_update_are_left_alone():
    regularizer = buffer(1)
    shown(regularizer, numbered(0, 1))
    for options in ({"real": True}, {"player": "generator"}):
        assert torch.equal(shown(regularizer, numbered(7, 20), **options), numbered(7, 20))
