"""What a component tells the user while it works."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


def _nobody(_message: str) -> None:
    """Listen to nothing."""


_listener: ContextVar[Callable[[str], None]] = ContextVar("listener", default=_nobody)


def tell(message: str) -> None:
    """Tell the user what a component does that takes long, such as training a classifier; nobody may be listening."""
    _listener.get()(message)


@contextmanager
def listening(note: Callable[[str], None]) -> Iterator[None]:
    """Hand what components tell inside to `note`."""
    token = _listener.set(note)
    try:
        yield
    finally:
        _listener.reset(token)
