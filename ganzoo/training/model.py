"""The one model that drives every task."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import keras
import torch

from ganzoo.blame import blaming, broken_contract
from ganzoo.contracts.architecture import Architecture
from ganzoo.contracts.comparison import Comparison
from ganzoo.contracts.field import Field
from ganzoo.contracts.regularizer import PLAYERS, Player, PlayerName
from ganzoo.contracts.schedule import Constant, Schedule
from ganzoo.contracts.step import Step
from ganzoo.contracts.task import NetworkSpec, Task, View
from ganzoo.contracts.tensor import Example, Network, Tensor, Variable
from ganzoo.contracts.timeline import Timeline
from ganzoo.contracts.wiring import WiredLoss, WiredRegularizer
from ganzoo.errors import GanzooError, PluginError
from ganzoo.execution.keras_internals import get_device
from ganzoo.execution.layout import align_optimizer_memory
from ganzoo.execution.mixing import is_per_sample
from ganzoo.execution.modes import building_in, float32_eager, mixed_layers
from ganzoo.execution.seeding import reseed_network, seed_everything
from ganzoo.randomness import Random
from ganzoo.training.averaging import WeightAverage
from ganzoo.training.batch_needs import explaining_batch
from ganzoo.training.guard import FiniteGuard, NotFinite
from ganzoo.training.judging import LazyVerdict, mean_logits
from ganzoo.training.keras_callbacks import checked, stops_on_nan
from ganzoo.training.objective import Objective, Term
from ganzoo.training.optimizers import OptimizerGroup, descend
from ganzoo.training.scheduled import rate_at
from ganzoo.training.state import network_state, numbered
from ganzoo.training.turns import Turns
from ganzoo.training.witness import Witness


class AdversarialModel(keras.Model):
    """Any number of networks on two sides, trained against each other by `fit()`.

    `networks` are the trained ones by name, `specs` say whose side each is on, `architectures` what each was built
    from (for networks that change over a run), `fitted` is what the task's `fit` returned, `fields` are the data's. A
    batch is a dict of tensors as the task's `prepare` made them, stacked. One call of `train_step` is one discriminator
    update and, on every `n_critic`-th step of a phase, one generator update. All randomness derives from (seed, stream
    name, step).
    """

    def __init__(
        self,
        *,
        task: Task,
        networks: Mapping[str, Network],
        specs: Sequence[NetworkSpec],
        architectures: Mapping[str, Architecture] | None = None,
        fitted: Example | None = None,
        fields: Mapping[str, Field] | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.task = task
        self.networks = dict(networks)
        self.specs = {spec.name: spec for spec in specs}
        self.architectures = dict(architectures or {})
        self.fitted = dict(fitted or {})
        self.fields = dict(fields or {})
        self.seed = seed
        self.players = {name: _player(name, networks, specs) for name in PLAYERS}
        self.step_number = 0
        #: Looks at a step, where somebody wants to know what happens in it.
        self.witness: Witness | None = None
        #: What all scheduled learning rates are multiplied with, by the number of the step.
        self.rate_scale: Callable[[int], float] = _unscaled
        self.built = True

    def compile(
        self,
        *,
        losses: Sequence[WiredLoss],
        optimizers: Mapping[str, keras.optimizers.Optimizer],
        regularizers: Sequence[WiredRegularizer] = (),
        phases: Sequence[tuple[str, int]] = (("train", 1),),
        learning_rates: Mapping[tuple[str, str], Schedule] | None = None,
        n_critic: Schedule | int = 1,
        first: PlayerName = "discriminator",
        clip_norm: float | None = None,
        average: WeightAverage | None = None,
        network_phases: Mapping[str, Collection[str]] | None = None,
        reset_optimizers: Collection[str] = (),
    ) -> None:
        """Set losses, regularizers, optimizers and phases.

        `optimizers` are named after a player, or after one network that has its own. `learning_rates` maps (optimizer,
        phase) to a schedule counted from the start of that phase, and (optimizer, "") to one counted from the start of
        the run; without either, the optimizer's own rate stays. `first` is the player that is updated first in a step,
        with the other's weights of before the step. `average` holds the averaged copies of the products.
        `network_phases` names the phases in which a network is trained (all by default), `reset_optimizers` those at
        whose start optimizers forget their momenta.
        """
        super().compile(optimizer=None)
        self.timeline = Timeline(phases)
        self.optimizer_groups = {name: self._optimizers_of(name, optimizers) for name in PLAYERS}
        self._order = sorted(PLAYERS, key=lambda name: name != first)
        self.learning_rates = dict(learning_rates or {})
        self.clip_norm = clip_norm
        self.average = average
        # in a partial, which Keras does not look into: these layers are the networks', not this model's own
        self._float32_eager = partial(float32_eager, mixed_layers([*self.networks.values(), *self.averages().values()]))
        self.objective = Objective(
            self.task, losses, regularizers, stream=self._stream, float32_eager=self.float32_eager
        )
        self.turns = Turns(self.objective, Constant(n_critic) if isinstance(n_critic, int) else n_critic)
        self._network_phases = {name: frozenset(phases) for name, phases in (network_phases or {}).items()}
        self._reset_optimizers = frozenset(reset_optimizers)
        self._written_rates: dict[str, float] = {}
        self._guard = FiniteGuard()
        self._ready = False
        self._stops_on_nan = False

    # -- as a Keras model ----------------------------------------------------------------------------------------------

    def fit(self, *args: Any, callbacks: Any = None, **options: Any) -> keras.callbacks.History:
        """Train as Keras does; the logs of an epoch are means over its steps.

        GanzooError for callbacks that act on the one optimizer or the one file that other models have.
        """
        if not isinstance(callbacks, keras.callbacks.CallbackList):
            callbacks = checked(callbacks)
            self._stops_on_nan = stops_on_nan(callbacks)
        return super().fit(*args, callbacks=callbacks, **options)

    def evaluate(self, *_: Any, **__: Any) -> Any:
        """GanzooError: what is scored is up to the task."""
        raise GanzooError(
            "an AdversarialModel has no evaluate(), so no validation_data either: scores are up to the task; "
            "use ganzoo evaluate RUN, or [validation] and [[metrics]] in the recipe"
        )

    def predict(self, *_: Any, **__: Any) -> Any:
        """GanzooError: a network predicts, not the model of all of them."""
        raise GanzooError(
            "an AdversarialModel has no predict(): call sampling_networks()['generator'], or its predict()"
        )

    def save(self, *_: Any, **__: Any) -> None:
        """GanzooError: networks are saved one by one, weights all together."""
        raise GanzooError(
            "an AdversarialModel is not saved as a whole: save networks, as networks['generator'].save(path), or all "
            "weights, as save_weights('all.weights.h5'); ganzoo run keeps complete checkpoints"
        )

    # -- one step ------------------------------------------------------------------------------------------------------

    def train_step(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Update the discriminator, update the generator when it is its turn, average the weights.

        Both updates are on the same fakes, in the order that `compile` was told.

        Returns every loss by `player/name`, unweighted and still on the device, and the weighted total of each player;
        and what each update measured: the discriminator's mean `logits/COMPARISON/real` and `/fake`,
        `gradient_norm/player` before clipping, `learning_rate/optimizer`.
        """
        try:
            with explaining_batch(batch, self.task, self.fields, self.fitted):
                return self._step(batch)
        except NotFinite as refused:
            if not self._stops_on_nan:
                raise
            return {"loss": torch.tensor(float("nan")), **{key: torch.tensor(x) for key, x in refused.losses.items()}}

    def _step(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        view = self._begin_step(batch)
        plays = self._players_of(view.step)
        view = replace(view, fakes=self._generate(view, with_gradient=plays["generator"]))

        logs: dict[str, Tensor] = {}
        if self.witness is not None:
            self.witness.fakes = _detached(view.fakes)
        for name in self._order:
            if plays[name]:
                logs |= self._update(name, _seen_by(name, view))

        self.step_number += 1
        return logs

    def _players_of(self, step: Step) -> dict[PlayerName, bool]:
        """Return which players are updated in this step: one whose networks all rest in this phase is not."""
        movable = [name for name in PLAYERS if not self._network_phases or self._trained(name, step)]
        return self.turns.begin(step, movable)

    def _begin_step(self, batch: Mapping[str, Tensor]) -> View:
        """Set everything that depends on the step alone, and return what the task sees of it."""
        if not self._ready:
            self.prepare(batch)
        step = self.timeline.at(self.step_number)
        self._enter(step)
        return self._view(batch, step)

    def _generate(self, view: View, *, with_gradient: bool) -> Mapping[str, Tensor]:
        """Return the fakes of the task, without gradient where only the discriminator uses them."""
        with torch.set_grad_enabled(with_gradient), blaming(self.task, "task", step=view.step.number):
            fakes = self.task.generate(view)
        if not isinstance(fakes, Mapping) or not all(isinstance(fake, torch.Tensor) for fake in fakes.values()):
            problem = "generate() must return tensors by name"
            raise broken_contract(self.task, "task", problem, step=view.step.number)
        return fakes

    def _update(self, name: PlayerName, view: View) -> dict[str, Tensor]:
        """Move one player down the losses and penalties that the recipe gives it."""
        player = self.players[name]
        view = replace(view, rng=view.rng.child(name))
        variables = self._trained(name, view.step)
        with self._frozen_except(variables):
            judged = self._judge(name, view)
            view = replace(view, judged=judged)
            terms = self.objective.terms(player, view, self.turns.count(name))
            if self.witness is not None and name == "discriminator":
                self.witness.see_logits(judged)
            total = _weighted_sum(name, terms)
            try:
                norm = self._descend(name, total, variables)
            except NotFinite as refused:
                refused.losses = {key: float(term.value.detach()) for key, term in terms.items()}
                raise
        self._finish_update(name, view)
        logs = {f"{name}/{key}": term.value.detach() for key, term in terms.items()}
        return {**logs, f"{name}/total": total.detach(), **self._measured(name, judged, norm)}

    def _measured(self, name: PlayerName, judged: Mapping[str, LazyVerdict], norm: Tensor) -> dict[str, Tensor]:
        """Return what an update measured on the way; nothing is computed for it but a few means."""
        logits = mean_logits(judged) if name == "discriminator" else {}
        return {
            **{f"logits/{key}": value for key, value in logits.items()},
            f"gradient_norm/{name}": norm,
            **{f"learning_rate/{key}": rate for key, rate in self.optimizer_groups[name].learning_rates().items()},
        }

    def _judge(self, name: PlayerName, view: View) -> Mapping[str, LazyVerdict]:
        if not self.players["discriminator"].networks:
            return {}
        comparisons = self.objective.compare(view)
        if self.witness is not None and name == "discriminator":
            self.witness.see_comparisons(comparisons)
        return self.objective.judge(name, view, comparisons)

    def _descend(self, name: PlayerName, loss: Tensor, variables: Sequence[Variable]) -> Tensor:
        """Take one optimizer step on these variables and no others, return the gradient's norm; NotFinite before it."""
        optimizer = self.optimizer_groups[name]
        check = partial(self._guard.check, name)
        look = partial(self.witness.see_gradients, name) if self.witness is not None else None
        return descend(loss, variables, optimizer, clip_norm=self.clip_norm, check=check, look=look)

    @torch.no_grad()
    def _finish_update(self, name: PlayerName, view: View) -> None:
        """Call `after_update` of regularizers, average the player's products, count the update."""
        self.objective.after_update(self.players[name], view)
        if self.average is not None:
            mine = {key: network for key, network in self.networks.items() if self.specs[key].player == name}
            self.average.update(mine, self.turns.count(name))
        self.turns.advance(name)

    @contextmanager
    def _frozen_except(self, variables: Sequence[Variable]) -> Iterator[None]:
        """Build no graph for weights that this update does not move.

        `autograd.grad` would not touch them anyway; without requires_grad torch also stores no activations for them.
        """
        moving = {id(variable) for variable in variables}
        every = [variable for player in self.players.values() for variable in player.variables]
        weights = [variable.value for variable in every if id(variable) not in moving]
        try:
            for weight in weights:
                weight.requires_grad_(False)
            yield
        finally:
            for weight in weights:
                weight.requires_grad_(True)

    def _trained(self, name: PlayerName, step: Step) -> tuple[Variable, ...]:
        """Return the player's variables that train in this phase."""
        player = self.players[name]
        if not self._network_phases:
            return player.variables
        networks = [
            network
            for key, network in player.networks.items()
            if key not in self._network_phases or step.phase in self._network_phases[key]
        ]
        return tuple(variable for network in networks for variable in network.trainable_variables)

    # -- before the first step -----------------------------------------------------------------------------------------

    def prepare(self, batch: Mapping[str, Tensor], later: Mapping[str, Mapping[str, Tensor]] | None = None) -> None:
        """Build optimizers, losses and regularizers; needed once, before state is loaded or the first step taken.

        `batch` is that of the first step, `later` has the first batch of each later phase whose shapes differ.
        """
        seed_everything(self.seed, "prepare")
        for name, player in self.players.items():
            self.optimizer_groups[name].build(player.variables)
            align_optimizer_memory(self.optimizer_groups[name].variables, player.variables)
        for wired in self.objective.losses:
            if wired.loss is not None:
                with building_in(self._precision_in_losses()), blaming(wired.loss, f"loss '{wired.key}'"):
                    wired.loss.build()
        self.objective.per_sample = all(
            is_per_sample(network) for network in self.players["discriminator"].networks.values()
        )
        self._build_regularizers({self.timeline.phases[0][0]: batch, **(later or {})})
        if self.average is not None:
            self.average.start_from(self.networks)
        self._fresh_optimizers = {name: group.values() for name, group in self.optimizer_groups.items()}
        self._ready = True

    def _precision_in_losses(self) -> str:
        """Return in which precision frozen networks of losses compute; float16 cannot hold what VGG's layers give."""
        trained = {layer.compute_dtype for layer in mixed_layers(self.networks.values())}
        return "bfloat16" if "bfloat16" in trained else "float32"

    def _build_regularizers(self, batches: Mapping[str, Mapping[str, Tensor]]) -> None:
        """Show each regularizer the comparisons that it will act on, in whichever phase each first occurs."""
        first = next(iter(batches.values()))
        by_phase = {
            name: self._first_comparisons(batches.get(name, first), self.timeline.at(self.timeline.first_step(name)))
            for name, _ in (self.timeline.phases if self.objective.regularizers else ())
        }
        for wired in self.objective.regularizers:
            seen: dict[str, Comparison] = {}
            for phase, comparisons in by_phase.items():
                if wired.phases is None or phase in wired.phases:
                    found = {name: each for name, each in comparisons.items() if wired.on in (None, name)}
                    seen = {**found, **seen}
            with blaming(wired.regularizer, f"regularizer '{wired.key}'"):
                wired.regularizer.build(self.players, seen)

    @torch.no_grad()
    def _first_comparisons(self, batch: Mapping[str, Tensor], step: Step) -> Mapping[str, Comparison]:
        """Return the comparisons of a batch in inference mode: shapes to build from, nothing is changed."""
        if not self.players["discriminator"].networks:
            return {}
        self._enter(step)
        view = replace(self._view(batch, step), training=False)
        return self.objective.compare(replace(view, fakes=self._generate(view, with_gradient=False)))

    def _optimizers_of(self, name: PlayerName, optimizers: Mapping[str, keras.optimizers.Optimizer]) -> OptimizerGroup:
        """Return one player's optimizers: its own, and those of single networks."""
        own = {key: optimizers[key] for key in self.players[name].networks if key in optimizers and key != name}
        variables = {key: self.players[name].networks[key].trainable_variables for key in own}
        return OptimizerGroup(name, optimizers.get(name), own, variables)

    # -- time and state ------------------------------------------------------------------------------------------------

    def _enter(self, step: Step) -> None:
        """Set all that is a function of the step: generators, learning rates, networks that change over time."""
        seed_everything(self.seed, "step", step.number)
        for name, network in self.networks.items():
            reseed_network(network, self.seed, name, step.number)
        for name, architecture in self.architectures.items():
            with blaming(architecture, f"architecture of '{name}'", step=step.number):
                for network in (self.networks.get(name), self.averages().get(name)):
                    if network is not None:
                        architecture.begin_step(network, step)
        for group in self.optimizer_groups.values():
            if step.phase_step == 0 and step.phase in self._reset_optimizers and self._ready:
                group.reset(self._fresh_optimizers[group.player])
                self._written_rates.clear()
            self._set_learning_rates(group, step)

    def _set_learning_rates(self, group: OptimizerGroup, step: Step) -> None:
        """Write the rates of this step where they changed."""
        factors = self._rate_factors(group.player, step) if self._ready else None  # regularizers are built by then
        for name, optimizer in group.optimizers.items():
            if (name, step.phase) in self.learning_rates:
                schedule, number = self.learning_rates[name, step.phase], step.phase_step
            elif (name, "") in self.learning_rates:
                schedule, number = self.learning_rates[name, ""], step.number
            else:
                continue
            rate = rate_at(schedule, number, name, step=step) * self.rate_scale(step.number)
            if factors:
                self._written_rates.pop(name, None)
                optimizer.learning_rate.value.data.copy_(torch.as_tensor(rate) * factors)
            elif self._written_rates.get(name) != rate:
                optimizer.learning_rate.value.data.fill_(rate)  # assign() would wait for a GPU
                self._written_rates[name] = rate

    def _rate_factors(self, player: PlayerName, step: Step) -> Any:
        """Return the product of what regularizers multiply the player's rates with; None when none does."""
        found: Any = None
        for wired in self.objective.active_regularizers("learning_rate_factor", step):
            what = f"regularizer '{wired.key}'"
            with blaming(wired.regularizer, what, step=step.number):
                factor = wired.regularizer.learning_rate_factor(player, step=step)
            if not isinstance(factor, int | float | torch.Tensor) or (isinstance(factor, torch.Tensor) and factor.ndim):
                problem = (
                    f"learning_rate_factor() returned {type(factor).__name__}, expected a number or a scalar tensor"
                )
                raise broken_contract(wired.regularizer, what, problem, step=step.number)
            found = factor if found is None else found * factor
        return found

    def _view(self, batch: Mapping[str, Tensor], step: Step) -> View:
        """Return what the task sees of this batch, on the training device."""
        device = get_device()
        on_device = {name: value.to(device, non_blocking=True) for name, value in batch.items()}
        return View(
            networks=self.networks,
            batch=on_device,
            count=max((len(values) for values in on_device.values()), default=0),
            step=step,
            rng=self._stream("task", step),
            fitted=self.fitted,
        )

    def _stream(self, name: str, step: Step) -> Random:
        return Random(self.seed, name, step.number)

    def averages(self) -> Mapping[str, Network]:
        """Return the averaged copies of the products; none without an average."""
        return {} if self.average is None else self.average.networks

    def float32_eager(self) -> AbstractContextManager[None]:
        """Run networks in float32 and uncompiled inside this block: for penalties, pictures and scores."""
        return self._float32_eager()

    def sampling_networks(self) -> dict[str, Network]:
        """Return the networks to sample from: the averaged copy where there is one."""
        return {**self.networks, **self.averages()}

    def state(self) -> dict[str, Variable]:
        """Return everything that changes during training, by a name that depends on roles and order alone."""
        found = network_state(self.networks, self.averages())
        for group in self.optimizer_groups.values():
            for name, optimizer in group.optimizers.items():
                found |= numbered(f"optimizers/{name}", optimizer.variables)
        found |= self.turns.state()
        for key, component in self.components():
            found |= _state_of(key, component)
        return found

    def report(self) -> dict[str, float]:
        """Return the numbers that components report about themselves, by `kind/key/name`."""
        found: dict[str, float] = {}
        for key, component in self.components():
            with blaming(component, f"report() of '{key}'", step=max(self.step_number - 1, 0)):
                found |= {f"{key}/{name}": float(value) for name, value in component.report().items()}
        return found

    def components(self) -> Iterator[tuple[str, Any]]:
        """Yield every component that may hold state or report numbers, with the first part of its name."""
        yield "task", self.task
        for loss in self.objective.losses:
            if loss.loss is not None:
                yield f"losses/{loss.key}", loss.loss
        for regularizer in self.objective.regularizers:
            yield f"regularizers/{regularizer.key}", regularizer.regularizer

    def restore(self, values: Mapping[str, Any], step_number: int) -> None:
        """Take over verified state: exactly the names and shapes of `state()`."""
        for name, variable in self.state().items():
            variable.assign(values[name])
        self.step_number = step_number
        self._written_rates.clear()


def _unscaled(_number: int) -> float:
    return 1.0


def _state_of(key: str, component: Any) -> dict[str, Variable]:
    with blaming(component, f"'{key}'"):
        state = component.state()
    if not isinstance(state, Mapping) or not all(isinstance(each, keras.Variable) for each in state.values()):
        raise broken_contract(component, f"'{key}'", "state() must return keras.Variables by name")
    return {f"{key}/{name}": variable for name, variable in state.items()}


def _player(name: PlayerName, networks: Mapping[str, Network], specs: Sequence[NetworkSpec]) -> Player:
    mine = {spec.name: networks[spec.name] for spec in specs if spec.player == name}
    variables = tuple(variable for network in mine.values() for variable in network.trainable_variables)
    return Player(name=name, networks=mine, variables=variables)


def _seen_by(name: PlayerName, view: View) -> View:
    return replace(view, fakes=_detached(view.fakes)) if name == "discriminator" else view


def _detached(fakes: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: fake.detach() for name, fake in fakes.items()}


def _weighted_sum(player: PlayerName, terms: Mapping[str, Term]) -> Tensor:
    total = sum((term.weight * term.value for term in terms.values()), torch.zeros(()))
    if not total.requires_grad:
        raise PluginError(f"the {player}'s losses ({', '.join(terms)}) do not depend on its weights")
    return total
