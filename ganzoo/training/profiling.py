"""Profiles the time of a training step."""

from __future__ import annotations

import functools
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from ganzoo.data.loader import StepBatches
from ganzoo.execution.keras_internals import get_device
from ganzoo.training.model import AdversarialModel

_MATRIX = 1536


class Stopwatch:
    """Adds up, by label, the time spent in wrapped methods without that in wrapped methods that they call."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._inner: list[float] = []

    def wrap(self, owner: Any, name: str, label: Callable[..., str] | str) -> None:
        """Time a method of one object; the label may depend on the arguments."""
        method = getattr(owner, name)

        @functools.wraps(method)
        def timed(*arguments: Any, **options: Any) -> Any:
            found = label if isinstance(label, str) else label(*arguments, **options)
            with self.timing(found):
                return method(*arguments, **options)

        object.__setattr__(owner, name, timed)

    def timing(self, label: str) -> _Timing:
        """Return a context whose time counts under `label`."""
        return _Timing(self, label)


class _Timing:
    def __init__(self, watch: Stopwatch, label: str) -> None:
        self._watch, self._label = watch, label

    def __enter__(self) -> None:
        wait_for_device()
        self._watch._inner.append(0.0)
        self._begun = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        wait_for_device()
        spent = time.perf_counter() - self._begun
        self._watch.seconds[self._label] += spent - self._watch._inner.pop()
        if self._watch._inner:
            self._watch._inner[-1] += spent


@dataclass(frozen=True)
class Profile:
    """Measurements over some steps; seconds and operations are those of one step."""

    step_seconds: float
    parts: Mapping[str, float]
    operations: Mapping[str, float]
    flops: int
    peak_flops: float

    @property
    def achieved(self) -> float:
        """Floating-point operations a second, as a share of what a matrix product reaches on this device."""
        return self.flops / self.step_seconds / self.peak_flops


def profile(model: AdversarialModel, batches: StepBatches, *, steps: int, warm_up: int = 3) -> Profile:
    """Take steps of a prepared model and measure them; the model is of no use afterwards."""
    batch = batches.tensors(model.step_number)
    for _ in range(warm_up):
        model.train_step(batch)
    plain = [_seconds(lambda: model.train_step(batch)) for _ in range(steps)]
    counter = _FlopCounter()
    with counter:
        model.train_step(batch)
    operations = _operations(lambda: model.train_step(batch), min(steps, 5))
    watch = watched(model)
    with watch.timing("everything else"):
        for _ in range(steps):
            with watch.timing("data"):
                batch = batches.tensors(model.step_number)
            model.train_step(batch)
    return Profile(
        step_seconds=statistics.median(plain),
        parts={label: spent / steps for label, spent in sorted(watch.seconds.items(), key=lambda item: -item[1])},
        operations=operations,
        flops=counter.total,
        peak_flops=_peak(),
    )


def watched(model: AdversarialModel) -> Stopwatch:
    """Put a stopwatch on the parts of a model's step."""
    watch = Stopwatch()
    watch.wrap(model, "_enter", "seeding and schedules")
    watch.wrap(model, "_generate", "fakes, forward")
    watch.wrap(model.objective, "terms", lambda player, *_: f"{player.name}'s losses, forward")
    watch.wrap(model.objective, "penalties", lambda player, *_: f"{player.name}'s penalties")
    watch.wrap(model, "_descend", lambda player, *_: f"{player}'s gradient, backward")
    watch.wrap(model.objective, "after_update", "regularizers after the update")
    for player, group in model.optimizer_groups.items():
        watch.wrap(group, "apply", f"{player}'s optimizer")
    if model.average is not None:
        watch.wrap(model.average, "update", "averaged weights")
    return watch


class _FlopCounter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts floating-point operations; torch's own counter follows modules too, which fails in gradient penalties."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.total = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        count = flop_registry.get(func._overloadpacket)
        if count is not None:
            self.total += count(*args, **(kwargs or {}), out_val=result)
        return result


def _operations(take_step: Callable[[], Any], steps: int) -> dict[str, float]:
    """Return the seconds of a step that each of torch's operations takes by itself, the longest first."""
    cuda = torch.cuda.is_available()
    activities = [torch.profiler.ProfilerActivity.CPU, *([torch.profiler.ProfilerActivity.CUDA] if cuda else [])]
    with torch.profiler.profile(activities=activities) as found:
        for _ in range(steps):
            take_step()
    key = "self_device_time_total" if cuda else "self_cpu_time_total"
    seconds = {event.key: getattr(event, key) / 1e6 / steps for event in found.key_averages()}
    return dict(sorted(seconds.items(), key=lambda item: -item[1])[:12])


def _peak() -> float:
    """Return the floating-point operations a second of a large float32 matrix product on the training device."""
    one = torch.rand(_MATRIX, _MATRIX, device=get_device())
    return 2 * _MATRIX**3 / min(_seconds(lambda: one @ one) for _ in range(8))


def _seconds(work: Callable[[], Any]) -> float:
    wait_for_device()
    begun = time.perf_counter()
    work()
    wait_for_device()
    return time.perf_counter() - begun


def wait_for_device() -> None:
    """Wait until a GPU has done all that it was given."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    elif torch.backends.mps.is_available():
        torch.mps.synchronize()
