"""The base class of the VGG networks of Keras' applications."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

from ganzoo import DataError, Features, Network, Preparable, Report
from ganzoo_perceptual.embedding import DeepestLayer
from ganzoo_perceptual.layouts import conv_shapes
from ganzoo_perceptual.published_file import PublishedFile
from ganzoo_perceptual.weights import Shapes, Weights, random_weights, read_keras_weights


class VGG(Features, DeepestLayer, Preparable):
    """A VGG network of Keras' applications; subclasses differ in the number of convolutions per block."""

    counts: ClassVar[tuple[int, ...]]
    file: ClassVar[PublishedFile]

    def __init__(self, *, weights: Literal["imagenet", "random"] = "imagenet", path: str | None = None) -> None:
        if weights == "random" and path is not None:
            raise ValueError('weights = "random" and a path exclude each other')
        self.weights = weights
        self.path = path
        self.label = self.file.network.upper()
        if path is not None:
            self.label += f"-{Path(path).stem}"
        elif weights == "random":
            self.label += "-RANDOM"

    def build(self, layers: tuple[str, ...]) -> Network:
        from ganzoo_perceptual import networks

        return networks.vgg(self._weights(conv_shapes(self.counts, layers)), layers, self.file.network)

    @classmethod
    def preparable(cls) -> tuple[str, ...]:
        return (cls.file.network,)

    @classmethod
    def prepare_files(cls, name: str, *, origin: Path | None, directory: Path | None, report: Report) -> Path:
        return cls.file.fetch(directory, report) if origin is None else cls.file.take(origin, directory)

    def _weights(self, shapes: Shapes) -> Weights:
        if self.weights == "random":
            return random_weights(shapes)
        return read_keras_weights(self.file.find() if self.path is None else self._given_file(self.path), shapes)

    def _given_file(self, path: str) -> Path:
        file = Path(path).expanduser()
        if not file.is_file():
            raise DataError(f"{file}: there is no such file; give the weights of {self.file.network} as path")
        return file
