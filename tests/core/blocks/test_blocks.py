"""Blocks against torch and against numbers worked out by hand."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import pairwise

import keras
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from ganzoo import blocks
from ganzoo.execution.batches import concatenated_batch
from ganzoo.execution.mixing import is_per_sample


def first(images):
    """Return channels-last images as torch's networks take them."""
    return images.permute(0, 3, 1, 2)


def last(images):
    return images.permute(0, 2, 3, 1)


def weights(model, name):
    return [variable.value.detach() for variable in model.variables if variable.name == name]


def convolve(images, kernel, bias, **options):
    return functional.conv2d(images, kernel.permute(3, 2, 0, 1), bias, **options)


def redraw(model):
    """Give every trainable weight a value of its own, so that biases and scales count."""
    for variable in model.trainable_variables:
        variable.assign(0.5 * torch.randn(tuple(variable.shape)))
    return model


@contextmanager
def policy(name):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    yield
    keras.config.set_dtype_policy(before)


def assert_saves(model, *inputs, tmp_path):
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    wanted = model(*inputs, training=False)
    assert torch.equal(again(*inputs, training=False), wanted)


# -- classes -----------------------------------------------------------------------------------------------------------


def conditional(num_classes=3, channels=4):
    image, label = keras.Input((5, 6, channels)), keras.Input((), dtype="int32")
    return keras.Model([image, label], blocks.conditional_batch_normalization(image, label, num_classes))


def test_conditional_batch_normalization_is_plain_at_the_start_and_has_a_scale_and_an_offset_per_class(tmp_path):
    model, images, labels = conditional(), torch.randn(8, 5, 6, 4) * 3 + 1, torch.arange(8) % 3
    plain = last(functional.batch_norm(first(images), None, None, training=True, eps=1e-5))
    assert torch.allclose(model([images, labels], training=True), plain, atol=1e-5)
    scale, offset = (redraw(model).trainable_variables[index].value for index in (0, 1))
    wanted = plain * scale[labels][:, None, None] + offset[labels][:, None, None]
    assert torch.allclose(model([images, labels], training=True), wanted, atol=1e-5)
    assert_saves(model, [images, labels], tmp_path=tmp_path)


def test_two_batches_in_one_are_normalized_separately_and_keep_their_classes():
    model = redraw(conditional())
    reals, fakes, labels = torch.randn(4, 5, 6, 4), 3 * torch.randn(4, 5, 6, 4), torch.tensor([0, 2, 1, 2])
    alone = [model([images, labels], training=True) for images in (reals, fakes)]
    assert is_per_sample(model)
    with concatenated_batch():
        together = model([torch.cat([reals, fakes]), labels.repeat(2)], training=True)
    assert torch.allclose(together, torch.cat(alone), atol=1e-5)


def test_the_projection_is_the_inner_product_with_the_embedding_of_the_class():
    features, label = keras.Input((4,)), keras.Input((), dtype="int32")
    model = keras.Model([features, label], blocks.class_projection(features, label, 3))
    rows, labels = torch.randn(5, 4), torch.tensor([0, 2, 1, 2, 0])
    (embedding,) = (variable.value for variable in model.variables)
    assert tuple(embedding.shape) == (3, 4)
    assert torch.allclose(model([rows, labels]), (rows * embedding[labels]).sum(1, keepdim=True), atol=1e-6)


def test_a_spectral_projection_has_an_embedding_of_norm_one():
    features, label = keras.Input((4,)), keras.Input((), dtype="int32")
    model = keras.Model([features, label], blocks.class_projection(features, label, 3, spectral=True))
    rows, labels = torch.randn(5, 4), torch.tensor([0, 2, 1, 2, 0])
    for _ in range(30):
        model([rows, labels], training=True)
    (kernel,) = weights(model, "kernel")
    embedding = kernel / torch.linalg.matrix_norm(kernel, 2)
    assert torch.allclose(model([rows, labels]), (rows * embedding[labels]).sum(1, keepdim=True), atol=1e-5)


# -- residual ----------------------------------------------------------------------------------------------------------


def test_a_residual_block_of_a_generator_doubles_the_side_as_torch_would():
    image = keras.Input((4, 6, 3))
    model = redraw(keras.Model(image, blocks.residual_up(image, 5)))
    images = torch.randn(4, 4, 6, 3)
    given = model(images, training=True)

    kernels, biases = weights(model, "kernel"), weights(model, "bias")
    (one, two, skip), (gamma, gamma2), (beta, beta2) = (
        sorted(zip(kernels, biases, strict=True), key=lambda pair: (-pair[0].shape[0], pair[0].shape[2])),
        weights(model, "gamma"),
        weights(model, "beta"),
    )
    x = first(images)
    h = functional.batch_norm(x, None, None, gamma, beta, training=True, eps=1e-5).relu()
    h = convolve(functional.interpolate(h, scale_factor=2), *one, padding=1)
    h = functional.batch_norm(h, None, None, gamma2, beta2, training=True, eps=1e-5).relu()
    wanted = convolve(h, *two, padding=1) + convolve(functional.interpolate(x, scale_factor=2), *skip)
    assert tuple(given.shape) == (4, 8, 12, 5)
    assert torch.allclose(given, last(wanted), atol=1e-4)


