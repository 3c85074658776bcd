"""A run of a few steps, by the model that trains every recipe: what checks of tasks and regularizers look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ganzoo.contracts.loss import AdversarialLoss, PairLoss
from ganzoo.contracts.schedule import Constant
from ganzoo.contracts.task import View
from ganzoo.contracts.wiring import WiredLoss, WiredRegularizer
from ganzoo.testing.demands import copies, demand, explained, first_difference, left_as_they_are
from ganzoo.testing.networks import SmallNetwork

if TYPE_CHECKING:
    from ganzoo.contracts.architecture import Architecture
    from ganzoo.contracts.field import Field
    from ganzoo.contracts.regularizer import PlayerName
    from ganzoo.contracts.task import LossTargets, NetworkSpec, Task
    from ganzoo.contracts.tensor import Example, Tensor
    from ganzoo.training.model import AdversarialModel

STEPS = 10
#: The step at which a second model resumes from the state of the first.
_CUT = 4
_RATE = 1e-3
Batches = Callable[[int], Mapping[str, "Tensor"]]


class Logistic(AdversarialLoss):
    """The plain loss of GANs, without saturation."""

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        from torch.nn.functional import softplus

        return softplus(-real_logits).mean() + softplus(fake_logits).mean()

    def generator_loss(self, fake_logits: Tensor) -> Tensor:
        from torch.nn.functional import softplus

        return softplus(-fake_logits).mean()


class Distance(PairLoss):
    """The mean squared difference."""

    def __call__(self, output: Tensor, target: Tensor) -> Tensor:
        return (output - target).square().mean()


@dataclass(frozen=True)
class Parts:
    """The parts of a recipe from which networks are built."""

    task: Task
    architectures: Mapping[str, Architecture]
    losses: Sequence[WiredLoss]
    regularizers: Sequence[WiredRegularizer] = ()
    fitted: Example = field(default_factory=dict)


class ShortRun:
    """A model and the batches of its first steps."""

    def __init__(self, cls: type[Any], parts: Parts, fields: Mapping[str, Field], batches: Batches) -> None:
        self.cls = cls
        self.parts = parts
        self.batches = batches
        with explained(cls):
            self.model = _model(parts, fields)
            self.model.prepare(batches(0))

    def go(self, first: int, last: int) -> list[Mapping[str, float]]:
        """Take these steps; return what each logged."""
        logs = []
        for number in range(first, last):
            batch = self.batches(number)
            with left_as_they_are(self.cls, "a step", batch):
                logs.append(self._step(number, batch))
        return logs

    def state(self) -> Any:
        """Copy what a checkpoint would hold."""
        from ganzoo.training.state import to_arrays

        with explained(self.cls, "state()"):
            return to_arrays(self.model.state())

    def view(self, player: PlayerName, number: int) -> View:
        """Return what the task and the regularizers see in a player's update."""
        model = self.model
        step = model.timeline.at(number)
        batch = self.batches(number)
        count = max(len(values) for values in batch.values())
        rng = _stream(number)
        view = View(networks=model.networks, batch=batch, count=count, step=step, rng=rng, fitted=self.parts.fitted)
        fakes = model.task.generate(view)
        if player == "discriminator":
            fakes = {name: fake.detach() for name, fake in fakes.items()}
        view = replace(view, fakes=fakes, rng=view.rng.child(player))
        if not model.players["discriminator"].networks:
            return view
        return replace(view, judged=model.objective.judge(player, view, model.objective.compare(view)))

    def _step(self, number: int, batch: Mapping[str, Tensor]) -> Mapping[str, float]:
        from ganzoo.training.guard import NotFinite

        with explained(self.cls, f"step {number + 1}"):
            try:
                return {name: float(value) for name, value in self.model.train_step(batch).items()}
            except NotFinite as refused:
                losses = ", ".join(f"{name} {value:g}" for name, value in refused.losses.items())
                raise ArithmeticError(f"{refused}: {losses}") from refused


def check_repeatable(cls: type[Any], make: Callable[[], ShortRun]) -> ShortRun:
    """Ask for the same run twice, and in two parts; return the whole one."""
    whole, twin = make(), make()
    logs = whole.go(0, _CUT)
    middle = copies(whole.state())
    logs += whole.go(_CUT, STEPS)
    difference = first_difference([*logs, whole.state()], [*twin.go(0, STEPS), twin.state()])
    demand(
        difference is None,
        cls,
        f"must give the same run twice; all randomness comes from rng, all state from state() ({difference} differs)",
    )
    _check_resume(cls, whole, logs, middle, make())
    return whole


def _check_resume(
    cls: type[Any], whole: ShortRun, logs: list[Mapping[str, float]], middle: Mapping[str, Any], fresh: ShortRun
) -> None:
    demand(
        middle.keys() == fresh.state().keys() == whole.state().keys(),
        cls,
        "state() must keep its names; create variables in build()",
    )
    fresh.model.restore(middle, _CUT)
    again = fresh.go(_CUT, STEPS)
    difference = first_difference([*logs[_CUT:], whole.state()], [*again, fresh.state()])
    demand(
        difference is None,
        cls,
        f"must resume from what state() returns as if it had not stopped ({difference} differs); an attribute that "
        "changes, a separate random generator, or a variable that state() leaves out is lost",
    )


def specs_of(parts: Parts, fields: Mapping[str, Field]) -> tuple[NetworkSpec, ...]:
    """Return the networks of a task, checked as for a recipe."""
    from ganzoo.assembly import task_specs

    recipe: Any = parts
    return task_specs(recipe, fields, parts.fitted)


def all_losses(exposed: LossTargets) -> list[WiredLoss]:
    """Return a loss on everything that a task exposes."""
    adversarial = [WiredLoss(key=f"comparison '{name}'", on=name, loss=Logistic()) for name in exposed.comparisons]
    pairs = [WiredLoss(key=f"pair '{name}'", on=name, loss=Distance()) for name in exposed.pairs]
    return [*adversarial, *pairs, *(WiredLoss(key=f"term '{name}'", term=name) for name in exposed.terms)]


def _model(parts: Parts, fields: Mapping[str, Field]) -> AdversarialModel:
    from ganzoo.assembly import build_network
    from ganzoo.training.fused import FusedAdam
    from ganzoo.training.model import AdversarialModel

    specs = specs_of(parts, fields)
    networks = {spec.name: build_network(_architecture(parts, spec), spec, seed=0) for spec in specs}
    model = AdversarialModel(
        task=parts.task,
        networks=networks,
        specs=specs,
        architectures={spec.name: _architecture(parts, spec) for spec in specs},
        fitted=parts.fitted,
    )
    model.compile(
        losses=parts.losses,
        regularizers=parts.regularizers,
        optimizers={spec.player: FusedAdam(learning_rate=_RATE) for spec in specs},
        learning_rates={(spec.player, ""): Constant(_RATE) for spec in specs},
        phases=[("train", STEPS)],
    )
    return model


def _architecture(parts: Parts, spec: NetworkSpec) -> Architecture:
    return parts.architectures.get(spec.name) or parts.architectures.get(spec.role) or SmallNetwork()


def _stream(number: int) -> Any:
    from ganzoo.randomness import Random

    return Random(0, "task", number)
