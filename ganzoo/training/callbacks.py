"""What happens after a step, as Keras callbacks in a fixed order: show, log, draw, save, score."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import keras
import torch

from ganzoo.contracts.tensor import Tensor
from ganzoo.data.pace import Pace
from ganzoo.training.compilation import CompileWatch
from ganzoo.training.signals import StopRequest

if TYPE_CHECKING:
    from ganzoo.training.trainer import Trainer

Logs = Mapping[str, Tensor]


def step_callbacks(trainer: Trainer, pace: Pace, stop: StopRequest, *, steps: int) -> StepCallbacks:
    """Return the callbacks of one `fit` in the order in which they must act."""
    # a checkpoint claims the log lines of its steps, so they are written before it; a score belongs to a state that a
    # later process can load, so it is made after it
    ordered = [Show(trainer, pace), Log(trainer, pace), Draw(trainer), Save(trainer, stop), Score(trainer)]
    return StepCallbacks(ordered, add_history=True, model=trainer.model, epochs=1, steps=steps)


class StepCallbacks(keras.callbacks.CallbackList):
    """Hands the logs on as they are: Keras would read every loss from the device at every step."""

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        for callback in self.callbacks:
            callback.on_train_batch_end(batch, logs=logs)


class _StepCallback(keras.callbacks.Callback):
    """Acts after each step; `done` is how many steps of the run are taken."""

    def __init__(self, trainer: Trainer) -> None:
        super().__init__()
        self.trainer = trainer

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self.after(self.trainer.model.step_number, logs or {})

    def after(self, done: int, logs: Logs) -> None:
        """Do what is due after so many steps."""
        raise NotImplementedError

    def is_due(self, done: int, every: int) -> bool:
        """Return whether something that happens every so many steps, and after the last one, is due."""
        return done == self.trainer.total or done % every == 0


class Show(_StepCallback):
    """Tells the observer of every step, of what torch compiles, and once when data are made too slowly."""

    def __init__(self, trainer: Trainer, pace: Pace) -> None:
        super().__init__(trainer)
        self._pace = pace
        self._began = self._step_began = time.perf_counter()
        self._compiling = CompileWatch() if trainer.recipe.train.compile else None
        self._warned = False

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._step_began = time.perf_counter()

    def after(self, done: int, logs: Logs) -> None:
        trainer = self.trainer
        if self._compiling is not None:
            for line in self._compiling.news(done - 1, time.perf_counter() - self._step_began):
                trainer.observer.note(line)
        waiting = self._pace.waited / max(time.perf_counter() - self._began, 1e-9)
        trainer.observer.step(done, trainer.model.timeline.at(done - 1).phase, waiting)
        verdict = self._pace.verdict()
        if verdict is not None and not self._warned:
            self._warned = True
            trainer.observer.note(verdict)


class Log(_StepCallback):
    """Writes the losses of a step, what components report, and how long training took so far."""

    def __init__(self, trainer: Trainer, pace: Pace) -> None:
        super().__init__(trainer)
        self._pace = pace
        self._began = time.perf_counter()

    def after(self, done: int, logs: Logs) -> None:
        trainer = self.trainer
        if not logs or not self.is_due(done, trainer.recipe.train.log_every):
            return
        values = torch.stack([value.float() for value in logs.values()]).tolist()
        losses = dict(zip(logs, values, strict=True))
        record = {"step": done - 1, "phase": trainer.model.timeline.at(done - 1).phase, **losses}
        trainer.append(trainer.run.journal, {**record, **trainer.model.report()})
        seconds = round(time.perf_counter() - self._began, 3)
        timing = {"step": done - 1, "seconds": seconds, "waited": round(self._pace.waited, 3)}
        trainer.append(trainer.run.timing, timing)
        trainer.observer.losses(record)


class Draw(_StepCallback):
    """Writes the picture of the fixed inputs."""

    def after(self, done: int, logs: Logs) -> None:
        if self.is_due(done, self.trainer.recipe.train.sample_every):
            self.trainer.draw(done)


class Save(_StepCallback):
    """Writes a checkpoint, also when training is asked to stop, and then stops it."""

    def __init__(self, trainer: Trainer, stop: StopRequest) -> None:
        super().__init__(trainer)
        self._stop = stop

    def after(self, done: int, logs: Logs) -> None:
        # read once: a signal that comes while this step is scored stops training after the next step, which is saved
        stopping = self._stop.requested
        if stopping or self.is_due(done, self.trainer.recipe.train.checkpoint_every):
            self.trainer.save(done)
        if stopping:
            self.trainer.model.stop_training = True


class Score(_StepCallback):
    """Scores the networks; the last step is scored with the exported networks, when training is over."""

    def after(self, done: int, logs: Logs) -> None:
        if done < self.trainer.total and not self.trainer.model.stop_training:
            self.trainer.score(done)
