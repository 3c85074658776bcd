from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ganzoo import (
    Array,
    DataError,
    Embedding,
    Extractor,
    OpenTraining,
    Preparable,
    Report,
    Tensor,
    downloads,
    sampling,
)
from ganzoo_perceptual.embedding import as_rgb
from ganzoo_perceptual.published_file import cache

#: The Inception of Heusel 2017, tag 2015-12-05, as a TorchScript module with the resizing of TensorFlow 1 inside.
FILE = downloads.RemoteFile(
    url="https://nvlabs-fi-cdn.nvidia.com/stylegan2-ada-pytorch/pretrained/metrics/inception-2015-12-05.pt",
    checksum="f58cb9b6ec323ed63459aa4fb441fe750cfe39fafad6da5cb504a16f19e958f4",
)
_NAMES = {"frechet": "fid", "kernel_distance": "kid", "score": "is"}
#: What the module does itself, from uint8 images of any size.
_FACTS = {
    "weights_sha256": FILE.checksum,
    "layer": "2048 values after the last pooling",
    "classes": "softmax of 1008 logits without bias",
    "resize": "bilinear to 299, grid of TensorFlow 1, no antialiasing",
    "values": "uint8 RGB",
    "grey": "repeated",
}

#: Embeddings of this process by path.
_known: dict[Path, Embedding] = {}


class Inception(Extractor, Preparable):
    """The Inception network by which FID, KID and IS are defined: scores are called `fid`, `kid` and `is`.

    The file is `inception-2015-12-05.pt` as NVIDIA publishes it for StyleGAN, in the cache of Keras or at `path`; it is
    opened only where its sha256 is the published one. `ganzoo data prepare inception` fetches it. Images of any size
    are resized as the original TensorFlow graph does it (arXiv 1706.08500).
    """

    def __init__(self, *, path: str | None = None) -> None:
        self.path = path

    def load(self, training: OpenTraining) -> Embedding:
        file = cache() / FILE.name if self.path is None else Path(self.path).expanduser()
        if file not in _known:
            _known[file] = _embedding(_opened(file))
        return _known[file]

    @classmethod
    def preparable(cls) -> tuple[str, ...]:
        return ("inception",)

    @classmethod
    def prepare_files(cls, name: str, *, origin: Path | None, directory: Path | None, report: Report) -> Path:
        folder = directory or cache()
        if origin is not None:
            return downloads.take(FILE, origin, folder)
        remedy = f"fetch {FILE.name} elsewhere, then run: ganzoo data prepare inception --from FILE"
        return downloads.fetch(FILE, folder, report, remedy=remedy)


def _opened(file: Path) -> Any:
    """Return the module in a file whose hash is the published one; DataError for any other file."""
    import torch

    if not file.is_file():
        raise DataError(
            f"the Inception network of FID is not on this machine ({file}); run: ganzoo data prepare inception   "
            "(or give the file as features.path)"
        )
    if not FILE.matches(file):
        raise DataError(
            f"{file}: is not the Inception network of FID ({FILE.name}, sha256 {FILE.checksum}); numbers with other "
            "weights are not FID"
        )
    # the device of the images, wherever that is
    device = sampling.to_tensors({"any": np.zeros(1, np.float32)})["any"].device
    with warnings.catch_warnings():
        # torch wants nobody to write this format any more, but the file is published in no other
        warnings.simplefilter("ignore", DeprecationWarning)
        module: Any = torch.jit.load(file, map_location=device)  # type: ignore[no-untyped-call]
    return module.eval()


def _embedding(module: Any) -> Embedding:
    def asked(**options: bool) -> Callable[[Array], Array]:
        def part(images: Tensor) -> Tensor:
            found: Tensor = module(images.permute(0, 3, 1, 2), **options)
            return found

        return lambda images: sampling.in_chunks(part, sampling.to_tensors({"image": as_rgb(images)})["image"])

    return Embedding(
        label="inception",
        identity=_FACTS,
        to_features=asked(return_features=True),
        to_probabilities=asked(no_output_bias=True),
        names=_NAMES,
    )
