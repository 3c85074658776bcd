"""TFDS' own builders, where they work without TensorFlow."""

from __future__ import annotations

from pathlib import Path

import tensorflow_datasets as tfds

from ganzoo import DataError, Report
from ganzoo_tfds.download import require_network

_HOST = "storage.googleapis.com"


def prepare_stock(name: str, *, origin: Path | None, folder: Path, report: Report) -> Path:
    """Let TFDS' builder download and write a data set as array_record; DataError with the remedies when it cannot."""
    try:
        builder = tfds.builder(name, data_dir=str(folder), file_format="array_record")
        if origin is None:
            require_network(_HOST, f"put the files where TFDS' page on '{name}' says and add --from DIR")
        report(f"preparing {name} with TFDS", 0, None)
        config = tfds.download.DownloadConfig(manual_dir=str(origin) if origin else None)
        builder.download_and_prepare(download_config=config)
    except ModuleNotFoundError as error:
        raise DataError(
            f"TFDS' builder of '{name}' needs {error.name}, which ganzoo does not install; prepare it once where it is "
            f'installed, with tfds.builder("{name}", file_format="array_record").download_and_prepare(), '
            "and copy the folder here"
        ) from error
    except (OSError, ValueError, AssertionError, RuntimeError) as error:
        raise DataError(f"TFDS could not prepare '{name}': {error}") from error
    return Path(builder.data_dir)
