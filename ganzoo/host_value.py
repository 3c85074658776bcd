"""A number that is copied from the device to the host without making a step wait for it."""

from __future__ import annotations

from collections.abc import Mapping

import keras
import torch

from ganzoo.contracts.tensor import Tensor, Variable


class HostValue:
    """Gives a component on the host the number that it pushed one update earlier.

    A controller of turns decides on the host. Reading the newest value from a GPU would make every step wait for the
    device; this reads a copy that began one update earlier. The lag is the same on every device, so runs stay exact:
    include `state()` in the component's state.
    """

    def __init__(self, initial: float = 0.0) -> None:
        with keras.device("cpu"):
            self._current = keras.Variable(initial, dtype="float32", trainable=False)
            self._pending = keras.Variable(initial, dtype="float32", trainable=False)
        self._travelling: tuple[Tensor, torch.cuda.Event] | None = None

    @property
    def value(self) -> float:
        """The number pushed before the newest one."""
        return float(self._current.value)

    def push(self, value: Tensor) -> None:
        """Start copying a scalar to the host; the one pushed before becomes `value`."""
        self._arrive()
        self._current.value.data.copy_(self._pending.value.data)
        if value.device.type != "cuda":
            self._pending.value.data.copy_(value.detach())
            return
        host = torch.empty((), dtype=torch.float32, pin_memory=True)
        host.copy_(value.detach(), non_blocking=True)
        event = torch.cuda.Event()  # type: ignore[no-untyped-call]
        event.record()
        self._travelling = (host, event)

    def state(self) -> Mapping[str, Variable]:
        """Return what a checkpoint needs, by name."""
        self._arrive()
        return {"current": self._current, "pending": self._pending}

    def _arrive(self) -> None:
        if self._travelling is not None:
            host, event = self._travelling
            event.synchronize()
            self._pending.value.data.copy_(host)
            self._travelling = None
