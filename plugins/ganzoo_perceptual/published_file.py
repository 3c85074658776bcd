"""The ImageNet weights of Keras' applications, in Keras' cache."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ganzoo import DataError, Report, downloads

_FOLDER = "https://storage.googleapis.com/tensorflow/keras-applications"


@dataclass(frozen=True)
class PublishedFile:
    """The ImageNet weights of one network of Keras' applications, without its classifier."""

    network: str
    #: The md5 checksum that Keras states.
    md5: str

    @property
    def remote(self) -> downloads.RemoteFile:
        """Return where the file is published."""
        name = f"{self.network}_weights_tf_dim_ordering_tf_kernels_notop.h5"
        return downloads.RemoteFile(url=f"{_FOLDER}/{self.network}/{name}", checksum=self.md5, algorithm="md5")

    def find(self) -> Path:
        """Return the file in Keras' cache; DataError with the remedy when it is missing or damaged."""
        path = cache() / self.remote.name
        if not path.is_file():
            trouble = f"the ImageNet weights of {self.network} are not on this machine ({path})"
        elif not self.remote.matches(path):
            trouble = f"{path}: is not the file that Keras publishes"
        else:
            return path
        raise DataError(f"{trouble}; run: ganzoo data prepare {self.network}   (or give a file as features.path)")

    def take(self, origin: Path, directory: Path | None) -> Path:
        """Copy the file from `origin` (the file or its folder); DataError when its checksum differs."""
        return downloads.take(self.remote, origin, directory or cache())

    def fetch(self, directory: Path | None, report: Report) -> Path:
        """Download the file unless it is there; DataError within seconds when offline."""
        remedy = f"fetch {self.remote.name} elsewhere, then run: ganzoo data prepare {self.network} --from FILE"
        return downloads.fetch(self.remote, directory or cache(), report, remedy=remedy)


def cache() -> Path:
    """Return the folder of weights in the cache of Keras."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models"
