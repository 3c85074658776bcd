"""The doctor at work in a run: measures at some of the log's steps, says each verdict once, writes verdicts.jsonl."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ganzoo.blame import one_line
from ganzoo.contracts.tensor import Tensor
from ganzoo.data.loader import NoLongerWanted, StepLoader
from ganzoo.diagnosis import statistics
from ganzoo.diagnosis.doctor import MEMORY, QUIET, Doctor, is_examined
from ganzoo.diagnosis.statistics import Examples
from ganzoo.errors import GanzooError
from ganzoo.training.signals import StopRequest
from ganzoo.training.witness import Witness, as_rows

if TYPE_CHECKING:
    from ganzoo.training.trainer import Trainer

#: The doctor looks at no more than one of so many steps: it costs less than one percent of them.
_LEAST_STEPS = 50
#: Copies and conditions are looked for among so many examples.
_EXAMPLES = 512
#: So many fakes are compared with them.
_COMPARED = 64
_DIGITS = 6


class LiveDoctor:
    """Examines a run while it trains. It draws no random number and changes no state of the training."""

    def __init__(self, trainer: Trainer, stop: StopRequest) -> None:
        self._trainer = trainer
        self._stop = stop
        every = trainer.recipe.train.log_every
        self._every = every * -(-_LEAST_STEPS // every)
        self._doctor = Doctor(trainer.recipe.resolved)
        self._works = True
        self._examples: dict[str, dict[str, Examples]] = {}

    def begin(self) -> None:
        """Read what the run has said so far, and the examples to compare with; NoLongerWanted when asked to stop."""
        with self._guarded():
            trainer = self._trainer
            for record in deque(filter(is_examined, trainer.run.journal.records()), maxlen=MEMORY + QUIET):
                self._doctor.see(record)
            self._examples = {phase: dict(self._read(phase)) for phase in self._phases_to_examine()}

    def before(self, done: int) -> None:
        """Let the model show the step with which so many are done, when it is to be examined."""
        self._trainer.model.witness = Witness() if self._works and done % self._every == 0 else None

    def measure(self) -> dict[str, float]:
        """Return the numbers of the step that was shown, under `doctor/`; none when none was."""
        model = self._trainer.model
        witness, model.witness = model.witness, None
        found: dict[str, float] = {}
        with self._guarded():
            found = {} if witness is None else dict(self._measured(witness))
        return {f"doctor/{key}": float(f"{value:.{_DIGITS}g}") for key, value in found.items() if math.isfinite(value)}

    def judge(self, record: Mapping[str, Any]) -> None:
        """Say and write what is newly wrong after this record of the journal."""
        trainer = self._trainer
        if not is_examined(record):
            return
        with self._guarded():
            for verdict in self._doctor.see(record):
                trainer.append(trainer.run.verdicts, verdict.record(record["step"]))
                trainer.observer.note(f"step {record['step']}: {verdict}")
            trainer.observer.verdicts([verdict.kind for verdict in self._doctor.standing.values()])

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Report an error of the examination, and leave the rest of the run unexamined: it never harms training."""
        try:
            yield
        except (GanzooError, NoLongerWanted):  # of data or of the disk: the run would meet it too
            raise
        except Exception as error:
            self._works = False
            self._trainer.observer.note(f"the doctor failed: {one_line(error)}; training continues without it")

    def _measured(self, witness: Witness) -> Iterator[tuple[str, float]]:
        turns = self._trainer.model.turns
        yield "updates", turns.count("generator")
        largest = []
        for name, (real, fake) in witness.logits.items():
            both = [side.cpu().numpy() for side in (real, fake)]
            largest += [float(np.abs(side).max()) for side in both]
            yield f"separation/{name}", statistics.separation(*both)
        if largest:
            yield "largest_logit", max(largest)
        for name, sides in witness.compared.items():
            if len(sides[0]) >= statistics.FEWEST_ROWS and len(sides[1]) >= statistics.FEWEST_ROWS:
                reals, fakes = map(as_rows, sides)
                for key, value in statistics.sample_statistics(reals, fakes).items():
                    yield f"{key}/{name}", value
        for player, layers in witness.layer_gradients().items():
            for end, place in (("weakest", int(layers.argmin())), ("strongest", int(layers.argmax()))):
                yield f"{end}_gradient/{player}", float(layers[place])
                yield f"{end}_layer/{player}", place + 1
        yield from self._compared_with_examples(witness.fakes)

    def _compared_with_examples(self, fakes: Mapping[str, Tensor]) -> Iterator[tuple[str, float]]:
        model = self._trainer.model
        phase = model.timeline.at(model.step_number - 1).phase
        for name, examples in self._examples.get(phase, {}).items():
            rows = as_rows(fakes[name][:_COMPARED]) if name in fakes else None
            if rows is not None and rows.shape[1] == examples.rows.shape[1]:
                asked = {key: fakes[key][: len(rows)] for key in examples.labels if key in fakes}
                labels = {key: each.cpu().numpy() for key, each in asked.items() if each.shape == rows.shape[:1]}
                for key, value in examples.compare(rows, labels).items():
                    yield (f"{key}/{name}" if key == "copied" else key), value

    # -- examples ------------------------------------------------------------------------------------------------------

    def _phases_to_examine(self) -> Iterator[str]:
        model = self._trainer.model
        for name, steps in model.timeline.phases:
            first = model.timeline.first_step(name)
            done = max(first, model.step_number)
            if done + self._every - done % self._every <= first + steps:
                yield name

    def _read(self, phase: str) -> Iterator[tuple[str, Examples]]:
        """Yield examples of each field that a product makes under the name that the data have for it.

        None where outputs have targets of their own: there a copy is what is wanted.
        """
        model = self._trainer.model
        if model.task.exposes.pairs:
            return
        made = {name for spec in model.specs.values() if spec.is_product for name in spec.signature.outputs}
        rows, labels = defaultdict[str, list[Any]](list), defaultdict[str, list[Any]](list)
        for batch in self._batches(phase):
            for name, values in batch.items():
                if name in made and values.is_floating_point():
                    rows[name] += map(as_rows, torch.split(values, statistics.MOST_ROWS))
                elif _is_label(values):
                    labels[name].append(values.numpy())
        everything = max(stream.examples for stream in self._trainer.batches.streams)
        classes = {name: np.concatenate(parts) for name, parts in labels.items()}
        for name, parts in rows.items():
            found = np.concatenate(parts)
            own = {key: values for key, values in classes.items() if len(values) == len(found)}
            yield name, Examples.of(found, own, min(1.0, len(found) / everything))

    def _batches(self, phase: str) -> Iterator[Mapping[str, Tensor]]:
        """Yield the first batches of a phase until there are enough examples, and none twice."""
        trainer, timeline = self._trainer, self._trainer.model.timeline
        first, steps = timeline.first_step(phase), dict(timeline.phases)[phase]
        last = first + min(max(trainer.batches.steps_per_epoch, 1), steps)
        wanted, note = (lambda: not self._stop.requested), trainer.observer.note
        count = 0
        with closing(StepLoader(trainer.batches, first=first, last=last, wanted=wanted, note=note)) as loader:
            for batch in loader:
                yield batch
                count += len(next(iter(batch.values())))
                if count >= _EXAMPLES:
                    return


def _is_label(values: Tensor) -> bool:
    return values.ndim == 1 and not values.is_floating_point() and values.dtype != torch.bool
