"""Two batches in one go through a network as if each had gone alone."""

import keras
import numpy as np
import pytest
import torch

from ganzoo import layers
from ganzoo.execution.batches import concatenated_batch
from ganzoo.execution.mixing import is_per_sample
from ganzoo.execution.prepare import prepare_execution

IMAGES = torch.randn(2, 4, 8, 8, 3, generator=torch.Generator().manual_seed(0))


def discriminator(*between):
    image = keras.Input((8, 8, 3))
    values = layers.Conv2D(4, 3, strides=2, padding="same")(image)
    for layer in between:
        values = layer(values)
    return keras.Model(image, layers.Dense(1)(keras.layers.Flatten()(layers.LeakyReLU()(values))))


def outcome(network, images, *, together):
    """Return the logits of both batches, the gradient of a loss on them, and the state afterwards."""
    before = [weight.value.clone() for weight in network.weights]
    if together:
        with concatenated_batch():
            real, fake = network(torch.cat(list(images)), training=True).chunk(2)
    else:
        real, fake = (network(each, training=True) for each in images)
    weights = [variable.value for variable in network.trainable_variables]
    gradients = torch.autograd.grad((real.sigmoid() - fake.square()).mean(), weights)
    after = [weight.value.detach().clone() for weight in network.non_trainable_weights]
    for weight, value in zip(network.weights, before, strict=True):
        weight.assign(value)
    return [real, fake, *gradients, *after]


@pytest.mark.parametrize(
    "between",
    [
        [],
        [layers.BatchNormalization(momentum=0.5)],
        [layers.BatchNormalization(), layers.MinibatchStdDev(group_size=2)],
        [layers.GroupNormalization(groups=2)],
        [layers.MinibatchStdDev(group_size=4)],
    ],
    ids=lambda found: "-".join(type(layer).__name__ for layer in found) or "plain",
)
@pytest.mark.parametrize("prepare", [prepare_execution, lambda network: network], ids=["directly", "by keras"])
def test_both_halves_are_judged_as_if_each_were_alone(between, prepare):
    network = prepare(discriminator(*between))
    assert is_per_sample(network)
    alone, together = (outcome(network, IMAGES, together=both) for both in (False, True))
    for one, other in zip(alone, together, strict=True):
        assert torch.allclose(one, other, rtol=1e-4, atol=1e-5)


def test_a_whole_batch_is_not_its_halves():
    network = discriminator(layers.BatchNormalization())
    whole = network(torch.cat(list(IMAGES)), training=True)
    assert not torch.allclose(whole, torch.cat(outcome(network, IMAGES, together=False)[:2]), atol=1e-3)


class Unknown(keras.layers.Layer):
    def call(self, inputs):
        return inputs - inputs.mean(dim=0)

    def compute_output_shape(self, input_shape):
        return input_shape


class Known(Unknown):
    per_sample = True

    def call(self, inputs):
        return 2 * inputs


class OfItsOwn(keras.Model):
    def call(self, inputs):
        return inputs


def test_only_networks_known_to_compute_each_sample_by_itself_are_per_sample():
    assert is_per_sample(discriminator(Known()))
    assert is_per_sample(discriminator(layers.SpectralNormalization(layers.Conv2D(4, 3))))
    assert is_per_sample(keras.Sequential([keras.layers.Dense(3), keras.layers.Dropout(0.5)]))
    assert is_per_sample(discriminator(keras.Sequential([keras.Input((4, 4, 4)), layers.PReLU()])))
    for stranger in (
        Unknown(),
        keras.layers.BatchNormalization(),
        keras.layers.Lambda(lambda values: values),
        keras.Sequential([keras.Input((4, 4, 4)), Unknown()]),
    ):
        assert not is_per_sample(discriminator(stranger))
    assert not is_per_sample(OfItsOwn())


def with_operation(function, *more):
    """A network of images, and of further inputs of these shapes, with one operation between layers."""
    inputs = [keras.Input(shape) for shape in ((4, 4, 3), *more)]
    return keras.Model(inputs, layers.Dense(1)(function(*inputs)))


@pytest.mark.parametrize(
    "function",
    [
        lambda images: 0.5 * images + 0.5,
        lambda images: (1 - images) / (images**2 + 1e-6),
        lambda images: abs(-images) * np.ones((3,), "float32"),
        lambda images: keras.ops.sum(images, axis=(1, 2)),
        lambda images: images - keras.ops.mean(images, axis=-1, keepdims=True),
    ],
)
def test_arithmetic_on_tensors_keeps_samples_apart(function):
    network = with_operation(function)
    assert is_per_sample(network)
    assert torch.allclose(network(IMAGES[0, :, :4, :4])[1:], network(IMAGES[0, 1:, :4, :4]), atol=1e-5)


def test_values_with_a_batch_axis_each_may_meet():
    assert is_per_sample(with_operation(lambda images, maps: images * maps, (4, 4, 1)))


@pytest.mark.parametrize(
    ("function", "more"),
    [
        (lambda images: images - keras.ops.mean(images, axis=0, keepdims=True), ()),
        (lambda images: images - keras.ops.mean(images, axis=(-4, 1), keepdims=True), ()),
        (lambda images: images / keras.ops.max(images), ()),
        (lambda images: keras.ops.flip(images, axis=0), ()),
        (lambda images: images + np.zeros((2, 1, 1, 1), "float32"), ()),
        # the batch of rows meets the width of the images
        (lambda images, rows: images + rows, ((3,),)),
    ],
)
def test_operations_along_the_batch_or_unknown_ones_do_not(function, more):
    assert not is_per_sample(with_operation(function, *more))
