import keras
import numpy as np
import pytest
import torch
from ganzoo_progan import ganzoo_register_architectures, ganzoo_register_regularizers
from ganzoo_progan.growing import faded
from ganzoo_progan.growth import level_at

from ganzoo import LOGITS, Comparison, Field, Player, Random, RecipeError, Signature, Step
from ganzoo.testing import judged

ARCHITECTURES = ganzoo_register_architectures()
REGULARIZERS = ganzoo_register_regularizers()
TINY = {"base": 64, "most": 8}


def built(role, side=16, channels=3, **options):
    image = Field(shape=(side, side, channels), low=-1, high=1)
    if role == "generator":
        signature = Signature(inputs={"latent": Field(shape=(512,))}, outputs={"sample": image})
    else:
        signature = Signature(inputs={"sample": image}, outputs={"logits": LOGITS})
    return ARCHITECTURES[f"progan_{role}"](**{**TINY, **options}).build(signature)


def at(network, level):
    network.get_layer("growing").set_level(level)
    return network


@pytest.mark.slow
@pytest.mark.parametrize(("role", "count"), [("generator", 23_079_115), ("discriminator", 23_087_249)])
def test_the_networks_have_the_weights_of_the_authors_code_at_1024_pixels(role, count):
    network = built(role, 1024, base=8192, most=512)
    assert sum(int(np.prod(weight.shape)) for weight in network.trainable_variables) == count


def test_the_level_follows_the_phases_and_fades_over_the_first_steps_of_each():
    def level(phase, step):
        return level_at(Step(number=0, phase_index=phase, phase_step=step), fade_steps=4, last=2)

    assert [level(0, step) for step in (0, 9)] == [0, 0]
    assert [level(1, step) for step in (0, 1, 3, 9)] == [0.25, 0.5, 1, 1]
    assert [level(2, step) for step in (0, 9)] == [1.25, 2]
    assert level(3, 0) == 2, "there is nothing left to fade in"


