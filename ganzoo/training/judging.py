"""The discriminator's outputs for a comparison, computed when they are needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

import torch

from ganzoo.contracts.comparison import Comparison, logit_maps
from ganzoo.contracts.tensor import Tensor
from ganzoo.execution.batches import concatenated_batch


class LazyVerdict:
    """Judges each side of a comparison once, when it is first needed.

    `make` returns the comparison as the discriminator sees it; it is called when somebody asks. With
    `real_gradient=False` the real side carries no graph: the generator's update never needs one. With `one_batch` both
    sides are judged in one call, with the results of two. `fakes` is what the task generated.
    """

    def __init__(
        self,
        make: Callable[[], Comparison],
        *,
        fakes: Mapping[str, Tensor],
        real_gradient: bool = True,
        one_batch: bool = False,
    ) -> None:
        self.fakes = fakes
        self._make = make
        self._real_gradient = real_gradient
        self._one_batch = one_batch

    @cached_property
    def comparison(self) -> Comparison:
        """The comparison, with real and fake as the discriminator sees them."""
        return self._make()

    @cached_property
    def real(self) -> Mapping[str, Any]:
        """The discriminator's outputs for the real side."""
        if self._one_batch:
            return self._both[0]
        with torch.set_grad_enabled(self._real_gradient):
            return self.comparison.outputs(self.comparison.real)

    @cached_property
    def fake(self) -> Mapping[str, Any]:
        """The discriminator's outputs for the fake side."""
        if self._one_batch:
            return self._both[1]
        return self.comparison.fake_outputs(self.comparison.fake)

    def sides(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield the sides whose logits somebody needed, with the outputs for them."""
        for side in ("real", "fake"):
            if "logits" in vars(self).get(side, ()):
                yield side, getattr(self, side)

    @cached_property
    def _both(self) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        with concatenated_batch():
            judged = self.comparison.outputs(torch.cat([self.comparison.real, self.comparison.fake]))
        real, fake = (_half(judged, index) for index in (0, 1))
        return real, fake


def mean_logits(judged: Mapping[str, LazyVerdict]) -> dict[str, Tensor]:
    """Return the mean of the logits by `COMPARISON/SIDE`, of those that were computed; every map counts the same."""
    found = {}
    for name, verdict in judged.items():
        for side, outputs in verdict.sides():
            means = [logits.detach().mean(dtype=torch.float32) for logits in logit_maps(outputs)]
            found[f"{name}/{side}"] = means[0] if len(means) == 1 else torch.stack(means).mean()
    return found


def _half(value: Any, index: int) -> Any:
    """Return the first or second half of each tensor, in lists and dicts too."""
    if isinstance(value, Mapping):
        return {name: _half(part, index) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_half(part, index) for part in value]
    return value.chunk(2)[index]
