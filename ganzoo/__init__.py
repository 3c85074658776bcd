"""ganzoo: a GAN zoo in which everything is a plugin, on Keras 3 with the torch backend.

What is listed here is public; everything else may change. Importing this module loads neither keras nor torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ganzoo.backend import choose_backend

choose_backend()

__version__ = "0.1.0"

_HOMES = {
    "AdversarialLoss": "ganzoo.contracts.loss",
    "Architecture": "ganzoo.contracts.architecture",
    "BackendError": "ganzoo.errors",
    "Comparison": "ganzoo.contracts.comparison",
    "Component": "ganzoo.contracts.component",
    "Constant": "ganzoo.contracts.schedule",
    "DataError": "ganzoo.errors",
    "Dataset": "ganzoo.contracts.dataset",
    "Exposes": "ganzoo.contracts.task",
    "Features": "ganzoo.contracts.architecture",
    "Field": "ganzoo.contracts.field",
    "GanzooError": "ganzoo.errors",
    "Judged": "ganzoo.contracts.comparison",
    "Loss": "ganzoo.contracts.loss",
    "Metric": "ganzoo.contracts.metric",
    "NetworkSpec": "ganzoo.contracts.task",
    "PairLoss": "ganzoo.contracts.loss",
    "Player": "ganzoo.contracts.regularizer",
    "Preparable": "ganzoo.contracts.preparable",
    "Ramp": "ganzoo.contracts.schedule",
    "Random": "ganzoo.streams",
    "RecipeError": "ganzoo.errors",
    "Regularizer": "ganzoo.contracts.regularizer",
    "RelativisticLoss": "ganzoo.contracts.loss",
    "Schedule": "ganzoo.contracts.schedule",
    "Scored": "ganzoo.contracts.task",
    "Signature": "ganzoo.contracts.field",
    "Source": "ganzoo.contracts.dataset",
    "Staircase": "ganzoo.contracts.schedule",
    "Step": "ganzoo.contracts.step",
    "Task": "ganzoo.contracts.task",
    "View": "ganzoo.contracts.task",
    "discriminator_model": "ganzoo.heads",
    "hookimpl": "ganzoo.hookspecs",
    "images": "ganzoo",
}

__all__ = ["__version__", *sorted(_HOMES)]


def __getattr__(name: str) -> Any:
    if name == "images":
        return import_module("ganzoo.images")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'ganzoo' has no attribute '{name}'")


def __dir__() -> list[str]:
    return __all__
