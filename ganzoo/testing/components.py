"""Checks of what needs no training: the schema of a component, losses, metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from ganzoo.contracts.loss import AdversarialLoss, Loss, PairLoss, RelativisticLoss
from ganzoo.testing.demands import demand, demand_gradient, demand_scalar, explained, left_as_they_are, same

if TYPE_CHECKING:
    from ganzoo.contracts.component import Component
    from ganzoo.contracts.metric import Metric
    from ganzoo.contracts.results import Sources
    from ganzoo.contracts.tensor import Example, Tensor

#: What counts its calls shows it within so many.
_CALLS = 8


def check_component(cls: type[Component]) -> None:
    """Check that the class has a description, and a constructor that is a schema."""
    from ganzoo.schema.options import options

    demand(bool((cls.__doc__ or "").strip()), cls, "needs a docstring; its first line is the description")
    options(cls)


def check_loss(loss: Loss, *, image_size: int = 16) -> None:
    """Check that the loss gives finite scalars, the same each time, with finite gradients where they belong."""
    loss.build()
    if isinstance(loss, PairLoss):
        _check_pair_loss(loss, image_size)
    elif isinstance(loss, AdversarialLoss | RelativisticLoss):
        _check_adversarial_loss(loss)
    else:
        demand(False, type(loss), "must be an AdversarialLoss, a RelativisticLoss or a PairLoss")


def check_metric(metric: Metric, output: Example, target: Example, *, training: Sources | None = None) -> None:
    """Check that the metric gives finite numbers by name, the same whenever asked, and leaves its inputs alone.

    `training` holds the sources by stream for a metric that compares with the training data.
    """
    cls = type(metric)
    with explained(cls):
        metric.build(lambda: training or {})
        with left_as_they_are(cls, "update()", (output, target)):
            metric.update(output, target)
        result = metric.result()
    demand(isinstance(result, Mapping), cls, f"result() must return a mapping, not {type(result).__name__}")
    demand(bool(result), cls, "result() must have at least one score")
    for name, value in result.items():
        is_number = isinstance(name, str) and isinstance(value, Real)
        demand(is_number, cls, f"result() must map names to numbers, not {name!r} to {type(value).__name__}")
    demand(all(np.isfinite(value) for value in result.values()), cls, f"scores must be finite: {dict(result)}")
    demand(same(dict(result), dict(metric.result())), cls, "result() must give the same scores whenever asked")


def _check_adversarial_loss(loss: AdversarialLoss | RelativisticLoss) -> None:
    import torch

    for shape in ((4, 1), (2, 3, 3, 1)):
        real = torch.linspace(-2, 2, int(np.prod(shape))).reshape(shape).requires_grad_()
        fake = real.detach().flip(0).requires_grad_()
        _check_value(loss, "discriminator_loss", loss.discriminator_loss, (real, fake))
        if isinstance(loss, RelativisticLoss):
            _check_value(loss, "generator_loss", loss.generator_loss, (real.detach(), fake))
        else:
            _check_value(loss, "generator_loss", loss.generator_loss, (fake,))


def _check_pair_loss(loss: PairLoss, size: int) -> None:
    import torch

    target = torch.linspace(-1, 1, 2 * size * size * 3).reshape(2, size, size, 3)
    _check_value(loss, "the loss", loss, (target.flip(1).requires_grad_(), target))


def _check_value(loss: Loss, what: str, function: Callable[..., Any], inputs: tuple[Tensor, ...]) -> None:
    """Call one side of a loss several times, and look at each value and its gradient."""
    cls, trained = type(loss), [tensor for tensor in inputs if tensor.requires_grad]
    values = []
    for _ in range(_CALLS):
        with explained(cls, what), left_as_they_are(cls, what, inputs):
            values.append(function(*inputs))
        demand_scalar(cls, what, values[-1])
        demand_gradient(cls, what, values[-1], trained)
        demand(same(values[0], values[-1]), cls, f"{what} must give the same value each time")
