"""A network that is run directly is the network that Keras runs."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import torch

from ganzoo import layers
from ganzoo.execution.prepare import prepare_execution


def branching():
    image = keras.Input((8, 8, 3), name="image")
    start = layers.Conv2D(4, 3, padding="same")(image)
    values = layers.BatchNormalization()(start)
    values = keras.layers.Dropout(0.5, seed=1)(keras.layers.ReLU()(values))
    both = keras.layers.Concatenate()([start, keras.layers.Add()([values, start])])
    scaled = both * 2.0 + 1.0
    flat = keras.layers.Flatten()(scaled)
    return keras.Model(image, {"logits": layers.Dense(1)(flat), "features": flat})


def two_inputs():
    inputs = {"image": keras.Input((4,), name="image"), "label": keras.Input((2,), name="label")}
    joined = keras.layers.Concatenate()([inputs["image"], inputs["label"]])
    return keras.Model(inputs, layers.Dense(3)(joined))


def nested():
    inside = keras.Sequential([keras.Input((4,)), layers.Dense(4), keras.layers.Dropout(0.5, seed=2)])
    image = keras.Input((4,))
    return keras.Model(image, [inside(image), inside(image) + image])


def labelled():
    inputs = {"image": keras.Input((4,), name="image"), "label": keras.Input((), dtype="int32", name="label")}
    return keras.Model(inputs, layers.Dense(4)(inputs["image"]) + keras.layers.Embedding(3, 4)(inputs["label"]))


def nested_by_name():
    image = keras.Input((4,))
    inside = keras.Model(image, {"only": layers.Dense(4)(image)})
    outside = keras.Input((4,))
    return keras.Model(outside, inside(outside)["only"] * 2.0)


def activated():
    """A network in which some activations may overwrite what they read, and others must not."""
    image = keras.Input((8, 8, 3), name="image")
    start = layers.Conv2D(4, 3, padding="same")(image)
    values = layers.LeakyReLU(0.2)(start)  # start is read again
    values = layers.LeakyReLU(0.2)(layers.Conv2D(4, 3, padding="same")(values))
    values = keras.layers.ReLU()(layers.BatchNormalization()(layers.Conv2DTranspose(4, 4, 2, "same")(values)))
    values = layers.LeakyReLU(0.2)(layers.SpectralNormalization(layers.Conv2D(4, 4, 2, "same"))(values))
    values = layers.LeakyReLU(0.1)(layers.Conv2D(4, 3, padding="same", activation="tanh")(values))
    values = keras.layers.Add()([start, layers.LeakyReLU(0.2)(values)])
    values = keras.layers.ReLU()(layers.Conv2D(4, 3, padding="same", data_format="channels_first")(values))
    flat = layers.LeakyReLU(0.3)(layers.Dense(5)(keras.layers.Flatten()(values)))
    shown = layers.Dense(2)(flat)  # an output of the network is not overwritten
    return keras.Model(image, {"logits": layers.Dense(1)(keras.layers.ReLU()(shown)), "features": shown})


GIVEN = {
    activated: lambda: torch.randn(2, 8, 8, 3, generator=torch.Generator().manual_seed(0)),
    branching: lambda: torch.randn(2, 8, 8, 3, generator=torch.Generator().manual_seed(0)),
    two_inputs: lambda: {"label": torch.ones(2, 2), "image": torch.randn(2, 4)},
    nested: lambda: torch.randn(2, 4),
    nested_by_name: lambda: torch.randn(2, 4),
    labelled: lambda: {"label": torch.tensor([2, 0], dtype=torch.int32), "image": torch.randn(2, 4)},
}


def reset(network):
    for layer in network._flatten_layers():
        for generator in layer._seed_generators:
            generator.state.assign([3, 0])


def both_ways(make, given, **options):
    network = make()
    reset(network)
    before = [np.array(weight) for weight in network.weights]
    one = network(given, **options)
    ours = network.call
    prepare_execution(network)
    assert network.call is not ours
    reset(network)
    for weight, value in zip(network.weights, before, strict=True):
        weight.assign(value)
    return one, network(given, **options), network


@pytest.mark.parametrize("training", [None, False, True])
@pytest.mark.parametrize("make", GIVEN, ids=lambda make: make.__name__)
def test_outputs_are_equal_to_the_bit_in_training_and_without(make, training):
    one, other, _ = both_ways(make, GIVEN[make](), training=training)
    keras.tree.assert_same_structure(one, other)
    pairs = zip(keras.tree.flatten(one), keras.tree.flatten(other), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("make", [branching, activated])
def test_gradients_and_moving_statistics_are_equal(make):
    given = GIVEN[make]()
    found = []
    for direct in (False, True):
        keras.utils.set_random_seed(0)
        network = prepare_execution(make()) if direct else make()
        reset(network)
        network(given, training=True)["logits"].sum().backward()
        found.append([v.value.grad for v in network.trainable_variables] + [w.value for w in network.weights])
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))


def test_gradients_of_gradients_are_equal():
    found = []
    for direct in (False, True):
        keras.utils.set_random_seed(0)
        network = prepare_execution(activated()) if direct else activated()
        given = GIVEN[activated]().requires_grad_()
        (slope,) = torch.autograd.grad(network(given, training=True)["logits"].sum(), given, create_graph=True)
        (slope.square().sum(dim=(1, 2, 3)).sqrt() - 1).square().mean().backward()
        found.append([v.value.grad for v in network.trainable_variables if v.value.grad is not None])
    assert len(found[0]) == len(found[1]) > 8
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))


def test_an_activation_of_another_precision_keeps_it():
    def make():
        image = keras.Input((8, 8, 3))
        values = layers.Conv2D(4, 3, padding="same", dtype="mixed_bfloat16")(image)
        return keras.Model(image, layers.LeakyReLU(0.2, dtype="float32")(values))

    one, other, _ = both_ways(make, torch.randn(2, 8, 8, 3, generator=torch.Generator().manual_seed(0)), training=True)
    assert one.dtype == other.dtype == torch.float32
    assert torch.equal(one, other)


def memory_held(network, given):
    """Return the bytes of different memory that the derivative keeps."""
    kept = {}
    with torch.autograd.graph.saved_tensors_hooks(
        lambda value: (kept.update({value.untyped_storage().data_ptr(): value.untyped_storage().nbytes()}), value)[1],
        lambda value: value,
    ):
        outputs = network(given, training=True)
    assert outputs.requires_grad
    return sum(kept.values())


def test_an_activation_keeps_no_memory_of_what_it_reads():
    def chain():
        image = keras.Input((32, 32, 8))
        values = image
        for _ in range(6):
            values = layers.LeakyReLU(0.2)(layers.Conv2D(8, 3, padding="same")(values))
        return keras.Model(image, values)

    given, each = torch.randn(2, 32, 32, 8), 2 * 32 * 32 * 8 * 4
    assert memory_held(chain(), given) > 12 * each
    assert memory_held(prepare_execution(chain()), given) < 7.5 * each


@pytest.mark.parametrize("given", [np.ones((2, 8, 8, 3)), torch.ones(2, 8, 8, 3, dtype=torch.float64)])
def test_other_inputs_go_keras_way(given):
    one, other, _ = both_ways(branching, given)
    assert torch.equal(one["logits"], other["logits"])


def test_a_wrong_shape_is_still_told():
    network = prepare_execution(branching())
    with pytest.raises(ValueError, match="expected shape"):
        network(torch.ones(2, 9, 8, 3))


def test_a_network_can_be_built_upon_saved_and_cloned(tmp_path):
    _, _, network = both_ways(branching, GIVEN[branching]())
    outer = keras.Model(network.input, network(network.input)["logits"])
    given = GIVEN[branching]()
    assert torch.equal(outer(given), network(given)["logits"])
    network.save(tmp_path / "network.keras")
    for other in (keras.saving.load_model(tmp_path / "network.keras"), keras.models.clone_model(network)):
        other.set_weights(network.get_weights())
        assert torch.equal(other(given)["logits"], network(given)["logits"])
        other.layers[1].kernel.assign(other.layers[1].kernel * 2)
        assert not torch.equal(other(given)["logits"], network(given)["logits"]), "it runs its own layers"


def test_double_precision_and_own_code_are_left_alone():
    image = keras.Input((4,))
    network = keras.Model(image, layers.Dense(2, dtype="float64")(image))
    assert "call" not in vars(prepare_execution(network))

    class Own(keras.Model):
        def call(self, inputs):
            return inputs

    own = Own()
    assert "call" not in vars(prepare_execution(own))


@pytest.mark.parametrize("make", [nested, nested_by_name, labelled])
def test_networks_in_networks_and_labels_compile_in_one_piece(make):
    network = prepare_execution(make())
    given = GIVEN[make]()
    wanted = network(given)
    network.call = torch.compile(network.call, backend="eager", fullgraph=True, dynamic=False)
    pairs = zip(keras.tree.flatten(network(given)), keras.tree.flatten(wanted), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)


@pytest.mark.parametrize("mask_zero", [True, False])
def test_an_embedding_hands_a_mask_on_where_zero_means_none(mask_zero):
    given = keras.Input((3,), dtype="int32")
    values = keras.layers.Embedding(3, 2, mask_zero=mask_zero)(given)
    network = keras.Model(given, keras.layers.GlobalAveragePooling1D()(values))
    numbers = torch.tensor([[1, 0, 0]], dtype=torch.int32)
    wanted = network(numbers)
    assert torch.equal(prepare_execution(network)(numbers), wanted)


def test_masks_are_kept():
    given = keras.Input((3, 2))
    masked = keras.layers.Masking()(given)
    network = keras.Model(given, keras.layers.GlobalAveragePooling1D()(masked))
    values = torch.tensor([[[1.0, 1.0], [0.0, 0.0], [0.0, 0.0]]])
    assert torch.equal(prepare_execution(network)(values), torch.ones(1, 2))
