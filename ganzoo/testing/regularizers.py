"""Checks of regularizers, in a run of a few steps."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ganzoo.contracts.comparison import Comparison
from ganzoo.contracts.field import Field, Signature
from ganzoo.contracts.regularizer import PLAYERS, Regularizer
from ganzoo.contracts.task import LossTargets, NetworkSpec, Task
from ganzoo.contracts.wiring import WiredRegularizer
from ganzoo.testing.demands import demand, demand_gradient, demand_scalar, explained
from ganzoo.testing.runs import STEPS, Parts, ShortRun, all_losses, check_repeatable

if TYPE_CHECKING:
    from ganzoo.contracts.comparison import Verdict
    from ganzoo.contracts.regularizer import PlayerName
    from ganzoo.contracts.task import RowContext, View
    from ganzoo.contracts.tensor import Example, Tensor

_BATCH = 8
_LATENT = 4
_MOMENTS = (
    "discriminator_signature",
    "discriminator_inputs",
    "discriminator_penalty",
    "generator_penalty",
    "weight_penalty",
    "loss_factors",
    "plays",
    "learning_rate_factor",
    "after_update",
)


def check_regularizer(regularizer: Regularizer, *, shape: tuple[int, ...] = (8,)) -> None:
    """Check that each moment of the regularizer keeps the contract, in a run of ten steps.

    Two small networks generate and judge examples of this shape: points, or images as `(16, 16, 1)`. The comparison is
    called `sample`, the fakes `latent` and `sample`, the losses `comparison 'sample'` and `pair 'sample'`. The run is
    made twice, and once more from the state in its middle.
    """
    cls = type(regularizer)
    demand(any(map(regularizer.has, _MOMENTS)), cls, f"overrides none of the moments {', '.join(_MOMENTS)}")
    run = check_repeatable(cls, lambda: _run(regularizer, shape))
    mine = run.parts.regularizers[0].regularizer
    _check_variables(mine)
    _check_inputs(mine, run)
    _check_penalties(mine, run)


def judged(comparison: Comparison, *, fakes: Mapping[str, Tensor] | None = None, real_gradient: bool = True) -> Verdict:
    """Return a comparison as the discriminator judges it in an update; what penalties are given.

    `fakes` is what the task's `generate` returned.
    """
    from ganzoo.training.judging import LazyVerdict

    return LazyVerdict(lambda: comparison, fakes=fakes or {}, real_gradient=real_gradient)


class _Examples(Task):
    """Makes examples of one shape from latents."""

    exposes = LossTargets(comparisons=("sample",), pairs=("sample",))

    def __init__(self, *, shape: tuple[int, ...]) -> None:
        self.sample_field = Field(shape=shape)

    def networks(self, fields: Mapping[str, Field], fitted: Example) -> Sequence[NetworkSpec]:
        made, latent = {"sample": self.sample_field}, {"latent": Field(shape=(_LATENT,))}
        logits = {"logits": Field(shape=(1,))}
        return (
            _spec("generator", Signature(inputs=latent, outputs=made)),
            _spec("discriminator", Signature(inputs=made, outputs=logits)),
        )

    def prepare(self, example: Example, context: RowContext) -> Example:
        return example

    def generate(self, view: View) -> Mapping[str, Tensor]:
        latent = view.rng.normal((_BATCH, _LATENT))
        return {"latent": latent, "sample": view.networks["generator"](latent, training=view.training)}

    def compare(self, view: View) -> Mapping[str, Comparison]:
        def judge(samples: Tensor) -> Any:
            return view.networks["discriminator"](samples, training=view.training)

        return {"sample": Comparison(judge, view.batch["sample"], view.fakes["sample"])}

    def pair(self, name: str, view: View) -> tuple[Tensor, Tensor]:
        return view.fakes["sample"], view.batch["sample"]


def _spec(player: Any, signature: Signature) -> NetworkSpec:
    return NetworkSpec(name=player, role=player, player=player, signature=signature)


def _run(regularizer: Regularizer, shape: tuple[int, ...]) -> ShortRun:
    cls, task = type(regularizer), _Examples(shape=shape)
    with explained(cls, "cannot be copied before build()"):
        fresh = copy.deepcopy(regularizer)
    wired = WiredRegularizer(key=cls.__name__, regularizer=fresh)
    parts = Parts(task, {}, all_losses(task.exposes), [wired])
    return ShortRun(cls, parts, {}, lambda number: _batch(shape, number))


def _batch(shape: tuple[int, ...], number: int) -> Mapping[str, Tensor]:
    import torch

    values = np.random.Generator(np.random.PCG64(number)).uniform(-1, 1, (_BATCH, *shape))
    return {"sample": torch.from_numpy(values.astype(np.float32))}


def _check_variables(regularizer: Regularizer) -> None:
    import keras

    cls = type(regularizer)
    with explained(cls, "state()"):
        state = dict(regularizer.state())
    for name, variable in state.items():
        is_variable = isinstance(variable, keras.Variable)
        demand(is_variable, cls, f"state(): '{name}' must be a keras.Variable, not {type(variable).__name__}")
    with explained(cls, "report()"):
        values = {name: float(value) for name, value in regularizer.report().items()}
    demand(all(np.isfinite(list(values.values()))), cls, f"report() must have finite numbers: {values}")


def _check_inputs(regularizer: Regularizer, run: ShortRun) -> None:
    """Ask that the generator's gradient passes through what the discriminator sees."""
    if regularizer.has("discriminator_inputs"):
        cls, view = type(regularizer), run.view("generator", STEPS - 1)
        with explained(cls, "discriminator_inputs"):
            seen = view.judged["sample"].comparison.fake
        demand_gradient(cls, "discriminator_inputs", seen.float().sum(), [view.fakes["sample"]])


def _check_penalties(regularizer: Regularizer, run: ShortRun) -> None:
    """Ask for a scalar with a finite gradient of each penalty on what the networks give."""
    cls = type(regularizer)
    for name in PLAYERS:
        what = f"{name}_penalty"
        if regularizer.has(what):
            with explained(cls, what):
                value = _penalty(regularizer, run.view(name, STEPS - 1), name)
            demand_scalar(cls, what, value)
            demand_gradient(cls, what, value, [variable.value for variable in run.model.players[name].variables])


def _penalty(regularizer: Regularizer, view: View, player: PlayerName) -> Tensor:
    if player == "discriminator":
        return regularizer.discriminator_penalty(view.judged["sample"], step=view.step, rng=view.rng)
    return regularizer.generator_penalty(view.fakes, view.judged, step=view.step, rng=view.rng)
