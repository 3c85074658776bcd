"""What a run will take, from two real steps of each phase: time, and memory at its peak."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch

from ganzoo.training.profiling import wait_for_device
from ganzoo.training.trainer import Trainer


@dataclass(frozen=True)
class Estimate:
    """Seconds of a thousand steps of each phase, without pictures, checkpoints and scores; bytes at the peak.

    The peak is that of the GPU where there is one, else that of the process with torch and keras in it; None where the
    system does not tell.
    """

    seconds: Mapping[str, float]
    peak_bytes: int | None


def estimate(trainer: Trainer) -> Estimate:
    """Take two steps of each phase more than a rehearsal has taken, and measure them.

    The first is one in which both players play, the second one of the others, where there are any: `n_critic` says
    how many. Weights are not those of the run afterwards.
    """
    with trainer.translate_errors():
        seconds = {name: 1000 * _seconds(trainer, name, steps) for name, steps in trainer.model.timeline.phases}
    peak = _peak_bytes()
    return Estimate(seconds, None if peak is None else peak + _later(trainer))


def _seconds(trainer: Trainer, phase: str, steps: int) -> float:
    """Return the seconds of a mean step of a phase."""
    model, first = trainer.model, trainer.model.timeline.first_step(phase)
    step = model.timeline.at(first)
    critic = model.turns.critic_updates(step)
    both = _timed(trainer, first, with_generator=True)
    other = _timed(trainer, first + 1 if steps > 1 else first, with_generator=critic == 1)
    return ((both + other) / 2) if critic == 1 else (both + (critic - 1) * other) / critic


def _timed(trainer: Trainer, number: int, *, with_generator: bool) -> float:
    model = trainer.model
    model.step_number = number
    if with_generator:
        model.turns.make_due(model.timeline.at(number))
    begun = time.perf_counter()
    batch = trainer.batches.tensors(number)
    read = time.perf_counter() - begun
    begun = time.perf_counter()
    model.train_step(batch)
    wait_for_device()
    stepped = time.perf_counter() - begun
    workers = trainer.recipe.train.workers
    # a thread that prepares batches shares the interpreter with the step; processes work beside it
    return max(stepped, read / workers) if workers else stepped + read


def _later(trainer: Trainer) -> int:
    """Return the bytes that examples take which are kept once they were read, and have not been read yet."""
    return 0 if torch.cuda.is_available() else sum(stream.unread_bytes() for stream in trainer.batches.streams)


def _peak_bytes() -> int | None:
    """Return the most bytes that were in use so far."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    with suppress(OSError, StopIteration):
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    with suppress(ImportError):
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
    return None
