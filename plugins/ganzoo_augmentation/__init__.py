"""Augmentation of what the discriminator sees, and consistency under it."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Regularizer, hookimpl
from ganzoo_augmentation.ada import ADA
from ganzoo_augmentation.consistency import Consistency
from ganzoo_augmentation.diff_augment import DiffAugment

GANZOO_API = "1"


@hookimpl
def ganzoo_register_regularizers() -> Mapping[str, type[Regularizer]]:
    return {"ada": ADA, "consistency": Consistency, "diff_augment": DiffAugment}
