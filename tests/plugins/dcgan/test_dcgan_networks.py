import keras
import pytest
import torch
from ganzoo_dcgan import ganzoo_register_architectures

from ganzoo import Field, Signature

OFFERED = ganzoo_register_architectures()
LOGITS = Field(shape=(1,))


def image(side: int, channels: int = 3) -> Field:
    return Field(shape=(side, side, channels), low=-1, high=1)


def generator(field: Field, filters: int = 2) -> keras.Model:
    signature = Signature(inputs={"latent": Field(shape=(5,))}, outputs={"sample": field})
    return OFFERED["dcgan_generator"](filters=filters).build(signature)


def discriminator(field: Field, outputs=None, filters: int = 2, **options) -> keras.Model:
    signature = Signature(inputs={"sample": field}, outputs=outputs or {"logits": LOGITS})
    return OFFERED["dcgan_discriminator"](filters=filters, **options).build(signature)


def kinds(network: keras.Model) -> list[str]:
    return [type(layer).__name__ for layer in network.layers]


def kernels(network: keras.Model) -> list[torch.Tensor]:
    return [weight.value.detach() for weight in network.trainable_variables if weight.name == "kernel"]


@pytest.mark.parametrize("side", [8, 16, 24, 28, 32])
@pytest.mark.parametrize("channels", [1, 3])
def test_networks_fit_every_square_side_that_four_to_seven_doubles_to(side, channels):
    field = image(side, channels)
    images = generator(field)(torch.randn(2, 5))
    assert tuple(images.shape) == (2, side, side, channels)
    assert images.abs().max() <= 1
    assert tuple(discriminator(field)(images).shape) == (2, 1)


@pytest.mark.parametrize("shape", [(30, 30, 1), (4, 4, 3), (9, 9, 3), (16, 32, 3), (None, None, 3)])
def test_other_sides_are_refused_with_those_that_fit(shape):
    field = Field(shape=shape, low=-1, high=1)
    for build in (generator, discriminator):
        with pytest.raises(
            ValueError, match=r"a side of 8, 10, 12, .*, 28, 32, \.\.\. \(4 to 7, times 2\^k\), received"
        ):
            build(field)


def test_points_are_refused():
    for build in (generator, discriminator):
        with pytest.raises(ValueError, match=r"works with one image .*received 'sample' \(2 float32\)"):
            build(Field(shape=(2,)))


def test_images_of_another_range_are_refused():
    with pytest.raises(ValueError, match=r"gives images in \[-1, 1\], but 'sample' is 8x8x3 float32 in \[0, 1\]"):
        generator(Field(shape=(8, 8, 3), low=0, high=1))


def test_channels_double_towards_the_middle():
    assert [tuple(kernel.shape) for kernel in kernels(generator(image(32)))] == [
        (5, 4 * 4 * 8),
        (4, 4, 4, 8),
        (4, 4, 2, 4),
        (4, 4, 3, 2),
    ]
    assert [tuple(kernel.shape) for kernel in kernels(discriminator(image(32)))] == [
        (4, 4, 3, 2),
        (4, 4, 2, 4),
        (4, 4, 4, 8),
        (4 * 4 * 8, 1),
    ]


def test_batch_normalization_spares_the_generators_output_and_the_discriminators_input():
    assert kinds(generator(image(32))).count("BatchNormalization") == 3
    assert kinds(generator(image(32)))[-2:] == ["Conv2DTranspose", "Activation"]
    assert kinds(discriminator(image(32))).count("BatchNormalization") == 2
    assert kinds(discriminator(image(32)))[1:3] == ["Conv2D", "LeakyReLU"]


@pytest.mark.parametrize(("normalization", "layer"), [("layer", "GroupNormalization"), ("none", None)])
def test_discriminator_can_do_without_batch_normalization(normalization, layer):
    network = discriminator(image(32), normalization=normalization)
    assert "BatchNormalization" not in kinds(network)
    assert kinds(network).count("GroupNormalization") == (2 if layer else 0)


@pytest.mark.parametrize("normalization", ["layer", "none"])
def test_without_batch_normalization_examples_are_judged_one_by_one(normalization):
    network = discriminator(image(16), normalization=normalization)
    images = torch.randn(4, 16, 16, 3)
    together = network(images, training=True)
    alone = torch.cat([network(each[None], training=True) for each in images])
    assert torch.allclose(together, alone, atol=1e-6)


def test_weights_start_as_the_paper_says():
    for network in (generator(image(16), filters=16), discriminator(image(16), filters=16)):
        for kernel in kernels(network):
            assert kernel.std().item() == pytest.approx(0.02, rel=0.15)
            assert abs(kernel.mean().item()) < 0.005
        scales = [weight.value for weight in network.trainable_variables if weight.name == "gamma"]
        assert scales
        assert all(abs(scale.mean().item() - 1) < 0.02 and scale.std().item() > 0 for scale in scales)


def test_layers_of_equal_shape_start_differently():
    outputs = {"logits": LOGITS, "strength": Field(shape=(1,))}
    *_, first, second = kernels(discriminator(image(8), outputs))
    assert not torch.equal(first, second)


def test_batch_normalization_has_the_settings_of_the_torch_lineage():
    layer = next(layer for layer in generator(image(8)).layers if type(layer).__name__ == "BatchNormalization")
    assert (layer.momentum, layer.epsilon) == (0.9, 1e-5)


