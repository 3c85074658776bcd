"""Nothing that is not finite reaches a weight unnoticed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch

from ganzoo.contracts.tensor import Tensor
from ganzoo.execution.layout import flat_view

#: From so many numbers on, torch's copy of what is not contiguous takes longer than a view of it.
_LARGE = 2**16


class NotFinite(ArithmeticError):
    """An update was refused; `losses` are the terms of the player's loss as they were."""

    def __init__(self, player: str, what: str) -> None:
        super().__init__(f"the {player}'s {what} is not finite; the update was not made")
        self.player = player
        self.losses: Mapping[str, float] = {}


class FiniteGuard:
    """Looks at every update's loss and gradient norm.

    On a CPU it refuses the update itself. On a GPU that would wait for the device at every step: there a copy of the
    verdict travels along and is looked at when it has arrived, mostly one step later. Weights are verified again
    before each save, so that nothing broken is ever stored.
    """

    def __init__(self) -> None:
        self._travelling: list[tuple[str, Tensor, torch.cuda.Event]] = []

    def check(self, player: str, loss: Tensor, norm: Tensor) -> None:
        """Raise NotFinite when the loss, or the norm of its gradient, is known not to be finite."""
        if loss.device.type == "cuda":
            self._send(player, loss.detach() + norm)
            self._receive()
        elif not math.isfinite((loss.detach() + norm).item()):
            raise NotFinite(player, "gradient" if torch.isfinite(loss) else "loss")

    def _send(self, player: str, verdict: Tensor) -> None:
        host = torch.empty((), dtype=verdict.dtype, pin_memory=True)
        host.copy_(verdict, non_blocking=True)
        event = torch.cuda.Event()  # type: ignore[no-untyped-call]
        event.record()
        self._travelling.append((player, host, event))

    def _receive(self) -> None:
        while self._travelling and self._travelling[0][2].query():  # type: ignore[no-untyped-call]
            player, verdict, _ = self._travelling.pop(0)
            if not torch.isfinite(verdict):
                raise NotFinite(player, "loss or gradient")


def global_norm(gradients: Sequence[Tensor]) -> Tensor:
    """Return the 2-norm over all gradients together; never waits for the device."""
    if not gradients:
        return torch.zeros(())
    rows = [flat_view(each) if each.numel() > _LARGE else each for each in gradients]
    norm: Tensor = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(rows)))
    return norm
