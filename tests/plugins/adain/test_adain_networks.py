import keras
import numpy as np
import pytest
import torch
from ganzoo_adain.adain_generator import AdaINGenerator
from ganzoo_adain.adaptive_instance_normalization import AdaptiveInstanceNormalization
from torch.nn import functional

from ganzoo import Field, Signature, load_zoo

ZOO = load_zoo()
IMAGE = Field(shape=(16, 16, 3), low=-1, high=1)
GIVEN = Signature(inputs={"content": IMAGE, "style": IMAGE}, outputs={"image": IMAGE})
RNG = np.random.default_rng(0)


def generator(network="vgg16", layer="block2_conv1", scale=1.0):
    features = ZOO.find("architecture", network)(weights="random")
    return AdaINGenerator(encoder=features, layer=layer, scale=scale).build(GIVEN)


@pytest.fixture(scope="module")
def small():
    return generator()


def adain_by_hand(content, style):
    found = np.empty_like(content)
    for row in range(len(content)):
        for channel in range(content.shape[-1]):
            values, wanted = content[row, ..., channel], style[row, ..., channel]
            unit = (values - values.mean()) / np.sqrt(values.var(ddof=1) + 1e-5)
            found[row, ..., channel] = unit * np.sqrt(wanted.var(ddof=1) + 1e-5) + wanted.mean()
    return found


def test_adaptive_instance_normalization_is_that_worked_out_by_hand():
    content, style = RNG.normal(size=(2, 3, 4, 5)), RNG.normal(3, 2, size=(2, 6, 2, 5))
    found = AdaptiveInstanceNormalization()([torch.tensor(content), torch.tensor(style)])
    assert np.allclose(found.numpy(), adain_by_hand(content, style), atol=1e-5)


def test_an_image_in_its_own_style_is_the_image():
    values = torch.randn(1, 4, 4, 3)
    assert torch.allclose(AdaptiveInstanceNormalization()([values, values]), values, atol=1e-5)


def test_keras_own_operations_normalize_alike():
    layer, inputs = AdaptiveInstanceNormalization(), [keras.Input((None, None, 3)) for _ in range(2)]
    stock = keras.Model(inputs, layer.to_keras(inputs))
    values = [torch.randn(2, 4, 5, 3), torch.randn(2, 3, 3, 3)]
    assert torch.allclose(stock(values), layer(values), atol=1e-6)


@pytest.mark.parametrize(("network", "count"), [("vgg19", 3_505_219), ("vgg16", 2_915_139)])
def test_the_decoder_has_as_many_weights_as_that_of_the_authors_and_nothing_else_is_trained(network, count):
    made = generator(network, "block4_conv1")
    assert sum(variable.value.numel() for variable in made.trainable_variables) == count
    assert made.get_layer("decoder").count_params() == count
    assert made.get_layer("encoder").trainable_variables == []


def test_the_generator_is_encoder_normalization_and_mirrored_decoder(small):
    images = [torch.rand(2, 16, 16, 3) * 2 - 1 for _ in range(2)]
    encoded = [features_by_hand(small, image) for image in images]
    styled = torch.tensor(adain_by_hand(*(each.permute(0, 2, 3, 1).numpy() for each in encoded))).permute(0, 3, 1, 2)
    wanted = decoded_by_hand(small, styled)
    with torch.no_grad():
        found = small({"content": images[0], "style": images[1]})
    assert torch.allclose(found, wanted.permute(0, 2, 3, 1), rtol=1e-3, atol=1e-2)


def torch_weights(network):
    """Kernel (outputs, inputs, h, w) and bias of each convolution in order."""
    layers = [layer for layer in network.layers if layer.weights]
    return [(layer.kernel.value.detach().permute(3, 2, 0, 1), layer.bias.value.detach()) for layer in layers]


def features_by_hand(made, image):
    [vgg] = [layer for layer in made.get_layer("encoder").layers if isinstance(layer, keras.Model)]
    mean = torch.tensor([103.939, 116.779, 123.68])[:, None, None]
    values = (image.permute(0, 3, 1, 2).flip(1) + 1) * 127.5 - mean
    for index, (kernel, bias) in enumerate(torch_weights(vgg)):
        values = functional.max_pool2d(values, 2) if index == 2 else values
        values = functional.relu(functional.conv2d(values, kernel, bias, padding=1))
    return values


def decoded_by_hand(made, values):
    weights = torch_weights(made.get_layer("decoder"))
    assert [kernel.shape[:2] for kernel, _ in weights] == [(64, 128), (64, 64), (3, 64)]
    for index, (kernel, bias) in enumerate(weights):
        padded = functional.pad(values, (1, 1, 1, 1), mode="reflect")
        values = functional.conv2d(padded, kernel, bias)
        values = values if index == 2 else functional.relu(values)
        values = functional.interpolate(values, scale_factor=2, mode="nearest") if index == 0 else values
    return values


def test_scale_multiplies_the_activations(small):
    image = torch.rand(1, 16, 16, 3) * 2 - 1
    scaled = generator(scale=0.25).get_layer("encoder")(image)
    assert torch.allclose(scaled, 0.25 * small.get_layer("encoder")(image), rtol=1e-5)


def test_what_does_not_fit_is_told():
    features = ZOO.find("architecture", "vgg16")(weights="random")
    with pytest.raises(ValueError, match="VGG16-RANDOM has no layer 'block9'"):
        AdaINGenerator(encoder=features, layer="block9")
    alone = Signature(inputs={"content": IMAGE}, outputs={"image": IMAGE})
    with pytest.raises(ValueError, match=r"received content; set task\.styles"):
        AdaINGenerator(encoder=features, layer="block1_conv1").build(alone)