def test_discriminator_gives_features_and_further_heads_when_asked():
    outputs = {"logits": LOGITS, "features": Field(shape=(None,)), "label": Field(shape=(10,))}
    given = discriminator(image(16), outputs)(torch.zeros(2, 16, 16, 3))
    assert {name: tuple(value.shape) for name, value in given.items()} == {
        "logits": (2, 1),
        "features": (2, 4 * 4 * 4),
        "label": (2, 10),
    }


LABEL = Field(shape=(), dtype="int32", low=0, high=9)


def test_a_class_label_is_appended_to_the_latents_as_zeros_and_a_one():
    signature = Signature(inputs={"latent": Field(shape=(5,)), "label": LABEL}, outputs={"sample": image(28, 1)})
    network = OFFERED["dcgan_generator"](filters=2).build(signature)
    assert kernels(network)[0].shape == (5 + 10, 7 * 7 * 4)
    one, two = (network({"latent": torch.ones(2, 5), "label": torch.tensor([3, label])}) for label in (3, 4))
    assert torch.equal(one[0], two[0])
    assert not torch.equal(one[1], two[1])


def test_a_class_label_is_appended_to_the_image_as_maps():
    signature = Signature(inputs={"sample": image(16), "label": LABEL}, outputs={"logits": LOGITS})
    network = OFFERED["dcgan_discriminator"](filters=2, normalization="none").build(signature)
    assert kernels(network)[0].shape == (4, 4, 3 + 10, 2)
    logits = network({"sample": torch.zeros(2, 16, 16, 3), "label": torch.tensor([0, 9])})
    assert logits[0] != logits[1]


def test_published_parameter_counts_at_64_pixels():
    # the published counts (100 latents, 64 filters, RGB) include batch normalization, and no biases
    network = discriminator(image(64), filters=64)
    assert sum(kernel.numel() for kernel in kernels(network)) == 2_765_568 - 2 * (128 + 256 + 512)
    signature = Signature(inputs={"latent": Field(shape=(100,))}, outputs={"sample": image(64)})
    weights = OFFERED["dcgan_generator"](filters=64).build(signature)
    assert sum(kernel.numel() for kernel in kernels(weights)) == 3_576_704 - 2 * (512 + 256 + 128 + 64)


def test_a_projected_class_adds_the_product_of_its_embedding_and_the_summed_maps():
    signature = Signature(
        inputs={"sample": image(16), "label": LABEL}, outputs={"logits": LOGITS, "features": Field(shape=(None,))}
    )
    network = OFFERED["dcgan_discriminator"](filters=2, normalization="none", condition="project").build(signature)
    (embedding,) = [weight.value for weight in network.trainable_variables if weight.name == "embeddings"]
    images = torch.randn(2, 16, 16, 3)
    one, other = (network({"sample": images, "label": torch.tensor([label] * 2)}) for label in (3, 8))
    pooled = one["features"].reshape(2, 4, 4, 4).sum(dim=(1, 2))
    expected = pooled @ (embedding[3] - embedding[8])
    assert torch.allclose((one["logits"] - other["logits"])[:, 0], expected, atol=1e-6)


def test_a_class_can_be_projected_only_where_there_is_one():
    with pytest.raises(ValueError, match='condition = "project" needs a class label'):
        discriminator(image(16), condition="project")


@pytest.mark.parametrize("condition", ["concatenate", "project"])
def test_with_spectral_normalization_the_scale_of_no_kernel_matters(condition):
    signature = Signature(inputs={"sample": image(16), "label": LABEL}, outputs={"logits": LOGITS})
    options = {"filters": 2, "normalization": "none", "condition": condition}
    network = OFFERED["dcgan_discriminator"](**options, spectral_normalization=True).build(signature)
    given = {"sample": torch.randn(2, 16, 16, 3), "label": torch.tensor([0, 9])}
    before = network(given)
    assert len(kernels(network)) == (4 if condition == "project" else 3)
    for kernel in kernels(network):
        kernel.mul_(7)
    assert torch.allclose(network(given), before, atol=1e-5)
    plain = OFFERED["dcgan_discriminator"](**options).build(signature)
    assert "SpectralNormalization" in kinds(network)
    assert "SpectralNormalization" not in kinds(plain)


@pytest.mark.parametrize(("extra_halvings", "shape", "seen"), [(0, (7, 7, 4), 10), (1, (4, 4, 8), 22)])
def test_with_extra_halvings_the_last_activations_see_more_of_the_image(extra_halvings, shape, seen):
    outputs = {"logits": LOGITS, "features": Field(shape=(None,))}
    network = discriminator(image(28, 1), outputs, normalization="none", extra_halvings=extra_halvings)
    pixels = torch.randn(1, 28, 28, 1, requires_grad=True)
    features = network(pixels)["features"].reshape(shape)
    features[shape[0] // 2 - 1, shape[1] // 2 - 1].sum().backward()
    rows, columns = (pixels.grad[0, :, :, 0] != 0).nonzero(as_tuple=True)
    assert (rows.max() - rows.min() + 1, columns.max() - columns.min() + 1) == (seen, seen)
    assert kernels(network)[-1].shape == (shape[0] * shape[1] * shape[2], 1)
