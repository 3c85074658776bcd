"""Keras must run on torch: chosen before keras is imported, verified before anything is assembled."""

from __future__ import annotations

import os
import sys

from ganzoo.errors import BackendError


def choose_backend() -> None:
    """Make torch the Keras backend unless the user named another one. Imports nothing."""
    os.environ.setdefault("KERAS_BACKEND", "torch")


def require_torch_backend() -> None:
    """Raise BackendError unless keras runs, or will run, on torch."""
    chosen = os.environ.get("KERAS_BACKEND", "torch")
    if chosen != "torch":
        raise BackendError(
            f"KERAS_BACKEND is '{chosen}', but ganzoo trains on 'torch'; "
            "run again with KERAS_BACKEND=torch, or unset it"
        )
    keras = sys.modules.get("keras")
    if keras is not None and keras.config.backend() != "torch":
        raise BackendError(
            f"keras was already imported on the '{keras.config.backend()}' backend, but ganzoo trains on 'torch'; "
            "import ganzoo before keras, or set KERAS_BACKEND=torch before starting Python"
        )
