"""Calls of whole networks without the cost of Keras' bookkeeping around them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from ganzoo.execution.keras_internals import current_autocast_scope

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Network

#: The attribute of a network that holds its `call`, and what runs in place of Keras' `__call__`.
_FAST_CALL = "_ganzoo_fast_call"


def use_fast_call(network: Network, run: Callable[[Any, bool], Any]) -> None:
    """Let `network(inputs, training=...)` return `run(inputs, training)`; where that is None, Keras makes the call.

    Keras converts, checks, names and counts around each call, which takes as long as a small network itself. It still
    does so once the network's `call` is replaced, and while somebody listens to its calls.
    """
    cls: Any = type(network)
    network.__dict__[_FAST_CALL] = (network.call, run)
    network.__class__ = _with_fast_call(cls)


@cache
def _with_fast_call(cls: Any) -> Any:
    """Return a subclass whose `__call__` is fast; it has the name of the class, which files and messages show."""

    def call(self: Any, *inputs: Any, **options: Any) -> Any:
        training = options.get("training")
        if len(inputs) == len(options) == 1 and isinstance(training, bool) and _is_unchanged(self):
            _, run = self.__dict__[_FAST_CALL]
            found = run(inputs[0], training)
            if found is not None:
                return found
        return cls.__call__(self, *inputs, **options)

    def reduce(self: Any) -> Any:
        rebuild, arguments = cls.__reduce__(self)  # a method of the class, which pickle finds by its name
        return getattr(cls, rebuild.__name__), arguments

    names = {"__module__": cls.__module__, "__qualname__": cls.__qualname__, "__doc__": cls.__doc__}
    return type(cls.__name__, (cls,), {**names, "__call__": call, "__reduce__": reduce})


def _is_unchanged(network: Any) -> bool:
    """Return whether the network has the same `call` as before, no hooks, and no dtype that a caller set."""
    call, _ = network.__dict__.get(_FAST_CALL, (None, None))
    hooks = network._forward_hooks or network._forward_pre_hooks
    return call is not None and network.__dict__.get("call") is call and not hooks and current_autocast_scope() is None
