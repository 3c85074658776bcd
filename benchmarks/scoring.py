"""How long scores by a classifier take, and how much memory, for more and more samples."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any
from unittest.mock import patch

import numpy as np
import torch

from benchmarks.memory import peak_memory
from ganzoo import Field, Recipe, Source, Trained, load_recipe, load_zoo
from ganzoo.contracts.wiring import WiredMetric
from ganzoo.schema.build import component_table
from ganzoo.training.evaluation import Scores, evaluate

#: Memory is measured for each; time for the one that is promised.
COUNTS = (1_000, 10_000, 50_000)
TIMED = 10_000
CLASSES = 10
_CLASSIFIER = {"name": "classifier"}
#: Metrics that keep sums only, and all of them: some keep the features of the first 10,000 of each set.
SETS: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "sums": (
        {"name": "frechet", "features": _CLASSIFIER},
        {"name": "class_score", "features": _CLASSIFIER},
        {"name": "class_modes"},
    ),
    "all": (
        {"name": "frechet", "features": _CLASSIFIER},
        {"name": "class_score", "features": _CLASSIFIER},
        {"name": "class_modes"},
        {"name": "kernel_distance", "features": _CLASSIFIER},
        {"name": "precision_recall", "features": _CLASSIFIER},
        {"name": "nearest_training", "features": _CLASSIFIER},
    ),
}


class Patches(Source):
    """Labelled images of 28 pixels a side that are computed when they are read: a bright row, as its class."""

    fields: Mapping[str, Field] = {
        "image": Field(shape=(28, 28, 1), dtype="uint8", low=0, high=255),
        "label": Field(shape=(), dtype="int32", low=0, high=CLASSES - 1),
    }

    def __init__(self, count: int, seed: int) -> None:
        self._count, self._seed = count, seed

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> dict[str, Any]:
        rng = np.random.default_rng((self._seed, index))
        image = rng.integers(0, 128, (28, 28, 1), dtype=np.uint8)
        label = index % CLASSES
        image[2 * label : 2 * label + 8] += np.uint8(127)
        return {"image": image, "label": np.int32(label)}

    def fingerprint(self) -> str:
        return f"patches {self._count} {self._seed}"


TRAINING = Patches(2_000, 0)


def measure_scoring() -> dict[str, Any]:
    """Score growing numbers of samples; print and return the seconds and the peak memory."""
    found: dict[str, Any] = {}
    print(f"\nscores of 28-px samples by a classifier, {torch.get_num_threads()} threads", flush=True)
    with tempfile.TemporaryDirectory() as home, patch.dict("os.environ", {"KERAS_HOME": home}):
        warm_up()  # the classifier is trained here, and read from its file by the other processes
        for name in SETS:
            start, busy = time.perf_counter(), time.process_time()
            scoring(name, TIMED)()
            seconds, computing = time.perf_counter() - start, time.process_time() - busy
            print(f"{name:6}{TIMED:8} samples {seconds:8.1f} s, {computing:.1f} s of them computing", flush=True)
            peaks = {}
            for count in COUNTS:
                peaks[count] = peak_memory(partial(scoring, name, count), warm_up, rounds=1)
                print(f"{name:6}{count:8} samples {peaks[count] / 2**20:8.0f} MiB", flush=True)
            found[name] = {
                "samples": TIMED,
                "seconds": seconds,
                "processor_seconds": computing,
                "peak_bytes": {str(count): peaks[count] for count in COUNTS},
            }
    return found


def warm_up() -> None:
    """Load modules, kernels and the classifier."""
    scoring("all", 100)()


def scoring(name: str, count: int) -> Callable[[], Scores]:
    """Return a function that scores so many samples of the generator of `dcgan_mnist` by a set of metrics."""
    zoo = load_zoo()
    recipe = load_recipe("dcgan_mnist", zoo=zoo, overrides={"task.evaluation_samples": count})
    held_out = {"data": Patches(count, 1)}
    trained = Trained(networks={"generator": _generator(recipe)}, fields=Patches.fields)
    metrics = [_wired(table, zoo) for table in SETS[name]]
    return lambda: evaluate(
        recipe, trained, held_out, products=["generator"], training=lambda: {"data": TRAINING}, metrics=metrics
    )


def _generator(recipe: Recipe) -> Any:
    spec, _ = recipe.task.networks(Patches.fields, {})
    return recipe.architectures["generator"].build(spec.signature)


def _wired(table: Mapping[str, Any], zoo: Any) -> WiredMetric:
    return WiredMetric(
        key=table["name"], make=lambda: component_table("metric", table, zoo=zoo, key="metrics").component
    )
