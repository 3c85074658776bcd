from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, files

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

LAYERS = ("block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3", "block5_conv3")
#: A layer of VGG19 that VGG16 lacks.
_DEEPER = "block3_conv4"
_HEADS_FILE = "lpips_models/vgg.pth"
_HEADS_SHA256 = "a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868"
#: Where the float32 values of each head begin in that file, and how many there are. The rest of it is a pickle, which
#: is never opened; the checksum makes sure that the places are right.
_HEADS = ((6001, 64), (5481, 128), (6265, 256), (3425, 512), (1369, 512))

#: Four poolings leave one value per channel of an image of this side.
_FEWEST_PIXELS = 16


class LPIPS(Metric):
    """Learned perceptual distance, version 0.1 heads for VGG (arXiv 1801.03924), named after its features.

    Activations after relu 1_2, 2_2, 3_3, 4_3 and 5_3 are normalised to unit length over channels; their squared
    differences are weighted by the learned heads (from the wheel of torchmetrics) and averaged over space; the five are
    added. Lower is better. The published numbers use torchvision's VGG16 and LPIPS' own shift and scale of colours;
    here the features do their own preprocessing, and that VGG16 is not among them. Results are therefore called
    `lpips_vgg16` (Keras' weights) or `lpips_vgghed`, and compare only with numbers of the same name. Takes uint8 RGB
    photographs of at least 16 pixels a side in field `image`; the mean over photographs is the result. Needs about 3 GB
    of memory per million pixels.
    """

    larger_is_better = False

    def __init__(self, *, features: Features) -> None:
        check_vgg16(features)
        self.features = features
        self._network: Network | None = None
        self._heads: list[Array] = []
        self._distances: list[float] = []

    def build(self, training: OpenTraining) -> None:
        self._heads = read_heads()
        self._network = self.features.build(LAYERS)
        self._digest = weights_sha256(self._network)

    def update(self, output: Example, target: Example) -> None:
        self._distances.append(self.distance(_photograph(output), _photograph(target)))

    def result(self) -> Mapping[str, float]:
        return {f"lpips_{score_label(self.features.label)}": float(np.mean(self._distances))}

    def identity(self) -> Identity:
        return {"weights_sha256": self._digest, "heads_sha256": _HEADS_SHA256}

    def distance(self, one: Array, other: Array) -> float:
        """Return the distance of two uint8 photographs of the same size."""
        import torch

        if one.shape != other.shape:
            raise DataError(f"lpips: images of {one.shape} and {other.shape} cannot be compared")
        if self._network is None:
            raise RecipeError("lpips: build() must be called before the first update")
        with torch.inference_mode():
            mine = self._network(images.to_float(one)[None], training=False)
            wanted = self._network(images.to_float(other)[None], training=False)
            total = 0.0
            for layer, head in zip(LAYERS, self._heads, strict=True):
                difference = (_unit(mine[layer]) - _unit(wanted[layer])).square()
                total += float((difference.mean(dim=(0, 1, 2)).cpu().numpy() * head).sum())
        return total


def _photograph(given: Example) -> Array:
    image = given.get("image")
    if image is None:
        raise DataError(f"lpips: needs a field 'image', there are {', '.join(given) or '(none)'}")
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or min(image.shape[:2]) < _FEWEST_PIXELS:
        raise DataError(
            f"lpips: needs uint8 RGB photographs of at least {_FEWEST_PIXELS} pixels a side, "
            f"received {image.dtype} {image.shape}"
        )
    return image


def check_vgg16(features: Features) -> None:
    """Raise ValueError for features that are not those of a VGG16, with which the heads were trained."""
    if _DEEPER in features.layers or not set(LAYERS) <= set(features.layers):
        raise ValueError(f"needs a VGG16, with which its heads were trained; {features.label} is not one")


def read_heads() -> list[Array]:
    """Return the weights of the five heads from the installed torchmetrics; DataError when the file is another one."""
    try:
        found = [file for file in files("torchmetrics") or () if str(file).endswith(_HEADS_FILE)]
    except PackageNotFoundError:
        found = []
    content = found[0].read_binary() if found else b""
    if hashlib.sha256(content).hexdigest() != _HEADS_SHA256:
        raise DataError(
            "lpips: the installed torchmetrics has no known LPIPS heads; run: pip install torchmetrics==1.9.0"
        )
    return [np.frombuffer(content, "<f4", count, start) for start, count in _HEADS]


def _unit(values: Tensor) -> Tensor:
    return values / (values.square().sum(dim=-1, keepdim=True).sqrt() + 1e-10)
