"""Scores of style transfer."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean

import numpy as np

from ganzoo import (
    Array,
    DataError,
    Example,
    Features,
    Identity,
    Metric,
    Network,
    OpenTraining,
    RecipeError,
    Tensor,
    images,
    weights_sha256,
)
from ganzoo_perceptual.embedding import score_label
from ganzoo_perceptual.gram_style import gram_distance

#: The two images that a stylised one is compared with, as fields of the target.
_INPUTS = ("content", "style")
_FEWEST_PIXELS = 16
_RGB = 3


class StyleDistances(Metric):
    """How far a stylised image is from its content and from its style, by activations of a frozen network.

    Two distances to each of the two: `content_to_...` is the mean squared difference of the activations of
    `content_layer`, `gram_to_...` the sum over `style_layers` of the squared Frobenius norm of the difference of Gram
    matrices, F^T F / (h w c), as in the loss `gram_style`. Each name ends in the label of the features, as
    `gram_to_style_vgghed`. Lower is closer; no number says whether a picture is good. Read them beside the rows
    `content` and `style`, which are what the unchanged inputs get. Takes uint8 RGB images of one size, `image` of the
    output and `content` and `style` of the target; the mean over images is the result.
    """

    larger_is_better = False

    def __init__(
        self,
        *,
        features: Features,
        content_layer: str = "block3_conv3",
        style_layers: tuple[str, ...] = ("block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3"),
    ) -> None:
        for layer in (content_layer, *style_layers):
            if layer not in features.layers:
                raise ValueError(f"{features.label} has no layer '{layer}'; it has {', '.join(features.layers)}")
        self.features = features
        self.content_layer = content_layer
        self.style_layers = style_layers
        self._network: Network | None = None
        self._found: dict[str, list[float]] = {}

    def build(self, training: OpenTraining) -> None:
        self._network = self.features.build(tuple(dict.fromkeys((self.content_layer, *self.style_layers))))
        self._digest = weights_sha256(self._network)

    def update(self, output: Example, target: Example) -> None:
        shown = self._activations(_image("image", output))
        for name in _INPUTS:
            other = self._activations(_image(name, target))
            mine, its = shown[self.content_layer], other[self.content_layer]
            if mine.shape != its.shape:
                raise DataError(f"style_distances: image and {name} are of different sizes")
            self._add(f"content_to_{name}", (mine - its).square().mean())
            self._add(f"gram_to_{name}", sum(gram_distance(shown[each], other[each]) for each in self.style_layers))

    def result(self) -> Mapping[str, float]:
        ending = score_label(self.features.label)
        return {f"{name}_{ending}": fmean(values) for name, values in self._found.items()}

    def identity(self) -> Identity:
        return {"weights_sha256": self._digest}

    def _add(self, name: str, value: Tensor | float) -> None:
        self._found.setdefault(name, []).append(float(value))

    def _activations(self, image: Array) -> Mapping[str, Tensor]:
        import torch

        if self._network is None:
            raise RecipeError("style_distances: build() must be called before the first update")
        with torch.inference_mode():
            found: Mapping[str, Tensor] = self._network(images.to_float(image)[None], training=False)
        return found


def _image(name: str, given: Example) -> Array:
    image = given.get(name)
    if image is None:
        raise DataError(f"style_distances: needs a field '{name}', there are {', '.join(given) or '(none)'}")
    if image.dtype != np.uint8 or image.shape[2:] != (_RGB,) or min(image.shape[:2]) < _FEWEST_PIXELS:
        raise DataError(
            f"style_distances: needs uint8 RGB images of at least {_FEWEST_PIXELS} pixels a side, "
            f"received {image.dtype} {image.shape} as {name}"
        )
    return image