@pytest.mark.parametrize("halve", [True, False])
def test_residual_blocks_of_a_discriminator_are_those_of_torch(halve):
    image = keras.Input((8, 4, 3))
    images = torch.randn(4, 8, 4, 3)
    x = first(images)

    def shrink(values):
        return functional.avg_pool2d(values, 2) if halve else values

    for start in (True, False):
        outputs = blocks.residual_down(image, 5, first=start, halve=halve, spectral=False)
        model = redraw(keras.Model(image, outputs))
        one, two, skip = sorted(
            zip(weights(model, "kernel"), weights(model, "bias"), strict=True),
            key=lambda pair: (-pair[0].shape[0], pair[0].shape[2]),
        )
        h = convolve(x if start else x.relu(), *one, padding=1).relu()
        h = shrink(convolve(h, *two, padding=1))
        past = convolve(shrink(x), *skip) if start else shrink(convolve(x, *skip))
        assert torch.allclose(model(images), last(h + past), atol=1e-4)


def test_a_residual_block_that_changes_no_shape_passes_its_input_on():
    image = keras.Input((4, 4, 3))
    model = keras.Model(image, blocks.residual_down(image, 3, halve=False))
    for variable in model.trainable_variables:
        variable.assign(keras.ops.zeros_like(variable))
    images = torch.randn(2, 4, 4, 3)
    assert torch.equal(model(images), images)


def test_each_convolution_of_a_spectral_block_is_normalized():
    image = keras.Input((8, 8, 3))
    model = keras.Model(image, blocks.residual_down(image, 4))
    assert sum(type(layer).__name__ == "SpectralNormalization" for layer in model.layers) == 3


