"""Real against fake, with any condition already bound."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ganzoo.contracts.halves import in_halves

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Tensor

#: From images (or whatever is judged) to logits, or to a dict of outputs with `logits` among them.
Judge = Callable[["Tensor"], "Tensor | Mapping[str, Tensor]"]


@dataclass(frozen=True)
class Comparison:
    """What adversarial losses and penalties act on; they never learn about conditions.

    `real` and `fake` have the batch axis first and the same shape. `together` says that `judge` may be given both in
    one batch: it takes any number of images, without a condition for each place in the batch, and all that it returns
    has the batch axis first. That spares half of the calls; networks that mix examples are never used so.
    """

    judge: Judge
    real: Tensor
    fake: Tensor
    together: bool = False

    def outputs(self, images: Tensor) -> Mapping[str, Tensor]:
        """Judge the images; `logits` is always among the outputs."""
        judged = self.judge(images)
        return judged if isinstance(judged, Mapping) else {"logits": judged}

    def logits(self, images: Tensor) -> Tensor:
        """Judge the images and return only the logits."""
        return self.outputs(images)["logits"]


class Judged:
    """Both sides of a comparison after the discriminator has seen them; each side is computed once, when asked for.

    With `real_gradient=False` the real side carries no graph: the generator's update never needs one. With `together`
    both sides are computed in one call as soon as one is asked for, as if each had been alone.
    """

    def __init__(self, comparison: Comparison, *, real_gradient: bool = True, together: bool = False) -> None:
        self.comparison = comparison
        self._real_gradient = real_gradient
        self._together = together

    @cached_property
    def real(self) -> Mapping[str, Tensor]:
        """The discriminator's outputs for the real side."""
        if self._together:
            return self._both[0]
        import torch

        with torch.set_grad_enabled(self._real_gradient):
            return self.comparison.outputs(self.comparison.real)

    @cached_property
    def fake(self) -> Mapping[str, Tensor]:
        """The discriminator's outputs for the fake side."""
        if self._together:
            return self._both[1]
        return self.comparison.outputs(self.comparison.fake)

    @cached_property
    def _both(self) -> tuple[Mapping[str, Tensor], Mapping[str, Tensor]]:
        import torch

        with in_halves():
            judged = self.comparison.outputs(torch.cat([self.comparison.real, self.comparison.fake]))
        halves = {name: values.chunk(2) for name, values in judged.items()}
        return {name: real for name, (real, _) in halves.items()}, {name: fake for name, (_, fake) in halves.items()}
