"""What writes event files; imported only where a run is watched."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import keras
from torch.utils.tensorboard import SummaryWriter

from ganzoo import images


class EventFiles(keras.callbacks.Callback):
    """What is logged as scalars, sample pictures as images, weights as histograms, by how many steps were done."""

    def __init__(self, folder: Path, *, pictures: bool, histograms: bool) -> None:
        super().__init__()
        self._folder = folder
        self._pictures = pictures
        self._histograms = histograms
        self._shown = 0

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        first = self.model.step
        # events that an earlier process wrote after the checkpoint from which the run resumes are not shown
        self._writer = SummaryWriter(str(self._folder), purge_step=first + 1)
        self._shown = first if first else -1

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        for name, value in (logs or {}).items():
            self._writer.add_scalar(name, value, batch)
        for done, path in sorted(self.model.pictures.items()) if self._pictures else ():
            if done > self._shown:
                self._writer.add_image("samples", images.read_image(path), done, dataformats="HWC")
                self._shown = done
        for name, network in self.model.networks.items() if self._histograms else ():
            for variable in network.trainable_variables:
                self._writer.add_histogram(f"{name}/{variable.path}", variable.value.detach().cpu(), batch)
        self._writer.flush()

    def on_train_end(self, logs: Mapping[str, float] | None = None) -> None:
        self._writer.close()
