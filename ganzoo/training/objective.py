"""The objective of each player: the losses and penalties of a recipe, on what the task offers at a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch

from ganzoo.blame import blaming, broken_contract, origin_of
from ganzoo.contracts.comparison import Comparison, Verdict, logit_maps
from ganzoo.contracts.loss import AdversarialLoss, PairLoss, RelativisticLoss
from ganzoo.contracts.regularizer import Player, PlayerName
from ganzoo.contracts.step import Step
from ganzoo.contracts.task import LossTargets, Task, View
from ganzoo.contracts.tensor import Tensor
from ganzoo.contracts.wiring import WiredLoss, WiredRegularizer
from ganzoo.errors import PluginError
from ganzoo.randomness import Random
from ganzoo.training.judging import LazyVerdict
from ganzoo.training.scheduled import value_at


@dataclass(frozen=True)
class Term:
    """One part of a player's total: its value, and the weight by which it counts."""

    value: Tensor
    weight: float | Tensor


class Objective:
    """Computes every loss and penalty that trains a player at a step; knows no optimizer."""

    def __init__(
        self,
        task: Task,
        losses: Sequence[WiredLoss],
        regularizers: Sequence[WiredRegularizer],
        *,
        stream: Callable[[str, Step], Random],
        float32_eager: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self.task = task
        self.losses = tuple(losses)
        self.regularizers = tuple(regularizers)
        #: Whether no layer of any discriminator mixes samples; the model sets it once its networks are known.
        self.per_sample = False
        self._stream = stream
        self._float32_eager = float32_eager

    # -- what is due ---------------------------------------------------------------------------------------------------

    def active_losses(self, player: PlayerName, step: Step) -> list[WiredLoss]:
        """Return the losses that train this player at this step: in the phase, on something that the task offers."""
        offered = self._offered(step)
        return [
            wired
            for wired in self.losses
            if wired.is_active(step) and player in wired.trains(self.task.exposes) and wired.is_offered(offered)
        ]

    def _offered(self, step: Step) -> LossTargets:
        with blaming(self.task, "task, offers()", step=step.number):
            offered = self.task.offers(step)
        if not isinstance(offered, LossTargets):
            raise self._task_broke(step, f"offers() returned {_received(offered)}, expected LossTargets")
        return offered

    def active_regularizers(self, moment: str, step: Step) -> Iterator[WiredRegularizer]:
        """Yield the regularizers that act at this moment in this phase."""
        for wired in self.regularizers:
            if wired.is_active(step) and wired.regularizer.has(moment):
                yield wired

    # -- the discriminator's verdict -----------------------------------------------------------------------------------

    def compare(self, view: View) -> dict[str, Comparison]:
        """Return the comparisons that the task offers at this step, as its contract has them."""
        task, step = self.task, view.step
        offered = self._offered(step).comparisons
        if not offered:
            return {}
        with blaming(task, "task", step=step.number):
            found = task.compare(view)
        if not isinstance(found, Mapping) or set(found) != set(offered):
            names = sorted(found) if isinstance(found, Mapping) else type(found).__name__
            raise self._task_broke(step, f"compare() returned {names}, expected the comparisons {sorted(offered)}")
        for name, comparison in found.items():
            self._check(name, comparison, step)
        return dict(found)

    def judge(self, player: PlayerName, view: View, comparisons: Mapping[str, Comparison]) -> dict[str, LazyVerdict]:
        """Return the comparisons as the discriminator judges them in this update, computed when it is used."""
        return {
            name: LazyVerdict(
                partial(self._changed_inputs, name, comparison, player, view.step),
                fakes=view.fakes,
                real_gradient=player == "discriminator",
                one_batch=player == "discriminator" and self._fits_one_batch(name, comparison, view.step),
            )
            for name, comparison in comparisons.items()
        }

    def _fits_one_batch(self, name: str, comparison: Comparison, step: Step) -> bool:
        """Return whether the discriminator judges real and fake in one batch: where that changes nothing but time.

        An adversarial loss needs both sides, and a term of the task does as far as anybody can tell.
        """
        return (
            comparison.one_batch
            and comparison.fake_judge is None
            and self.per_sample
            and any(wired.on in (None, name) for wired in self.active_losses("discriminator", step))
        )

    def _changed_inputs(self, name: str, comparison: Comparison, player: PlayerName, step: Step) -> Comparison:
        """Apply `discriminator_inputs` of regularizers to one comparison (noise, augmentation, replay)."""
        real, fake = comparison.real, comparison.fake
        for wired in self.active_regularizers("discriminator_inputs", step):
            if wired.on not in (None, name):
                continue
            rng = self._stream(f"regularizers/{wired.key}/{player}/{name}", step)
            change = wired.regularizer.discriminator_inputs
            before = real.shape, fake.shape
            with blaming(wired.regularizer, f"regularizer '{wired.key}'", step=step.number):
                real = change(real, comparison=name, real=True, player=player, step=step, rng=rng)
                fake = change(fake, comparison=name, real=False, player=player, step=step, rng=rng)
            self._check_change(wired, step, before, real, fake)
        return replace(comparison, real=real, fake=fake)

    # -- losses and penalties ------------------------------------------------------------------------------------------

    def terms(self, player: Player, view: View, updates: int) -> dict[str, Term]:
        """Return each part of the player's total by its key; `updates` counts the player's updates before this one."""
        active = self.active_losses(player.name, view.step)
        values = self._loss_values(player.name, active, view)
        weights = loss_weights(player.name, active, view.step)
        factors = self._loss_factors(player, values, view.step)
        terms = {key: Term(value, _scaled(weights[key], factors.get(key))) for key, value in values.items()}
        return {**terms, **self.penalties(player, view, updates)}

    def origin(self, key: str) -> str:
        """Return what messages call the loss or regularizer of this key: its kind, key, plugin and distribution."""
        for loss in self.losses:
            if loss.key == key:
                component, what = self._blamed(loss)
                return f"{what} of {origin_of(type(component))}"
        found = next(each for each in self.regularizers if each.key == key)
        return f"regularizer '{key}' of {origin_of(type(found.regularizer))}"

    def _blamed(self, wired: WiredLoss) -> tuple[object, str]:
        """Return whose fault an error of this loss is, and what it is called."""
        if wired.loss is None:
            return self.task, f"term '{wired.key}' of the task"
        return wired.loss, f"loss '{wired.key}'"

    def _loss_values(self, player: PlayerName, active: Sequence[WiredLoss], view: View) -> dict[str, Tensor]:
        pairs: dict[str, tuple[Tensor, Tensor]] = {}
        found = {}
        for wired in active:
            component, what = self._blamed(wired)
            with blaming(component, what, step=view.step.number):
                value = self._loss_value(wired, player, view, pairs)
            found[wired.key] = _scalar(component, what, value, view.step)
        return found

    def _loss_value(
        self, wired: WiredLoss, player: PlayerName, view: View, pairs: dict[str, tuple[Tensor, Tensor]]
    ) -> Tensor:
        """Compute one loss, unweighted; an adversarial one is summed over comparisons and over maps of logits."""
        if wired.term is not None:
            return self.task.term(wired.term, player, view)
        if isinstance(wired.loss, PairLoss):
            name = wired.on or self.task.exposes.pairs[0]
            if name not in pairs:
                pairs[name] = self._pair(name, view)
            return wired.loss(*pairs[name])
        names = view.judged if wired.on is None else [wired.on]
        values = [value for name in names for value in _adversarial(wired, player, view.judged[name])]
        return sum(values[1:], values[0])

    def _pair(self, name: str, view: View) -> tuple[Tensor, Tensor]:
        with blaming(self.task, f"pair '{name}' of the task", step=view.step.number):
            found = self.task.pair(name, view)
        if not (isinstance(found, tuple) and len(found) == 2):
            raise self._task_broke(view.step, f"pair('{name}') returned {_received(found)}, expected (output, target)")
        return found

    def _loss_factors(self, player: Player, values: Mapping[str, Tensor], step: Step) -> dict[str, float | Tensor]:
        found: dict[str, float | Tensor] = {}
        for wired in self.active_regularizers("loss_factors", step):
            what = f"regularizer '{wired.key}'"
            with blaming(wired.regularizer, what, step=step.number):
                factors = wired.regularizer.loss_factors(player, values, step=step)
            if not isinstance(factors, Mapping):
                problem = f"loss_factors() returned {_received(factors)}, expected factors by the key of a loss"
                raise broken_contract(wired.regularizer, what, problem, step=step.number)
            if unknown := set(factors) - set(values):
                problem = f"loss_factors() names {sorted(unknown)}, expected some of {sorted(values)}"
                raise broken_contract(wired.regularizer, what, problem, step=step.number)
            for key, factor in factors.items():
                found[key] = found.get(key, 1.0) * factor
        return found

    def penalties(self, player: Player, view: View, updates: int) -> dict[str, Term]:
        """Return each penalty due in this update; a lazy one counts `interval` times."""
        found = {}
        for wired in self.regularizers:
            if wired.is_active(view.step) and updates % wired.interval == 0:
                what = f"regularizer '{wired.key}'"
                with self._float32_eager(), blaming(wired.regularizer, what, step=view.step.number):
                    values = list(self._penalty_values(wired, player, view))
                if values:
                    scalars = [_scalar(wired.regularizer, what, value, view.step) for value in values]
                    value = sum(scalars[1:], scalars[0])
                    found[wired.key] = Term(value, weight_at(wired, view.step) * wired.interval)
        return found

    def _penalty_values(self, wired: WiredRegularizer, player: Player, view: View) -> Iterator[Tensor]:
        """Yield the values of every penalty that one regularizer has for this player."""
        regularizer, step = wired.regularizer, view.step
        rng = self._stream(f"regularizers/{wired.key}/penalty/{player.name}", step)
        judged = wired.seen(view.judged)
        if player.name == "discriminator" and regularizer.has("discriminator_penalty"):
            for name, verdict in judged.items():
                yield regularizer.discriminator_penalty(verdict, step=step, rng=rng.child(name))
        if player.name == "generator" and regularizer.has("generator_penalty"):
            yield regularizer.generator_penalty(view.fakes, judged, step=step, rng=rng)
        if regularizer.has("weight_penalty"):
            yield regularizer.weight_penalty(player, step=step)

    def after_update(self, player: Player, view: View) -> None:
        """Call `after_update` of regularizers (clipping, averages, adapted strengths)."""
        for wired in self.active_regularizers("after_update", view.step):
            with blaming(wired.regularizer, f"regularizer '{wired.key}'", step=view.step.number):
                wired.regularizer.after_update(player, wired.seen(view.judged), step=view.step)

    # -- broken contracts ----------------------------------------------------------------------------------------------

    def _check(self, name: str, comparison: Any, step: Step) -> None:
        if not isinstance(comparison, Comparison):
            raise self._task_broke(step, f"comparison '{name}' is {_received(comparison)}, expected a Comparison")
        real, fake = comparison.real, comparison.fake
        if not isinstance(real, torch.Tensor) or not isinstance(fake, torch.Tensor) or real.shape[1:] != fake.shape[1:]:
            shapes = f"real is {_received(real)}, fake is {_received(fake)}"
            raise self._task_broke(step, f"comparison '{name}': {shapes}; expected tensors of one shape")

    def _check_change(self, wired: WiredRegularizer, step: Step, before: Any, real: Any, fake: Any) -> None:
        for was, now in zip(before, (real, fake), strict=True):
            is_tensor = isinstance(now, torch.Tensor)
            if not is_tensor or (now.shape != was and not wired.regularizer.has("discriminator_signature")):
                problem = f"discriminator_inputs() returned {_received(now)}, expected a tensor {tuple(was)}"
                raise broken_contract(wired.regularizer, f"regularizer '{wired.key}'", problem, step=step.number)

    def _task_broke(self, step: Step, problem: str) -> PluginError:
        return broken_contract(self.task, "task", problem, step=step.number)


def weight_at(wired: WiredLoss | WiredRegularizer, step: Step) -> float:
    """Return what the recipe multiplies a loss or a penalty with at this step."""
    return value_at(wired.weight, step.number, f"the weight of '{wired.key}'", step=step)


def loss_weights(player: PlayerName, active: Sequence[WiredLoss], step: Step) -> dict[str, float]:
    """Return the weight of each loss in a player's total.

    The generator's adversarial losses are weighted among its other losses. On the discriminator's side adversarial
    losses keep their ratio, and the largest counts 1: weighted down, the discriminator's gradients would sink to
    Adam's epsilon, and penalties would outweigh them.
    """
    weights = {wired.key: weight_at(wired, step) for wired in active}
    if player == "generator":
        return weights
    adversarial = {wired.key: weights[wired.key] for wired in active if wired.is_adversarial}
    largest = max(adversarial.values(), default=0.0)
    ratios = {key: weight / largest if largest > 0 else 1.0 for key, weight in adversarial.items()}
    return {**weights, **ratios}


def _adversarial(wired: WiredLoss, player: PlayerName, judged: Verdict) -> Iterator[Tensor]:
    """Yield the loss of each map of logits."""
    loss = wired.loss
    if not isinstance(loss, AdversarialLoss | RelativisticLoss):
        raise TypeError("is neither an adversarial nor a pair loss")
    needs_real = player == "discriminator" or isinstance(loss, RelativisticLoss)
    fakes = logit_maps(judged.fake)
    reals = logit_maps(judged.real) if needs_real else fakes
    for real, fake in zip(reals, fakes, strict=True):
        if player == "discriminator":
            yield loss.discriminator_loss(real, fake)
        elif isinstance(loss, RelativisticLoss):
            yield loss.generator_loss(real, fake)
        else:
            yield loss.generator_loss(fake)


def _scalar(component: object, what: str, value: Any, step: Step) -> Tensor:
    if not isinstance(value, torch.Tensor) or value.ndim != 0:
        problem = f"must return a scalar tensor, received {_received(value)}"
        raise broken_contract(component, what, problem, step=step.number)
    return value


def _scaled(weight: float, factor: float | Tensor | None) -> float | Tensor:
    return weight if factor is None else weight * factor


def _received(value: Any) -> str:
    return str(tuple(value.shape)) if isinstance(value, torch.Tensor) else type(value).__name__
