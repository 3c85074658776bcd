"""Calls of whole networks without the cost of Keras' bookkeeping around them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from ganzoo.execution.keras_internals import current_autocast_scope

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Network

_ANSWER = "_ganzoo_answer"


def answer_directly(network: Network, answer: Callable[[Any, bool], Any]) -> None:
    """Let `network(inputs, training=...)` give what `answer` returns; where that is None, take Keras' way.

    Keras converts, checks, names and counts around each call, which takes as long as a small network itself. So it is
    while the network has the `call` that it has now, and nobody listens to its calls.
    """
    cls: Any = type(network)
    network.__dict__[_ANSWER] = (network.call, answer)
    network.__class__ = _answering(cls)


@cache
def _answering(cls: Any) -> Any:
    """Return the class that answers directly; it is called as the other in files and messages."""

    def call(self: Any, *inputs: Any, **options: Any) -> Any:
        training = options.get("training")
        if len(inputs) == len(options) == 1 and isinstance(training, bool) and _is_undisturbed(self):
            _, answer = self.__dict__[_ANSWER]
            found = answer(inputs[0], training)
            if found is not None:
                return found
        return cls.__call__(self, *inputs, **options)

    names = {"__module__": cls.__module__, "__qualname__": cls.__qualname__, "__doc__": cls.__doc__}
    return type(cls.__name__, (cls,), {**names, "__call__": call})


def _is_undisturbed(network: Any) -> bool:
    """Return whether nobody has changed or listens to what a call does, or sets the dtype that it computes in."""
    call, _ = network.__dict__.get(_ANSWER, (None, None))
    hooks = network._forward_hooks or network._forward_pre_hooks
    return call is not None and network.__dict__.get("call") is call and not hooks and current_autocast_scope() is None
