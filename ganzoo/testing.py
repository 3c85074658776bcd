"""Checks that a plugin's author calls with a component made of tiny options; each failure names the contract.

from ganzoo.testing import check_component, check_loss

def test_my_loss_keeps_the_contract():
    check_component(MyLoss)
    check_loss(MyLoss())
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ganzoo.contracts.loss import AdversarialLoss, Loss, PairLoss, RelativisticLoss

if TYPE_CHECKING:
    from ganzoo.contracts.architecture import Architecture
    from ganzoo.contracts.comparison import Comparison, Verdict
    from ganzoo.contracts.component import Component
    from ganzoo.contracts.dataset import Dataset
    from ganzoo.contracts.field import Field, Signature
    from ganzoo.contracts.metric import Metric
    from ganzoo.contracts.regularizer import Regularizer
    from ganzoo.contracts.tensor import Example, Network, Tensor

__all__ = [
    "call",
    "check_architecture",
    "check_component",
    "check_dataset",
    "check_loss",
    "check_metric",
    "check_regularizer",
    "judged",
]


def check_component(cls: type[Component]) -> None:
    """Check that the class has a description, and a constructor that is a schema."""
    from ganzoo.schema.options import options

    _demand(bool((cls.__doc__ or "").strip()), cls, "needs a docstring; its first line is the description")
    options(cls)


def check_loss(loss: Loss, *, image_size: int = 16) -> None:
    """Check that the loss gives finite scalars, the same twice, with finite gradients where they belong."""
    loss.build()
    if isinstance(loss, PairLoss):
        _check_pair_loss(loss, image_size)
    elif isinstance(loss, AdversarialLoss | RelativisticLoss):
        _check_adversarial_loss(loss)
    else:
        _demand(False, type(loss), "must be an AdversarialLoss, a RelativisticLoss or a PairLoss")


def check_architecture(architecture: Architecture, signature: Signature) -> None:
    """Check that the network gives what the signature says for any batch, and reloads from a `.keras` file."""
    import torch

    network = architecture.build(signature)
    for batch in (1, 3):
        inputs = {name: _random(field, batch) for name, field in signature.inputs.items()}
        with torch.no_grad():
            outputs = _named(call(network, inputs), signature)
        _check_outputs(type(architecture), outputs, signature, batch)
    _check_reload(architecture, network, inputs)


def check_regularizer(regularizer: Regularizer) -> None:
    """Check that each moment of the regularizer keeps the contract, on a linear discriminator of 2-D points."""
    import keras
    import torch

    from ganzoo.contracts.comparison import Comparison
    from ganzoo.contracts.regularizer import Player
    from ganzoo.contracts.step import Step
    from ganzoo.streams import Random

    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    player = Player(name="discriminator", networks={"d": network}, variables=tuple(network.trainable_variables))
    points = torch.linspace(-1, 1, 16).reshape(8, 2)
    comparison = Comparison(judge=network, real=points, fake=points.flip(0))
    regularizer.build({"discriminator": player}, {"sample": comparison})
    step, cls = Step(number=0), type(regularizer)
    if regularizer.has("discriminator_inputs"):
        seen = [
            regularizer.discriminator_inputs(
                points, comparison="sample", real=True, player="generator", step=step, rng=Random(0, "check")
            )
            for _ in range(2)
        ]
        _demand(seen[0].shape == points.shape, cls, "discriminator_inputs must keep the shape")
        _demand(bool(torch.equal(*seen)), cls, "discriminator_inputs must draw all randomness from rng")
    if regularizer.has("discriminator_penalty"):
        penalty = regularizer.discriminator_penalty(judged(comparison), step=step, rng=Random(0, "check"))
        _check_scalar(cls, "discriminator_penalty", penalty)
        _check_gradient(cls, penalty, [variable.value for variable in player.variables])
    if regularizer.has("weight_penalty"):
        _check_scalar(cls, "weight_penalty", regularizer.weight_penalty(player, step=step))
    if regularizer.has("after_update"):
        before = set(regularizer.state())
        with torch.no_grad():
            regularizer.after_update(player, {}, step=step)
        _demand(before == set(regularizer.state()), cls, "state() must keep its names; create variables in build()")


def judged(comparison: Comparison, *, real_gradient: bool = True) -> Verdict:
    """Return a comparison as the discriminator judges it in an update; what penalties are given."""
    from ganzoo.training.judging import LazyVerdict

    return LazyVerdict(lambda: comparison, real_gradient=real_gradient)


def check_dataset(dataset: Dataset) -> None:
    """Check that the source has examples as its fields promise, the same whenever asked, also after pickling."""
    import pickle

    source = dataset.open()
    _demand(len(source) > 0, type(dataset), "must hold at least one example")
    twin = pickle.loads(pickle.dumps(source))  # noqa: S301
    for index in {0, len(source) - 1}:
        example = source[index]
        _check_example(type(dataset), example, source.fields)
        _demand(_equal(example, source[index]), type(dataset), f"example {index} must be the same whenever asked")
        _demand(_equal(example, twin[index]), type(dataset), f"example {index} must be the same after pickling")
    _demand(source.fingerprint() == dataset.open().fingerprint(), type(dataset), "fingerprint() must be stable")


def check_metric(metric: Metric, output: Example, target: Example) -> None:
    """Check that the metric gives finite numbers by name."""
    metric.build()
    metric.update(output, target)
    result = metric.result()
    _demand(bool(result), type(metric), "result() must have at least one score")
    _demand(all(np.isfinite(value) for value in result.values()), type(metric), f"scores must be finite: {result}")


def call(network: Network, inputs: Mapping[str, Tensor]) -> Any:
    """Call a network as tasks do: one input as a tensor, several as a dict."""
    return network(next(iter(inputs.values())) if len(inputs) == 1 else dict(inputs), training=False)


def _check_adversarial_loss(loss: AdversarialLoss | RelativisticLoss) -> None:
    import torch

    for shape in ((4, 1), (2, 3, 3, 1)):
        real = torch.linspace(-2, 2, int(np.prod(shape))).reshape(shape).requires_grad_()
        fake = real.detach().flip(0).requires_grad_()
        total = loss.discriminator_loss(real, fake)
        _check_scalar(type(loss), "discriminator_loss", total)
        _check_gradient(type(loss), total, [real, fake])
        mine = (
            loss.generator_loss(real.detach(), fake)
            if isinstance(loss, RelativisticLoss)
            else loss.generator_loss(fake)
        )
        _check_scalar(type(loss), "generator_loss", mine)
        _check_gradient(type(loss), mine, [fake])


def _check_pair_loss(loss: PairLoss, size: int) -> None:
    import torch

    target = torch.linspace(-1, 1, 2 * size * size * 3).reshape(2, size, size, 3)
    output = target.flip(1).requires_grad_()
    value = loss(output, target)
    _check_scalar(type(loss), "the loss", value)
    _check_gradient(type(loss), value, [output])
    _demand(bool(torch.equal(value, loss(output, target))), type(loss), "must give the same value twice")


def _check_scalar(cls: type[Any], what: str, value: Any) -> None:
    import torch

    _demand(isinstance(value, torch.Tensor), cls, f"{what} must be a tensor, not {type(value).__name__}")
    _demand(value.ndim == 0, cls, f"{what} must be a scalar, not of shape {tuple(value.shape)}")
    _demand(bool(torch.isfinite(value)), cls, f"{what} must be finite, not {value}")


def _check_gradient(cls: type[Any], value: Tensor, inputs: Sequence[Tensor]) -> None:
    import torch

    _demand(value.requires_grad, cls, "must let the gradient through")
    gradients = torch.autograd.grad(value, list(inputs), allow_unused=True)
    _demand(any(gradient is not None for gradient in gradients), cls, "must depend on what it is given")
    found = [gradient for gradient in gradients if gradient is not None]
    _demand(all(bool(torch.isfinite(gradient).all()) for gradient in found), cls, "must have a finite gradient")


def _check_outputs(cls: type[Any], outputs: Mapping[str, Tensor], signature: Signature, batch: int) -> None:
    import torch

    for name, field in signature.outputs.items():
        _demand(name in outputs, cls, f"lacks the output '{name}'")
        shape = tuple(outputs[name].shape)
        fits = field.accepts(shape[1:])
        _demand(fits and shape[0] == batch, cls, f"output '{name}' is of shape {shape}, expected {batch} x {field}")
        _demand(bool(torch.isfinite(outputs[name]).all()), cls, f"output '{name}' must be finite")


def _check_reload(architecture: Architecture, network: Network, inputs: Mapping[str, Tensor]) -> None:
    import tempfile
    from pathlib import Path

    import keras
    import torch

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.keras"
        network.save(path)
        twin = keras.saving.load_model(path, compile=False)
    with torch.no_grad():
        for mine, other in zip(_values(call(network, inputs)), _values(call(twin, inputs)), strict=True):
            close = bool(torch.allclose(mine, other, atol=1e-6))
            _demand(close, type(architecture), "must give the same outputs after a `.keras` round trip")


def _named(outputs: Any, signature: Signature) -> Mapping[str, Tensor]:
    return outputs if isinstance(outputs, Mapping) else {next(iter(signature.outputs)): outputs}


def _values(outputs: Any) -> Iterator[Tensor]:
    yield from outputs.values() if isinstance(outputs, Mapping) else (outputs,)


def _random(field: Field, batch: int) -> Tensor:
    import torch

    shape = (batch, *(side if isinstance(side, int) else 16 for side in field.shape))
    rng = np.random.Generator(np.random.PCG64(0))
    if field.dtype.startswith("int"):
        return torch.from_numpy(rng.integers(0, field.num_classes, shape).astype(field.dtype))
    return torch.from_numpy(rng.uniform(-1, 1, shape).astype(np.float32))


def _check_example(cls: type[Any], example: Example, fields: Mapping[str, Field]) -> None:
    for name, field in fields.items():
        _demand(name in example, cls, f"an example lacks the field '{name}'")
        value = np.asarray(example[name])
        fits = field.accepts(value.shape)
        _demand(fits, cls, f"field '{name}' is of shape {value.shape}, promised was {field}")
        _demand(str(value.dtype) == field.dtype, cls, f"field '{name}' is {value.dtype}, promised was {field}")
        if field.low is not None and field.high is not None:
            inside = bool((value >= field.low).all() and (value <= field.high).all())
            _demand(inside, cls, f"field '{name}' leaves its range: {field}")


def _equal(one: Example, other: Example) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


def _demand(condition: bool, cls: type[Any], message: str) -> None:
    if not condition:
        raise AssertionError(f"{cls.__module__}.{cls.__qualname__}: {message}")
