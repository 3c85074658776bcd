"""Weights files as Keras publishes and keeps them."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path

from ganzoo import DataError, Report

_HOST = "storage.googleapis.com"
_PATIENCE = 3.0


@dataclass(frozen=True)
class PublishedFile:
    """The ImageNet weights of one network of Keras' applications, without its classifier."""

    network: str
    #: The md5 sum that Keras states.
    md5: str

    @property
    def file_name(self) -> str:
        """Return what the file is called in Keras' cache."""
        return f"{self.network}_weights_tf_dim_ordering_tf_kernels_notop.h5"

    def find(self) -> Path:
        """Return the file in Keras' cache; DataError with the command that fetches it when it is not there, or bad."""
        path = _directory() / self.file_name
        if not path.is_file():
            trouble = f"the ImageNet weights of {self.network} are not on this machine ({path})"
        elif not self._is(path):
            trouble = f"{path}: is not the file that Keras publishes"
        else:
            return path
        raise DataError(f"{trouble}; run: ganzoo data prepare {self.network}   (or give a file as features.path)")

    def take(self, origin: Path, directory: Path | None) -> Path:
        """Copy the file from `origin` (it, or the folder it lies in); DataError when it is another one."""
        file = origin / self.file_name if origin.is_dir() else origin
        if not file.is_file():
            raise DataError(f"{file}: there is no such file")
        if not self._is(file):
            raise DataError(f"{file}: is not the file that Keras publishes: its md5 sum is not {self.md5}")
        target = (directory or _directory()) / self.file_name
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{target.name}.part")
        shutil.copyfile(file, part)
        part.replace(target)
        return target

    def fetch(self, directory: Path | None, report: Report) -> Path:
        """Download the file unless it is there; DataError within seconds when offline."""
        target = (directory or _directory()) / self.file_name
        if target.is_file() and self._is(target):
            return target
        self._require_network()
        report(f"downloading {self.file_name}", 0, None)
        return self._download(target)

    def _download(self, target: Path) -> Path:
        import keras

        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            keras.utils.get_file(
                target.name,
                f"https://{_HOST}/tensorflow/keras-applications/{self.network}/{target.name}",
                cache_dir=str(target.parent.parent),
                cache_subdir=target.parent.name,
                file_hash=self.md5,
            )
        except Exception as error:  # get_file raises bare Exceptions
            raise DataError(f"{target.name} could not be downloaded: {error}; run the same command again") from error
        return target

    def _require_network(self) -> None:
        try:
            socket.create_connection((_HOST, 443), timeout=_PATIENCE).close()
        except OSError as error:
            raise DataError(
                f"{_HOST} cannot be reached ({error}); fetch {self.file_name} elsewhere, "
                f"then run: ganzoo data prepare {self.network} --from FILE"
            ) from error

    def _is(self, path: Path) -> bool:
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest() == self.md5


def _directory() -> Path:
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models"
