import math

import pytest
import torch
from ganzoo_losses import ganzoo_register_losses

from ganzoo import AdversarialLoss, RecipeError, RelativisticLoss, load_zoo

LOSSES = ganzoo_register_losses()
ADVERSARIAL = sorted(name for name, loss in LOSSES.items() if issubclass(loss, AdversarialLoss | RelativisticLoss))
REAL = torch.tensor([[2.0], [0.5]])
FAKE = torch.tensor([[-3.0], [1.0]])


def softplus(value: float) -> float:
    return math.log1p(math.exp(value))


def both_losses(loss, real=REAL, fake=FAKE):
    """Return the discriminator's and the generator's loss, whichever logits the latter needs."""
    seen = (real, fake) if isinstance(loss, RelativisticLoss) else (fake,)
    return loss.discriminator_loss(real, fake), loss.generator_loss(*seen)


def test_non_saturating_is_cross_entropy_on_logits():
    discriminator, generator = both_losses(LOSSES["non_saturating"]())
    real_part = (softplus(-2) + softplus(-0.5)) / 2
    assert discriminator.item() == pytest.approx(real_part + (softplus(-3) + softplus(1)) / 2)
    assert generator.item() == pytest.approx((softplus(3) + softplus(-1)) / 2)


def test_label_smoothing_touches_the_real_target_only():
    discriminator, generator = both_losses(LOSSES["non_saturating"](real_label=0.9))
    smoothed = 0.9 * (softplus(-2) + softplus(-0.5)) / 2 + 0.1 * (softplus(2) + softplus(0.5)) / 2
    assert discriminator.item() == pytest.approx(smoothed + (softplus(-3) + softplus(1)) / 2)
    assert torch.equal(generator, both_losses(LOSSES["non_saturating"]())[1])


def test_smoothed_cross_entropy_is_least_where_the_discriminator_says_the_label():
    logit = torch.tensor([[math.log(0.9 / 0.1)]], requires_grad=True)
    LOSSES["non_saturating"](real_label=0.9).discriminator_loss(logit, FAKE).backward()
    assert logit.grad.item() == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("real_label", [0.5, 0.0, 1.1])
def test_real_labels_outside_their_limits_are_refused(real_label):
    from ganzoo.schema.build import construct

    with pytest.raises(RecipeError, match="real_label"):
        construct(LOSSES["non_saturating"], {"real_label": real_label}, zoo=load_zoo())


def test_wasserstein_is_the_difference_of_mean_logits():
    discriminator, generator = both_losses(LOSSES["wasserstein"]())
    assert discriminator.item() == pytest.approx(-1.0 - 1.25)
    assert generator.item() == pytest.approx(1.0)


def test_hinge_has_margins_for_the_discriminator_and_none_for_the_generator():
    discriminator, generator = both_losses(LOSSES["hinge"]())
    assert discriminator.item() == pytest.approx((0 + 0.5) / 2 + (0 + 2) / 2)
    assert generator.item() == pytest.approx(1.0)


def test_relativistic_average_compares_with_the_mean_of_the_other_side():
    discriminator, generator = both_losses(LOSSES["relativistic_average"]())
    real, fake = (2 + 1, 0.5 + 1), (-3 - 1.25, 1 - 1.25)
    expected = (sum(softplus(-value) for value in real) + sum(softplus(value) for value in fake)) / 4
    exchanged = (sum(softplus(value) for value in real) + sum(softplus(-value) for value in fake)) / 4
    assert discriminator.item() == pytest.approx(expected)
    assert generator.item() == pytest.approx(exchanged)


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_patches_of_logits_count_as_much_as_single_ones(name):
    loss = LOSSES[name]()
    for single, patched in zip(both_losses(loss), both_losses(loss, *map(in_patches, (REAL, FAKE))), strict=True):
        assert patched.shape == ()
        assert patched.item() == pytest.approx(single.item())


def in_patches(logits):
    """Spread each logit over 2 x 3 patches."""
    return logits[:, None, None].expand(-1, 2, 3, -1)


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_extreme_logits_give_finite_losses_and_gradients(name):
    real, fake = (torch.tensor([[1e4], [-1e4]], requires_grad=True) for _ in range(2))
    for loss in both_losses(LOSSES[name](), real, fake):
        found = torch.autograd.grad(loss, (real, fake), allow_unused=True)
        assert torch.isfinite(loss)
        assert all(torch.isfinite(gradient).all() for gradient in found if gradient is not None)


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_each_player_is_drawn_where_its_game_says(name):
    real, fake = (torch.full((2, 1), 0.5, requires_grad=True) for _ in range(2))
    discriminator, generator = both_losses(LOSSES[name](), real, fake)
    (raise_real, lower_fake) = torch.autograd.grad(discriminator, (real, fake), retain_graph=True)
    (raise_fake,) = torch.autograd.grad(generator, (fake,))
    assert (raise_real < 0).all()
    assert (lower_fake > 0).all()
    assert (raise_fake < 0).all()


def test_minimax_gives_the_generator_the_discriminators_loss_on_fakes_with_the_sign_turned():
    discriminator, generator = both_losses(LOSSES["minimax"]())
    on_fake = (softplus(-3) + softplus(1)) / 2
    assert discriminator.item() == pytest.approx((softplus(-2) + softplus(-0.5)) / 2 + on_fake)
    assert generator.item() == pytest.approx(-on_fake)


def test_minimax_saturates_where_the_discriminator_is_sure_and_the_non_saturating_loss_does_not():
    for name, slope in (("minimax", 0.0), ("non_saturating", -1.0)):
        logit = torch.tensor([[-30.0]], requires_grad=True)
        LOSSES[name]().generator_loss(logit).backward()
        assert logit.grad.item() == pytest.approx(slope, abs=1e-6)


@pytest.mark.parametrize("labels", [(0.0, 1.0, 1.0), (-1.0, 1.0, 0.0)])
def test_least_squares_is_half_the_squared_distance_to_the_labels(labels):
    fake, real, wanted = labels
    loss = LOSSES["least_squares"](fake_label=fake, real_label=real, wanted_label=wanted)
    discriminator, generator = both_losses(loss)
    on_real = ((2 - real) ** 2 + (0.5 - real) ** 2) / 2
    on_fake = ((-3 - fake) ** 2 + (1 - fake) ** 2) / 2
    assert discriminator.item() == pytest.approx((on_real + on_fake) / 2)
    assert generator.item() == pytest.approx(((-3 - wanted) ** 2 + (1 - wanted) ** 2) / 2 / 2)


def test_paired_relativism_compares_each_real_with_its_fake():
    discriminator, generator = both_losses(LOSSES["relativistic_paired"]())
    assert discriminator.item() == pytest.approx((softplus(-3 - 2) + softplus(1 - 0.5)) / 2)
    assert generator.item() == pytest.approx((softplus(2 + 3) + softplus(0.5 - 1)) / 2)


def test_paired_relativism_sends_each_fake_up_by_how_far_its_real_is_above():
    fake = FAKE.clone().requires_grad_()
    LOSSES["relativistic_paired"]().generator_loss(REAL, fake).backward()
    slopes = [-1 / (1 + math.exp(-(2 + 3))) / 2, -1 / (1 + math.exp(-(0.5 - 1))) / 2]
    assert fake.grad.flatten().tolist() == pytest.approx(slopes)


def test_paired_relativism_needs_a_fake_for_each_real():
    with pytest.raises(RecipeError, match="pairs reals with fakes, received 2 and 1"):
        LOSSES["relativistic_paired"]().discriminator_loss(REAL, FAKE[:1])
