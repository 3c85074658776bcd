"""TensorFlow Datasets, without TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Dataset, hookimpl
from ganzoo_tfds.tfds import TFDS

GANZOO_API = "1"


@hookimpl
def ganzoo_register_datasets() -> Mapping[str, type[Dataset]]:
    return {"tfds": TFDS}
