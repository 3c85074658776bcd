"""A classifier for the images of one data set, trained once and kept on this machine."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from ganzoo import Array, DataError, Embedding, Network, Report, Source, Tensor, sampling, tell, weights_sha256

#: A classifier that is trained in another way has another version, so that none of an earlier one is used.
_VERSION = "1"
_IMAGE_AXES = 3
_LABEL = "label"

#: Classifiers of this process by what they were trained on: a metric is made anew for every row of a table.
_known: dict[Path, Classifier] = {}


def unseen(_activity: str, _done: int, _total: int | None) -> None:
    """Show no progress."""


class Classifier:
    """Tells the class of images, and gives the features by which it does."""

    def __init__(self, network: Network) -> None:
        self._network = network
        #: The sha256 of its weights: numbers of other weights are not comparable.
        self.weights_hash = weights_sha256(network)
        self.num_classes = int(network.output["classes"].shape[-1])
        self.embedding = Embedding(
            label="classifier",
            identity={"weights_sha256": self.weights_hash, "resize": "none"},
            to_features=self.features,
            to_probabilities=self.probabilities,
        )

    def features(self, images: Array) -> Array:
        """Return the features (count, 128) of uint8 images."""
        return self._outputs(images)["features"]

    def classes(self, images: Array) -> Array:
        """Return the most likely class of each uint8 image."""
        found: Array = self._outputs(images)["classes"].argmax(axis=1)
        return found

    def probabilities(self, images: Array) -> Array:
        """Return the probability of each class (count, classes) of uint8 images."""
        logits = self._outputs(images)["classes"].astype(np.float64)
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        found: Array = shares / shares.sum(axis=1, keepdims=True)
        return found

    def _outputs(self, images: Array) -> dict[str, Array]:
        given = sampling.to_tensors({"image": sampling.to_network(images)})["image"]
        expected = tuple(self._network.input_shape[1:])
        if tuple(given.shape[1:]) != expected:
            raise DataError(f"the classifier was trained on images of {expected}, received {tuple(given.shape[1:])}")
        both = sampling.in_chunks(lambda part: _joined(self._network(part, training=False)), given)
        return {"features": both[:, : -self.num_classes], "classes": both[:, -self.num_classes :]}


def _joined(outputs: Mapping[str, Tensor]) -> Tensor:
    import torch

    return torch.cat([outputs["features"], outputs["classes"]], dim=1)


def classifier_of(source: Source, *, field: str = "image", report: Report = unseen) -> Classifier:
    """Return the classifier that is trained on these examples: from memory, from its file, or trained now.

    The file is `file_of(source)`; `report` is told how far training is. DataError when the data have no images of one
    size, or no class labels.
    """
    path = file_of(source, field=field)
    if path not in _known:
        _known[path] = _found_or_trained(source, field, path, report)
    return _known[path]


def file_of(source: Source, *, field: str = "image") -> Path:
    """Return where the classifier of these examples is kept: in the cache of Keras, named after their fingerprint.

    DataError when they have no images of one size, or no class labels.
    """
    image, classes = source.fields.get(field), source.fields.get(_LABEL)
    if image is None or len(image.shape) != _IMAGE_AXES or None in image.shape or image.dtype != "uint8":
        raise DataError(f"a classifier needs images of one size in field '{field}'; it is {image}")
    if classes is None or classes.shape != () or classes.high is None:
        raise DataError(f"a classifier needs class labels in field '{_LABEL}'; it is {classes}")
    text = "\0".join([_VERSION, source.fingerprint(), field, str(image), str(classes)])
    key = hashlib.sha256(text.encode()).hexdigest()[:24]
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    return home / "models" / "ganzoo" / "classifiers" / f"{key}.npz"


def _found_or_trained(source: Source, field: str, path: Path, report: Report) -> Classifier:
    from ganzoo_classifier import networks
    from ganzoo_classifier.training import train

    height, width, channels = source.fields[field].sides
    network = networks.classifier(height, width, channels, source.fields[_LABEL].num_classes)
    weights = _read(path, [tuple(weight.shape) for weight in network.weights])
    if weights is None:
        tell(f"training a classifier on {len(source)} images for the scores; it is kept for later runs")
        columns = sampling.stack_examples(source, range(len(source)), [field, _LABEL])
        train(network, columns[field], columns[_LABEL], report=report)
        weights = [np.asarray(weight) for weight in network.get_weights()]
        if not _write(path, weights):
            tell(f"{path} cannot be written, so the next run trains the classifier again")
    network.set_weights(weights)
    return Classifier(network)


def _read(path: Path, shapes: list[tuple[int, ...]]) -> list[Any] | None:
    """Return the weights in a file; None where it is absent, damaged or of another network."""
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            found = [file[f"{index:02d}"] for index in range(len(shapes))]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    fits = [weight.shape for weight in found] == shapes and all(weight.dtype == np.float32 for weight in found)
    return found if fits else None


def _write(path: Path, weights: list[Array]) -> bool:
    """Write the file whole or not at all, and return whether it is there; without a cache, only time is lost."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            np.savez(file, allow_pickle=False, **{f"{index:02d}": weight for index, weight in enumerate(weights)})
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink()
        return False
    return True
