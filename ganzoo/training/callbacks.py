"""What happens after a step, as Keras callbacks in a fixed order: show, log, draw, watch, save, score, stop."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import torch

from ganzoo.blame import one_line, origin_of
from ganzoo.contracts.tensor import Network, Tensor
from ganzoo.contracts.wiring import WiredCallback
from ganzoo.data.pace import Pace
from ganzoo.errors import ResourceError, Stopped
from ganzoo.runs import files
from ganzoo.runs.names import UniqueStems
from ganzoo.training.compilation import CompileWatch
from ganzoo.training.doctor import LiveDoctor
from ganzoo.training.signals import StopRequest

if TYPE_CHECKING:
    from ganzoo.training.trainer import Trainer

Logs = Mapping[str, Tensor]


def step_callbacks(
    trainer: Trainer, pace: Pace, stop: StopRequest, *, steps: int, until: float = math.inf
) -> StepCallbacks:
    """Return the callbacks of one `fit` in the order in which they must act."""
    # a checkpoint claims the log lines of its steps, so they are written before it; a score belongs to a state that a
    # later process can load, so it is made after it
    ordered = [
        Show(trainer, pace),
        Log(trainer, pace, stop),
        Draw(trainer),
        *watchers(trainer),
        *([Given(trainer, stop)] if trainer.callbacks else []),
        Save(trainer, stop, until),
        Score(trainer),
        StopEarly(trainer),
    ]
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
    """Tells the observer of every step, of what torch compiles, and once what would shorten a long wait for data."""

    def __init__(self, trainer: Trainer, pace: Pace) -> None:
        super().__init__(trainer)
        self._pace = pace
        self._step_began = time.perf_counter()
        self._compiling = CompileWatch() if trainer.recipe.train.compile else None
        self._warned = False

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._step_began = time.perf_counter()

    def after(self, done: int, logs: Logs) -> None:
        trainer = self.trainer
        if self._compiling is not None:
            for line in self._compiling.news(done, time.perf_counter() - self._step_began):
                trainer.observer.note(line)
        trainer.observer.step(done, trainer.model.timeline.at(done - 1).phase, self._pace.share)
        verdict = self._pace.verdict()
        if verdict is not None and not self._warned:
            self._warned = True
            trainer.observer.note(verdict)


class Log(_StepCallback):
    """Writes what a step returned, what components report, and how long training took so far."""

    def __init__(self, trainer: Trainer, pace: Pace, stop: StopRequest) -> None:
        super().__init__(trainer)
        self._pace = pace
        self._began = time.perf_counter()
        self._doctor = LiveDoctor(trainer, stop) if trainer.recipe.train.doctor else None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        if self._doctor is not None:
            self._doctor.begin()

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        if self._doctor is not None:
            self._doctor.before(self.trainer.model.step_number + 1)

    def after(self, done: int, logs: Logs) -> None:
        trainer = self.trainer
        if not logs or not self.is_due(done, trainer.recipe.train.log_every):
            return
        losses = _as_numbers(logs)
        record = {"step": done, "phase": trainer.model.timeline.at(done - 1).phase, **losses}
        record |= trainer.model.report()
        if self._doctor is not None:
            record |= self._doctor.measure()
        trainer.append(trainer.run.journal, record)
        seconds = round(time.perf_counter() - self._began, 3)
        timing = {"step": done, "seconds": seconds, "waited": round(self._pace.waited, 3)}
        trainer.append(trainer.run.timing, timing)
        trainer.observer.losses(record)
        if self._doctor is not None:
            self._doctor.judge(record)


class Draw(_StepCallback):
    """Writes the picture of the fixed inputs."""

    def after(self, done: int, logs: Logs) -> None:
        if self.is_due(done, self.trainer.recipe.train.sample_every):
            self.trainer.draw(done)


def watchers(trainer: Trainer) -> list[Watch]:
    """Return the callbacks that the recipe names, each with its own folder."""
    stems = UniqueStems()
    folder = trainer.run.path / "callbacks"
    return [Watch(trainer, wired, folder / stems(wired.key)) for wired in trainer.recipe.callbacks]


class Watch(_StepCallback):
    """Calls a callback of the recipe every so many steps; one that fails is reported once and then left out."""

    def __init__(self, trainer: Trainer, wired: WiredCallback, folder: Path) -> None:
        super().__init__(trainer)
        self._wired = wired
        self._folder = folder
        self._every = wired.every or trainer.recipe.train.log_every
        self._callback: Any = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._guarded(self._begin)

    def after(self, done: int, logs: Logs) -> None:
        if self._callback is None or not self.is_due(done, self._every):
            return
        values = _as_numbers(logs)
        # each with its own copy: callbacks may change what they are given
        self._guarded(lambda: self._callback.on_train_batch_end(done, dict(values)))
        if self._callback is not None:
            self._guarded(lambda: self._callback.on_epoch_end(done, dict(values)))

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self._callback is not None:
            self._guarded(lambda: self._callback.on_train_end({}))

    def _begin(self) -> None:
        run = self.trainer.run.path.resolve()
        if not self._folder.resolve().is_relative_to(run):
            raise ResourceError(f"{self._folder}: is outside the run folder")
        files.make_folder(self._folder)
        self._callback = self._wired.callback.build(self._folder)
        if not isinstance(self._callback, keras.callbacks.Callback):
            raise TypeError(f"build() returned {type(self._callback).__name__}, expected a keras.callbacks.Callback")
        self._callback.set_model(RunView(self.trainer))
        self._callback.set_params({"epochs": 1, "steps": self.trainer.total, "verbose": 0})
        self._callback.on_train_begin({})

    def _guarded(self, act: Callable[[], None]) -> None:
        """Call a callback; an exception ends its own output only."""
        trainer = self.trainer
        trainer.run.require()
        try:
            with trainer.model.float32_eager(), torch.no_grad():
                act()
        except (KeyboardInterrupt, Stopped):
            raise
        except BaseException as error:
            self._callback = None
            origin = origin_of(type(self._wired.callback))
            where = f"callback '{self._wired.key}' of {origin}, step {trainer.model.step_number}"
            trainer.observer.note(f"{where}: {one_line(error)}; training continues without it")


class RunView:
    """The `model` of a callback of the recipe: a view of the run; what it sets here has no effect."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self.stop_training = False

    @property
    def step(self) -> int:
        """How many steps of the run are done."""
        return self._trainer.model.step_number

    @property
    def phase(self) -> str:
        """The phase of the last step."""
        return self._trainer.model.timeline.at(max(self.step - 1, 0)).phase

    @property
    def networks(self) -> Mapping[str, Network]:
        """The networks to sample from."""
        return self._trainer.model.sampling_networks()

    @property
    def pictures(self) -> Mapping[int, Path]:
        """The sample pictures by the number of steps that were done."""
        found = self._trainer.run.samples.glob("step-*.png")
        return {int(path.stem[5:]): path for path in found if path.stem[5:].isdecimal()}


