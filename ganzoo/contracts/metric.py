"""Scores on held-out data."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from ganzoo.contracts.component import Component

if TYPE_CHECKING:
    from ganzoo.contracts.results import OpenTraining
    from ganzoo.contracts.tensor import Example

#: One field of an identity record, as JSON has it.
Fact: TypeAlias = "str | int | float | bool | None"

#: What decides a score, by the name of the field: two scores compare only where all of it is the same.
Identity: TypeAlias = "Mapping[str, Fact]"


class Metric(Component, ABC):
    """Accumulates the results that a task's `evaluate` yields, then returns named scores.

    One instance scores one method (a table row); the core makes a new one for each. `output` and `target` hold
    arrays by field name: one photograph each (uint8, H x W x C, no batch axis) for image restoration, or arrays with
    a first axis of examples for generation. Each metric's docstring says which it expects.
    """

    kind = "metric"

    #: Decides which row of a table is marked as the best.
    larger_is_better: bool = True

    def build(self, training: OpenTraining) -> None:
        """Load feature networks and reference data; called once, before the first update.

        `training()` opens the training data, by stream, for a metric that compares with them.
        """

    @abstractmethod
    def update(self, output: Example, target: Example) -> None:
        """Add one output and its target, or a set of fakes and a set of reals."""

    @abstractmethod
    def result(self) -> Mapping[str, float]:
        """Return the scores by name, e.g. `{"psnr_y": 29.3}`; the name states the protocol."""

    def identity(self) -> Identity:
        """Return what decides the scores beyond options, data and results: hashes of weights, a way to resize.

        Asked once `result` was. The core records the metric's name and all its options itself.
        """
        return {}
