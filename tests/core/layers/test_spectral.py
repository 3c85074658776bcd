"""torch's own parametrization is what spectral normalization is measured by."""

import keras
import pytest
import torch
from torch.nn.utils.parametrizations import spectral_norm

from ganzoo import layers

CASES = {
    "Conv2D": (lambda: torch.nn.Conv2d(3, 4, 3, padding=1), lambda home: home.Conv2D(4, 3, padding="same"), 4),
    "Conv2DTranspose": (
        lambda: torch.nn.ConvTranspose2d(3, 4, 4, stride=2, padding=1),
        lambda home: home.Conv2DTranspose(4, 4, strides=2, padding="same"),
        4,
    ),
    "Dense": (lambda: torch.nn.Linear(3, 4), lambda home: home.Dense(4), 2),
}


def in_keras_shape(weight):
    return weight.T if weight.ndim == 2 else weight.permute(2, 3, 1, 0)


def twins(name, home=layers):
    """Return torch's layer and ours in the same state, and a batch for each."""
    make, make_mine, rank = CASES[name]
    theirs = spectral_norm(make())
    mine = layers.SpectralNormalization(make_mine(home))
    batch = torch.randn(2, 3) if rank == 2 else torch.randn(2, 3, 5, 6)
    own = batch if rank == 2 else batch.permute(0, 2, 3, 1)
    mine.build(tuple(own.shape))
    state = theirs.parametrizations.weight
    mine.layer.kernel.assign(in_keras_shape(state.original))
    mine.layer.bias.assign(theirs.bias)
    mine.vector_u.assign(state[0]._u)
    mine.vector_v.assign(_in_own_order(state[0]._v, state.original, name))
    return theirs, mine, batch, own


def _in_own_order(v, weight, name):
    """The right vector runs over (c, h, w) in torch; over (h, w, c) here where the kernel lies in memory so."""
    if name != "Conv2D":
        return v
    return v.reshape(weight.shape[1:]).permute(1, 2, 0).reshape(-1)


def channels_last(values):
    return values if values.ndim == 2 else values.permute(0, 2, 3, 1)


