from __future__ import annotations

import keras
import numpy as np
import pytest
import torch
from bundled import bundled_optimizer

from ganzoo.layers.memory import in_kernel_memory
from ganzoo.training.optimizers import descend


def variables():
    rng = np.random.default_rng(0)
    return [keras.Variable(rng.normal(size=shape).astype(np.float32)) for shape in ((3, 3, 4, 5), (5,), ())]


def gradients(step, shapes):
    rng = np.random.default_rng(step)
    return [torch.from_numpy(np.array(rng.normal(size=shape), np.float32)) for shape in shapes]


@pytest.mark.parametrize(
    ("name", "options", "reference"),
    [
        ("adam", {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3}, torch.optim.Adam),
        ("adamw", {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8, "weight_decay": 0.1}, torch.optim.AdamW),
    ],
)
def test_the_fused_step_is_the_step_of_torchs_optimizer(name, options, reference):
    mine = variables()
    theirs = [torch.nn.Parameter(variable.value.detach().clone()) for variable in mine]
    optimizer = bundled_optimizer(name, 1e-2, options)
    optimizer.build(mine)
    more = {"weight_decay": options["weight_decay"]} if "weight_decay" in options else {}
    other = reference(
        theirs, lr=1e-2, betas=(options["beta_1"], options["beta_2"]), eps=options["epsilon"], foreach=False, **more
    )
    for step in range(5):
        found = gradients(step, [variable.shape for variable in mine])
        optimizer.apply(found, mine)
        for parameter, gradient in zip(theirs, found, strict=True):
            parameter.grad = gradient.clone()
        other.step()
    for variable, parameter in zip(mine, theirs, strict=True):
        assert torch.allclose(variable.value, parameter, rtol=1e-6, atol=1e-7)
    assert int(optimizer.iterations.value) == 5


def test_the_first_step_is_the_learning_rate_against_the_sign():
    variable = keras.Variable(np.array([1.0, -2.0], np.float32))
    optimizer = bundled_optimizer("adam", 0.1, {"epsilon": 1e-12})
    optimizer.build([variable])
    optimizer.apply([torch.tensor([3.0, -0.01])], [variable])
    assert variable.numpy() == pytest.approx([0.9, -1.9], abs=1e-6)


def test_the_state_is_keras_own():
    mine = variables()
    stock, fused = keras.optimizers.Adam(), bundled_optimizer("adam", 1e-3, {})
    for optimizer in (stock, fused):
        optimizer.build(mine)
    assert [variable.path.rpartition("/")[2] for variable in fused.variables] == [
        variable.path.rpartition("/")[2] for variable in stock.variables
    ]
    assert isinstance(fused, keras.optimizers.Adam)


def after_two_steps(*, kernel_order, gradient_order):
    variable = keras.Variable(np.random.default_rng(1).normal(size=(3, 3, 4, 5)).astype(np.float32))
    gradient = gradients(1, [(3, 3, 4, 5)])[0]
    if kernel_order:
        variable.value.data = in_kernel_memory(variable.value.data)
    optimizer = bundled_optimizer("adam", 1e-2, {})
    optimizer.build([variable])
    for _ in range(2):
        optimizer.apply([in_kernel_memory(gradient) if gradient_order else gradient], [variable])
    return variable.value


@pytest.mark.parametrize(("kernel_order", "gradient_order"), [(False, True), (True, False), (True, True)])
def test_kernels_and_gradients_in_any_memory_order_give_the_same_step(kernel_order, gradient_order):
    plain = after_two_steps(kernel_order=False, gradient_order=False)
    other = after_two_steps(kernel_order=kernel_order, gradient_order=gradient_order)
    assert torch.equal(plain, other)
    assert (other.stride() != plain.stride()) == kernel_order, "the kernel keeps its order"


@pytest.mark.parametrize("name", ["adam", "adamw", "rmsprop", "sgd"])
def test_every_optimizer_descends_and_leaves_unreached_variables_alone(name):
    reached, other = keras.Variable(np.ones(3, np.float32)), keras.Variable(np.ones(2, np.float32))
    optimizer = bundled_optimizer(name, 1e-2, {})
    optimizer.build([reached, other])
    descend((reached.value**2).sum(), [reached, other], optimizer)
    assert (reached.numpy() < 1).all()
    assert (other.numpy() == 1).all()


def test_the_norm_of_all_gradients_together_is_limited():
    variable = keras.Variable(np.array([3.0, 4.0], np.float32))
    optimizer = bundled_optimizer("sgd", 1.0, {})
    optimizer.build([variable])
    descend((variable.value**2).sum(), [variable], optimizer, clip_norm=0.5)
    assert variable.numpy() == pytest.approx([3 - 0.3, 4 - 0.4], abs=1e-5)
