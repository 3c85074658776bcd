"""In which precision a network computes, and whether torch compiled it."""

import keras
import pytest
import torch

from ganzoo import layers
from ganzoo.execution.modes import building_in, float32_eager, mixed_layers
from ganzoo.execution.prepare import prepare_execution

IMAGES = torch.randn(4, 8, 8, 3, generator=torch.Generator().manual_seed(0))
HALVES = [("bfloat16", 2**-8), ("float16", 2**-10)]


def network(precision="float32", home=layers, **options):
    keras.utils.set_random_seed(1)
    with building_in(precision):
        image = keras.Input((8, 8, 3))
        values = home.Conv2D(8, 3, strides=2, padding="same")(image)
        values = home.BatchNormalization(momentum=0.5)(values)
        values = home.LeakyReLU(0.2)(values)
        values = home.Conv2DTranspose(4, 4, strides=2, padding="same")(values)
        values = keras.layers.Add()([home.PReLU(shared_axes=[1, 2])(values), values])
        values = home.GroupNormalization(groups=2)(values)
        made = keras.Model(image, {"logits": home.Dense(1)(keras.layers.Flatten()(values)), "map": values})
    return prepare_execution(made, precision=precision, **options)


def gradients(made, **call):
    outputs = made(IMAGES, **call)
    loss = outputs["logits"].square().mean() + outputs["map"].pow(3).mean()
    return [outputs["logits"].detach(), *torch.autograd.grad(loss, [each.value for each in made.trainable_variables])]


@pytest.mark.parametrize("home", [layers, keras.layers], ids=["ganzoo", "keras"])
@pytest.mark.parametrize(("precision", "digits"), HALVES)
def test_half_precision_is_float32_but_for_rounding(precision, digits, home):
    exact, rounded = (gradients(network(each, home), training=True) for each in ("float32", precision))
    assert all(found.dtype is torch.float32 for found in rounded)
    for one, other in zip(rounded, exact, strict=True):
        assert torch.allclose(one, other, atol=40 * digits * float(other.abs().max()) + digits)
    assert any(not torch.equal(one, other) for one, other in zip(rounded, exact, strict=True))


@pytest.mark.parametrize(("precision", "_"), HALVES)
def test_weights_and_statistics_stay_float32(precision, _):
    made = network(precision)
    made(IMAGES, training=True)
    assert {variable.value.dtype for variable in made.variables} == {torch.float32}


@pytest.mark.parametrize(("precision", "_"), HALVES)
def test_the_direct_way_is_keras_way_in_half_precision_too(precision, _):
    direct = network(precision)
    by_keras = keras.models.clone_model(direct)
    by_keras.set_weights(direct.get_weights())
    wanted, found = by_keras(IMAGES, training=True), direct(IMAGES, training=True)
    assert all(torch.equal(found[name], wanted[name].float()) for name in wanted)


class Spy(keras.layers.Layer):
    """Remembers what its values were."""

    def call(self, inputs):
        self.seen = inputs.dtype
        return inputs


def test_a_layer_that_asks_for_float32_keeps_it():
    full = Spy(dtype="float32")
    with building_in("bfloat16"):
        image = keras.Input((8, 8, 3))
        half = Spy()
        made = prepare_execution(keras.Model(image, full(half(layers.Conv2D(4, 3)(image)))))
    made(IMAGES)
    assert half.seen is torch.bfloat16
    assert full.seen is torch.float32


@pytest.mark.parametrize("home", [layers, keras.layers], ids=["ganzoo", "keras"])
def test_float32_eager_is_float32_to_the_bit_and_only_for_a_while(home):
    mixed, exact = network("bfloat16", home), network("float32", home)
    before = mixed(IMAGES)["map"]
    with float32_eager(mixed_layers([mixed])):
        assert torch.equal(mixed(IMAGES)["map"], exact(IMAGES)["map"])
    assert torch.equal(mixed(IMAGES)["map"], before)
    assert not torch.equal(before, exact(IMAGES)["map"])


def test_float32_eager_ends_when_an_error_passes_through():
    mixed = network("bfloat16")
    with pytest.raises(RuntimeError, match="stop"), float32_eager(mixed_layers([mixed])):
        raise RuntimeError("stop")
    assert mixed.layers[1].compute_dtype == "bfloat16"


def test_compiled_training_agrees_and_counts_no_interruption():
    torch._dynamo.utils.counters.clear()
    exact, compiled = network(), network(compile=True)
    for one, other in zip(gradients(compiled, training=True), gradients(exact, training=True), strict=True):
        assert torch.allclose(one, other, rtol=1e-4, atol=1e-5)
    for one, other in zip(compiled.variables, exact.variables, strict=True):
        assert torch.allclose(one.value, other.value, atol=1e-6)
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == 1
    assert not torch._dynamo.utils.counters["graph_break"]


def test_inference_and_what_is_done_in_float32_eager_are_not_compiled():
    torch._dynamo.utils.counters.clear()
    compiled = network(compile=True)
    compiled(IMAGES)
    with float32_eager(mixed_layers([compiled])):
        images = IMAGES.clone().requires_grad_()
        [slope] = torch.autograd.grad(compiled(images, training=True)["logits"].sum(), images, create_graph=True)
        torch.autograd.grad(slope.square().sum(), [compiled.trainable_variables[0].value])
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == 0
