"""Runs `fit()` over the rest of a run, recording as it goes."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any, Protocol

import keras
import torch

from ganzoo.contracts.dataset import Source
from ganzoo.contracts.tensor import Tensor
from ganzoo.data.loader import StepBatches, StepLoader
from ganzoo.errors import NumericError, ResourceError, Stopped
from ganzoo.images import write_image
from ganzoo.recipe import Recipe
from ganzoo.runs.folder import RunFolder
from ganzoo.streams import numpy_generator
from ganzoo.training.model import AdversarialModel
from ganzoo.training.signals import StopRequest
from ganzoo.training.state import not_finite, to_arrays

_ADVICE = "the newest checkpoint is from before; lower the learning rate or set train.clip_norm, then run again"


class Observer(Protocol):
    """Whoever watches a run."""

    def begin(self, *, first: int, total: int) -> None:
        """Take note that training starts at step `first`."""

    def step(self, number: int, phase: str, waiting: float) -> None:
        """Take note that so many steps are done; `waiting` is the share of time spent waiting for data."""

    def losses(self, record: Mapping[str, Any]) -> None:
        """Take note of a line that was written to the journal."""

    def note(self, message: str) -> None:
        """Take note of something worth a line."""


class Trainer:
    """Trains one model to the end of its recipe; what it writes goes to one run folder."""

    def __init__(
        self,
        recipe: Recipe,
        model: AdversarialModel,
        source: Source,
        held_out: Source,
        run: RunFolder,
        observer: Observer,
    ) -> None:
        self.recipe = recipe
        self.model = model
        self.run = run
        self.observer = observer
        self.digest = recipe.digest()
        self.checkpoints = run.checkpoints(recipe.train.keep_checkpoints)
        self.batches = StepBatches(
            source, recipe.task, batch_size=recipe.train.batch_size, seed=recipe.train.seed, timeline=model.timeline
        )
        rng = numpy_generator(recipe.train.seed, "fixed_inputs")
        self.fixed_inputs = recipe.task.fixed_inputs(held_out, count=recipe.train.samples, rng=rng)

    def restore(self) -> int:
        """Load the newest good checkpoint, if there is any, into the prepared model; return how many steps are done."""
        state = self.model.state()
        loaded, refusals = self.checkpoints.load_newest(state, recipe=self.digest)
        for refusal in refusals:
            self.observer.note(f"skipped a damaged checkpoint: {refusal}")
        if loaded is None:
            self.run.journal.truncate(0)
            return 0
        self.model.restore(loaded.values, loaded.step)
        self.run.journal.truncate(loaded.step)
        return loaded.step

    def train(self, first: int) -> None:
        """Train from step `first` to the end; Stopped when asked to stop, after saving."""
        total = self.model.timeline.total_steps
        self.observer.begin(first=first, total=total)
        if first == 0:
            self.draw(0)
        if first < total:
            loader = StepLoader(self.batches, first=first, last=total, workers=self.recipe.train.workers)
            with StopRequest() as stop:
                self._fit(loader, total - first, stop)
        if self.model.step_number < total:
            raise Stopped(f"stopped after step {self.model.step_number} of {total}; everything is saved")

    def _fit(self, loader: StepLoader, steps: int, stop: StopRequest) -> None:
        recorder = Recorder(self, loader, stop)
        callbacks = StepCallbacks([recorder], add_history=True, model=self.model, epochs=1, steps=steps)
        self.model.fit(loader, steps_per_epoch=steps, shuffle=False, verbose=0, callbacks=callbacks)

    def draw(self, done: int) -> None:
        """Write the picture of the fixed inputs; a full disk costs the picture, not the run."""
        picture = self.recipe.task.picture(self.model.sampling_networks(), self.fixed_inputs)
        try:
            write_image(self.run.samples / f"step-{done:09d}.png", picture)
        except (OSError, ResourceError) as error:
            self.observer.note(f"no sample picture was written: {error}")

    def save(self, done: int) -> None:
        """Write a checkpoint of the state after `done` steps."""
        arrays = to_arrays(self.model.state())
        broken = not_finite(arrays)
        if broken:
            raise NumericError(f"after step {done - 1}: {', '.join(broken[:3])} not finite; {_ADVICE}")
        self.run.journal.sync()
        self.checkpoints.save(done, arrays, recipe=self.digest)


class StepCallbacks(keras.callbacks.CallbackList):
    """Hands the logs on as they are: Keras would read every loss from the device at every step."""

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Tensor] | None = None) -> None:
        for callback in self.callbacks:
            callback.on_train_batch_end(batch, logs=logs)


class Recorder(keras.callbacks.Callback):
    """Logs, draws, saves and stops, each when it is due."""

    def __init__(self, trainer: Trainer, loader: StepLoader, stop: StopRequest) -> None:
        super().__init__()
        self._trainer = trainer
        self._loader = loader
        self._stop = stop
        self._began = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Tensor] | None = None) -> None:
        train, trainer = self._trainer.recipe.train, self._trainer
        done = trainer.model.step_number
        last = done == trainer.model.timeline.total_steps
        step = trainer.model.timeline.at(done - 1)
        trainer.observer.step(done, step.phase, self.waiting())
        if logs and (last or done % train.log_every == 0):
            self.log(done - 1, step.phase, logs)
        if last or done % train.sample_every == 0:
            trainer.draw(done)
        if self._stop.requested or last or done % train.checkpoint_every == 0:
            self.check(done, logs or {})
            trainer.save(done)
        if self._stop.requested:
            trainer.model.stop_training = True

    def log(self, number: int, phase: str, logs: Mapping[str, Tensor]) -> None:
        """Write the losses of one step."""
        values = torch.stack([value.float() for value in logs.values()]).tolist()
        losses = dict(zip(logs, values, strict=True))
        record = {"step": number, "phase": phase, **losses, "seconds": round(time.perf_counter() - self._began, 3)}
        self._trainer.run.journal.append(record)
        self._trainer.observer.losses(record)
        self.check(number + 1, logs)

    def check(self, done: int, logs: Mapping[str, Tensor]) -> None:
        """Stop before anything broken is saved: NumericError when a loss is not finite."""
        broken = [name for name, value in logs.items() if not math.isfinite(float(value))]
        if broken:
            indices = self._trainer.batches.indices(done - 1)
            raise NumericError(
                f"step {done - 1}: {', '.join(broken)} not finite (batch of examples {indices}); {_ADVICE}"
            )

    def waiting(self) -> float:
        """Return the share of the time spent waiting for data."""
        return self._loader.waited / max(time.perf_counter() - self._began, 1e-9)
