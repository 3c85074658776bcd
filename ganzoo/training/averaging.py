"""The exponential moving average of the products' weights."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import torch

from ganzoo.contracts.tensor import Network


class WeightAverage:
    """Averages trainable weights after each update of their side and copies the rest (batch-norm statistics).

    The average begins after `start` updates, and equals the newest weights until then. With `ramp_up` the decay starts
    low, min(decay, (1 + n) / (10 + n)) after n more updates, so that the beginning is forgotten soon.
    """

    def __init__(self, networks: Mapping[str, Network], *, decay: float, ramp_up: bool, start: int = 0) -> None:
        self.networks = dict(networks)
        self._decay = decay
        self._ramp_up = ramp_up
        self._start = start

    def start_from(self, live: Mapping[str, Network], only: Collection[str] | None = None) -> None:
        """Make the averages, all or only some, equal to the live networks."""
        for name, average in self.networks.items():
            if only is not None and name not in only:
                continue
            for mine, other in zip(average.weights, live[name].weights, strict=True):
                mine.assign(other)

    @torch.no_grad()
    def update(self, live: Mapping[str, Network], updates: int) -> None:
        """Move the averages of these networks towards the live weights, as after update number `updates` (from 0)."""
        decay = self._decay_after(updates - self._start)
        for name, average in self.networks.items():
            if name not in live:
                continue
            torch._foreach_lerp_(_trainable(average), _trainable(live[name]), 1 - decay)
            for mine, other in zip(_frozen(average), _frozen(live[name]), strict=True):
                mine.copy_(other)

    def _decay_after(self, updates: int) -> float:
        if updates < 0:
            return 0.0
        return min(self._decay, (1 + updates) / (10 + updates)) if self._ramp_up else self._decay


def _trainable(network: Network) -> list[torch.Tensor]:
    return [variable.value.data for variable in network.trainable_weights]


def _frozen(network: Network) -> list[torch.Tensor]:
    return [variable.value.data for variable in network.non_trainable_weights]
