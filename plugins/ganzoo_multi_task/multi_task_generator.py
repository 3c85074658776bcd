"""One generator for several tasks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Le

from ganzoo import Architecture, Network, Signature


@dataclass(frozen=True, kw_only=True)
class MultiTaskGenerator(Architecture):
    """A trunk that all tasks share, and a head for each; the design is ours.

    Inputs are an RGB `image`, a `mask` of what is missing, and the number of the `task`; outputs are images by name of
    the task, all computed from the same activations. The trunk is a 3x3 convolution, `blocks` residual blocks without
    normalization and a convolution called `trunk`, with a skip around all. In each block an embedding of the task
    (`embedding` numbers) gives the hidden channels a scale and an offset (FiLM, arXiv 1709.07871). A head is two 3x3
    convolutions, a pixel shuffle where its image is larger, and the input, bilinearly enlarged, which it is added to;
    it begins as that input. Works at any image size.
    """

    role: ClassVar[str] = "generator"

    filters: Annotated[int, Ge(1), Le(4_096)] = 64
    blocks: Annotated[int, Ge(1), Le(512)] = 8
    embedding: Annotated[int, Ge(1), Le(4_096)] = 16

    def build(self, signature: Signature) -> Network:
        from ganzoo_multi_task import networks

        return networks.generator(self, signature)