@pytest.mark.parametrize("home", [layers, keras.layers], ids=["ganzoo", "keras"])
@pytest.mark.parametrize("name", CASES)
def test_training_and_inference_agree_with_torch(name, home):
    theirs, mine, batch, own = twins(name, home)
    raw = theirs.parametrizations.weight.original
    for _ in range(3):
        wanted, found = theirs(batch), mine(own, training=True)
        assert torch.allclose(found, channels_last(wanted), atol=1e-5)
        [slope] = torch.autograd.grad(wanted.pow(3).sum(), [raw])
        [mine_slope] = torch.autograd.grad(found.pow(3).sum(), [mine.layer.kernel.value])
        assert torch.allclose(mine_slope, in_keras_shape(slope), atol=1e-5 * max(1, slope.abs().max()))
        with torch.no_grad():
            raw -= 0.001 * slope
            mine.layer.kernel.assign(in_keras_shape(raw))
    theirs.eval()
    assert torch.allclose(mine(own, training=False), channels_last(theirs(batch)), atol=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_second_derivatives_agree_with_torch(name):
    theirs, mine, batch, own = twins(name)
    batch, own = batch.clone().requires_grad_(), own.clone().requires_grad_()
    [slope] = torch.autograd.grad(theirs(batch).pow(2).sum(), batch, create_graph=True)
    [mine_slope] = torch.autograd.grad(mine(own, training=True).pow(2).sum(), own, create_graph=True)
    raw = theirs.parametrizations.weight.original
    [wanted] = torch.autograd.grad(slope.square().sum(), [raw])
    [found] = torch.autograd.grad(mine_slope.square().sum(), [mine.layer.kernel.value])
    assert torch.allclose(found, in_keras_shape(wanted), atol=1e-4 * max(1, wanted.abs().max()))


def test_inference_changes_nothing():
    _, mine, _, own = twins("Conv2D")
    before = mine.get_weights()
    assert torch.equal(mine(own, training=False), mine(own))
    assert all((one == other).all() for one, other in zip(mine.get_weights(), before, strict=True))


def test_a_frozen_layer_changes_nothing():
    _, mine, _, own = twins("Conv2D")
    before = mine.vector_u.value.clone()
    mine.trainable = False
    mine(own, training=True)
    assert torch.equal(mine.vector_u.value, before)


def test_training_changes_the_vectors_and_leaves_the_kernel():
    _, mine, _, own = twins("Conv2D")
    kernel, u = mine.layer.kernel.value.clone(), mine.vector_u.value.clone()
    mine(own, training=True)
    assert torch.equal(mine.layer.kernel.value, kernel)
    assert not torch.equal(mine.vector_u.value, u)


def test_a_second_call_does_not_disturb_the_gradient_of_the_first():
    _, mine, _, own = twins("Conv2D")
    output = mine(own, training=False)
    mine(own, training=True)
    assert torch.autograd.grad(output.sum(), [mine.layer.kernel.value])[0].isfinite().all()


def test_the_norm_is_right_before_any_training():
    layer = layers.SpectralNormalization(layers.Dense(6, use_bias=False))
    layer.build((None, 5))
    used = layer(torch.eye(5))
    assert torch.linalg.matrix_norm(used, 2).item() == pytest.approx(1, rel=1e-2)


def test_a_kernel_of_zeros_stays_one():
    layer = layers.SpectralNormalization(layers.Dense(3, kernel_initializer="zeros"))
    assert torch.equal(layer(torch.randn(2, 4), training=True), torch.zeros(2, 3))


def test_the_norm_is_found_in_full_precision_under_a_mixed_policy():
    wrapped = layers.SpectralNormalization(layers.Conv2D(4, 3, dtype="mixed_bfloat16"))
    network = keras.Sequential([keras.Input((6, 6, 3)), wrapped], name="mixed")
    assert network(torch.randn(2, 6, 6, 3), training=True).dtype == torch.bfloat16
    assert network.outputs[0].dtype == "bfloat16"
    assert wrapped.vector_u.value.norm().item() == pytest.approx(1, abs=1e-6)


def test_calls_without_state_use_the_weights_they_are_given():
    network = keras.Sequential([keras.Input((3,)), layers.SpectralNormalization(layers.Dense(4))])
    values = torch.randn(2, 3)
    before = network(values)
    weights = [variable.value + (1 if variable.name == "bias" else 0) for variable in network.trainable_variables]
    frozen = [variable.value for variable in network.non_trainable_variables]
    outputs, moved = network.stateless_call(weights, frozen, values, training=True)
    assert torch.allclose(outputs, before + 1, atol=0.05)
    assert any(not torch.equal(one, other) for one, other in zip(moved, frozen, strict=True))
    assert torch.equal(network(values), before)


def test_its_state_is_saved(tmp_path):
    network = keras.Sequential([keras.Input((6, 6, 3)), layers.SpectralNormalization(layers.Conv2D(4, 3), 2)])
    values = torch.randn(2, 6, 6, 3)
    network(values, training=True)
    network.save(tmp_path / "network.keras")
    twin = keras.saving.load_model(tmp_path / "network.keras")
    assert torch.allclose(twin(values, training=True), network(values, training=True), atol=1e-6)
    assert twin.layers[0].power_iterations == 2


def test_layers_without_a_kernel_and_no_iterations_are_refused():
    with pytest.raises(ValueError, match="needs a layer with a kernel, received a ReLU"):
        layers.SpectralNormalization(keras.layers.ReLU()).build((None, 3))
    with pytest.raises(ValueError, match="needs power_iterations of at least 1, received 0"):
        layers.SpectralNormalization(layers.Dense(3), power_iterations=0)
