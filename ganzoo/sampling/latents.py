"""Latents of samples: truncated, on the way from one to another; and statistics of normalizations for them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ganzoo.errors import RecipeError
from ganzoo.sampling.generated import call_network

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Network, Tensor
    from ganzoo.randomness import Random


def truncated_normal(rng: Random, shape: tuple[int, ...], limit: float) -> Tensor:
    """Draw normals of which none is beyond `limit`, as if those beyond were drawn again (BigGAN, arXiv 1809.11096)."""
    if limit <= 0:
        raise RecipeError(f"truncation: expected a number above 0, not {limit}")
    part = math.erf(limit / math.sqrt(2))
    # in float64: near 1 the inverse is steep
    return (rng.uniform(shape, -1.0, 1.0).double() * part).erfinv().mul(math.sqrt(2)).clamp(-limit, limit).float()


def interpolated(first: Tensor, last: Tensor, count: int, *, on_sphere: bool) -> Tensor:
    """Return `count` latents from each of `first` to its partner in `last`, both included, one row after the other.

    On straight lines, or with `on_sphere` on great circles, which keep the length that normal latents have (White 2016,
    arXiv 1609.04468).
    """
    import torch

    share = torch.linspace(0, 1, count, device=first.device)[None, :, None]
    one, other = first[:, None], last[:, None]
    if not on_sphere:
        return ((1 - share) * one + share * other).flatten(0, 1)
    cosine = torch.nn.functional.cosine_similarity(one, other, dim=2)[..., None].clamp(-1 + 1e-6, 1 - 1e-6)
    angle = cosine.acos()
    return ((((1 - share) * angle).sin() * one + (share * angle).sin() * other) / angle.sin()).flatten(0, 1)


def set_standing_statistics(network: Network, batches: Iterable[Mapping[str, Tensor]]) -> None:
    """Let batch normalization use the statistics of these batches, averaged, instead of its moving ones.

    They are those of what is sampled, and not of what was generated while the weights still changed (BigGAN, arXiv
    1809.11096). Nothing else in the network changes; ValueError where there is no batch.
    """
    import keras
    import torch

    from ganzoo.execution.keras_internals import flat_layers

    normalizing = [layer for layer in flat_layers(network) if isinstance(layer, keras.layers.BatchNormalization)]
    kept = {id(layer): layer.momentum for layer in normalizing}
    mine = {id(variable) for layer in normalizing for variable in layer.non_trainable_variables}
    others = [each for each in network.non_trainable_variables if id(each) not in mine]
    before = [variable.value.detach().clone() for variable in others]
    seen = 0
    try:
        for batch in batches:
            for layer in normalizing:
                layer.momentum = seen / (seen + 1)  # the mean of all batches so far
            with torch.no_grad():
                call_network(network, batch, training=True)
            seen += 1
    finally:
        for layer in normalizing:
            layer.momentum = kept[id(layer)]
        for variable, value in zip(others, before, strict=True):
            variable.assign(value)
    if not seen:
        raise ValueError("standing statistics need one batch at least")
