"""Runs `fit()` over the rest of a run, recording as it goes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any, Protocol

import keras
import torch

from ganzoo.contracts.dataset import Source
from ganzoo.contracts.tensor import Tensor
from ganzoo.data.loader import NoLongerWanted, StepBatches, StepLoader
from ganzoo.errors import NumericError, RecipeError, ResourceError, Stopped, listing, nearest
from ganzoo.recipe import Recipe
from ganzoo.runs.checkpoint import CheckpointStore, Loaded
from ganzoo.runs.folder import RunFolder
from ganzoo.runs.journal import Journal
from ganzoo.streams import numpy_generator
from ganzoo.training.compilation import CompileWatch, not_compiled
from ganzoo.training.determinism import undetermined
from ganzoo.training.evaluation import Scores, evaluate, scores_record
from ganzoo.training.guard import NotFinite
from ganzoo.training.model import AdversarialModel
from ganzoo.training.signals import StopRequest
from ganzoo.training.state import not_finite, to_arrays

_TRAINED = "generator"


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
        held_out: Source | None,
        run: RunFolder,
        observer: Observer,
    ) -> None:
        self.recipe = recipe
        self.model = model
        self.held_out = held_out
        self.run = run
        self.observer = observer
        self.digest = recipe.digest()
        self.checkpoints = run.checkpoints(recipe.train.keep_checkpoints)
        #: What every checkpoint says about the environment that made it.
        self.environment: Mapping[str, Any] = {}
        self._mute: set[str] = set()
        self.batches = StepBatches.of(recipe, source)
        rng = numpy_generator(recipe.train.seed, "fixed_inputs")
        self.fixed_inputs = recipe.task.fixed_inputs(held_out or source, count=recipe.train.samples, rng=rng)

    @property
    def total(self) -> int:
        """The number of steps of the whole run."""
        return self.model.timeline.total_steps

    # -- where a run starts --------------------------------------------------------------------------------------------

    def load(self) -> Loaded | None:
        """Return the newest good checkpoint, verified against the prepared model; nothing is changed."""
        loaded, refusals = self.checkpoints.load_newest(self.model.state(), recipe=self.digest)
        for refusal in refusals:
            self.observer.note(f"skipped a damaged checkpoint: {refusal}")
        return loaded

    def adopt(self, loaded: Loaded | None) -> int:
        """Take over a checkpoint, and forget what the logs say beyond it; return how many steps are done."""
        step = 0
        if loaded is not None:
            step = loaded.step
            self.model.restore(loaded.values, step)
        self.run.truncate_logs(step)
        return step

    def rehearse(self) -> None:
        """Take one step of each phase and undo it: BackendError when an operation has no deterministic kernel."""
        before, first = to_arrays(self.model.state()), self.model.step_number
        number = 0
        for _, steps in self.model.timeline.phases:
            self.model.step_number = number
            with self.explained():
                self.model.train_step(self.batches.tensors(number))
            number += steps
        self.model.restore(before, first)

    # -- training ------------------------------------------------------------------------------------------------------

    def train(self, first: int, stop: StopRequest) -> None:
        """Train from step `first` to the end; Stopped when asked to stop, after saving."""
        self.observer.begin(first=first, total=self.total)
        if first == 0:
            self.draw(0)
            self.score(0)
        if first < self.total:
            loader = StepLoader(
                self.batches,
                first=first,
                last=self.total,
                workers=self.recipe.train.workers,
                wanted=lambda: not stop.requested,
                note=self.observer.note,
            )
            with stop.deferred(), self.explained():
                self._fit(loader, self.total - first, stop)
        if stop.requested:
            raise Stopped(f"stopped after step {self.model.step_number} of {self.total}; everything is saved")

    def _fit(self, loader: StepLoader, steps: int, stop: StopRequest) -> None:
        recorder = Recorder(self, loader, stop)
        callbacks = StepCallbacks([recorder], add_history=True, model=self.model, epochs=1, steps=steps)
        try:
            with closing(loader):
                self.model.fit(loader, steps_per_epoch=steps, shuffle=False, verbose=0, callbacks=callbacks)
        except NoLongerWanted:
            done = self.model.step_number
            if done > self.total - steps and done % self.recipe.train.checkpoint_every:
                self.save(done)

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn what can go wrong in a step for a user's reasons into a message."""
        try:
            yield
        except NotFinite as refused:
            raise self.broken(str(refused), refused.losses) from refused
        except torch.OutOfMemoryError as error:
            raise ResourceError(self.out_of_memory(f"the GPU's memory does not suffice: {error}")) from error
        except MemoryError as error:
            raise ResourceError(self.out_of_memory("memory does not suffice")) from error
        except RuntimeError as error:
            if "DefaultCPUAllocator" in str(error):
                raise ResourceError(self.out_of_memory("memory does not suffice")) from error
            explained = undetermined(error) or not_compiled(error)
            if explained is None:
                raise
            raise explained from error

    def broken(self, what: str, losses: Mapping[str, float]) -> NumericError:
        """Return the error of a refused update or save: its losses, its batch, the last good state, what to try."""
        number = self.model.step_number
        saved = self.checkpoints.paths()
        table = ", ".join(f"{name} {value:.4g}" for name, value in losses.items())
        return NumericError(
            f"step {number}: {what}\n"
            f"{f'  losses: {table}{chr(10)}' if table else ''}"
            f"  batch: {', '.join(self.batches.names(number)[:8])}\n"
            f"  newest good checkpoint: {saved[-1] if saved else 'none yet'}\n"
            f"  lower the learning rate or set train.clip_norm, with --name NEW --fork {self.run.path}"
        )

    def out_of_memory(self, cause: str) -> str:
        """Return the message of a step for which there was no room."""
        size = self.recipe.train.batch_size
        saved = self.checkpoints.paths()
        return (
            f"step {self.model.step_number}: {' '.join(cause.split())[:300]}; lower train.batch_size (now {size}); "
            f"newest good checkpoint: {saved[-1] if saved else 'none yet'}"
        )

    # -- what is written -----------------------------------------------------------------------------------------------

    def draw(self, done: int) -> None:
        """Write the picture of the fixed inputs."""
        with self.model.float32_eager():
            picture = self.recipe.task.picture(self.model.sampling_networks(), self.fixed_inputs)
        path = self.run.samples / f"step-{done:09d}.png"
        self.optional("sample pictures", lambda: self.run.write_picture(path, picture))

    def append(self, log: Journal, record: Mapping[str, Any]) -> None:
        """Write one line of a log."""
        self.optional(log.path.name, lambda: log.append(record))

    def optional(self, what: str, write: Callable[[], None]) -> None:
        """Write what a run can do without: a full disk costs that output, told once, not the run."""
        try:
            write()
        except (OSError, ResourceError) as error:
            if what not in self._mute:
                self._mute.add(what)
                self.observer.note(f"{what} cannot be written, training goes on: {error}")

    def save(self, done: int, store: CheckpointStore | None = None, facts: Mapping[str, Any] | None = None) -> None:
        """Write a checkpoint of the state after `done` steps; NumericError when it is not finite."""
        arrays = to_arrays(self.model.state())
        if broken := not_finite(arrays):
            raise self.broken(f"{', '.join(broken[:3])} not finite; nothing was saved", {})
        for log in (self.run.journal, self.run.scores):
            self.optional(log.path.name, log.sync)
        (store or self.checkpoints).save(
            done,
            arrays,
            recipe=self.digest,
            facts={"environment": dict(self.environment), **(facts or {})},
            complain=self.observer.note,
        )

    # -- scores --------------------------------------------------------------------------------------------------------

    def score(self, done: int) -> None:
        """Score the networks on held-out data when that is due, and keep the state if it is the best so far."""
        train = self.recipe.train
        if train.evaluate_every is None or self.held_out is None or not self.recipe.metrics:
            return
        if done % train.evaluate_every == 0 or done == self.total:
            networks = self.model.sampling_networks()
            with self.model.float32_eager():
                scores = evaluate(self.recipe.task, networks, self.held_out, self.recipe.metrics, seed=train.seed)
            self.append(self.run.scores, scores_record(scores, done))
            if train.best is not None:
                self.keep_best(done, scores, train.best)

    def keep_best(self, done: int, scores: Scores, name: str) -> None:
        """Save the state beside the others when no earlier one scored better."""
        row = scores.rows.get(_TRAINED, {})
        if name not in row:
            raise RecipeError(f"train.best: there is no score '{name}'{nearest(name, row)}; known are {listing(row)}")
        value, store = row[name], self.run.best()
        rivals = [store.facts(path).get("score", -math.inf) for path in store.paths() if _step(path.name) != done]
        sign = 1 if scores.larger_is_better[name] else -1
        if done and all(sign * value > sign * rival for rival in rivals):
            self.save(done, store, {"score": value, "name": name})


