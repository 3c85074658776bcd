"""Networks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from ganzoo.contracts.component import Component

if TYPE_CHECKING:
    from ganzoo.contracts.field import Signature
    from ganzoo.contracts.tensor import Network


class Architecture(Component, ABC):
    """Builds one network for what a task asks of it.

    `role` says what the network can be used as; a recipe that puts a generator in the discriminator's place is
    refused. Roles known to everyone: `generator`, `discriminator`, `encoder`, `classifier`. A task may name others.

    A discriminator ends in logits (no sigmoid): output `logits` of shape (1,) per image, or (h, w, 1) for patches. A
    task may ask for more outputs of it: `features` are the flat activations before the logits; any other name is one
    more linear head on these, of the field's shape.

    A network that changes over the run (progressive growing, say) has a method `begin_step(step: Step)`; it is
    called before each step and must depend on nothing but its argument.
    """

    kind = "architecture"
    role: ClassVar[str]

    @abstractmethod
    def build(self, signature: Signature) -> Network:
        """Return a new `keras.Model` with these inputs and outputs; its initial weights derive from Keras' seeds.

        ValueError or DataError, with what was expected, when the signature cannot be met.
        """


class Features(Component, ABC):
    """A frozen network whose activations are compared instead of pixels."""

    kind = "architecture"
    role: ClassVar[str] = "features"

    #: The layers whose activations can be asked for, shallow to deep.
    layers: ClassVar[tuple[str, ...]]

    #: What numbers computed with this network must be labelled with, e.g. `VGGHED`.
    label: str

    @abstractmethod
    def build(self, layers: tuple[str, ...]) -> Network:
        """Return a frozen `keras.Model` from RGB images in [-1, 1] to a dict of activations (channels last) by layer.

        The network does its own preprocessing. DataError naming the remedy when its weights are not on this machine.
        """
