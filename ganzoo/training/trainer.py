"""Runs `fit()` over the rest of a run, recording as it goes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import torch

from ganzoo.blame import blaming, broken_contract, is_out_of_memory
from ganzoo.contracts.architecture import Architecture
from ganzoo.contracts.results import Picture, Sources, Trained
from ganzoo.data.loader import NoLongerWanted, StepBatches, StepLoader
from ganzoo.data.opening import TrainingData, guarded
from ganzoo.diagnosis import Doctor
from ganzoo.errors import CheckpointError, ComponentError, NumericError, ResourceError, Stopped
from ganzoo.randomness import Random, numpy_generator
from ganzoo.recipe import Recipe
from ganzoo.runs.checkpoint import CheckpointStore, Loaded, step_of
from ganzoo.runs.folder import RunFolder
from ganzoo.runs.journal import Journal
from ganzoo.runs.optional import OptionalOutput
from ganzoo.training.callbacks import step_callbacks
from ganzoo.training.compilation import not_compiled
from ganzoo.training.determinism import undetermined
from ganzoo.training.evaluation import BestScore, Scores, evaluate, scores_record, waited_since
from ganzoo.training.guard import NotFinite
from ganzoo.training.model import AdversarialModel
from ganzoo.training.observer import Observer
from ganzoo.training.pictures import require_picture
from ganzoo.training.rollbacks import Rollbacks, WayBack
from ganzoo.training.signals import StopRequest
from ganzoo.training.state import not_finite, to_arrays


class Trainer:
    """Trains one model to the end of its recipe; what it writes goes to one run folder."""

    def __init__(
        self,
        recipe: Recipe,
        model: AdversarialModel,
        data: TrainingData,
        held_out: Sources | None,
        run: RunFolder,
        observer: Observer,
        *,
        environment: Mapping[str, Any],
    ) -> None:
        self.recipe = recipe
        self.model = model
        self.held_out = held_out
        self.run = run
        self.observer = observer
        self.digest = recipe.digest()
        self.checkpoints = run.checkpoints(recipe.train.keep_checkpoints, recipe.train.checkpoint_every)
        self.rollbacks = Rollbacks(run, self.checkpoints, recipe.train)
        model.rate_scale = self.rollbacks.scale
        self.optional = OptionalOutput(run, observer.note)
        #: What every checkpoint says about the environment that made it.
        self.environment = environment
        self._mute: set[str] = set()
        #: Callbacks of the program that trains, for Keras.
        self.callbacks: Sequence[Any] = ()
        self.data = data
        self.batches = StepBatches.of(recipe, data)
        rng = numpy_generator(recipe.train.seed, "fixed_inputs")
        with blaming(recipe.task, "task, fixed_inputs()"):
            shown = guarded(data.sources if held_out is None else held_out, "the data to show")
            self.fixed_inputs = recipe.task.fixed_inputs(shown, count=recipe.train.samples, rng=rng, fitted=data.fitted)
        if not isinstance(self.fixed_inputs, Mapping):
            problem = f"fixed_inputs() returned {type(self.fixed_inputs).__name__}, expected arrays by name"
            raise broken_contract(recipe.task, "task", problem)

    @property
    def total(self) -> int:
        """The number of steps of the whole run."""
        return self.model.timeline.total_steps

    @property
    def products(self) -> Mapping[str, Architecture]:
        """The specifications of the products."""
        return {name: self.model.architectures[name] for name, spec in self.model.specs.items() if spec.is_product}

    @property
    def product(self) -> str:
        """The name of the first product: its row decides which state is the best."""
        return next(iter(self.products))

    def trained(self) -> Trained:
        """Return the networks as they are now, with what the task knows of the data."""
        return Trained(networks=self.model.sampling_networks(), fields=self.data.fields, fitted=self.data.fitted)

    # -- where a run starts --------------------------------------------------------------------------------------------

    def load(self) -> Loaded | None:
        """Return the newest good checkpoint, verified against the prepared model; nothing is changed."""
        return self._load(self.checkpoints.paths())

    def _load(self, among: Sequence[Path]) -> Loaded | None:
        loaded, refusals = self.checkpoints.load_newest(self.model.state(), recipe=self.digest, among=among)
        for refusal in refusals:
            self.observer.note(f"skipped a damaged checkpoint: {refusal}")
        return loaded

    def adopt(self, loaded: Loaded | None) -> int:
        """Take over a checkpoint, and forget what was written beyond it; return how many steps are done."""
        step = 0
        if loaded is not None:
            step = loaded.step
            self.model.restore(loaded.values, step)
        self.run.truncate_logs(step)
        self.optional("sample pictures", lambda: self.run.drop_samples(lambda done: done > step))
        self.drop_uncertain_best(step)
        self.settle_best()
        return step

    def move_end(self, before: int) -> None:
        """Forget what was written only because the run was to end after `before` steps, or lies beyond its new end."""
        train, run = self.recipe.train, self.run
        if before % train.log_every:
            run.journal.drop(before)
            run.timing.drop(before)
        if train.evaluate_every is not None and before % train.evaluate_every:
            run.scores.drop(before)
            run.best().drop(path for path in run.best().paths() if step_of(path) == before)
        is_extra = before % train.sample_every != 0
        self.optional(
            "sample pictures",
            lambda: run.drop_samples(lambda done: done > self.total or (done == before and is_extra)),
        )

    def rehearse(self) -> None:
        """Take a step of each phase in which each player plays, and undo it.

        BackendError when an operation has no deterministic kernel, and every other error of a step.
        """
        before, first = to_arrays(self.model.state()), self.model.step_number
        for number in self._rehearsed_steps():
            self.model.step_number = number
            self.model.turns.make_due(self.model.timeline.at(number))
            with self.translate_errors():
                self.model.train_step(self.batches.tensors(number))
        self.model.restore(before, first)

    def _rehearsed_steps(self) -> Iterator[int]:
        """Yield the first step of each phase, and that in which the generator has its first turn."""
        timeline = self.model.timeline
        for name, steps in timeline.phases:
            first = timeline.first_step(name)
            turn = first + self.model.turns.critic_updates(timeline.at(first)) - 1
            yield from sorted({first, min(turn, first + steps - 1)})

    # -- training ------------------------------------------------------------------------------------------------------

    def train(self, first: int, stop: StopRequest, *, until: float = math.inf) -> int:
        """Train from step `first` to the end, or until the time `until`; return how many steps are done.

        The end is the last step, or the evaluation with which the recipe's patience is over. `until` is a time of
        `time.monotonic()`: the step in which it comes is the last. Stopped when asked to stop, after saving.
        """
        first = self.go_back(first)  # a process may have been killed when it was about to
        while True:
            done = self._train_from(first, stop, until)
            first = self.go_back(done)
            if stop.requested:
                self.run.require()
                raise Stopped(f"stopped after step {first} of {self.total}; everything is saved")
            if first == done:
                return done

    def _train_from(self, first: int, stop: StopRequest, until: float) -> int:
        """Train to the end, or until the run has to go back or stop; return how many steps are done."""
        self.observer.begin(first=first, total=self.total)
        if first == 0:
            self.draw(0)
        if first < self.total:
            # a checkpoint is written before its state is scored, so a process may have been killed between the two
            self.score(first)
        if first < self.total and self.stopped_early(first) is None:
            loader = StepLoader(
                self.batches,
                first=first,
                last=self.total,
                workers=self.recipe.train.workers,
                wanted=lambda: not stop.requested,
                note=self.observer.note,
            )
            try:
                with stop.deferred(), self.translate_errors():
                    self._fit(loader, self.total - first, stop, until)
            except NumericError:
                # what the doctor says of an update that was refused belongs to the step after the last
                if self.rollbacks.way_back(self.model.step_number + 1) is None:
                    raise
                return self.model.step_number + 1
        return self.model.step_number

    def _fit(self, loader: StepLoader, steps: int, stop: StopRequest, until: float) -> None:
        callbacks = step_callbacks(self, loader.pace, stop, steps=steps, until=until)
        try:
            with closing(loader):
                self.model.fit(loader, steps_per_epoch=steps, shuffle=False, verbose=0, callbacks=callbacks)
        except NoLongerWanted:
            done = self.model.step_number
            if done > self.total - steps and done % self.recipe.train.checkpoint_every:
                self.save(done)

    @contextmanager
    def translate_errors(self) -> Iterator[None]:
        """Turn what can go wrong in a step for a user's reasons into a message."""
        try:
            yield
        except NotFinite as refused:
            self._record_broken(refused)
            raise self.numeric_error(self.model.step_number + 1, str(refused), refused.losses) from refused
        except torch.OutOfMemoryError as error:
            raise ResourceError(self.out_of_memory(f"the GPU's memory does not suffice: {error}")) from error
        except MemoryError as error:
            raise ResourceError(self.out_of_memory("memory does not suffice")) from error
        except (RuntimeError, ComponentError) as error:
            if is_out_of_memory(error):
                raise ResourceError(self.out_of_memory("memory does not suffice")) from error
            # what torch refuses is not the fault of the component in which it does
            cause = error.original if isinstance(error, ComponentError) else error
            translated = (undetermined(cause) or not_compiled(cause)) if isinstance(cause, RuntimeError) else None
            if translated is None:
                raise
            raise translated from error

    def _record_broken(self, refused: NotFinite) -> None:
        """Write down the losses of an update that a run refused, and the doctor's word on them."""
        if not self.run.exists or not refused.losses:
            return
        number = self.model.step_number
        losses = {f"{refused.player}/{key}": value for key, value in refused.losses.items()}
        record = {"step": number + 1, "phase": self.model.timeline.at(number).phase, **losses}
        self.append(self.run.journal, record)
        for verdict in Doctor(self.recipe.resolved).see(record):
            self.append(self.run.verdicts, verdict.record(number + 1))

    def numeric_error(self, step: int, what: str, losses: Mapping[str, float]) -> NumericError:
        """Return the error of a refused update or save: its losses, its batch, the last good state, what to try.

        `step` counts from 1; 0 is the start of a run.
        """
        saved = self.checkpoints.paths()
        table = ", ".join(f"{name} {value:.4g}" for name, value in losses.items())
        culprits = [f"; {self.model.objective.origin(name)} is not finite" for name in _not_finite(losses)]
        return NumericError(
            f"step {step}: {what}{''.join(culprits)}\n"
            f"{f'  losses: {table}{chr(10)}' if table else ''}"
            f"  batch: {', '.join(self.batches.names(max(step - 1, 0))[:8])}\n"
            f"  newest good checkpoint: {saved[-1] if saved else 'none yet'}\n"
            f"  lower the learning rate or set train.clip_norm, with --name NEW"
            f"{f' --fork {self.run.path}' if saved else ''}"
        )

    def out_of_memory(self, cause: str) -> str:
        """Return the message of a step for which there was no room."""
        size = self.recipe.train.batch_size
        saved = self.checkpoints.paths()
        return (
            f"step {self.model.step_number + 1}: {' '.join(cause.split())[:300]}; lower train.batch_size (now {size}); "
            f"newest good checkpoint: {saved[-1] if saved else 'none yet'}"
        )

    # -- what is written -----------------------------------------------------------------------------------------------

    def draw(self, done: int) -> None:
        """Write the picture of the fixed inputs."""
        rng = Random(self.recipe.train.seed, "picture")
        with self.model.float32_eager(), blaming(self.recipe.task, "task, picture()"):
            made = self.recipe.task.picture(self.trained(), self.fixed_inputs, rng=rng)
        picture = require_picture(self.recipe.task, "picture() returned", made)
        path = self.run.samples / f"step-{done:09d}"
        self.optional("sample pictures", lambda: self.run.write_picture(path, picture))

    def show_held_out(self, name: str, picture: Picture) -> None:
        """Write the picture of one held-out result."""
        self.optional("held-out pictures", lambda: self.run.write_picture(self.run.held_out / name, picture))

    def append(self, log: Journal, record: Mapping[str, Any]) -> None:
        """Write one line of a log."""
        self.optional(log.path.name, lambda: log.append(record))

    def save(self, done: int, store: CheckpointStore | None = None, facts: Mapping[str, Any] | None = None) -> None:
        """Write a checkpoint of the state after `done` steps; NumericError when it is not finite."""
        self.run.require()
        arrays = to_arrays(self.model.state())
        if broken := not_finite(arrays):
            raise self.numeric_error(done, f"{', '.join(broken[:3])} not finite; nothing was saved", {})
        for log in (self.run.journal, self.run.scores, self.run.verdicts):
            self.optional(log.path.name, log.sync)
        (store or self.checkpoints).save(
            done,
            arrays,
            recipe=self.digest,
            facts={"environment": dict(self.environment), **(facts or {})},
            complain=self.observer.note,
        )
        self.settle_best()

    # -- scores --------------------------------------------------------------------------------------------------------

    def score(self, done: int) -> None:
        """Score the networks on held-out data when that is due and not done yet."""
        every = self.recipe.train.evaluate_every
        if every is not None and done % every == 0 and self.scores_on_the_way and not self.is_scored(done):
            with self.model.float32_eager():
                scores = self.evaluate(self.trained())
                self.keep_scores(done, scores)
            self.observer.scores(done, scores)

    @property
    def scores_on_the_way(self) -> bool:
        """Whether there is anything to score, and the recipe asks for it."""
        train = self.recipe.train
        return train.evaluate_every is not None and self.held_out is not None and bool(self.recipe.metrics)

    def stopped_early(self, done: int) -> str | None:
        """Return why training ends after `done` steps, before the last one; None when it does not."""
        if self.rollbacks.way_back(done) is not None:
            return None
        return self._out_of_patience(done) or self._stopped_by_doctor(done)

    def _out_of_patience(self, done: int) -> str | None:
        train = self.recipe.train
        records = [record for record in self.run.scores.records() if record["step"] <= done]
        if train.best is None or train.patience is None or not records or records[-1]["step"] != done:
            return None
        since, waited = waited_since(records, BestScore.parse(train.best, self.product))
        if waited < train.patience:
            return None
        return f"after step {done} of {self.total}: no {train.best} was better than after step {since} (train.patience)"

    def _stopped_by_doctor(self, done: int) -> str | None:
        failure = self.rollbacks.stop(done)
        return None if failure is None else f"after step {done} of {self.total}: {failure} (train.on_collapse)"

    # -- back to before a failure --------------------------------------------------------------------------------------

    def go_back(self, done: int) -> int:
        """Go back to before what failed, if anything did and there is a way; return how many steps are done then."""
        way = self.rollbacks.way_back(done)
        return done if way is None else self.roll_back(done, way)

    def roll_back(self, done: int, way: WayBack) -> int:
        """Go back with lower learning rates; return how many steps are done then."""
        self.run.require()
        loaded = self._load(way.checkpoints)
        if loaded is None:
            raise ValueError("a way back has at least one checkpoint")
        # in this order: a process that is killed between the two trains to the failure again, as if nothing had been
        self.checkpoints.drop_after(loaded.step)
        self.observer.note(self.rollbacks.add(done, loaded.step, way.failure))
        return self.adopt(loaded)

    def is_scored(self, done: int) -> bool:
        """Return whether the scores of this state are written already."""
        return any(record["step"] == done for record in self.run.scores.records())

    def evaluate(self, trained: Trained) -> Scores:
        """Score networks on the held-out data; a metric that fails is reported once in a run."""
        if self.held_out is None:
            raise ValueError("there are no held-out data")
        return evaluate(
            self.recipe,
            trained,
            self.held_out,
            products=self.products,
            training=lambda: self.batches.sources,
            note=self.note_once,
        )

    def note_once(self, message: str) -> None:
        """Tell the observer something that would come again and again."""
        if message not in self._mute:
            self._mute.add(message)
            self.observer.note(message)

    def keep_scores(self, done: int, scores: Scores) -> None:
        """Write the scores of a state, and keep the state if it is the best so far."""
        if not self.scores_on_the_way:
            return
        # the line comes last: a state whose line is missing is scored again when the run resumes
        if self.recipe.train.best is not None and done:
            self.keep_best(done, scores, BestScore.parse(self.recipe.train.best, self.product))
        if not self.is_scored(done):
            self.append(self.run.scores, scores_record(scores, done))

    # -- the best state ------------------------------------------------------------------------------------------------

    def keep_best(self, done: int, scores: Scores, best: BestScore) -> None:
        """Save the state beside the others when no earlier one scored better."""
        value, store = best.value(scores), self.run.best()
        if value is None:
            self.note_once(f"train.best: step {done} has no score '{best}'; it is not compared")
            return
        sign = 1 if scores.larger_is_better[best.name] else -1
        rivals = [self._rival(path, best) for path in store.paths() if step_of(path) != done]
        if all(sign * value > sign * rival for rival in rivals if rival is not None):
            self.drop_uncertain_best(self._newest_saved(), but=done)
            self.save(done, store, {"score": value, "name": str(best)})

    def drop_uncertain_best(self, certain: int, *, but: int | None = None) -> None:
        """Drop best states beyond the newest checkpoint: a run that resumes from it has not reached them."""
        store = self.run.best()
        store.drop([path for path in store.paths() if step_of(path) > certain and step_of(path) != but])

    def settle_best(self) -> None:
        """Keep of the best states that no resume can undo the last one; and the last one before each way back.

        One that was scored only because the run ends there can be undone: the run may be made longer.
        """
        store, saved = self.run.best(), [step_of(path) for path in self.checkpoints.paths()]
        ways = saved if self.recipe.train.on_collapse == "rollback" else saved[-1:]
        paths = [path for path in store.paths() if not self._ends_between(step_of(path))]
        kept = {max((path for path in paths if step_of(path) <= way), default=None) for way in ways}
        store.drop([path for path in paths if step_of(path) <= self._newest_saved() and path not in kept])

    def _ends_between(self, done: int) -> bool:
        """Return whether a state is the last one and would not be scored on the way."""
        every = self.recipe.train.evaluate_every
        return done == self.total and every is not None and done % every != 0

    def _newest_saved(self) -> int:
        saved = self.checkpoints.paths()
        return step_of(saved[-1]) if saved else 0

    def _rival(self, path: Path, best: BestScore) -> float | None:
        """Return the score that a kept state was kept for; None when it was another score, or cannot be read."""
        with suppress(CheckpointError):
            facts = self.run.best().facts(path)
            if facts.get("name") == str(best) and isinstance(facts.get("score"), int | float):
                return float(facts["score"])
        return None


def _not_finite(losses: Mapping[str, float]) -> list[str]:
    return [name for name, value in losses.items() if not math.isfinite(value)]
