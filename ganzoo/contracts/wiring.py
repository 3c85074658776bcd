"""How a recipe connects components: which loss acts on what, how strongly, in which phases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ganzoo.contracts.callback import Callback
from ganzoo.contracts.comparison import Verdict
from ganzoo.contracts.loss import Loss, PairLoss
from ganzoo.contracts.metric import Metric
from ganzoo.contracts.optimizer import Optimizer
from ganzoo.contracts.regularizer import PlayerName, Regularizer
from ganzoo.contracts.schedule import Constant, Schedule
from ganzoo.contracts.step import Step
from ganzoo.contracts.task import LossTargets

_ONE = Constant(1.0)


@dataclass(frozen=True, kw_only=True)
class _Wired:
    """A loss or regularizer in a recipe: a unique key for the logs, a weight, the phases (None: all)."""

    key: str
    on: str | None = None
    weight: Schedule = _ONE
    phases: frozenset[str] | None = None

    def is_active(self, step: Step) -> bool:
        """Return whether it acts in this step's phase."""
        return self.phases is None or step.phase in self.phases

    def seen(self, judged: Mapping[str, Verdict]) -> dict[str, Verdict]:
        """Return the comparisons that it acts on."""
        return {name: verdict for name, verdict in judged.items() if self.on in (None, name)}


@dataclass(frozen=True, kw_only=True)
class WiredLoss(_Wired):
    """Either a loss component on a comparison or pair (`on`; None: every comparison, or the only pair), or a term."""

    loss: Loss | None = None
    term: str | None = None

    @property
    def is_adversarial(self) -> bool:
        """Whether it acts on logits, for both players."""
        return self.loss is not None and not isinstance(self.loss, PairLoss)

    def trains(self, exposes: LossTargets) -> tuple[PlayerName, ...]:
        """Return the trained players: generator for a pair loss, both for an adversarial one, or those of the term."""
        if self.term is not None:
            return exposes.terms[self.term]
        return ("discriminator", "generator") if self.is_adversarial else ("generator",)

    def is_offered(self, offered: LossTargets) -> bool:
        """Return whether the task offers what it acts on."""
        if self.term is not None:
            return self.term in offered.terms
        targets = offered.comparisons if self.is_adversarial else offered.pairs
        return bool(targets) if self.on is None else self.on in targets


@dataclass(frozen=True, kw_only=True)
class WiredRegularizer(_Wired):
    """A regularizer on one comparison (None: all); its penalties are computed at every `interval`-th update."""

    regularizer: Regularizer
    interval: int = 1


@dataclass(frozen=True, kw_only=True)
class WiredMetric:
    """A metric, made anew for each row of a table; `table` is its part of the recipe with every default."""

    key: str
    make: Callable[[], Metric]
    table: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class WiredOptimizer:
    """An optimizer, and its learning rate as a function of the step."""

    optimizer: Optimizer
    rate: Schedule


@dataclass(frozen=True, kw_only=True)
class WiredCallback:
    """A callback that watches every `every`-th step (None: whenever losses are logged)."""

    key: str
    callback: Callback
    every: int | None = None
