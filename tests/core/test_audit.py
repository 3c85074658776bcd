"""Recipes and checkpoints are data: the interpreter's own audit events show that reading them runs and opens nothing.

The file is its own child process: `python test_audit.py FOLDER readings` prints what each reading did, as JSON.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import tomllib
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tomli_w

from ganzoo import GanzooError, load_recipe, load_zoo
from ganzoo.bundled import bundled_folders
from ganzoo.recipe import list_recipes
from ganzoo.runs.checkpoint import CheckpointStore, load

HOSTILE = [
    "os:system",
    "os.system('touch it')",
    "__import__('os').system('touch it')",
    "antigravity",
    "ganzoo_data.folder:Folder",
    "../../etc/passwd",
    "/etc/passwd",
    "file:///etc/passwd",
    "http://127.0.0.1:9/recipe.toml",
    "${jndi:ldap://127.0.0.1:9/a}",
    "{{ 7 * 7 }}",
    "!!python/object/apply:os.system ['touch it']",
    "x/__class__",
    "`touch it`; $(touch it)",
]
VALUES = {"networks/g/0000": np.arange(6, dtype=np.float32).reshape(2, 3), "optimizers/g/0000": np.array(3, np.int64)}

#: All that reading may do beside opening its own files. What is not here is forbidden, whatever it is.
HARMLESS = {"sys._getframe", "os.scandir", "os.listdir", "pathlib.Path.glob", "object.__getattr__", "builtins.id"}


# -- the child process -------------------------------------------------------------------------------------------------


class Watch:
    """Collects the audit events that reading data has no reason for."""

    def __init__(self, *folders):
        self.folders = [os.path.realpath(folder) for folder in folders]
        self.seen = []
        self.on = False

    def __call__(self, event, arguments):
        if self.on and not self.is_allowed(event, arguments):
            self.seen.append(f"{event} {str(arguments[:2])[:200]}")

    def is_allowed(self, event, arguments):
        if event == "open":
            path, mode, flags = arguments
            writes = set(mode or "") & set("wax+") or (flags or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            return not writes and not isinstance(path, int) and self.is_inside(os.fsdecode(path))
        if event == "compile":
            # numpy reads the header of an array as a literal: a syntax tree is made, and no code
            caller = sys._getframe(2).f_code
            return caller.co_name == "parse" and os.path.basename(caller.co_filename) == "ast.py"  # noqa: PTH119
        return event in HARMLESS

    def is_inside(self, path):
        return any(os.path.realpath(path).startswith(folder + os.sep) for folder in self.folders)

    def during(self, action):
        """Return how an action ended, and what it did beside."""
        self.seen, self.on = [], True
        try:
            action()
            end = "read"
        except GanzooError as error:
            end = type(error).__name__
        except BaseException as error:
            end = f"!{type(error).__name__}"
        finally:
            self.on = False
        return [end, self.seen]


def readings(folder):
    """Read everything in the folder, after one good recipe and one good checkpoint."""
    zoo = load_zoo()
    load_recipe(folder / "good.toml", zoo=zoo)
    load(folder / "step-000000005", VALUES, recipe="r")
    watch = Watch(folder, *bundled_folders("recipes"))
    actions = {}
    for path in sorted(folder.glob("*.toml")):
        actions[path.name] = lambda path=path: load_recipe(path, zoo=zoo)
    for name in HOSTILE:
        if not Path(name).is_file():  # a file that a person names is theirs to open
            actions[f"recipe {name}"] = lambda name=name: load_recipe(name, zoo=zoo)
        actions[f"profile {name}"] = lambda name=name: load_recipe(folder / "good.toml", zoo=zoo, profile=name)
        for key in ("generator.name", "data.name", "losses.0.name", "train.seed", "title", name):
            actions[f"--set {key}={name}"] = lambda key=key, name=name: load_recipe(
                folder / "good.toml", zoo=zoo, overrides=[f"{key}={name}"]
            )
    for path in sorted(folder.glob("*/step-*")):
        actions[path.parent.name] = lambda path=path: load(path, VALUES, recipe="r")
    sys.addaudithook(watch)
    return {name: watch.during(action) for name, action in actions.items()}


def misdeeds(folder):
    """Do each forbidden thing on purpose."""
    import ctypes
    import pickle
    import socket

    (folder / "mine").write_text("")
    payload = pickle.dumps(np.array([{}], dtype=object))
    actions = {
        "import": lambda: __import__("antigravity_" + "that_is_not_there"),
        "exec": lambda: exec("1"),
        "compile": lambda: compile("1", "<unknown>", "eval"),
        "pickle.find_class": lambda: pickle.loads(payload),
        "socket.": socket.socket,
        "subprocess.Popen": lambda: subprocess.run([sys.executable, "--version"], capture_output=True, check=True),
        "os.system": lambda: os.system("true"),
        "os.exec": lambda: os.execv("/nowhere/at/all", ["all"]),
        "os.fork": lambda: os._exit(0) if os.fork() == 0 else os.wait(),
        "ctypes.": lambda: ctypes.CDLL(None),
        "open for writing": lambda: (folder / "mine").open("a").close(),
        "open elsewhere": lambda: Path("/etc/passwd").open().close(),
        "open through a link": lambda: (folder / "link").open().close(),
        "os.remove": lambda: (folder / "mine").unlink(),
        "os.mkdir": lambda: (folder / "made").mkdir(),
    }
    (folder / "link").symlink_to("/etc/passwd")
    watch = Watch(folder)
    sys.addaudithook(watch)
    return {name: watch.during(action) for name, action in actions.items()}


# -- the tests ---------------------------------------------------------------------------------------------------------


def reported(folder, what):
    child = subprocess.run(
        [sys.executable, "-W", "ignore", __file__, str(folder), what],
        capture_output=True,
        text=True,
        cwd=folder,
    )
    assert child.returncode == 0, child.stderr
    return json.loads(child.stdout.splitlines()[-1])


def text_places(table):
    """Yield every table or array and the key under which it has a text."""
    inner = table.items() if isinstance(table, dict) else enumerate(table)
    for key, value in list(inner):
        if isinstance(value, str):
            yield table, key
        elif isinstance(value, dict | list):
            yield from text_places(value)


def write_recipes(folder):
    """Put a hostile text in place of every text of every bundled recipe, and into its keys."""
    count = 0
    for name, path in list_recipes().items():
        for index in range(len(list(text_places(tomllib.loads(path.read_text()))))):
            table = tomllib.loads(path.read_text())
            parent, key = list(text_places(table))[index]
            parent[key] = HOSTILE[count % len(HOSTILE)]
            (folder / f"{name}-{index}.toml").write_text(tomli_w.dumps(table))
            count += 1
    good = list_recipes()["gaussians_ring"].read_text()
    (folder / "good.toml").write_text(good)
    for index, text in enumerate(HOSTILE):
        quoted = text.replace("'", "_")
        (folder / f"key-{index}.toml").write_text(f"'{quoted}' = 1\n{good}[networks.'{quoted}']\nname = '{quoted}'\n")
        for kind in ("folder", "paired_folder", "hdf5", "div2k", "tfds"):
            data = {"name": kind} | dict.fromkeys(("path", "hr_path", "lr_path", "dataset", "field"), text)
            table = tomllib.loads(good) | {"data": data}
            (folder / f"{kind}-{index}.toml").write_text(tomli_w.dumps(table))


class Payload:
    """Whoever unpickles this leaves a file behind."""

    def __reduce__(self):
        return os.system, ("touch it",)


def archive(members, *, compression=zipfile.ZIP_STORED):
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name may come twice
        with zipfile.ZipFile(buffer, "w", compression) as made:
            for name, content in members:
                made.writestr(name, content)
    return buffer.getvalue()


def npy(value):
    buffer = io.BytesIO()
    np.save(buffer, value, allow_pickle=True)
    return buffer.getvalue()


def header(text):
    """Return an array file with a header of one's own."""
    body = text.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(body).to_bytes(2, "little") + body


