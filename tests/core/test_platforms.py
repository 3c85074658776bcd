"""ganzoo without fcntl, resource, forks and whatever else Windows lacks: here they are taken away from Python."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from enlarging import enlarging, folder
from tiny_runs import tiny
from without_posix.posix_only import MODULES, NAMES

import ganzoo as package
from ganzoo import images, load_recipe, load_zoo
from ganzoo.assembly import training_device
from ganzoo.errors import BackendError, RecipeError
from ganzoo.execution.keras_internals import get_device
from ganzoo.runs import foreign
from ganzoo.runs.foreign import read_foreign

CORE = Path(package.__file__).parent
PLUGINS = Path(__file__).parents[2] / "plugins"
WITHOUT_POSIX = str(Path(__file__).parents[1] / "toys" / "without_posix")

#: Used only where they are: behind hasattr, in a try, or in worker processes, which Windows has not.
GUARDED = {
    ("ganzoo/commands/env.py", "sysconf"),
    ("ganzoo/data/cache.py", "sysconf"),
    ("ganzoo/data/pace.py", "sched_getaffinity"),
    ("ganzoo/data/workers.py", "readv"),
    ("ganzoo/runs/files.py", "posix_fallocate"),
}


COMMANDS = """
import json, sys
from ganzoo.cli import main
for arguments in json.loads(sys.argv[1]):
    sys.argv = ["ganzoo", *arguments]
    try:
        main()
    except SystemExit as end:
        if end.code:
            raise
"""


def without_posix(code, *arguments):
    """Run Python code there; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": WITHOUT_POSIX},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def commands(*lines):
    """Run commands there, one after the other in one process; return what they printed."""
    return without_posix(COMMANDS, json.dumps([[str(argument) for argument in line] for line in lines]))


def test_a_run_is_the_same_and_reads_its_data_without_worker_processes(tmp_path, ganzoo):
    said = commands(
        tiny(tmp_path, "there", "--set=train.workers=2"),
        ["sample", tmp_path / "there", "-o", tmp_path / "points.png"],
        ["env"],
    )
    assert "train.workers=2: this system has no worker processes" in said
    assert ganzoo(*tiny(tmp_path, "here")).code == 0
    for name in ("metrics.jsonl", "generator.keras"):
        assert (tmp_path / "there" / name).read_bytes() == (tmp_path / "here" / name).read_bytes()
    assert images.read_image(tmp_path / "points.png").shape[2] == 3


def test_weights_are_taken_and_photographs_enlarged(tmp_path, photographs):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(enlarging(folder(photographs)))
    weights = f"generator={tmp_path / 'first' / 'generator.keras'}"
    commands(
        ["run", recipe, "--runs", tmp_path, "--name", "first"],
        ["run", recipe, "--runs", tmp_path, "--name", "second", "--weights", weights],
        ["enlarge", tmp_path / "second", photographs / "0.png", "-o", tmp_path / "large.png"],
    )
    assert images.read_image(tmp_path / "large.png").shape == (160, 192, 3)


#: Locks a folder, and lets another process of the same code try in vain.
LOCKED = """
import subprocess, sys
from pathlib import Path
from ganzoo.errors import LockedError
from ganzoo.runs.lock import locked
try:
    with locked(Path(sys.argv[1])):
        if len(sys.argv) == 2:
            subprocess.run([*sys.orig_argv, "inside"])
        print("held")
except LockedError as error:
    print(error)
"""


def test_a_folder_is_locked_for_other_processes_and_free_again(tmp_path):
    for _ in range(2):
        refused, held = without_posix(LOCKED, tmp_path).splitlines()
        assert f"{tmp_path}: another process works here (pid " in refused
        assert held == "held"


def test_weights_of_others_are_read_without_limits_where_there_are_none(tmp_path, monkeypatch):
    blocked = "import sys; sys.modules['resource'] = None; "
    monkeypatch.setattr(foreign, "_START", blocked + foreign._START)
    values = {"vars/0": np.arange(3, dtype=np.float32)}
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file["vars/0"] = values["vars/0"]
    assert np.array_equal(read_foreign(tmp_path / "w.h5", values)["vars/0"], values["vars/0"])


@pytest.mark.parametrize(("named", "hint"), [("gpu", "expected 'cuda'"), ("cuda:1", "CUDA_VISIBLE_DEVICES=1")])
def test_a_device_by_the_name_of_other_programs_is_explained(named, hint):
    with pytest.raises(RecipeError, match=hint):
        load_recipe("gaussians_ring", zoo=load_zoo(), overrides=[f"train.device={named}"])


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_device_that_is_absent_is_refused_with_those_that_are_there(device, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: device == "mps")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: device == "cuda")
    other = "mps" if device == "cuda" else "cuda"
    with (
        pytest.raises(BackendError, match=f"'{device}', but torch sees no such device; use one of 'auto', .*'{other}'"),
        training_device(device),
    ):
        pass
    with training_device(other):
        assert get_device() == other


def sources():
    """Yield (path, syntax tree) of the core and the plugins."""
    for folder_ in (CORE, PLUGINS):
        for path in sorted(folder_.rglob("*.py")):
            yield path.relative_to(folder_.parent).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def test_no_module_needs_what_windows_lacks_when_it_is_imported():
    for path, tree in sources():
        imported = {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
        imported |= {node.module for node in tree.body if isinstance(node, ast.ImportFrom)}
        assert not imported & set(MODULES), path


def test_no_module_uses_a_name_that_windows_lacks_unguarded():
    found = {
        (path, node.attr)
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        if node.attr in NAMES.get(node.value.id, ())
    }
    assert found == GUARDED


def test_a_null_device_is_named_by_the_system():
    texts = [node.value for _, tree in sources() for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    assert "/dev/null" not in texts