# -- patches -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("halvings", "seen"), [(1, 16), (2, 34), (3, 70)])
def test_each_logit_of_a_patch_discriminator_sees_the_pixels_of_the_paper(halvings, seen):
    image = keras.Input((144, 144, 1))
    _, logits = blocks.patch_discriminator(image, filters=2, halvings=halvings, normalization="none")
    model = keras.Model(image, logits)
    images = torch.randn(1, 144, 144, 1, requires_grad=True)
    found = model(images)
    found[0, found.shape[1] // 2, found.shape[2] // 2].sum().backward()
    rows = images.grad.abs().sum((0, 2, 3)).nonzero().flatten()
    assert int(rows[-1] - rows[0]) + 1 == seen


def test_the_patch_discriminator_of_pix2pix_has_its_parameters_and_its_map():
    # the authors' n_layers = 3 for 6 channels (condition and image), counted from their code
    torch_twin = nn.Sequential(
        nn.Conv2d(6, 64, 4, 2, 1),
        *(nn.Conv2d(64, 128, 4, 2, 1, bias=False), nn.BatchNorm2d(128)),
        *(nn.Conv2d(128, 256, 4, 2, 1, bias=False), nn.BatchNorm2d(256)),
        *(nn.Conv2d(256, 512, 4, 1, 1, bias=False), nn.BatchNorm2d(512)),
        nn.Conv2d(512, 1, 4, 1, 1),
    )
    image = keras.Input((256, 256, 6))
    features, logits = blocks.patch_discriminator(image)
    model = keras.Model(image, logits)
    wanted = sum(parameter.numel() for parameter in torch_twin.parameters())
    assert sum(variable.value.numel() for variable in model.trainable_variables) == wanted
    assert tuple(features.shape) == (None, 31, 31, 512)
    assert tuple(logits.shape) == (None, 30, 30, 1)


@pytest.mark.parametrize("normalization", ["batch", "instance", "none"])
def test_patch_discriminators_judge_real_and_fake_in_one_batch_and_are_saved(normalization, tmp_path):
    image = keras.Input((16, 16, 3))
    _, logits = blocks.patch_discriminator(image, filters=2, halvings=2, normalization=normalization)
    model = keras.Model(image, logits)
    assert is_per_sample(model)
    assert_saves(model, torch.randn(2, 16, 16, 3), tmp_path=tmp_path)


# -- U-Net -------------------------------------------------------------------------------------------------------------


def kernel_shapes(model):
    return [tuple(kernel.shape) for kernel in weights(model, "kernel")]


def test_the_unet_of_pix2pix_has_its_widths_and_its_dropout():
    image = keras.Input((256, 256, 3))
    model = keras.Model(image, blocks.unet(image, 1, filters=2, dropout=0.5))
    down = [3, 2, 4, 8, 16, 16, 16, 16, 16]
    assert kernel_shapes(model)[:8] == [(4, 4, before, after) for before, after in pairwise(down)]
    up = [(16, 16), (16, 32), (16, 32), (16, 32), (8, 32), (4, 16), (2, 8), (1, 4)]
    assert kernel_shapes(model)[8:] == [(4, 4, after, before) for after, before in up]
    assert sum(isinstance(layer, keras.layers.Dropout) for layer in model.layers) == 3
    assert tuple(model.output_shape) == (None, 256, 256, 1)


def test_a_unet_of_depth_two_is_that_of_torch(tmp_path):
    image = keras.Input((8, 12, 3))
    model = redraw(keras.Model(image, blocks.unet(image, 2, filters=4, depth=2, normalization="instance")))
    images = torch.randn(3, 8, 12, 3)
    (down1, down2, up1, up2), (b1, b2, b3, b4) = weights(model, "kernel"), weights(model, "bias")
    d1 = convolve(first(images), down1, b1, stride=2, padding=1)
    d2 = convolve(functional.leaky_relu(d1, 0.2), down2, b2, stride=2, padding=1)
    u1 = functional.conv_transpose2d(d2.relu(), up1.permute(3, 2, 0, 1), b3, stride=2, padding=1)
    joined = torch.cat([d1, functional.instance_norm(u1, eps=1e-5)], 1).relu()
    wanted = functional.conv_transpose2d(joined, up2.permute(3, 2, 0, 1), b4, stride=2, padding=1).tanh()
    assert torch.allclose(model(images), last(wanted), atol=1e-4)
    assert_saves(model, images, tmp_path=tmp_path)


def test_a_unet_refuses_sides_that_it_cannot_halve_often_enough():
    with pytest.raises(ValueError, match="needs sides that are multiples of 8 at depth 3, received 16 x 12"):
        blocks.unet(keras.Input((16, 12, 3)), 3, depth=3)


# -- attention ---------------------------------------------------------------------------------------------------------


def attending(**options):
    image = keras.Input((3, 4, 16))
    return keras.Model(image, blocks.SelfAttention(**options)(image))


def test_attention_changes_nothing_at_the_start():
    images = torch.randn(2, 3, 4, 16)
    assert torch.equal(attending()(images), images)


@pytest.mark.parametrize("pool", [True, False])
def test_attention_is_that_of_torch_and_is_saved(tmp_path, pool):
    model = redraw(attending(spectral=False, pool=pool))
    images = torch.randn(2, 3, 4, 16)
    named = {
        variable.path.split("/")[-2]: variable.value[0, 0] for variable in model.variables if variable.name == "kernel"
    }
    gamma = weights(model, "gamma")[0]
    query, key, value = (images @ named[name] for name in ("query", "key", "value"))
    if pool:
        key, value = (last(functional.max_pool2d(first(values), 2)) for values in (key, value))
    query, key, value = (values.flatten(1, 2) for values in (query, key, value))
    mixed = functional.scaled_dot_product_attention(query, key, value, scale=1.0)
    wanted = images + gamma * (mixed @ named["output"]).reshape(images.shape)
    assert torch.allclose(model(images), wanted, atol=1e-5)
    assert_saves(model, images, tmp_path=tmp_path)


def test_attention_normalizes_its_kernels_spectrally_and_keeps_images_apart(tmp_path):
    model = redraw(attending())
    images = torch.randn(2, 3, 4, 16)
    assert is_per_sample(model)
    for _ in range(300):  # near singular values make the power method slow
        model(images, training=True)
    assert torch.allclose(model(images)[1:], model(images[1:]), atol=1e-4)
    layer = model.layers[1]
    raw = layer.value.layer.kernel.value.detach()
    sigma = torch.dot(layer.value.vector_u.value, raw[0, 0].T @ layer.value.vector_v.value)
    assert float(sigma) == pytest.approx(float(torch.linalg.matrix_norm(raw[0, 0], 2)), rel=1e-3)
    assert_saves(model, images, tmp_path=tmp_path)


def test_too_few_channels_for_attention_are_refused():
    with pytest.raises(ValueError, match="needs at least 8 channels, received 4"):
        blocks.SelfAttention()(keras.Input((3, 4, 4)))


def test_numbers_are_finite_in_half_precision():
    with policy("mixed_bfloat16"):
        model = attending()
    assert np.isfinite(model(torch.randn(2, 3, 4, 16)).float().detach().numpy()).all()