GOOD = [(f"{name}.npy", npy(value)) for name, value in VALUES.items()]
CONTENTS = {
    "as it was": archive(GOOD),
    "pickled": archive([("networks/g/0000.npy", npy(np.array([Payload()], dtype=object))), GOOD[1]]),
    "pickle alone": npy(np.array([Payload()], dtype=object)),
    "truncated": archive(GOOD)[:-60],
    "empty": b"",
    "extra": archive([*GOOD, ("extra.npy", npy(np.zeros(1)))]),
    "extra code": archive([*GOOD, ("__init__.py", b"import os; os.system('touch it')")]),
    "outside": archive([*GOOD, ("../../outside.npy", npy(np.zeros(1)))]),
    "absolute": archive([*GOOD, ("/etc/passwd", b"root"), ("/tmp/it.npy", npy(np.zeros(1)))]),
    "compressed": archive(
        [("networks/g/0000.npy", npy(np.zeros((2**11, 2**11), np.float32))), GOOD[1]], compression=zipfile.ZIP_DEFLATED
    ),
    "twice": archive([*GOOD, *GOOD]),
    "a header that calls": archive([("networks/g/0000.npy", header("__import__('os').system('touch it')")), GOOD[1]]),
    "a header of objects": archive(
        [("networks/g/0000.npy", header("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}")), GOOD[1]]
    ),
}
MANIFESTS = {
    "code": b"__import__('os').system('touch it')",
    "pickle": b"cos\nsystem\n(S'touch it'\ntR.",
}


def write_checkpoints(folder):
    CheckpointStore(folder).save(5, VALUES, recipe="r")
    for name, content in CONTENTS.items():
        path = CheckpointStore(folder / name).save(5, VALUES, recipe="r")
        (path / "state.npz").write_bytes(content)
        manifest = json.loads((path / "manifest.json").read_text())
        manifest["sha256"] = hashlib.sha256(content).hexdigest()
        (path / "manifest.json").write_text(json.dumps(manifest))
    for name, content in MANIFESTS.items():
        path = CheckpointStore(folder / f"manifest {name}").save(5, VALUES, recipe="r")
        (path / "manifest.json").write_bytes(content)


def test_reading_recipes_and_checkpoints_imports_runs_and_opens_nothing(tmp_path):
    write_recipes(tmp_path)
    write_checkpoints(tmp_path)
    found = reported(tmp_path, "readings")
    assert {name: seen for name, (_, seen) in found.items() if seen} == {}
    assert {name: end for name, (end, _) in found.items() if end.startswith("!")} == {}
    assert found["good.toml"][0] == found["as it was"][0] == "read"
    assert found["pickled"][0] == found["pickle alone"][0] == "CheckpointError"
    assert len(found) > 350
    assert not list(tmp_path.rglob("it"))


@pytest.mark.skipif(sys.platform == "win32", reason="the misdeeds are those of POSIX")
def test_the_watch_sees_every_forbidden_thing(tmp_path):
    found = reported(tmp_path, "misdeeds")
    unseen = [
        misdeed
        for misdeed, (_, seen) in found.items()
        if not any(event.startswith(misdeed.partition(" ")[0]) for event in seen)
    ]
    assert unseen == []


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[2]](Path(sys.argv[1]))))
