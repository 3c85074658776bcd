import keras
import numpy as np
import pytest
import torch

from ganzoo import layers
from ganzoo.execution.batches import concatenated_batch


def made(units=3, inputs=4, **options):
    layer = layers.WeightNormDense(units, **options)
    layer.build((None, inputs))
    return layer


def test_each_unit_has_a_kernel_of_the_stated_length_and_torchs_gradient():
    layer = made(data_dependent=False, train_scale=True, kernel_initializer=keras.initializers.RandomNormal(seed=0))
    layer.scale.assign([1.0, 2.0, 3.0])
    layer.bias.assign([0.1, 0.2, 0.3])
    twin = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(4, 3))
    with torch.no_grad():
        twin.parametrizations.weight.original0.copy_(torch.tensor([[1.0], [2.0], [3.0]]))
        twin.parametrizations.weight.original1.copy_(layer.kernel.value.T)
        twin.bias.copy_(layer.bias.value)
    values = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(layer(values, training=True), twin(values), atol=1e-6)
    assert torch.allclose(layer.kernel_in_use().norm(dim=0), torch.tensor([1.0, 2.0, 3.0]))
    layer(values).square().sum().backward()
    twin(values).square().sum().backward()
    assert torch.allclose(layer.kernel.value.grad.T, twin.parametrizations.weight.original1.grad, rtol=1e-4, atol=1e-4)
    assert torch.allclose(layer.scale.value.grad, twin.parametrizations.weight.original0.grad[:, 0], rtol=1e-4)


def test_the_first_batch_in_training_sets_mean_and_deviation_of_each_unit():
    layer = made()
    values = torch.randn(200, 4, generator=torch.Generator().manual_seed(0)) * 3 + 1
    layer(values)
    assert layer.scale.value.tolist() == [1, 1, 1], "inference sets nothing"
    given = layer(values, training=True)
    assert given.mean(dim=0).tolist() == pytest.approx([0] * 3, abs=1e-5)
    assert given.std(dim=0, correction=0).tolist() == pytest.approx([1] * 3, abs=1e-5)
    kept = [np.array(weight) for weight in layer.get_weights()]
    layer(values * 7, training=True)
    assert all(np.array_equal(a, b) for a, b in zip(kept, layer.get_weights(), strict=True))


def test_of_two_batches_in_one_the_first_counts():
    real, fake = torch.randn(2, 50, 4, generator=torch.Generator().manual_seed(0))
    alone, together = made(kernel_initializer="ones"), made(kernel_initializer="ones")
    alone(real, training=True)
    with concatenated_batch():
        together(torch.cat([real, fake * 100]), training=True)
    assert torch.equal(alone.scale.value, together.scale.value)


def test_only_with_train_scale_is_the_scale_trained():
    assert len(made().trainable_variables) == 2
    assert len(made(train_scale=True).trainable_variables) == 3


def test_what_the_first_batch_sets_is_kept_in_half_precision_too():
    layer = made(dtype="mixed_bfloat16")
    values = torch.randn(100, 4, generator=torch.Generator().manual_seed(0))
    assert layer(values, training=True).dtype == torch.bfloat16
    assert float(layer.started.value) == 1
    assert layer.scale.value.dtype == torch.float32
    assert layer.scale.value.tolist() != [1, 1, 1]


def test_it_is_saved_and_exported(tmp_path):
    network = keras.Sequential([keras.Input((4,)), layers.WeightNormDense(3, activation="relu")])
    values = torch.randn(9, 4)
    network(values, training=True)
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    assert torch.allclose(loaded(values), network(values), atol=1e-6)
    inputs = keras.Input((4,))
    plain = keras.Model(inputs, network.layers[0].to_keras(inputs))
    assert torch.allclose(plain(values), network(values), atol=1e-6)
    assert type(plain.layers[1]) is keras.layers.Dense