class StepCallbacks(keras.callbacks.CallbackList):
    """Hands the logs on as they are: Keras would read every loss from the device at every step."""

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Tensor] | None = None) -> None:
        for callback in self.callbacks:
            callback.on_train_batch_end(batch, logs=logs)


class Recorder(keras.callbacks.Callback):
    """Logs, draws, scores, saves and stops, each when it is due."""

    def __init__(self, trainer: Trainer, loader: StepLoader, stop: StopRequest) -> None:
        super().__init__()
        self._trainer = trainer
        self._loader = loader
        self._stop = stop
        self._began = self._step_began = time.perf_counter()
        self._compiling = CompileWatch() if trainer.recipe.train.compile else None
        self._warned = False

    def on_train_batch_begin(self, batch: int, logs: Mapping[str, Tensor] | None = None) -> None:
        self._step_began = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Tensor] | None = None) -> None:
        train, trainer = self._trainer.recipe.train, self._trainer
        done = trainer.model.step_number
        last = done == trainer.total
        step = trainer.model.timeline.at(done - 1)
        if self._compiling is not None:
            for line in self._compiling.news(done - 1, time.perf_counter() - self._step_began):
                trainer.observer.note(line)
        trainer.observer.step(done, step.phase, self.waiting())
        self.judge_data()
        if logs and (last or done % train.log_every == 0):
            self.log(done - 1, step.phase, logs)
        if last or done % train.sample_every == 0:
            trainer.draw(done)
        if self._stop.requested or last or done % train.checkpoint_every == 0:
            trainer.save(done)
        if self._stop.requested:
            trainer.model.stop_training = True
        elif not last:
            trainer.score(done)

    def log(self, number: int, phase: str, logs: Mapping[str, Tensor]) -> None:
        """Write the losses of one step."""
        values = torch.stack([value.float() for value in logs.values()]).tolist()
        losses = dict(zip(logs, values, strict=True))
        record = {"step": number, "phase": phase, **losses}
        self._trainer.append(self._trainer.run.journal, record)
        seconds = round(time.perf_counter() - self._began, 3)
        timing = {"step": number, "seconds": seconds, "waited": round(self._loader.pace.waited, 3)}
        self._trainer.append(self._trainer.run.timing, timing)
        self._trainer.observer.losses(record)

    def judge_data(self) -> None:
        """Say once when data are made too slowly."""
        verdict = self._loader.pace.verdict()
        if verdict is not None and not self._warned:
            self._warned = True
            self._trainer.observer.note(verdict)

    def waiting(self) -> float:
        """Return the share of the time spent waiting for data."""
        return self._loader.pace.waited / max(time.perf_counter() - self._began, 1e-9)


def _step(name: str) -> int:
    return int(name.rpartition("-")[2])
