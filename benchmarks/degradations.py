"""How fast low resolution images are made, on one core."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from benchmarks.data import photographs
from ganzoo import RowContext, Step, load_recipe, load_zoo

#: What is timed, and the options of the task.
_CASES = {
    "bicubic": [],
    "classical": ["task.degradation.name=classical"],
    "second_order": ["task.degradation.name=second_order"],
    "second_order, sharpened": ["task.degradation.name=second_order", "task.sharpen=true"],
}
_CROP = 256
_SKIPPED, _EXAMPLES = 3, 60


def measure_degradations() -> dict[str, Any]:
    """Time the rows of each degradation in seconds of the processor; print and return what was found."""
    print(
        f"\nlow resolution images x4 of crops of {_CROP} pixels, from photographs in memory\n{'':26}{'examples/s':>12}"
    )
    photograph = photographs(1)[0]
    found = {}
    for name, options in _CASES.items():
        task = load_recipe("srgan_photos", zoo=load_zoo(), overrides=[f"task.crop={_CROP}", *options]).task
        for number in range(-_SKIPPED, _EXAMPLES):
            if number == 0:
                begun = time.process_time()
            rng = np.random.Generator(np.random.PCG64(number + _SKIPPED))
            task.prepare({"image": photograph}, RowContext(step=Step(number=0), rng=rng))
        found[name] = {"examples_a_second": _EXAMPLES / (time.process_time() - begun)}
        print(f"{name:26}{found[name]['examples_a_second']:12.1f}", flush=True)
    return found
