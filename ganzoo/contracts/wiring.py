"""How a recipe connects components: which loss acts on what, how strongly, in which phases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ganzoo.contracts.loss import Loss, PairLoss
from ganzoo.contracts.metric import Metric
from ganzoo.contracts.regularizer import PlayerName, Regularizer
from ganzoo.contracts.schedule import Constant, Schedule
from ganzoo.contracts.step import Step
from ganzoo.contracts.task import Exposes

_ONE = Constant(1.0)


@dataclass(frozen=True, kw_only=True)
class _Wired:
    """What losses and regularizers have in common: a unique key for the logs, a weight, the phases (None: all)."""

    key: str
    on: str | None = None
    weight: Schedule = _ONE
    phases: frozenset[str] | None = None

    def is_active(self, step: Step) -> bool:
        """Return whether it acts in this step's phase."""
        return self.phases is None or step.phase in self.phases


@dataclass(frozen=True, kw_only=True)
class WiredLoss(_Wired):
    """Either a loss component on a comparison or pair (`on`; None: every comparison, or the only pair), or a term."""

    loss: Loss | None = None
    term: str | None = None

    def trains(self, exposes: Exposes) -> tuple[PlayerName, ...]:
        """Return whom it trains: a pair loss the generator, an adversarial one both, a term whom the task says."""
        if self.term is not None:
            return exposes.terms[self.term]
        return ("generator",) if isinstance(self.loss, PairLoss) else ("discriminator", "generator")

    def weight_for(self, player: PlayerName, step: Step) -> float:
        """Return the weight in this player's total.

        An adversarial loss is weighted for the generator, among its other losses. The discriminator's side always
        counts 1: weighted down, its gradients would sink to the epsilon of Adam, and penalties would outweigh it.
        """
        adversarial = self.loss is not None and not isinstance(self.loss, PairLoss)
        return 1.0 if adversarial and player == "discriminator" else self.weight(step.number)


@dataclass(frozen=True, kw_only=True)
class WiredRegularizer(_Wired):
    """A regularizer on one comparison (None: all); its penalties are computed at every `interval`-th update."""

    regularizer: Regularizer
    interval: int = 1


@dataclass(frozen=True, kw_only=True)
class WiredMetric:
    """A metric, made afresh for each row of a table."""

    key: str
    make: Callable[[], Metric]
