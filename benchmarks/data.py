"""How fast batches are made, and how much of its time SRGAN's training step waits for them."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from PIL import Image

from benchmarks.cases import CASES, prepare
from ganzoo import images, load_recipe, load_zoo
from ganzoo.commands.data import find_preparable
from ganzoo.data.loader import StepBatches, StepLoader
from ganzoo.data.opening import open_data
from ganzoo.recipe import Recipe
from ganzoo.training.model import AdversarialModel
from ganzoo.training.profiling import wait_for_device

WORKERS = (0, 2)
_CASE = CASES["srgan"]
_DATASET = "div2k/bicubic_x4"
#: As an image of DIV2K, and how many there are; one is for validation.
_SIZE = (1356, 2040)
_COUNT = 9
#: Batches that start everything up and fill the queues, and those that are timed.
_SKIPPED = 6
_STEPS = 30


def measure_data() -> dict[str, Any]:
    """Time each kind of data, alone and under training; print and return what was found."""
    print(
        f"\ndata for {_CASE.title}: {_SIZE[1]}x{_SIZE[0]} pixels as in DIV2K, nothing kept in memory; photos: all kept"
    )
    print(f"{'':16}{'workers':>8}{'ms/batch':>10}{'examples/s':>12}{'ms/step':>9}{'waiting':>9}", flush=True)
    model = prepare(_CASE).model
    found: dict[str, Any] = {}
    with TemporaryDirectory() as folder:
        for name, data in sources(Path(folder)).items():
            recipe = _recipe(Path(folder), data)
            found[name] = {f"workers_{workers}": _measure(name, recipe, model, workers) for workers in WORKERS}
    return found


def sources(folder: Path) -> Mapping[str, Mapping[str, Any]]:
    """Write large photographs as files and as array_record; return what a recipe says to read each kind of data."""
    origin, prepared, jpegs = folder / "origin", folder / "prepared", folder / "jpeg"
    for index, photograph in enumerate(photographs()):
        split = "valid" if index == _COUNT - 1 else "train"
        images.write_image(origin / f"DIV2K_{split}_HR" / f"{index:04d}.png", photograph)
        images.write_image(jpegs / f"{index:04d}.jpg", photograph)
    find_preparable(load_zoo(), _DATASET).prepare_files(
        _DATASET, origin=origin, directory=prepared, report=lambda *_: None
    )
    return {
        "array_record": {"name": "tfds", "dataset": _DATASET, "data_dir": str(prepared)},
        "jpeg folder": {"name": "folder", "path": str(jpegs)},
        "photos": {"name": "photos", "tile": 128},
    }


def photographs(count: int = _COUNT) -> list[np.ndarray[Any, Any]]:
    """Return embedded photographs enlarged to the size of DIV2K's, with the noise that a camera's would have."""
    source = load_zoo().find("dataset", "photos")().open()
    rng = np.random.Generator(np.random.PCG64(0))
    made = []
    for index in range(count):
        large = Image.fromarray(source[index % len(source)]["image"]).resize(_SIZE[::-1], Image.Resampling.BICUBIC)
        noisy = np.asarray(large, np.int16) + np.rint(rng.normal(0, 3, (*_SIZE, 1))).astype(np.int16)
        made.append(np.clip(noisy, 0, 255).astype(np.uint8))
    return made


def _recipe(folder: Path, data: Mapping[str, Any]) -> Recipe:
    path = folder / "case.toml"
    path.write_text(_CASE.toml(), encoding="utf-8")
    table = ", ".join(f"{key} = {json.dumps(value)}" for key, value in data.items())
    return load_recipe(path, zoo=load_zoo(), overrides=[f"data={{{table}}}"])


def _measure(name: str, recipe: Recipe, model: AdversarialModel, workers: int) -> dict[str, float]:
    seconds, _ = _run(_loader(recipe, workers), None)
    stepping, waited = _run(_loader(recipe, workers), model)
    found = {
        "milliseconds_a_batch": 1000 * seconds / _STEPS,
        "examples_a_second": recipe.train.batch_size * _STEPS / seconds,
        "milliseconds_a_step": 1000 * stepping / _STEPS,
        "waiting_percent": 100 * waited / stepping,
    }
    print(
        f"{name:16}{workers:8}{found['milliseconds_a_batch']:10.1f}{found['examples_a_second']:12.1f}"
        f"{found['milliseconds_a_step']:9.1f}{found['waiting_percent']:8.1f}%",
        flush=True,
    )
    return found


def _loader(recipe: Recipe, workers: int) -> StepLoader:
    batches = StepBatches.of(recipe, open_data(recipe), cache_limit=0)
    return StepLoader(batches, first=0, last=_SKIPPED + _STEPS, workers=workers)


def _run(loader: StepLoader, model: AdversarialModel | None) -> tuple[float, float]:
    """Return the seconds of the timed batches, each used by a step where there is a model, and those spent waiting."""
    given = iter(loader)
    for batch in islice(given, _SKIPPED):
        _use(model, batch)
    begun, waited = time.perf_counter(), loader.pace.waited
    for batch in given:
        _use(model, batch)
    return time.perf_counter() - begun, loader.pace.waited - waited


def _use(model: AdversarialModel | None, batch: Mapping[str, torch.Tensor]) -> None:
    if model is not None:
        model.train_step(batch)
        wait_for_device()
