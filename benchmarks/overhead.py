"""What safety costs: checkpoints at their cadence, seeding every stream, looking at every update."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from ganzoo import load_recipe, load_zoo
from ganzoo.assembly import assemble
from ganzoo.data.loader import StepBatches
from ganzoo.data.opening import open_data
from ganzoo.runs.checkpoint import CheckpointStore
from ganzoo.training.guard import FiniteGuard, global_norm
from ganzoo.training.setup import build_model
from ganzoo.training.state import to_arrays

RECIPES = ("srgan_photos", "dcgan_digits", "wgan_gp_digits", "gaussians_ring")


def measure_overhead() -> dict[str, Any]:
    """Measure each recipe at its own sizes and cadence; print and return shares of a step's time."""
    print("\nwhat safety costs, in percent of a step's time (re-seeding also in ms a step)")
    print(f"{'':16}{'step ms':>9}{'checkpoint':>12}{'guard':>8}{'re-seeding':>12}{'ms':>8}")
    return {name: _recipe(name) for name in RECIPES}


def _recipe(name: str) -> dict[str, float]:
    recipe = load_recipe(name, zoo=load_zoo())
    data = open_data(recipe)
    model = build_model(recipe, assemble(recipe, data.fields))
    batches = StepBatches.of(recipe, data)
    batch = batches.tensors(0)
    steps = _median(lambda: model.train_step(batch), 20)
    with TemporaryDirectory(dir=Path.cwd()) as folder:
        store = CheckpointStore(Path(folder))
        numbers = iter(range(1000))
        saving = _median(lambda: store.save(next(numbers), to_arrays(model.state()), recipe=""), 7)
    seeding = _median(lambda: model._enter(model.timeline.at(0)), 50)
    found = {
        "step_ms": 1000 * steps,
        "checkpoint_percent": 100 * saving / (recipe.train.checkpoint_every * steps),
        "guard_percent": 100 * _guard(model) / steps,
        "reseeding_percent": 100 * seeding / steps,
        "reseeding_ms": 1000 * seeding,
    }
    print(
        f"{name:16}{found['step_ms']:9.1f}{found['checkpoint_percent']:12.2f}{found['guard_percent']:8.2f}"
        f"{found['reseeding_percent']:12.2f}{found['reseeding_ms']:8.3f}",
        flush=True,
    )
    return found


def _guard(model: Any) -> float:
    """Return the seconds that looking at both players' gradients takes."""
    guard, loss = FiniteGuard(), torch.zeros(())
    total = 0.0
    for player, found in model.players.items():
        gradients = [torch.zeros_like(variable.value) for variable in found.variables]
        total += _median(lambda p=player, g=gradients: guard.check(p, loss, global_norm(g)), 50)
    return total


def _median(work: Callable[[], Any], times: int) -> float:
    work()
    seconds = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds)
