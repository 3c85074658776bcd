"""Train the pretrained generators again.

A generator is the exported network of one shipped recipe. The same versions of torch and keras on the same kind of
processor, with one thread, give the same file to the byte; with --check a file that differs is an error.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
SUFFIX = ".safetensors"
RECIPES = {
    "photos_x2": ["srresnet_photos", "--set", "task.scale=2", "--set", "task.crop=48"],
    "photos_x4": ["srresnet_photos"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(RECIPES)}; all by default")
    parser.add_argument("--check", action="store_true", help="compare with the files that are there")
    parser.add_argument("--runs", type=Path, help="keep the runs in this folder; a run that is there is resumed")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        runs = asked.runs or Path(scratch)
        differ = [name for name in asked.names or RECIPES if not build(name, runs, Path(scratch), check=asked.check)]
    if differ:
        sys.exit(f"not equal to the file that is there: {', '.join(differ)}")
    if not asked.check:
        write_checksums()


def build(name: str, runs: Path, scratch: Path, *, check: bool) -> bool:
    """Train one generator and write its file; return whether it equals the one that is there, where that is asked."""
    ganzoo("run", *RECIPES[name], "--name", name, "--runs", runs)
    made = scratch / f"{name}{SUFFIX}"
    ganzoo("export", runs / name, "--to", "safetensors", "-o", made, "--overwrite")
    target = HERE / made.name
    if check:
        return target.read_bytes() == made.read_bytes()
    target.write_bytes(made.read_bytes())
    show(name, runs / name)
    return True


def ganzoo(*arguments: object) -> None:
    """Run a command with one thread: sums over several depend on how many there are."""
    command = [sys.executable, "-m", "ganzoo", *map(str, arguments)]
    subprocess.run(command, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})


def show(name: str, run: Path) -> None:
    """Print what the card of a generator states."""
    for method, values in json.loads((run / "evaluation.json").read_text())["scores"].items():
        print(f"{name}: {method} " + ", ".join(f"{metric} {value:.4f}" for metric, value in values.items()))
    for stream, facts in json.loads((run / "manifest.json").read_text())["data"]["streams"].items():
        print(f"{name}: {facts['examples']} examples of {stream}, fingerprint {facts['fingerprint']}")


def write_checksums() -> None:
    files = sorted(HERE.glob(f"*{SUFFIX}"))
    lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files]
    (HERE / "SHA256SUMS").write_text("".join(lines))


if __name__ == "__main__":
    main()
