"""Attention within the squares of a map."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any

import keras

if TYPE_CHECKING:
    from ganzoo import Tensor


@keras.saving.register_keras_serializable(package="ganzoo_transgan")
class WindowAttention(keras.layers.Layer):
    """Attention with several heads: queries, keys and values (n, ..., 3 c), in this order, to (n, ..., c).

    Maps (n, h, w, 3 c) attend within squares of `window` pixels, which must divide both sides; to each score a learned
    number is added that depends on the head and on where the key is relative to the query. It starts as N(0, 0.02).
    Rows (n, tokens, 3 c) attend to all tokens, without such numbers.
    """

    per_sample = True

    def __init__(self, heads: int, window: int = 1, **options: Any) -> None:
        super().__init__(**options)
        self.heads, self.window = heads, window

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        *places, triple = input_shape[1:]
        if triple is None or triple % (3 * self.heads):
            raise ValueError(f"needs 3 x (a multiple of {self.heads}) channels, received {triple}")
        if len(places) > 1:
            if any(side is None or side % self.window for side in places):
                raise ValueError(f"needs sides that are multiples of {self.window}, received {places}")
            reach = 2 * self.window - 1
            normal = keras.initializers.RandomNormal(stddev=0.02)
            self.positions = self.add_weight(name="positions", shape=(reach, reach, self.heads), initializer=normal)
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        if inputs.ndim == 3:
            return self._attended(inputs)
        _, height, width, triple = inputs.shape
        side, rows, columns = self.window, height // self.window, width // self.window
        squares = inputs.reshape(-1, rows, side, columns, side, triple).transpose(2, 3)
        attended = self._attended(squares.reshape(-1, side * side, triple), self._relative())
        return attended.reshape(-1, rows, columns, side, side, triple // 3).transpose(2, 3).flatten(1, 2).flatten(2, 3)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        *places, triple = input_shape
        return *places, triple and triple // 3

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "heads": self.heads, "window": self.window}

    def _attended(self, inputs: Tensor, relative: Tensor | None = None) -> Tensor:
        # written out: the fused attention of torch has no second derivative, which gradient penalties need
        _, tokens, triple = inputs.shape
        together = inputs.reshape(-1, tokens, 3, self.heads, triple // (3 * self.heads))
        query, key, value = together.permute(2, 0, 3, 1, 4)
        scores = (query / sqrt(query.shape[-1])) @ key.transpose(-2, -1)
        if relative is not None:
            scores = scores + relative
        attended: Tensor = (scores.softmax(dim=-1) @ value).transpose(1, 2).flatten(2)
        return attended

    def _relative(self) -> Tensor:
        """Return (heads, queries, keys): the number for a query at (i, j) and a key at (k, l) is that of (i-k, j-l)."""
        side = self.window
        # views instead of indices, whose gradient has no fixed order of sums on a GPU
        shifted = self.positions.value.unfold(0, side, 1).unfold(1, side, 1).flip(-2, -1)
        relative: Tensor = shifted.permute(2, 0, 1, 3, 4).reshape(self.heads, side * side, side * side)
        return relative
