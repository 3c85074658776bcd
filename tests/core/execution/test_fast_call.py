"""A network whose call is fast gives what Keras' call gives."""

import copy
import json
import pickle

import keras
import pytest
import torch

from ganzoo import layers
from ganzoo.execution.keras_internals import configuration_of, fresh_layer_names
from ganzoo.execution.prepare import prepare_execution


@keras.saving.register_keras_serializable(package="tests")
class Noisy(keras.layers.Layer):
    """A layer whose part asks Keras whether it trains."""

    def __init__(self, **options):
        super().__init__(**options)
        self.dropout = keras.layers.Dropout(0.5, seed=1)

    def call(self, inputs):
        return self.dropout(inputs)


@keras.saving.register_keras_serializable(package="tests")
class Penalized(keras.layers.Layer):
    """A layer that adds a loss whenever it is called."""

    def call(self, inputs):
        self.add_loss(inputs.square().mean())
        return inputs


def made(*between):
    keras.utils.set_random_seed(0)
    with fresh_layer_names():
        inputs = keras.Input((4,))
        values = layers.Dense(8)(inputs)
        for layer in between:
            values = layer(values)
        return keras.Model(inputs, layers.Dense(2)(values), name="made")


def keras_calls(monkeypatch):
    """Return a list that gets the layer of each call that Keras makes."""
    called = []
    original = keras.Layer.__call__
    monkeypatch.setattr(keras.Layer, "__call__", lambda self, *a, **k: called.append(self) or original(self, *a, **k))
    return called


GIVEN = torch.randn(3, 4, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("training", [True, False])
def test_outputs_are_equal_to_the_bit_and_keras_makes_no_call(training, monkeypatch):
    wanted = made()(GIVEN, training=training)
    network = prepare_execution(made())
    called = keras_calls(monkeypatch)
    assert torch.equal(network(GIVEN, training=training), wanted)
    assert called == []


@pytest.mark.parametrize(
    ("given", "options"),
    [(GIVEN, {}), (GIVEN.double(), {"training": True}), (GIVEN.numpy(), {"training": True})],
    ids=["not told whether it trains", "another dtype", "an array"],
)
def test_other_calls_are_those_of_keras(given, options, monkeypatch):
    wanted = made()(given, **options)
    network = prepare_execution(made())
    called = keras_calls(monkeypatch)
    assert torch.equal(network(given, **options), wanted)
    assert network in called


def test_inputs_of_a_wrong_shape_are_refused_as_keras_does():
    with pytest.raises(ValueError, match="expected shape"):
        prepare_execution(made())(torch.zeros(3, 5), training=True)


def test_a_layer_inside_of_a_layer_is_told_whether_it_trains():
    network = prepare_execution(made(Noisy()))
    still = network(GIVEN, training=False)
    assert torch.equal(network(GIVEN, training=False), still)
    assert not torch.equal(network(GIVEN, training=True), still)


def test_losses_that_layers_add_are_those_of_the_last_call():
    network = prepare_execution(made(Penalized()))
    for _ in range(3):
        network(GIVEN, training=True)
    assert len(network.losses) == 1


def test_who_listens_to_a_network_hears_each_call():
    network, heard = prepare_execution(made()), []
    network.register_forward_hook(lambda *_: heard.append(1))
    network(GIVEN, training=True)
    assert heard == [1]


def test_files_do_not_show_that_the_call_is_fast(tmp_path):
    plain, direct = made(), prepare_execution(made())
    assert type(direct).__name__ == type(plain).__name__
    assert isinstance(direct, type(plain))
    assert json.dumps(configuration_of(direct)) == json.dumps(configuration_of(plain))
    direct.save(tmp_path / "network.keras")
    assert torch.equal(keras.saving.load_model(tmp_path / "network.keras")(GIVEN), plain(GIVEN))


def test_a_call_that_is_replaced_is_the_one_that_is_made():
    network = prepare_execution(made())
    network.call = lambda inputs, **options: inputs
    assert torch.equal(network(GIVEN, training=True), GIVEN)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda network: pickle.loads(pickle.dumps(network))])
def test_a_network_with_a_fast_call_is_copied_and_pickled_as_keras_does(copied):
    network = prepare_execution(made())
    twin = copied(network)
    assert type(twin) is type(made())
    assert torch.equal(twin(GIVEN, training=True), network(GIVEN, training=True))
