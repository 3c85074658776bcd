"""Optimizers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from ganzoo.contracts.component import Component

if TYPE_CHECKING:
    import keras


class Optimizer(Component, ABC):
    """Makes the Keras optimizer of one player, or of one network.

    The recipe gives the learning rate, which the model writes before each step. The state of an optimizer consists of
    variables that Keras knows (`add_variable_from_reference`, `add_optimizer_variables`): they are saved and restored.
    """

    kind = "optimizer"

    @abstractmethod
    def build(self, learning_rate: float) -> keras.optimizers.Optimizer:
        """Return a new optimizer with this learning rate to begin with."""
