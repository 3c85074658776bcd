"""Components that watch a run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ganzoo.contracts.component import Component

if TYPE_CHECKING:
    import keras

    from ganzoo.contracts.tensor import Network


class Watched(Protocol):
    """The `model` of a callback of a run."""

    #: How many steps of the run are done.
    step: int
    #: The phase of the last of them.
    phase: str

    @property
    def networks(self) -> Mapping[str, Network]:
        """The networks to sample from by name: the averaged copy where there is one."""

    @property
    def pictures(self) -> Mapping[int, Path]:
        """The sample pictures that the run has written so far, by the number of steps that were done."""


class Callback(Component, ABC):
    """Builds a Keras callback that watches a run. It does not influence weights; a run continues if it fails.

    It acts at `on_train_begin`, after each `every`-th step of the run and after the last one at `on_train_batch_end`
    and then at `on_epoch_end` (so that callbacks of Keras that act after an epoch do so at each of these steps), and at
    `on_train_end`. The first argument is how many steps of the run are done, as in metrics.jsonl; the logs hold what
    the last of them returned (losses, logits, gradient norms, learning rates) as plain numbers. `self.model` is a
    `ganzoo.Watched`.
    """

    kind = "callback"

    def check(self) -> None:
        """Raise BackendError with the remedy where a package is missing; called before anything is written."""

    @abstractmethod
    def build(self, folder: Path) -> keras.callbacks.Callback:
        """Return the callback; it writes only into `folder`, which exists and belongs to it.

        A resumed run finds there what its earlier process wrote, perhaps for steps that are repeated.
        """
