"""The usual optimizers."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Optimizer, hookimpl
from ganzoo_optimizers.adam import Adam, AdamW
from ganzoo_optimizers.rmsprop import Rmsprop
from ganzoo_optimizers.sgd import Sgd

GANZOO_API = "1"


@hookimpl
def ganzoo_register_optimizers() -> Mapping[str, type[Optimizer]]:
    return {"adam": Adam, "adamw": AdamW, "rmsprop": Rmsprop, "sgd": Sgd}
