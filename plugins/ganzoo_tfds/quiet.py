"""TFDS warns about what it lacks (OpenCV) and logs what it does; neither is for the user of a recipe."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout


@contextmanager
def quiet() -> Iterator[None]:
    """Silence warnings, the log and the printing of TFDS."""
    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def hush() -> None:
    """Drop TFDS' advice to install OpenCV, for good: `quiet` is for all threads, and reading may happen in any."""
    logging.getLogger("absl").addFilter(_is_no_advice)


def _is_no_advice(record: logging.LogRecord) -> bool:
    return "OpenCV is not installed" not in str(record.msg)
