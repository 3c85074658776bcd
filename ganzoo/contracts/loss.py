"""Losses: adversarial ones on logits, pair losses on an output and its target."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from ganzoo.contracts.component import Component

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Tensor


class Loss(Component):
    """The base class of losses. The recipe sets weight, phases and target; the loss returns an unweighted scalar."""

    kind = "loss"

    def build(self) -> None:
        """Create feature networks and variables; called once, before the first step."""


class AdversarialLoss(Loss, ABC):
    """Acts on the logits of a comparison: (batch, 1), or (batch, h, w, 1) for patches. Takes the mean over all."""

    @abstractmethod
    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return the scalar that the discriminator minimises."""

    @abstractmethod
    def generator_loss(self, fake_logits: Tensor) -> Tensor:
        """Return the scalar that the generator minimises."""


class RelativisticLoss(Loss, ABC):
    """An adversarial loss whose generator side needs the real logits too."""

    @abstractmethod
    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return the scalar that the discriminator minimises."""

    @abstractmethod
    def generator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return the scalar that the generator minimises."""


class PairLoss(Loss, ABC):
    """Compares an output with its target; trains the generator's side."""

    @abstractmethod
    def __call__(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the scalar distance; both have the same shape, images in [-1, 1]."""
