"""Keeps of one step what the doctor looks at: copies of no activations, and nothing that changes the step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch.nn.functional import adaptive_avg_pool2d

from ganzoo.contracts.comparison import Comparison, logit_maps
from ganzoo.contracts.regularizer import PlayerName
from ganzoo.contracts.tensor import Array, Tensor, Variable
from ganzoo.diagnosis.statistics import MOST_ROWS, MOST_VALUES
from ganzoo.execution.layout import flat_view
from ganzoo.training.judging import LazyVerdict

_IMAGE_BATCH = 4
_MATRIX = 2
#: So many logits of each side are compared at most.
_MOST_LOGITS = 512


class Witness:
    """What one step shows: its fakes, real and fake of each comparison, their logits, the gradient of each layer.

    Layers are the weights with at least two axes, counted from 1; vectors beside them (biases, scales) may have no
    gradient for good reasons.
    """

    def __init__(self) -> None:
        self.fakes: Mapping[str, Tensor] = {}
        self.compared: dict[str, tuple[Tensor, Tensor]] = {}
        self.logits: dict[str, tuple[Tensor, Tensor]] = {}
        self._gradients: dict[str, Tensor] = {}

    def see_comparisons(self, comparisons: Mapping[str, Comparison]) -> None:
        """Keep real and fake as they are before noise and augmentation."""
        self.compared = {name: (each.real.detach(), each.fake.detach()) for name, each in comparisons.items()}

    def see_logits(self, judged: Mapping[str, LazyVerdict]) -> None:
        """Keep the logits of comparisons of which both sides were judged."""
        for name, verdict in judged.items():
            sides = dict(verdict.sides())
            if len(sides) == len(("real", "fake")):
                self.logits[name] = (_few_logits(sides["real"]), _few_logits(sides["fake"]))

    def see_gradients(
        self, player: PlayerName, gradients: Sequence[Tensor], variables: Sequence[Variable], scale: Any
    ) -> None:
        """Keep the root mean square of the gradient of each layer that the loss reaches; `scale` is divided out."""
        layers = [
            gradient for gradient, variable in zip(gradients, variables, strict=True) if len(variable.shape) >= _MATRIX
        ]
        if layers:
            norms = torch.stack(torch._foreach_norm([flat_view(each) for each in layers])).float()
            sizes = torch.tensor([each.numel() for each in layers], dtype=torch.float32)
            self._gradients[player] = (norms / scale).cpu() / sizes.sqrt()

    def layer_gradients(self) -> dict[str, Array]:
        """Return the root mean square gradient of each layer by player."""
        return {player: values.numpy() for player, values in self._gradients.items()}


def as_rows(samples: Tensor) -> Array:
    """Return the first samples as rows of not too many values: images are made smaller, others thinned out."""
    few = samples[:MOST_ROWS].detach().float()
    if few.ndim == _IMAGE_BATCH:
        height, width, channels = few.shape[1:]
        side = max(1, int((MOST_VALUES / channels) ** 0.5))
        if height > side or width > side:
            few = adaptive_avg_pool2d(few.permute(0, 3, 1, 2), (min(height, side), min(width, side)))
    flat = few.reshape(len(few), -1)
    stride = -(-flat.shape[1] // MOST_VALUES)
    rows: Array = flat[:, ::stride].cpu().numpy().astype(np.float64)
    return rows


def _few_logits(outputs: Mapping[str, Tensor]) -> Tensor:
    flat = torch.cat([logits.detach().float().reshape(-1) for logits in logit_maps(outputs)])
    return flat[:: -(-flat.numel() // _MOST_LOGITS)]
