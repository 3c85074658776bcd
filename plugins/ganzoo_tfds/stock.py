"""TFDS' own builders, where they work without TensorFlow."""

from __future__ import annotations

from pathlib import Path

import tensorflow_datasets as tfds

from ganzoo import DataError, Report, downloads

_HOST = "storage.googleapis.com"


def prepare_stock(name: str, *, origin: Path | None, folder: Path, report: Report) -> Path:
    """Download and write a data set as array_record by TFDS' builder; DataError with the remedy when that fails."""
    try:
        builder = tfds.builder(name, data_dir=str(folder), file_format="array_record")
        by_hand = bool(builder.MANUAL_DOWNLOAD_INSTRUCTIONS)
        if not (by_hand and origin):  # offline, TFDS itself would try for minutes
            downloads.require_network(_HOST, _remedy(name, by_hand))
        report(f"preparing {name} with TFDS", 0, None)
        config = tfds.download.DownloadConfig(manual_dir=str(origin) if origin else None)
        builder.download_and_prepare(download_config=config)
    except ModuleNotFoundError as error:
        needed = error.name or "TensorFlow"
        raise DataError(
            f"TFDS' builder of '{name}' needs {needed}, which ganzoo does not install; prepare it once where it is "
            f'installed, with tfds.builder("{name}", file_format="array_record").download_and_prepare(), '
            "and copy the folder here"
        ) from error
    except (OSError, ValueError, AssertionError, RuntimeError) as error:
        raise DataError(f"TFDS could not prepare '{name}': {error}") from error
    return Path(builder.data_dir)


def _remedy(name: str, by_hand: bool) -> str:
    if by_hand:
        return f"fetch the files that TFDS' page on '{name}' names, then add --from DIR"
    return f"prepare '{name}' where there is a network and copy its folder here"
