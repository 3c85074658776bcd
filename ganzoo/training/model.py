"""The one model that drives every task."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import keras
import torch
from keras.src.backend.torch.core import get_device

from ganzoo.contracts.comparison import Comparison, Judged
from ganzoo.contracts.loss import AdversarialLoss, Loss, PairLoss, RelativisticLoss
from ganzoo.contracts.regularizer import Player, PlayerName
from ganzoo.contracts.schedule import Constant, Schedule
from ganzoo.contracts.step import Step
from ganzoo.contracts.task import NetworkSpec, Task, View
from ganzoo.contracts.tensor import Network, Tensor, Variable
from ganzoo.contracts.timeline import Timeline
from ganzoo.contracts.wiring import WiredLoss, WiredRegularizer
from ganzoo.errors import PluginError
from ganzoo.layers.apart import treats_examples_apart
from ganzoo.layers.memory import align_optimizer_memory
from ganzoo.layers.modes import compile_training, mixed_layers, plainly
from ganzoo.seeding import reseed_network, seed_everything
from ganzoo.streams import Random
from ganzoo.training.averaging import WeightAverage
from ganzoo.training.guard import FiniteGuard, NotFinite
from ganzoo.training.optimizers import descend
from ganzoo.training.state import network_state, numbered

PLAYERS: tuple[PlayerName, ...] = ("discriminator", "generator")


class AdversarialModel(keras.Model):
    """Any number of networks on two sides, trained against each other by `fit()`.

    `networks` are the trained ones by name, `specs` say whose side each is on. A batch is a dict of tensors as the
    task's `prepare` made them, stacked. One call of `train_step` is one discriminator update and, on every
    `n_critic`-th step of a phase, one generator update. All randomness derives from (seed, stream name, step).
    """

    def __init__(
        self, *, task: Task, networks: Mapping[str, Network], specs: Sequence[NetworkSpec], seed: int = 0
    ) -> None:
        super().__init__()
        self.task = task
        self.networks = dict(networks)
        self.seed = seed
        self.players = {name: _player(name, networks, specs) for name in PLAYERS}
        self.step_number = 0
        self.built = True

    def compile(
        self,
        *,
        losses: Sequence[WiredLoss],
        optimizers: Mapping[PlayerName, keras.optimizers.Optimizer],
        regularizers: Sequence[WiredRegularizer] = (),
        phases: Sequence[tuple[str, int]] = (("train", 1),),
        learning_rates: Mapping[tuple[PlayerName, str], Schedule] | None = None,
        n_critic: Schedule | int = 1,
        clip_norm: float | None = None,
        average: WeightAverage | None = None,
        jit_compile: bool = False,
    ) -> None:
        """Say what is minimised and how.

        `learning_rates` maps (player, phase) to a schedule counted from the start of that phase, and (player, "") to
        one counted from the start of the run; without either, the optimizer's own rate stays. `average` holds the
        averaged copies of the generator's networks. With `jit_compile` torch compiles what the networks do in training.
        """
        super().compile(optimizer=None)
        self.wired_losses = tuple(losses)
        self.wired_regularizers = tuple(regularizers)
        self.player_optimizers = dict(optimizers)
        self.timeline = Timeline(phases)
        self.learning_rates = dict(learning_rates or {})
        self.n_critic = Constant(n_critic) if isinstance(n_critic, int) else n_critic
        self.clip_norm = clip_norm
        self.average = average
        # in a partial, which Keras does not look into: these layers are the networks', not this model's own
        self._plainly = partial(plainly, mixed_layers([*self.networks.values(), *self.averages().values()]))
        if jit_compile:
            for network in self.networks.values():
                compile_training(network)
        self._written_rates: dict[PlayerName, float] = {}
        self._guard = FiniteGuard()
        self._ready = False

    # -- one step ------------------------------------------------------------------------------------------------------

    def train_step(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Update the discriminator, update the generator when it is its turn, average the weights.

        Returns every loss by `player/name`, unweighted and still on the device, and the weighted total of each player.
        """
        view = self.begin_step(batch)
        generator_moves = self.moves("generator", view.step)
        view = replace(view, fakes=self.generate(view, with_gradient=generator_moves))

        logs: dict[str, Tensor] = {}
        if self.moves("discriminator", view.step):
            logs |= self.update("discriminator", replace(view, fakes=_detached(view.fakes)))
        if generator_moves:
            logs |= self.update("generator", view)
            if self.average is not None:
                self.average.update(self.networks, self.updates("generator", view.step))

        self.step_number += 1
        return logs

    def begin_step(self, batch: Mapping[str, Tensor]) -> View:
        """Derive everything that depends on the step alone: seeds, rates, growing networks; return the view of it."""
        if not self._ready:
            self.prepare(batch)
        step = self.timeline.at(self.step_number)
        self.enter(step)
        return self.view(batch, step)

    def generate(self, view: View, *, with_gradient: bool) -> Mapping[str, Tensor]:
        """Let the task make fakes; without gradient where only the discriminator will use them."""
        with torch.set_grad_enabled(with_gradient):
            return self.task.generate(view)

    def update(self, player: PlayerName, view: View) -> dict[str, Tensor]:
        """Move one player down the losses and penalties that the recipe gives it."""
        view = replace(view, rng=view.rng.child(player))
        with self.frozen_opponents(player):
            view = replace(view, judged=self.judge(player, view))
            terms = {**self.losses_of(player, view), **self.penalties_of(player, view)}
            total = _weighted_sum(player, terms)
            try:
                self.descend(player, total)
            except NotFinite as refused:
                refused.losses = {key: float(value.detach()) for key, (_, value) in terms.items()}
                raise
        self.after_update(player, view)
        logs = {f"{player}/{key}": value.detach() for key, (_, value) in terms.items()}
        return {**logs, f"{player}/total": total.detach()}

    def descend(self, player: PlayerName, loss: Tensor) -> None:
        """Take one optimizer step down this loss on one player's weights, and on no others; NotFinite before it."""
        descend(
            loss,
            self.players[player].variables,
            self.player_optimizers[player],
            clip_norm=self.clip_norm,
            check=partial(self._guard.check, player),
        )

    # -- parts of an update --------------------------------------------------------------------------------------------

    def judge(self, player: PlayerName, view: View) -> dict[str, Judged]:
        """Return the task's comparisons as the discriminator sees them now; nothing is computed before it is used."""
        if not self.needs_judging(player, view.step):
            return {}
        comparisons = self.task.compare(view)
        return {
            name: Judged(
                self.change_inputs(name, comparison, player, view.step),
                real_gradient=player == "discriminator",
                together=player == "discriminator" and self.go_together(name, comparison, view.step),
            )
            for name, comparison in comparisons.items()
        }

    def go_together(self, name: str, comparison: Comparison, step: Step) -> bool:
        """Return whether the discriminator sees real and fake in one batch: where that changes nothing but time."""
        return (
            comparison.together
            and self._treats_examples_apart
            and any(
                isinstance(wired.loss, AdversarialLoss | RelativisticLoss) and wired.on in (None, name)
                for wired in self.active_losses("discriminator", step)
            )
        )

    def change_inputs(self, name: str, comparison: Comparison, player: PlayerName, step: Step) -> Comparison:
        """Let the regularizers change what the discriminator sees of one comparison (noise, augmentation, replay)."""
        real, fake = comparison.real, comparison.fake
        for wired in self.active_regularizers("discriminator_inputs", step):
            if wired.on in (None, name):
                rng = self.stream(f"regularizers/{wired.key}/{player}/{name}", step)
                change = wired.regularizer.discriminator_inputs
                real = change(real, comparison=name, real=True, player=player, step=step, rng=rng)
                fake = change(fake, comparison=name, real=False, player=player, step=step, rng=rng)
        return replace(comparison, real=real, fake=fake)

    def losses_of(self, player: PlayerName, view: View) -> dict[str, tuple[float, Tensor]]:
        """Return (weight, value) of each loss that trains this player now, by its key."""
        pairs: dict[str, tuple[Tensor, Tensor]] = {}
        found = {}
        for wired in self.active_losses(player, view.step):
            value = self.loss_value(wired, player, view, pairs)
            found[wired.key] = (wired.weight_for(player, view.step), _scalar(wired.key, value))
        return found

    def loss_value(
        self, wired: WiredLoss, player: PlayerName, view: View, pairs: dict[str, tuple[Tensor, Tensor]]
    ) -> Tensor:
        """Compute one loss, unweighted; an adversarial one is summed over the comparisons it acts on."""
        if wired.term is not None:
            return self.task.term(wired.term, player, view)
        if isinstance(wired.loss, PairLoss):
            name = wired.on or self.task.exposes.pairs[0]
            if name not in pairs:
                pairs[name] = self.task.pair(name, view)
            return wired.loss(*pairs[name])
        names = view.judged if wired.on is None else [wired.on]
        values = [_adversarial(wired.loss, player, view.judged[name]) for name in names]
        return sum(values[1:], values[0])

    def penalties_of(self, player: PlayerName, view: View) -> dict[str, tuple[float, Tensor]]:
        """Return (weight, value) of each penalty due in this update; a lazy one counts `interval` times."""
        found = {}
        for wired in self.wired_regularizers:
            if wired.is_active(view.step) and self.updates(player, view.step) % wired.interval == 0:
                with self.plainly():
                    values = list(self.penalty_values(wired, player, view))
                if values:
                    weight = wired.weight(view.step.number) * wired.interval
                    found[wired.key] = (weight, _scalar(wired.key, sum(values[1:], values[0])))
        return found

    def penalty_values(self, wired: WiredRegularizer, player: PlayerName, view: View) -> Iterator[Tensor]:
        """Yield the values of every penalty that one regularizer has for this player."""
        regularizer = wired.regularizer
        rng = self.stream(f"regularizers/{wired.key}/penalty/{player}", view.step)
        if player == "discriminator" and regularizer.has("discriminator_penalty"):
            for name, judged in view.judged.items():
                if wired.on in (None, name):
                    yield regularizer.discriminator_penalty(judged.comparison, step=view.step, rng=rng.child(name))
        if player == "generator" and regularizer.has("generator_penalty"):
            yield regularizer.generator_penalty(view.fakes, step=view.step, rng=rng)
        if regularizer.has("weight_penalty"):
            yield regularizer.weight_penalty(self.players[player], step=view.step)

    @torch.no_grad()
    def after_update(self, player: PlayerName, view: View) -> None:
        """Let regularizers act on the new weights (clipping, averages, adapted strengths)."""
        for wired in self.active_regularizers("after_update", view.step):
            wired.regularizer.after_update(self.players[player], view.judged, step=view.step)

    @contextmanager
    def frozen_opponents(self, player: PlayerName) -> Iterator[None]:
        """Build no graph for the weights of the side that does not move."""
        weights = [v.value for name in PLAYERS if name != player for v in self.players[name].variables]
        try:
            for weight in weights:
                weight.requires_grad_(False)
            yield
        finally:
            for weight in weights:
                weight.requires_grad_(True)

    # -- what is due ---------------------------------------------------------------------------------------------------

    def moves(self, player: PlayerName, step: Step) -> bool:
        """Return whether this player is updated in this step."""
        if not any(True for _ in self.active_losses(player, step)):
            return False
        return player == "discriminator" or (step.phase_step + 1) % self.critic_updates(step) == 0

    def critic_updates(self, step: Step) -> int:
        """Return n_critic now; 1 where the discriminator does not play."""
        alone = not any(True for _ in self.active_losses("discriminator", step))
        return 1 if alone else max(1, round(self.n_critic(step.number)))

    def updates(self, player: PlayerName, step: Step) -> int:
        """Return how many updates this player made before, counting with today's n_critic."""
        return step.number if player == "discriminator" else step.number // self.critic_updates(step)

    def active_losses(self, player: PlayerName, step: Step) -> Iterator[WiredLoss]:
        """Yield the losses that train this player in this phase."""
        for wired in self.wired_losses:
            if wired.is_active(step) and player in wired.trains(self.task.exposes):
                yield wired

    def active_regularizers(self, moment: str, step: Step) -> Iterator[WiredRegularizer]:
        """Yield the regularizers that act at this moment in this phase."""
        for wired in self.wired_regularizers:
            if wired.is_active(step) and wired.regularizer.has(moment):
                yield wired

    def needs_judging(self, player: PlayerName, step: Step) -> bool:
        """Return whether anything in this update looks at the discriminator's verdict."""
        return any(not isinstance(wired.loss, PairLoss) for wired in self.active_losses(player, step))

    # -- time and state ------------------------------------------------------------------------------------------------

    def prepare(self, batch: Mapping[str, Tensor]) -> None:
        """Build optimizers, losses and regularizers; needed once, before state is loaded or the first step taken."""
        seed_everything(self.seed, "prepare")
        for name, player in self.players.items():
            if player.variables and name in self.player_optimizers:
                self.player_optimizers[name].build(list(player.variables))
                align_optimizer_memory(self.player_optimizers[name], player.variables)
        for wired in self.wired_losses:
            if wired.loss is not None:
                wired.loss.build()
        self._treats_examples_apart = all(
            treats_examples_apart(network) for network in self.players["discriminator"].networks.values()
        )
        comparisons = self.first_comparisons(batch)
        for regularizer in self.wired_regularizers:
            regularizer.regularizer.build(self.players, comparisons)
        if self.average is not None:
            self.average.start_from(self.networks)
        self._ready = True

    @torch.no_grad()
    def first_comparisons(self, batch: Mapping[str, Tensor]) -> Mapping[str, Comparison]:
        """Return the comparisons of a first batch in inference mode: shapes to build from, nothing is changed."""
        if not self.players["discriminator"].networks:
            return {}
        step = self.timeline.at(0)
        self.enter(step)
        view = replace(self.view(batch, step), training=False)
        return self.task.compare(replace(view, fakes=self.task.generate(view)))

    def enter(self, step: Step) -> None:
        """Set all that is a function of the step: generators, learning rates, networks that change over time."""
        seed_everything(self.seed, "step", step.number)
        for name, network in self.networks.items():
            reseed_network(network, self.seed, name, step.number)
        for network in (*self.networks.values(), *self.averages().values()):
            if hasattr(network, "begin_step"):
                network.begin_step(step)
        for player in PLAYERS:
            self.set_learning_rate(player, step)

    def set_learning_rate(self, player: PlayerName, step: Step) -> None:
        """Write the player's rate for this step where it changed."""
        if (player, step.phase) in self.learning_rates:
            rate = self.learning_rates[player, step.phase](step.phase_step)
        elif (player, "") in self.learning_rates:
            rate = self.learning_rates[player, ""](step.number)
        else:
            return
        if self._written_rates.get(player) != rate:
            self.player_optimizers[player].learning_rate.value.data.fill_(rate)  # assign() would wait for a GPU
            self._written_rates[player] = rate

    def view(self, batch: Mapping[str, Tensor], step: Step) -> View:
        """Return what the task sees of this batch, on the training device."""
        device = get_device()
        on_device = {name: value.to(device, non_blocking=True) for name, value in batch.items()}
        return View(networks=self.networks, batch=on_device, step=step, rng=self.stream("task", step))

    def stream(self, name: str, step: Step) -> Random:
        """Return the random stream of this name at this step."""
        return Random(self.seed, name, step.number)

    def averages(self) -> Mapping[str, Network]:
        """Return the averaged copies of the generator's networks; none without an average."""
        return {} if self.average is None else self.average.networks

    def plainly(self) -> AbstractContextManager[None]:
        """Let networks and averages compute in float32 and uncompiled meanwhile: for penalties, pictures and scores."""
        return self._plainly()

    def sampling_networks(self) -> dict[str, Network]:
        """Return the networks to sample from: the averaged copy where there is one."""
        return {**self.networks, **self.averages()}

    def state(self) -> dict[str, Variable]:
        """Return everything that changes during training, by a name that depends on roles and order alone."""
        found = network_state(self.networks, self.averages())
        for player, optimizer in self.player_optimizers.items():
            found |= numbered(f"optimizers/{player}", optimizer.variables)
        for key, component in self.stateful_components():
            found |= {f"{key}/{name}": variable for name, variable in component.state().items()}
        return found

    def stateful_components(self) -> Iterator[tuple[str, Any]]:
        """Yield every component that may hold state, with the first part of its name."""
        yield "task", self.task
        for loss in self.wired_losses:
            if loss.loss is not None:
                yield f"losses/{loss.key}", loss.loss
        for regularizer in self.wired_regularizers:
            yield f"regularizers/{regularizer.key}", regularizer.regularizer

    def restore(self, values: Mapping[str, Any], step_number: int) -> None:
        """Take over verified state: exactly the names and shapes of `state()`."""
        for name, variable in self.state().items():
            variable.assign(values[name])
        self.step_number = step_number
        self._written_rates.clear()