def test_images_of_a_low_level_are_repeated_pixels():
    network, latents = built("generator"), torch.randn(2, 512)
    for level, block in ((0, 4), (1, 2), (2, 1)):
        images = at(network, level)(latents)
        assert tuple(images.shape) == (2, 16, 16, 3)
        tiles = images.reshape(2, 16 // block, block, 16 // block, block, 3)
        assert torch.equal(tiles, tiles[:, :, :1, :, :1].expand_as(tiles))
        if block < 4:
            assert not torch.allclose(images[:, block:], images[:, :-block])


def test_half_a_level_is_the_mean_of_the_levels_around_it():
    network, latents = built("generator"), torch.randn(2, 512)
    low, high, half = (at(network, level)(latents) for level in (1.0, 2.0, 1.5))
    assert torch.allclose(half, (low + high) / 2, atol=1e-5)


def test_a_discriminator_fades_in_features_and_sees_only_its_resolution():
    network, images = built("discriminator"), torch.randn(4, 16, 16, 3)
    lower = at(network, 0.0)
    coarse = faded(images, 0.0, 2)
    assert torch.allclose(lower(images), lower(coarse), atol=1e-5)
    full, nearly = at(network, 2.0)(images), at(network, 1.999)(images)
    assert torch.allclose(full, nearly, atol=0.02)
    assert not torch.allclose(full, at(network, 1.0)(images), atol=1e-3)


def test_reals_are_faded_as_the_generators_images_are():
    images = torch.randn(2, 8, 8, 3)
    down = torch.nn.functional.avg_pool2d(images.permute(0, 3, 1, 2), 2)
    low = torch.nn.functional.interpolate(down, scale_factor=2).permute(0, 2, 3, 1)
    assert torch.allclose(faded(images, 1.0, 1), images)
    assert torch.allclose(faded(images, 0.0, 1), low, atol=1e-6)
    assert torch.allclose(faded(images, 0.25, 1), 0.75 * low + 0.25 * images, atol=1e-6)


def test_the_regularizer_follows_the_discriminator_and_spares_fakes():
    network = at(built("discriminator"), 0.5)
    regularizer, images = REGULARIZERS["fade_reals"](), torch.randn(2, 16, 16, 3)
    player = Player(name="discriminator", networks={"discriminator": network}, variables=())
    regularizer.build({"discriminator": player}, {})
    about = {"comparison": "sample", "player": "discriminator", "step": Step(number=0), "rng": Random(0, "fade")}
    assert torch.equal(regularizer.discriminator_inputs(images, real=True, **about), faded(images, 0.5, 2))
    assert regularizer.discriminator_inputs(images, real=False, **about) is images


def test_the_regularizer_needs_a_growing_discriminator():
    other = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    player = Player(name="discriminator", networks={"discriminator": other}, variables=())
    with pytest.raises(RecipeError, match="fade_reals needs a discriminator that grows: progan_discriminator"):
        REGULARIZERS["fade_reals"]().build({"discriminator": player}, {})


def test_drift_is_the_mean_squared_logit_of_reals():
    comparison = Comparison(lambda points: points, torch.tensor([[3.0], [-1.0]]), torch.tensor([[100.0], [100.0]]))
    value = REGULARIZERS["drift"]().discriminator_penalty(
        judged(comparison), step=Step(number=0), rng=Random(0, "drift")
    )
    assert value.item() == pytest.approx((9 + 1) / 2)


def test_pixels_of_latents_and_activations_have_unit_mean_square():
    network = built("generator")
    one, other = (at(network, 0)(torch.full((1, 512), factor)) for factor in (0.1, 7.0))
    assert torch.allclose(one, other, atol=1e-3), "the length of the latents does not count"


def test_the_level_is_saved(tmp_path):
    network, latents = at(built("generator"), 0.5), torch.randn(2, 512)
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    assert torch.allclose(loaded(latents), network(latents), atol=1e-6)


def test_a_discriminator_with_a_label_is_refused():
    label = Field(shape=(), dtype="int32", low=0, high=9)
    image = Field(shape=(16, 16, 3), low=-1, high=1)
    with pytest.raises(ValueError, match='with discriminator = "classes" of the task it tells the class'):
        ARCHITECTURES["progan_discriminator"](**TINY).build(
            Signature(inputs={"sample": image, "label": label}, outputs={"logits": LOGITS})
        )


def gradients_of_a_comparison(network, real, fake):
    """The gradients of a loss on both sides with respect to the weights; None where a weight is not in use."""
    loss = torch.nn.functional.softplus(network(fake) - network(real)).mean()
    weights = [variable.value for variable in network.trainable_variables]
    found = torch.autograd.grad(loss, weights, allow_unused=True)
    return {variable.path: each for variable, each in zip(network.trainable_variables, found, strict=True)}


@pytest.mark.parametrize(
    ("phase", "done", "level", "used"),
    [
        (0, 9, 0.0, ("image_0",)),
        (1, 0, 0.25, ("image_0", "image_1", "same_1", "down_1")),
        (1, 9, 1.0, ("image_1", "same_1", "down_1")),
        (2, 1, 1.5, ("image_1", "image_2", "same_1", "down_1", "same_2", "down_2")),
        (2, 9, 2.0, ("image_2", "same_1", "down_1", "same_2", "down_2")),
    ],
)
def test_a_growing_discriminator_compares_reals_and_fakes_with_the_layers_of_its_level(phase, done, level, used):
    architecture = ARCHITECTURES["progan_discriminator"](**TINY, fade_steps=4)
    network = built("discriminator")
    architecture.begin_step(network, Step(number=0, phase_index=phase, phase_step=done))
    assert network.get_layer("growing").level == level
    real, fake = torch.randn(8, 16, 16, 3), torch.rand(4, 16, 16, 3)
    assert tuple(network(real).shape) == (8, 1)
    assert tuple(network(fake).shape) == (4, 1)
    gradients = gradients_of_a_comparison(network, real[:4], fake)
    growing = {path.split("/")[-2] for path, each in gradients.items() if each is not None}
    assert growing - {"last", "dense", "logits"} == set(used)
    assert all(torch.isfinite(each).all() for each in gradients.values() if each is not None)
    assert all(each.abs().sum() > 0 for path, each in gradients.items() if each is not None and "kernel" in path)


def test_the_deviation_over_a_batch_tells_equal_images_from_different_ones():
    keras.utils.set_random_seed(0)
    network, images = at(built("discriminator"), 2.0), torch.randn(4, 16, 16, 3)
    equal = images[:1].expand(4, -1, -1, -1)
    assert torch.allclose(network(equal)[0], network(equal)[3], atol=1e-6)
    assert not torch.allclose(network(equal)[0], network(images)[0], atol=1e-4)
