import math

import numpy as np
import pytest
import torch
from ganzoo_augmentation import ganzoo_register_regularizers, pipe
from ganzoo_augmentation.images import reflected_shift, shifted, with_hole

from ganzoo import Comparison, Player, Random, RecipeError, Step
from ganzoo.testing import judged

OFFERED = ganzoo_register_regularizers()
STEP = Step(number=0)


def picture(count=1, height=4, width=4, channels=3):
    return torch.rand(count, height, width, channels, generator=torch.Generator().manual_seed(0)) * 2 - 1


def shown(regularizer, images, step=0, **options):
    about = {"comparison": "sample", "real": True, "player": "discriminator", **options}
    return regularizer.discriminator_inputs(images, step=STEP, rng=Random(0, "augment", step), **about)


# -- single changes ----------------------------------------------------------------------------------------------------


def test_a_shift_moves_pixels_and_lets_zeros_in():
    image = torch.arange(1.0, 10.0).reshape(1, 3, 3, 1)
    moved = shifted(image, torch.tensor([1]), torch.tensor([-1]))
    assert moved[0, ..., 0].tolist() == [[0, 0, 0], [2, 3, 0], [5, 6, 0]]


def test_a_reflected_shift_mirrors_at_the_border_without_repeating_it():
    image = torch.arange(1.0, 10.0).reshape(1, 3, 3, 1)
    moved = reflected_shift(image, torch.tensor([1]), torch.tensor([0]))
    assert moved[0, ..., 0].tolist() == [[4, 5, 6], [1, 2, 3], [4, 5, 6]]
    padded = np.pad(np.arange(1, 10).reshape(3, 3), 2, mode="reflect")
    for down in range(-2, 3):
        moved = reflected_shift(image, torch.tensor([down]), torch.tensor([2]))
        assert np.array_equal(moved[0, ..., 0], padded[2 - down : 5 - down, 0:3])


def test_a_hole_is_cut_at_the_border():
    assert with_hole(torch.ones(1, 3, 3, 1), 2, 2, torch.tensor([-1]), torch.tensor([1]))[0, ..., 0].tolist() == [
        [1, 0, 0],
        [1, 1, 1],
        [1, 1, 1],
    ]


# -- diff_augment ------------------------------------------------------------------------------------------------------


def test_colour_changes_are_those_of_the_paper_by_hand():
    images = picture(2)
    given = shown(OFFERED["diff_augment"](policy=("color",)), images)
    rng = Random(0, "augment")
    bright, saturate, contrast = (rng.uniform((2, 1, 1, 1)) for _ in range(3))
    x = images + bright - 0.5
    mean = x.mean(dim=3, keepdim=True)
    x = (x - mean) * (saturate * 2) + mean
    mean = x.mean(dim=(1, 2, 3), keepdim=True)
    assert torch.allclose(given, (x - mean) * (contrast + 0.5) + mean, atol=1e-6)


def test_images_move_by_an_eighth_of_their_sides_at_most_and_each_by_itself():
    image = torch.zeros(400, 16, 32, 1)
    image[:, 8, 16] = 1
    given = shown(OFFERED["diff_augment"](policy=("translation",)), image)
    places = given[..., 0].flatten(1).argmax(dim=1)
    rows, columns = places // 32 - 8, places % 32 - 16
    assert sorted(set(rows.tolist())) == [-2, -1, 0, 1, 2]
    assert sorted(set(columns.tolist())) == list(range(-4, 5))


def test_the_hole_has_half_of_each_side():
    given = shown(OFFERED["diff_augment"](policy=("cutout",)), torch.ones(300, 8, 8, 1))
    lost = (given == 0).sum(dim=(1, 2, 3))
    assert lost.max() == 16
    assert lost.min() >= 4


def test_reals_and_fakes_get_draws_of_their_own_and_the_gradient_passes():
    fakes = picture(4).requires_grad_()
    augment, rng = OFFERED["diff_augment"](), Random(0, "augment")
    about = {"comparison": "sample", "player": "generator", "step": STEP, "rng": rng}
    one = augment.discriminator_inputs(fakes, real=True, **about)
    other = augment.discriminator_inputs(fakes, real=False, **about)
    assert not torch.allclose(one, other)
    other.sum().backward()
    assert float(fakes.grad.abs().sum()) > 0


@pytest.mark.parametrize("name", ["diff_augment", "ada"])
def test_points_are_refused(name):
    with pytest.raises(RecipeError, match=rf"{name} changes images \(height x width x channels\), not 1 axes"):
        shown(OFFERED[name](), torch.zeros(3, 2))


# -- consistency -------------------------------------------------------------------------------------------------------


def penalty(comparison, **options):
    return OFFERED["consistency"](**options).discriminator_penalty(
        judged(comparison), step=STEP, rng=Random(0, "consistency")
    )


def test_what_looks_at_all_places_alike_under_flips_is_consistent():
    flat = torch.full((3, 8, 8, 1), 0.3)
    value = penalty(Comparison(lambda images: images.mean(dim=(1, 2, 3))[:, None], flat, flat), fakes=True)
    assert value.item() == pytest.approx(0.0, abs=1e-12)


