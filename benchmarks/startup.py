"""How long it takes from the start of a process to something useful."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.timing import in_turns, ratio

ROUNDS = 5
ROOT = Path(__file__).parents[1]
#: The file whose first line says that a step was taken; `ganzoo run` writes it into the run.
_STEPPED = "metrics.jsonl"
_CODE = (sys.executable, "-c")
_GANZOO = (sys.executable, "-m", "ganzoo")


def measure_startup() -> dict[str, Any]:
    """Start each command by turns; print and return the seconds to its end, or to the end of its first step."""
    with TemporaryDirectory() as folder:
        seconds = in_turns(commands(Path(folder)), rounds=ROUNDS, warm_up=1)
    print(f"\nseconds from the start of a process; median of {ROUNDS} rounds in turns")
    rows = {}
    for name, found in seconds.items():
        to_torch = ratio(seconds, name, "import torch")
        rows[name] = {"seconds": statistics.median(found), "to_import_torch": to_torch}
        print(f"{name:28}{rows[name]['seconds']:8.2f}", flush=True)
    to_hand = ratio(seconds, "first step, ganzoo run", "first step, by hand")
    print(f"{'first step, to by hand':28}{to_hand:8.2f}")
    return {"rounds": ROUNDS, "commands": rows, "first_step_to_by_hand": to_hand}


def commands(folder: Path) -> dict[str, Callable[[], None]]:
    """Return what is started, by name."""
    run = [*_GANZOO, "run", "dcgan_digits", "--set", "train.log_every=1", "--runs", str(folder), "--name"]
    script = "import sys; from benchmarks.startup import by_hand; by_hand(*sys.argv[1:])"
    return {
        "import torch": partial(to_end, [*_CODE, "import torch"]),
        "import keras": partial(to_end, [*_CODE, "import keras"]),
        "ganzoo --help": partial(to_end, [*_GANZOO, "--help"]),
        "ganzoo list-plugins": partial(to_end, [*_GANZOO, "list-plugins"]),
        "ganzoo check dcgan_digits": partial(to_end, [*_GANZOO, "check", "dcgan_digits"]),
        "first step, ganzoo run": partial(to_first_step, run, folder),
        "first step, by hand": partial(to_first_step, [*_CODE, script, str(folder)], folder),
    }


def to_end(command: Sequence[str]) -> None:
    """Run a command to its end; CalledProcessError when it fails."""
    subprocess.run(command, cwd=ROOT, env=_environment(), stdout=subprocess.DEVNULL, check=True)


def to_first_step(command: Sequence[str], folder: Path) -> None:
    """Run a command, given a new name, until that folder in `folder` says that a step was taken; then end it."""
    name = str(time.monotonic_ns())
    with subprocess.Popen([*command, name], cwd=ROOT, env=_environment(), stdout=subprocess.DEVNULL) as process:
        try:
            while not _has_line(folder / name / _STEPPED):
                if process.poll() is not None:
                    raise RuntimeError(f"{' '.join(command)} ended without a step, with code {process.returncode}")
                time.sleep(0.005)
        finally:
            process.kill()


def by_hand(folder: str, name: str) -> None:
    """Take the first step of the recipe dcgan_digits as a script in PyTorch does, and say so in `folder`."""
    import torch
    from sklearn.datasets import load_digits

    from benchmarks.networks import dcgan_discriminator, dcgan_generator
    from benchmarks.steps import TUNED, Pair, dcgan_step

    generator = dcgan_generator(filters=32, side=8, latents=64, channels=1)
    pair = Pair(generator, dcgan_discriminator(filters=32, side=8, channels=1), TUNED, lr=2e-4, betas=(0.5, 0.999))
    images = torch.tensor(load_digits().images[:64, :, :, None] / 8 - 1, dtype=torch.float32)
    dcgan_step(pair, {"sample": images}, torch.randn(64, 64))
    path = Path(folder, name, _STEPPED)
    path.parent.mkdir()
    path.write_text("stepped\n", encoding="ascii")


def _has_line(path: Path) -> bool:
    return path.exists() and b"\n" in path.read_bytes()


def _environment() -> dict[str, str]:
    return {**os.environ, "KERAS_BACKEND": "torch"}
