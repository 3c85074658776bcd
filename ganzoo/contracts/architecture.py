"""Networks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from ganzoo.contracts.component import Component

if TYPE_CHECKING:
    from ganzoo.contracts.field import Signature
    from ganzoo.contracts.step import Step
    from ganzoo.contracts.tensor import Network, Variable


class Architecture(Component, ABC):
    """Builds one network for what a task asks of it.

    `role` is what the network can be used as; a recipe that puts a generator in the discriminator's place is refused.
    Common roles are `generator`, `discriminator`, `encoder` and `classifier`. A task may name others.

    A discriminator ends in logits (no sigmoid): output `logits`, (batch, 1) or a map (batch, h, w, 1), or a list of
    such tensors. A task or a regularizer may ask for more outputs of it: `features` is the flat activation before the
    logits, `features/NAME` the output of its layer NAME; any other name is one more linear head, of the field's shape.
    """

    kind = "architecture"
    role: ClassVar[str]

    @abstractmethod
    def build(self, signature: Signature) -> Network:
        """Return a new `keras.Model` with these inputs and outputs; its initial weights derive from Keras' seeds.

        ValueError or DataError, with what was expected, when the signature cannot be met.
        """

    def begin_step(self, network: Network, step: Step) -> None:
        """Set what changes in the network during the run (the fade of a growing network); called before each step.

        It depends on the step only, and sets non-trainable variables of the network, which exported files contain.
        """

    def state_dict_names(self, network: Network) -> Sequence[Mapping[str, Variable]]:
        """Return all weights of the network by their keys in the state dicts that are published of it for PyTorch.

        One mapping for each way of naming in use: files in all of them are read, and the first is written. The core
        transposes kernels (h, w, inputs, outputs) and (inputs, outputs) to torch's outputs first. Nothing, the
        default, is for a network that no other program knows.
        """
        return ()

    @classmethod
    def from_state_dict(cls, shapes: Mapping[str, tuple[int, ...]]) -> tuple[Architecture, Signature] | None:
        """Return the architecture, and for what it is to be built, of a state dict with arrays of these shapes.

        None, the default, for state dicts of other networks. With it, commands use a published file without a run.
        """
        return None


class Features(Component, ABC):
    """A frozen network whose activations are compared instead of pixels."""

    kind = "architecture"
    role: ClassVar[str] = "features"

    #: The layers whose activations can be asked for, shallow to deep.
    layers: ClassVar[tuple[str, ...]]

    #: The label of numbers that are computed with this network, such as `VGGHED`.
    label: str

    @abstractmethod
    def build(self, layers: tuple[str, ...]) -> Network:
        """Return a frozen `keras.Model` from RGB images in [-1, 1] to a dict of activations (channels last) by layer.

        The network does its own preprocessing. DataError naming the remedy when its weights are not on this machine.
        """