def test_the_penalty_is_the_mean_squared_change_of_logits():
    weights = torch.zeros(8, 8, 1)
    weights[:, :4] = 1.0
    seen = []

    def judge(images):
        seen.append(images.detach())
        return (images * weights).sum(dim=(1, 2, 3))[:, None]

    real, fake = picture(5, 8, 8, 1), picture(5, 8, 8, 1) * 2
    value = penalty(Comparison(judge, real, fake))
    before, after = ((images * weights).sum(dim=(1, 2, 3)) for images in (seen[0], seen[1]))
    assert value.item() == pytest.approx((before - after).square().mean().item(), rel=1e-5)
    assert penalty(Comparison(judge, real, fake), fakes=True).item() > value.item()


# -- ada ---------------------------------------------------------------------------------------------------------------


def test_nothing_changes_at_p_of_zero():
    images = picture(3, 6, 8)
    assert torch.allclose(pipe.augmented(images, torch.tensor(0.0), Random(0, "ada")), images, atol=1e-5)


def applied(matrix, image):
    return pipe._moved(image, matrix)


def test_mirrors_and_quarter_turns_are_exact():
    image = picture(1, 6, 6)
    one = torch.ones(1)
    assert torch.allclose(applied(pipe._scaling(-one, one), image), image.flip(2), atol=1e-5)
    turned = applied(pipe._rotation(one * (math.pi / 2)), image)
    assert any(torch.allclose(turned, torch.rot90(image, times, (1, 2)), atol=1e-4) for times in (1, 3))


def test_a_shift_is_a_part_of_the_image_and_reflects_what_comes_in():
    image = torch.arange(4.0).reshape(1, 1, 4, 1).expand(1, 4, 4, 1)
    moved = applied(pipe._translation(torch.tensor([0.5]), torch.tensor([0.0])), image)
    assert moved[0, 0, :, 0].tolist() == pytest.approx([1, 2, 3, 3], abs=1e-5)


def test_a_rotation_keeps_angles_on_an_image_that_is_not_square():
    image = torch.zeros(1, 9, 17, 1)
    image[0, 4, 8 + 3] = 1.0
    turned = applied(pipe._rotation(torch.tensor([math.pi / 2])), image)[0, ..., 0]
    assert turned.max() > 0.9
    row, column = divmod(int(turned.argmax()), 17)
    assert column == 8
    assert abs(row - 4) == 3


def test_colours_are_an_affine_map_of_which_hue_keeps_grey():
    matrix = pipe._around_grey(torch.tensor([1.3]))[0]
    assert torch.allclose(matrix @ torch.ones(3), torch.ones(3), atol=1e-6)
    assert torch.allclose(matrix @ matrix.T, torch.eye(3), atol=1e-6)
    third = pipe._around_grey(torch.tensor([2 * math.pi / 3]))[0]
    assert torch.allclose(third.abs().max(dim=1).values, torch.ones(3), atol=1e-5), "a third turn permutes the channels"


def test_each_kind_of_change_is_on_with_probability_p():
    matrices = pipe.colours(4000, 1, torch.tensor(0.25), Random(0, "ada"))
    assert (matrices[:, 0, 0] != 1).float().mean().item() == pytest.approx(0.25, abs=0.03)
    assert (matrices[:, 0, 1] != 0).float().mean().item() == pytest.approx(0.25, abs=0.03)


def made(**options):
    regularizer = OFFERED["ada"](**options)
    regularizer.build({}, {"sample": None})
    return regularizer


def update(regularizer, logits, player="discriminator"):
    real = torch.tensor(logits)[:, None]
    verdict = judged(Comparison(lambda samples: samples, real, real))
    regularizer.after_update(Player(name=player, networks={}, variables=()), {"sample": verdict}, step=STEP)


def test_p_follows_the_sign_of_the_logits_of_reals_every_four_updates():
    regularizer = made(speed=0.1)
    for _ in range(3):
        update(regularizer, [1.0, 1.0, 1.0, -1.0, 1.0])
    update(regularizer, [9.0] * 5, player="generator")
    assert float(regularizer.report()["p"]) == 0
    update(regularizer, [1.0, 1.0, 1.0, 1.0, 1.0])
    # mean signs 0.6, 0.6, 0.6, 1: above the target of 0.6; 5 images and 4 updates of 100 images
    assert float(regularizer.report()["p"]) == pytest.approx(5 * 4 / 100)
    for _ in range(4):
        update(regularizer, [-1.0] * 5)
    assert float(regularizer.report()["p"]) == 0
    for _ in range(4):
        update(regularizer, [-1.0] * 5)
    assert float(regularizer.report()["p"]) == 0, "never below"


def test_its_progress_is_state():
    regularizer = made()
    update(regularizer, [1.0])
    state = {name: float(variable.value) for name, variable in regularizer.state().items()}
    assert state == {"p": 0.0, "signs": 0.25, "updates": 1.0}


def test_it_follows_one_comparison():
    with pytest.raises(RecipeError, match="ada follows the logits of one comparison; set on to one of 'a', 'b'"):
        OFFERED["ada"]().build({}, {"a": None, "b": None})
