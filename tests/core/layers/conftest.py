"""How two layers are compared."""

from __future__ import annotations

from collections.abc import Callable

import keras
import pytest
import torch


def trained(layer):
    return [variable.value for variable in layer.trainable_variables]


def derivatives(layer, values, **call):
    """Return output, first derivatives by input and weights, and second ones in one row, as penalties need them."""
    values = values.clone().requires_grad_()
    output = layer(values, **call)
    first = torch.autograd.grad(output.pow(3).sum(), [values, *trained(layer)], create_graph=True)
    second = torch.autograd.grad(first[0].square().sum(), [values, *trained(layer)], allow_unused=True)
    # in one row: where some cancel to nothing, the size of the others says how exact that can be
    row = torch.cat([each.flatten() for each in second if each is not None])
    return [each.detach() for each in (output, *first, row)]


@pytest.fixture
def assert_same() -> Callable[..., None]:
    """Check that two layers give the same outputs, gradients and second derivatives, and change state alike."""

    def check(stock: keras.Layer, mine: keras.Layer, values: torch.Tensor, **call: object) -> None:
        for layer in (stock, mine):
            if not layer.built:
                layer.build(tuple(values.shape))
        mine.set_weights(stock.get_weights())
        assert [variable.name for variable in mine.weights] == [variable.name for variable in stock.weights]
        wanted, found = derivatives(stock, values, **call), derivatives(mine, values, **call)
        for one, other in zip(found, wanted, strict=True):
            assert torch.allclose(one, other, rtol=1e-4, atol=1e-5 * max(1.0, float(other.abs().max())))
        for one, other in zip(mine.weights, stock.weights, strict=True):
            assert torch.allclose(one.value, other.value, rtol=1e-5, atol=1e-6)

    return check


@pytest.fixture(autouse=True)
def seed() -> None:
    keras.utils.set_random_seed(0)
