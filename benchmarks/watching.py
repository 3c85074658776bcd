"""What it costs to watch a run: the doctor, and the callbacks of each step; and what `ganzoo check` estimates of it."""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

import ganzoo
from benchmarks.memory import status
from ganzoo import load_recipe, load_zoo
from ganzoo.data.opening import open_sources
from ganzoo.data.pace import Pace
from ganzoo.recipe import Recipe
from ganzoo.runs.folder import RunFolder
from ganzoo.training.callbacks import step_callbacks
from ganzoo.training.doctor import LiveDoctor
from ganzoo.training.estimate import estimate
from ganzoo.training.launch import prepare, write_manifest
from ganzoo.training.observer import Observer
from ganzoo.training.rehearsal import rehearse
from ganzoo.training.signals import StopRequest
from ganzoo.training.trainer import Trainer

#: Recipes, with what makes enough steps of them quick.
RECIPES: Mapping[str, Mapping[str, Any]] = {
    "gaussians_ring": {},
    "dcgan_digits": {},
    "wgan_gp_digits": {},
    "srgan_photos": {"phases.content.steps": 20, "phases.gan.steps": 60},
}
#: A true run has so many steps in its last phase, and estimates are held against its time from the first log line on.
_STEPS, _LOG_EVERY = 300, 20
_SEVERAL = 9


def measure_doctor() -> dict[str, Any]:
    """Measure what an examination and the callbacks add to the steps of each recipe; print and return it."""
    print("\nwhat watching costs: one examination in 50 steps, and the callbacks of every step, in percent of a step")
    print(f"{'':16}{'step ms':>9}{'exam ms':>9}{'doctor %':>10}{'callbacks ms':>14}{'callbacks %':>13}")
    return {name: _cost(name) for name in RECIPES}


def _cost(name: str) -> dict[str, float]:
    with TemporaryDirectory(dir=Path.cwd()) as folder:
        trainer = _trainer(_recipe(name), Path(folder) / "run")
        model = trainer.model
        first = model.timeline.first_step(model.timeline.names[-1])
        model.step_number = first
        batch = trainer.batches.tensors(first)
        doctor = LiveDoctor(trainer)
        doctor.begin()
        doctor._every = 1  # each step that is asked for is examined
        plain, examined = [], []
        for _ in range(_SEVERAL + 2):
            plain += [_seconds(lambda: model.train_step(batch)) for _ in range(3)]
            examined.append(_seconds(lambda: _examine(trainer, doctor, batch)))
        step, examination = statistics.median(plain[6:]), statistics.median(examined[2:])
        callbacks = step_callbacks(trainer, Pace(workers=0, epoch=1), StopRequest(), steps=trainer.total)
        model.step_number = first + 1  # nothing is due
        after = statistics.median(_seconds(lambda: callbacks.on_train_batch_end(0, {})) for _ in range(50))
    found = {
        "step_ms": 1000 * step,
        "examination_ms": 1000 * (examination - step),
        "doctor_percent": 100 * (examination - step) / (50 * step),
        "callbacks_ms": 1000 * after,
        "callbacks_percent": 100 * after / step,
    }
    print(
        f"{name:16}{found['step_ms']:9.1f}{found['examination_ms']:9.2f}{found['doctor_percent']:10.2f}"
        f"{found['callbacks_ms']:14.3f}{found['callbacks_percent']:13.2f}",
        flush=True,
    )
    return found


def _examine(trainer: Trainer, doctor: LiveDoctor, batch: Any) -> None:
    """Take a step and examine it, with a line of the log as long as that of a run."""
    model = trainer.model
    doctor.before(model.step_number + 1)
    model.train_step(batch)
    doctor.judge({"step": model.step_number, "phase": model.timeline.names[-1], **doctor.measure()})


def measure_estimates() -> dict[str, Any]:
    """Hold estimates of time and memory against runs, each in a process of its own; print and return them."""
    print(f"\nestimates of ganzoo check against runs of {_STEPS} steps: seconds of 1,000 steps, MiB at the peak")
    print(f"{'':16}{'estimated':>11}{'true':>8}{'off':>8}{'estimated':>12}{'true':>8}{'off':>8}")
    return {name: _compared(name) for name in RECIPES}


def _compared(name: str) -> dict[str, float]:
    estimated, true = (_apart(work, name) for work in (_estimated, _true))
    found = {f"estimated_{key}": value for key, value in estimated.items()}
    found |= {f"true_{key}": value for key, value in true.items()}
    off = {f"{key}_off_percent": 100 * (estimated[key] / true[key] - 1) for key in estimated}
    print(
        f"{name:16}{estimated['seconds']:11.1f}{true['seconds']:8.1f}{off['seconds_off_percent']:+7.1f}%"
        f"{estimated['mib']:12.0f}{true['mib']:8.0f}{off['mib_off_percent']:+7.1f}%",
        flush=True,
    )
    return found | off


def _apart(work: Callable[..., None], name: str) -> dict[str, float]:
    """Return what a function sends from a fresh process with as many threads as this one."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(sender, name, torch.get_num_threads()))
    process.start()
    sender.close()
    found: dict[str, float] = receiver.recv()
    process.join()
    return found


def _estimated(sender: Any, name: str, threads: int) -> None:
    torch.set_num_threads(threads)
    with TemporaryDirectory(dir=Path.cwd()) as folder:
        trainer = _trainer(_recipe(name), Path(folder) / "run")
        rehearse(trainer)
        found = estimate(trainer)
    last = trainer.model.timeline.names[-1]
    sender.send({"seconds": found.seconds[last], "mib": (found.peak_bytes or 0) / 2**20})


def _true(sender: Any, name: str, threads: int) -> None:
    torch.set_num_threads(threads)
    recipe = _recipe(name)
    with TemporaryDirectory(dir=Path.cwd()) as folder:
        run = ganzoo.train(recipe, name="run", runs=folder, verbose=False)
        timing = list(RunFolder(run.path).timing.records())
    first = recipe.timeline.first_step(recipe.phases[-1].name) + _LOG_EVERY
    inside = [record for record in timing if record["step"] >= first]
    seconds = (inside[-1]["seconds"] - inside[0]["seconds"]) / (inside[-1]["step"] - inside[0]["step"])
    sender.send({"seconds": 1000 * seconds, "mib": status("VmHWM") / 2**20})


def _recipe(name: str) -> Recipe:
    zoo = load_zoo()
    last = load_recipe(name, zoo=zoo).phases[-1].name
    rare = {"train.sample_every": 10**6, "train.checkpoint_every": 10**6, "train.log_every": _LOG_EVERY}
    return load_recipe(name, zoo=zoo, overrides={**rare, f"phases.{last}.steps": _STEPS, **RECIPES[name]})


def _trainer(recipe: Recipe, folder: Path) -> Trainer:
    """Return the trainer of a new run, as `ganzoo check` makes one."""
    run = RunFolder(folder)
    held_out = open_sources(recipe.validation, key="validation") if recipe.validation else None
    with run.working():
        trainer = prepare(recipe, run, Observer(), open_sources(recipe.data), held_out, environment={})
        write_manifest(trainer, "seeded", None)
    return trainer


def _seconds(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
