"""Photographs through a trained generator: whole, so that statistics are those of the photograph, not of a tile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ganzoo import Array, Network, RecipeError, Tensor, images, sampling
from ganzoo_style_transfer.squares import padded

#: The layers of a generator that is given styles: image to activations, [content, style] to activations, and back.
PARTS = ("encoder", "transfer", "decoder")


def parts_of(generator: Network) -> tuple[Any, Any, Any]:
    """Return encoder, transfer and decoder; RecipeError where the generator has no such layers."""
    names = {layer.name for layer in generator.layers}
    missing = [name for name in PARTS if name not in names]
    if missing:
        raise RecipeError(
            f"the generator '{generator.name}' has no layer {', '.join(missing)}: with task.styles = \"given\" "
            f"it needs {', '.join(PARTS)}, as adain_generator has them"
        )
    encoder, transfer, decoder = (generator.get_layer(name) for name in PARTS)
    return encoder, transfer, decoder


def painted_like(
    generator: Network, photograph: Array, paintings: Sequence[Array], weights: Sequence[float], strength: float = 1.0
) -> Array:
    """Return a photograph in a mixture of the styles of paintings, all uint8 RGB of any size.

    `weights` say how much each painting counts; activations are mixed, those of the photograph with 1 - `strength`.
    """
    import torch

    encoder, transfer, decoder = parts_of(generator)
    with torch.inference_mode():
        content = encoder(_tensor(padded(photograph)))
        styled = [transfer([content, encoder(_tensor(painting))]) for painting in paintings]
        total = sum(weights)
        mixed = sum(weight / total * each for weight, each in zip(weights, styled, strict=True))
        found = decoder(strength * mixed + (1 - strength) * content)
    return _image(found, photograph)


def painted(generator: Network, photograph: Array, strength: float = 1.0) -> Array:
    """Return a photograph (uint8 RGB) in the style that a generator has learned; pixels are mixed by `strength`."""
    import torch

    given = _tensor(padded(photograph))
    with torch.inference_mode():
        shown = generator(given, training=False).clamp(-1, 1)
        found = strength * shown + (1 - strength) * given
    return _image(found, photograph)


def _tensor(image: Array) -> Tensor:
    return sampling.to_tensors({"image": images.to_float(image)[None]})["image"]


def _image(found: Tensor, like: Array) -> Array:
    height, width = like.shape[:2]
    return images.to_uint8(found[0, :height, :width].float().cpu().numpy())
