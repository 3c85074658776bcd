import pytest
import torch
from ganzoo_perceptual import ganzoo_register_architectures, ganzoo_register_losses

from ganzoo import RecipeError

Perceptual = ganzoo_register_losses()["perceptual"]
VGG16 = ganzoo_register_architectures()["vgg16"]
LAYER = "block2_conv1"


def images(seed: int):
    return torch.rand(2, 8, 8, 3, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def built(**options):
    loss = Perceptual(features=VGG16(weights="random"), **{"layer": LAYER, **options})
    loss.build()
    return loss


def activation_error():
    network = VGG16(weights="random").build((LAYER,))
    return network(images(0))[LAYER] - network(images(1))[LAYER]


def test_loss_is_the_mean_squared_error_of_scaled_activations():
    assert built()(images(0), images(1)).item() == pytest.approx(((activation_error() / 12.75) ** 2).mean().item())
    assert built(scale=1.0)(images(0), images(1)).item() == pytest.approx((activation_error() ** 2).mean().item())


def test_absolute_error_can_be_chosen():
    found = built(scale=0.5, distance="l1")(images(0), images(1))
    assert found.item() == pytest.approx((0.5 * activation_error().abs()).mean().item())


def test_equal_images_cost_nothing():
    assert built()(images(0), images(0)).item() == 0.0


def test_gradient_reaches_the_output_and_not_the_target():
    output, target = images(0).requires_grad_(), images(1).requires_grad_()
    built()(output, target).backward()
    assert output.grad.abs().sum() > 0
    assert target.grad is None


def test_activations_before_relu_can_be_compared():
    assert built(layer=f"{LAYER}_pre")(images(0), images(1)) > built()(images(0), images(1))


def test_several_layers_are_a_weighted_sum():
    layers, weights = ("block1_conv2_pre", "block2_conv2"), (0.1, 2.0)
    network = VGG16(weights="random").build(layers)
    output, target = network(images(0)), network(images(1))
    distances = [(output[layer] - target[layer]).abs().mean().item() for layer in layers]
    given = {"layer": layers, "scale": 1.0, "distance": "l1"}
    found = built(**given, layer_weights=weights)(images(0), images(1))
    assert found.item() == pytest.approx(0.1 * distances[0] + 2.0 * distances[1], rel=1e-5)
    assert built(**given)(images(0), images(1)).item() == pytest.approx(sum(distances), rel=1e-5)


@pytest.mark.parametrize("options", [{"layer": ()}, {"layer_weights": (1.0, 2.0)}, {"layer_weights": ()}])
def test_each_layer_needs_a_weight(options):
    with pytest.raises(ValueError, match="needs a weight for each layer, received"):
        built(**options)


def test_srgan_layer_is_the_default():
    loss = Perceptual(features=ganzoo_register_architectures()["vgg19"]())
    assert (loss.layers, loss.weights, loss.scale, loss.distance) == (("block5_conv4",), (1.0,), 1 / 12.75, "mse")


def test_unknown_layers_are_refused_before_anything_is_built():
    with pytest.raises(ValueError, match="VGG16-RANDOM has no layer 'block9_conv1'; it has block1_conv1_pre, "):
        Perceptual(features=VGG16(weights="random"), layer="block9_conv1")


def test_loss_must_be_built_first():
    with pytest.raises(RecipeError, match=r"build\(\) must be called before"):
        Perceptual(features=VGG16(weights="random"), layer=LAYER)(images(0), images(1))


def test_frozen_weights_are_no_state_of_the_run():
    assert not built().state()
