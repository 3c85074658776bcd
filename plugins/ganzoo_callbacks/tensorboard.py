"""TensorBoard without TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ganzoo import BackendError, Callback

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, kw_only=True)
class TensorBoard(Callback):
    """Writes what is logged and sample pictures as TensorBoard's event files; needs the package tensorboard.

    With `histograms`, also the distribution of every trained weight of every network, which takes room and time.
    """

    pictures: bool = True
    histograms: bool = False

    def check(self) -> None:
        if find_spec("tensorboard") is None:
            raise BackendError(
                "the callback 'tensorboard' needs the package tensorboard; "
                'install it with: pip install "keras-ganzoo[tensorboard]"'
            )

    def build(self, folder: Path) -> keras.callbacks.Callback:
        from ganzoo_callbacks.event_files import EventFiles

        return EventFiles(folder, pictures=self.pictures, histograms=self.histograms)
