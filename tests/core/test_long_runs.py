"""A run of ten thousand steps ends as fast and as small as it began."""

from __future__ import annotations

import ctypes
import gc
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from ganzoo import load_recipe, load_zoo
from ganzoo.data.opening import open_sources
from ganzoo.runs.folder import RunFolder
from ganzoo.training.launch import launch

STEPS = 10_000
SETTINGS = [
    f"phases.train.steps={STEPS}",
    "train.batch_size=16",
    "train.checkpoint_every=500",
    "train.sample_every=500",
    "generator.hidden=16",
    "discriminator.hidden=16",
]


def resident():
    """Return the bytes in use, after giving back what is free."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


@pytest.fixture
def one_thread():
    """Take steps on one thread: of a busy machine's cores, one is soonest free."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Scale:
    """An observer that weighs the process when 1,000 steps are done, and at the end."""

    def __init__(self):
        self.seconds = np.zeros(STEPS)
        self.weights = {}
        self._before = time.perf_counter()

    def begin(self, *, first, total):
        pass

    def step(self, number, phase, waiting):
        now = time.perf_counter()
        self.seconds[number - 1] = now - self._before
        if number in (1_000, STEPS):
            objects = gc.get_objects()
            tensors = sum(issubclass(type(each), torch.Tensor) for each in objects)
            self.weights[number] = {"objects": len(objects), "tensors": tensors, "bytes": 0}
            del objects
            self.weights[number]["bytes"] = resident()
        self._before = time.perf_counter()

    def losses(self, record):
        pass

    def scores(self, number, scores):
        pass

    def note(self, message):
        raise AssertionError(message)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not say what is resident")
def test_nothing_grows_over_ten_thousand_steps(tmp_path, one_thread):
    zoo, scale = load_zoo(), Scale()
    recipe = load_recipe("gaussians_ring", zoo=zoo, overrides=SETTINGS)
    run = RunFolder.named(tmp_path, "long")
    with run.working():
        launch(recipe, run, scale, sources=open_sources(recipe.data), held_out=None, plugins=zoo.plugins)
    early, late = scale.weights[1_000], scale.weights[STEPS]
    medians = np.median(scale.seconds[1_000:2_000]), np.median(scale.seconds[-1_000:])
    assert late["tensors"] <= early["tensors"]
    assert late["objects"] <= early["objects"] + 1_000
    assert late["bytes"] <= early["bytes"] + 8 * 2**20
    assert medians[1] <= 1.2 * medians[0]
