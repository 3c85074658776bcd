import keras
import pytest
import torch
from ganzoo_mlp import ganzoo_register_architectures

from ganzoo import Field, Signature

OFFERED = ganzoo_register_architectures()
MlpGenerator, MlpDiscriminator = OFFERED["mlp_generator"], OFFERED["mlp_discriminator"]

POINT = Field(shape=(2,))
IMAGE = Field(shape=(4, 6, 3), low=-1, high=1)
LOGITS = Field(shape=(1,))


def generator(sample: Field, **options) -> keras.Model:
    signature = Signature(inputs={"latent": Field(shape=(5,))}, outputs={"sample": sample})
    return MlpGenerator(**options).build(signature)


def discriminator(sample: Field, outputs=None, **options) -> keras.Model:
    return MlpDiscriminator(**options).build(
        Signature(inputs={"sample": sample}, outputs=outputs or {"logits": LOGITS})
    )


@pytest.mark.parametrize("field", [POINT, IMAGE, Field(shape=())])
def test_generator_gives_the_shape_of_the_data(field):
    assert tuple(generator(field)(torch.zeros(3, 5)).shape) == (3, *field.shape)


def test_generator_stays_within_a_stated_range_and_is_unbounded_without_one():
    far = 1000 * torch.randn(8, 5)
    assert generator(IMAGE)(far).abs().max() <= 1
    assert generator(POINT)(far).abs().max() > 1


def test_an_input_and_an_output_may_have_one_name():
    translator = MlpGenerator().build(Signature(inputs={"point": POINT}, outputs={"point": POINT}))
    assert tuple(translator(torch.zeros(3, 2)).shape) == (3, 2)


def test_generator_of_a_range_it_cannot_keep_is_refused():
    with pytest.raises(ValueError, match=r"gives values in \[-1, 1\] or without limits, but 'sample' is 2 float32 in"):
        generator(Field(shape=(2,), low=0, high=1))


def test_networks_of_a_varying_shape_are_refused():
    varying = Field(shape=(None, None, 3), low=-1, high=1)
    for build in (generator, discriminator):
        with pytest.raises(ValueError, match=r"needs floats of a fixed shape, but 'sample' is \?x\?x3"):
            build(varying)


@pytest.mark.parametrize("field", [POINT, IMAGE])
def test_discriminator_gives_one_logit_per_example(field):
    assert tuple(discriminator(field)(torch.zeros(3, *field.shape)).shape) == (3, 1)


def test_discriminator_gives_features_and_further_heads_when_asked():
    outputs = {"logits": LOGITS, "features": Field(shape=(7,)), "label": Field(shape=(10,))}
    given = discriminator(POINT, outputs, hidden=7)(torch.zeros(3, 2))
    assert {name: tuple(value.shape) for name, value in given.items()} == {
        "logits": (3, 1),
        "features": (3, 7),
        "label": (3, 10),
    }


def test_several_inputs_are_taken_by_name():
    signature = Signature(inputs={"latent": Field(shape=(5,)), "condition": IMAGE}, outputs={"sample": POINT})
    network = MlpGenerator().build(signature)
    given = network({"latent": torch.zeros(3, 5), "condition": torch.zeros(3, *IMAGE.shape)})
    assert tuple(given.shape) == (3, 2)


def test_hidden_and_layers_say_how_large_a_network_is():
    kernels = [weight.shape for weight in generator(POINT, hidden=9, layers=3).weights if weight.name == "kernel"]
    assert kernels == [(5, 9), (9, 9), (9, 9), (9, 2)]


def test_activation_says_what_happens_below_zero():
    kinds = {type(layer).__name__ for layer in generator(POINT, activation="leaky_relu").layers}
    assert "LeakyReLU" in kinds
    assert "ReLU" not in kinds
    slopes = [layer.negative_slope for layer in discriminator(POINT).layers if type(layer).__name__ == "LeakyReLU"]
    assert slopes == [0.2, 0.2]


def test_with_spectral_normalization_the_scale_of_no_kernel_matters():
    network, points = discriminator(POINT, spectral_normalization=True, hidden=7), torch.randn(5, 2)
    before = network(points)
    kernels = [weight for weight in network.trainable_variables if weight.name == "kernel"]
    assert [tuple(kernel.shape) for kernel in kernels] == [(2, 7), (7, 7), (7, 1)]
    for kernel in kernels:
        kernel.assign(7 * kernel.value)
    assert torch.allclose(network(points), before, atol=1e-5)


def test_layers_have_the_same_names_with_spectral_normalization():
    outputs = {"features/hidden_2": Field(shape=(7,))}
    plain, spectral = (discriminator(POINT, outputs, hidden=7, spectral_normalization=on) for on in (False, True))
    assert [layer.name for layer in spectral.layers if "hidden" in layer.name] == [
        layer.name for layer in plain.layers if "hidden" in layer.name
    ]
