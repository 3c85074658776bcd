"""Comparisons of real and fake, with conditions already bound."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Tensor

#: From samples to logits, or to a dict of outputs with `logits` among them.
Judge: TypeAlias = "Callable[[Tensor], Tensor | Mapping[str, Any]]"


@dataclass(frozen=True)
class Comparison:
    """Real, fake and the network that judges them: what adversarial losses and penalties act on, without conditions.

    `real` and `fake` have the batch axis first and the same shape. `judge` maps samples to logits, or to a dict of
    outputs with `logits` among them. Logits are one tensor, (batch, 1) or a map (batch, ..., 1), or a list of such
    tensors (several scales or periods); other outputs are tensors or lists of tensors.

    `fake_judge` judges the fakes where their condition differs from the reals' (other labels, other texts).

    `one_batch` states that `judge` accepts real and fake concatenated on axis 0: it has no condition per row of the
    batch, and all its outputs have the batch axis first. This halves the number of calls; it is used only for networks
    in which no layer mixes samples.
    """

    judge: Judge
    real: Tensor
    fake: Tensor
    fake_judge: Judge | None = None
    one_batch: bool = False

    def outputs(self, samples: Tensor) -> Mapping[str, Any]:
        """Judge samples as real ones are; `logits` is always among the outputs."""
        return _named(self.judge(samples))

    def fake_outputs(self, samples: Tensor) -> Mapping[str, Any]:
        """Judge samples as fakes are: by `fake_judge` where there is one."""
        return _named((self.fake_judge or self.judge)(samples))

    def logits(self, samples: Tensor) -> Any:
        """Judge samples as real ones are, and return only the logits."""
        return self.outputs(samples)["logits"]


class Verdict(Protocol):
    """The discriminator's outputs for both sides of a comparison; each side is computed once, when it is needed.

    `real` and `fake` hold the discriminator's outputs by name: `logits`, and every other output that the task or
    a regularizer asked for (`features`, class scores). In the generator's update `real` carries no gradient.
    """

    @property
    def comparison(self) -> Comparison:
        """The comparison, with real and fake as the discriminator saw them."""

    @property
    def real(self) -> Mapping[str, Any]:
        """The discriminator's outputs for the real side."""

    @property
    def fake(self) -> Mapping[str, Any]:
        """The discriminator's outputs for the fake side."""

    @property
    def fakes(self) -> Mapping[str, Tensor]:
        """What the task's `generate` returned (latents, conditions); without gradient in the discriminator's update."""


def logit_maps(outputs: Mapping[str, Any]) -> Sequence[Tensor]:
    """Return the logits of a discriminator as a list: one tensor is a list of one."""
    logits = outputs["logits"]
    return logits if isinstance(logits, list | tuple) else (logits,)


def _named(judged: Tensor | Mapping[str, Any]) -> Mapping[str, Any]:
    return judged if isinstance(judged, Mapping) else {"logits": judged}