class Given(_StepCallback):
    """Calls the callbacks of a Python program as Keras would: numbers after each step, one epoch with their means.

    Batches are the steps of the run, also when it resumes. One that stops training stops the run, which is then saved.
    """

    def __init__(self, trainer: Trainer, stop: StopRequest) -> None:
        super().__init__(trainer)
        self._stop = stop
        self._given = keras.callbacks.CallbackList(
            trainer.callbacks, model=trainer.model, epochs=1, steps=trainer.total, verbose=0
        )

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._given.on_train_begin()

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._given.on_epoch_begin(epoch)

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._given.on_train_batch_begin(self.trainer.model.step_number + 1)

    def after(self, done: int, logs: Logs) -> None:
        self._given.on_train_batch_end(done, _as_numbers(logs))
        if self.trainer.model.stop_training:
            self._stop.ask()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._given.on_epoch_end(epoch, {})

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._given.on_train_end()


class Save(_StepCallback):
    """Writes a checkpoint, also when training is asked to stop or its time is over, and then stops it."""

    def __init__(self, trainer: Trainer, stop: StopRequest, until: float) -> None:
        super().__init__(trainer)
        self._stop = stop
        self._until = until

    def after(self, done: int, logs: Logs) -> None:
        # read once: a signal that comes while this step is scored stops training after the next step, which is saved
        stopping = self._stop.requested or time.monotonic() >= self._until
        if stopping or self.is_due(done, self.trainer.recipe.train.checkpoint_every):
            self.trainer.save(done)
        if stopping:
            self.trainer.model.stop_training = True


class Score(_StepCallback):
    """Scores the networks; the last step is scored with the exported networks, when training is over."""

    def after(self, done: int, logs: Logs) -> None:
        trainer = self.trainer
        every = trainer.recipe.train.evaluate_every
        if every is not None and done % every == 0 and done < trainer.total and not trainer.model.stop_training:
            trainer.score(done)


class StopEarly(_StepCallback):
    """Stops training with the recipe's patience, or with a failure that the doctor found, and saves.

    Where the run goes back from a failure, its state is of no use.
    """

    def after(self, done: int, logs: Logs) -> None:
        trainer = self.trainer
        if trainer.model.stop_training or not self._may_stop(done):
            return
        if trainer.rollbacks.way_back(done) is not None:
            trainer.model.stop_training = True
        elif done < trainer.total and trainer.stopped_early(done) is not None:
            if not self.is_due(done, trainer.recipe.train.checkpoint_every):
                trainer.save(done)
            trainer.model.stop_training = True

    def _may_stop(self, done: int) -> bool:
        train = self.trainer.recipe.train
        is_scored = train.evaluate_every is not None and done % train.evaluate_every == 0
        return is_scored or (train.on_collapse != "warn" and done % train.log_every == 0)


def _as_numbers(logs: Logs) -> dict[str, float]:
    """Return what a step returned as numbers, fetched from the device at once."""
    values = torch.stack([value.float() for value in logs.values()]).tolist() if logs else []
    return dict(zip(logs, values, strict=True))
