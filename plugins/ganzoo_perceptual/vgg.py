"""What the VGG networks share (Simonyan and Zisserman 2015, arXiv 1409.1556)."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from ganzoo import DataError, Features, Preparable, Report
from ganzoo_perceptual.weights import Shapes, Weights, random_weights, read_keras_weights

if TYPE_CHECKING:
    import keras

_CHANNELS = (64, 128, 256, 512, 512)
_HOST = "storage.googleapis.com"
_PATIENCE = 3.0


def conv_shapes(counts: tuple[int, ...]) -> Shapes:
    """Return (inputs, outputs) of each convolution by name, for so many convolutions in each block."""
    return dict(_conv_shapes(counts))


def layer_names(counts: tuple[int, ...]) -> tuple[str, ...]:
    """Return every layer that can be asked for: after the activation, and `..._pre` before it."""
    return tuple(name + ending for name in conv_shapes(counts) for ending in ("_pre", ""))


def _conv_shapes(counts: tuple[int, ...]) -> Iterator[tuple[str, tuple[int, int]]]:
    inputs = 3
    for block, (count, outputs) in enumerate(zip(counts, _CHANNELS, strict=True), start=1):
        for number in range(1, count + 1):
            yield f"block{block}_conv{number}", (inputs, outputs)
            inputs = outputs


def build_vgg(weights: Weights, layers: tuple[str, ...], name: str) -> keras.Model:
    """Return the frozen network up to the deepest of `layers`, from RGB in [-1, 1] to their activations by name."""
    import keras

    from ganzoo_perceptual.preprocessing import CaffePreprocessing

    image = keras.Input((None, None, 3), name="image")
    values = CaffePreprocessing()(image)
    found: dict[str, keras.KerasTensor] = {}
    block = "block1"
    for conv, (kernel, _) in weights.items():
        if set(layers) <= set(found):
            break
        if not conv.startswith(block):
            values = keras.layers.MaxPooling2D(2)(values)
            block = conv.partition("_")[0]
        found[f"{conv}_pre"] = _frozen_convolution(conv, kernel.shape[-1])(values)
        values = found[conv] = keras.layers.ReLU()(found[f"{conv}_pre"])
    network = keras.Model(image, {layer: found[layer] for layer in layers}, name=name)
    for conv, (kernel, bias) in weights.items():
        if any(layer.name == conv for layer in network.layers):
            network.get_layer(conv).set_weights([kernel, bias])
    network.trainable = False
    return network


def _frozen_convolution(name: str, filters: int) -> keras.layers.Layer:
    import keras

    return keras.layers.Conv2D(filters, 3, padding="same", trainable=False, kernel_initializer="zeros", name=name)


class VGG(Features, Preparable):
    """A VGG network of Keras' applications; what differs is how many convolutions a block has."""

    name: ClassVar[str]
    counts: ClassVar[tuple[int, ...]]
    #: The md5 sum that Keras states for the file.
    md5: ClassVar[str]

    def __init__(self, *, weights: Literal["imagenet", "random"] = "imagenet", path: str | None = None) -> None:
        self.weights = weights
        self.path = path

    @property
    def label(self) -> str:
        if self.path is not None:
            return f"{self.name.upper()}-{Path(self.path).stem}"
        return self.name.upper() if self.weights == "imagenet" else f"{self.name.upper()}-RANDOM"

    def build(self, layers: tuple[str, ...]) -> keras.Model:
        shapes = conv_shapes(self.counts)
        if self.path is None and self.weights == "random":
            return build_vgg(random_weights(shapes), layers, self.name)
        return build_vgg(read_keras_weights(self._file(), shapes), layers, self.name)

    @classmethod
    def preparable(cls) -> tuple[str, ...]:
        return (cls.name,)

    @classmethod
    def prepare_files(cls, name: str, *, origin: Path | None, directory: Path | None, report: Report) -> Path:
        target = (directory or _cache()) / cls._file_name()
        if origin is not None:
            return _taken(origin / target.name if origin.is_dir() else origin, target, cls.md5)
        if not target.is_file():
            _require_network(name, target)
        import keras

        report(f"downloading {target.name}", 0, None)
        found = keras.utils.get_file(
            target.name,
            f"https://{_HOST}/tensorflow/keras-applications/{cls.name}/{target.name}",
            cache_dir=str(target.parent.parent),
            cache_subdir=target.parent.name,
            file_hash=cls.md5,
        )
        return Path(found)

    def _file(self) -> Path:
        if self.path is not None:
            path = Path(self.path).expanduser()
            if not path.is_file():
                raise DataError(f"{path}: there is no such file; give the weights of {self.name} as path")
            return path
        path = _cache() / self._file_name()
        if not path.is_file():
            raise DataError(
                f"the ImageNet weights of {self.name} are not on this machine ({path}); "
                f"run: ganzoo data prepare {self.name}   (or give a file as features.path)"
            )
        return path

    @classmethod
    def _file_name(cls) -> str:
        return f"{cls.name}_weights_tf_dim_ordering_tf_kernels_notop.h5"


def _cache() -> Path:
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models"


def _taken(file: Path, target: Path, md5: str) -> Path:
    import hashlib
    import shutil

    if not file.is_file():
        raise DataError(f"{file}: there is no such file")
    if hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest() != md5:
        raise DataError(f"{file}: is not the file that Keras publishes: its md5 sum is not {md5}")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    shutil.copyfile(file, part)
    part.replace(target)
    return target


def _require_network(name: str, target: Path) -> None:
    try:
        socket.create_connection((_HOST, 443), timeout=_PATIENCE).close()
    except OSError as error:
        raise DataError(
            f"{_HOST} cannot be reached ({error}); fetch {target.name} elsewhere, "
            f"then run: ganzoo data prepare {name} --from FILE"
        ) from error