def _player(name: PlayerName, networks: Mapping[str, Network], specs: Sequence[NetworkSpec]) -> Player:
    mine = {spec.name: networks[spec.name] for spec in specs if spec.player == name}
    variables = tuple(variable for network in mine.values() for variable in network.trainable_variables)
    return Player(name=name, networks=mine, variables=variables)


def _detached(fakes: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: fake.detach() for name, fake in fakes.items()}


def _adversarial(loss: Loss | None, player: PlayerName, judged: Judged) -> Tensor:
    if not isinstance(loss, AdversarialLoss | RelativisticLoss):
        raise PluginError(f"{type(loss).__name__} is neither an adversarial nor a pair loss")
    if player == "discriminator":
        return loss.discriminator_loss(judged.real["logits"], judged.fake["logits"])
    if isinstance(loss, RelativisticLoss):
        return loss.generator_loss(judged.real["logits"], judged.fake["logits"])
    return loss.generator_loss(judged.fake["logits"])


def _scalar(key: str, value: Any) -> Tensor:
    if not isinstance(value, torch.Tensor) or value.ndim != 0:
        received = tuple(value.shape) if isinstance(value, torch.Tensor) else type(value).__name__
        raise PluginError(f"'{key}' must return a scalar tensor, received {received}")
    return value


def _weighted_sum(player: PlayerName, terms: Mapping[str, tuple[float, Tensor]]) -> Tensor:
    total = sum((weight * value for weight, value in terms.values()), torch.zeros(()))
    if not total.requires_grad:
        raise PluginError(f"the {player}'s losses ({', '.join(terms)}) do not depend on its weights")
    return total
