"""A disk that is full, broken or read-only costs no earlier checkpoint and shows no traceback."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import subprocess
import sys

import numpy as np
import pytest
from tiny_runs import assert_same, last_state, tiny

from ganzoo.errors import CheckpointError
from ganzoo.proving.attempt import TAPPED
from ganzoo.proving.proof import telling
from ganzoo.runs import checkpoint, files
from ganzoo.runs.checkpoint import CheckpointStore, load

FAULTS = [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS]
SHORT = ["--set=phases.train.steps=4", "--set=train.checkpoint_every=2", "--set=train.sample_every=2"]


class FaultyOS:
    """The module os, with calls that fail: those whose number `fails` picks."""

    def __init__(self, fails=lambda _number: False, number=errno.ENOSPC):
        self.calls = []
        self._fails, self._number = fails, number

    def __getattr__(self, name):
        function = getattr(os, name)
        if name not in TAPPED or name == "close":
            return function

        def call(*arguments, **options):
            self.calls.append((name, str(arguments[0])))
            if self._fails(len(self.calls) - 1):
                raise OSError(self._number, os.strerror(self._number))
            return function(*arguments, **options)

        return call


@pytest.fixture
def hasty(monkeypatch):
    monkeypatch.setattr(checkpoint, "PATIENCE", (0, 0))


@pytest.fixture
def run_with(ganzoo, tmp_path, monkeypatch, hasty):
    def run(name, faulty):
        with monkeypatch.context() as patch:
            patch.setattr(files, "os", faulty)
            return ganzoo(*tiny(tmp_path, name, *SHORT))

    return run


def counted(run_with):
    faulty = FaultyOS()
    assert run_with("whole", faulty).code == 0
    return telling(faulty.calls)


def test_one_failure_at_any_call_is_recovered_or_told_and_the_same_command_finishes(ganzoo, tmp_path, run_with):
    calls = counted(run_with)
    assert len(calls) > 30
    codes = []
    for count, chosen in enumerate(calls):
        done = run_with("hurt", FaultyOS(lambda number, chosen=chosen: number == chosen, FAULTS[count % len(FAULTS)]))
        codes.append(done.code)
        assert done.code in (0, 7), f"call {chosen}: {done.err}"
        assert "Traceback" not in done.err
        assert ganzoo(*tiny(tmp_path, "hurt", *SHORT)).code == 0
        assert_states(tmp_path / "whole", tmp_path / "hurt")
        shutil.rmtree(tmp_path / "hurt")
    assert {0, 7} == set(codes)


def assert_states(one, other):
    mine, theirs = last_state(one), last_state(other)
    assert [name for name in mine if not np.array_equal(mine[name], theirs[name])] == []


@pytest.mark.parametrize("number", FAULTS)
def test_a_disk_that_stays_broken_ends_the_run_with_its_last_checkpoint_intact(
    ganzoo, tmp_path, run_with, number, monkeypatch
):
    calls = counted(run_with)
    for chosen in calls[len(calls) // 3 :: 7]:
        done = run_with("hurt", FaultyOS(lambda call, chosen=chosen: call >= chosen, number))
        assert done.code == 7, done.err
        assert os.strerror(number) in done.err
        store = CheckpointStore(tmp_path / "hurt" / "checkpoints")
        expected = last_state(tmp_path / "whole")
        assert all(load(path, expected).values for path in store.paths())
        assert ganzoo(*tiny(tmp_path, "hurt", *SHORT)).code == 0
        assert_same(tmp_path / "whole", tmp_path / "hurt")
        shutil.rmtree(tmp_path / "hurt")


def test_a_save_is_tried_again_before_it_is_given_up(tmp_path, monkeypatch, hasty):
    store = CheckpointStore(tmp_path / "checkpoints")
    values = {"networks/g/0000": np.zeros(3, np.float32)}
    complaints = []
    monkeypatch.setattr(files, "os", FaultyOS(lambda number: number == 3))
    store.save(1, values, recipe="r", complain=complaints.append)
    assert len(complaints) == 1
    assert "trying again" in complaints[0]
    assert load(store.paths()[0], values).step == 1


def test_a_full_disk_says_how_much_is_needed_and_how_much_is_free(tmp_path, monkeypatch, hasty):
    store = CheckpointStore(tmp_path / "checkpoints")
    faulty = FaultyOS(lambda number: faulty.calls[number][0] == "posix_fallocate")
    monkeypatch.setattr(files, "os", faulty)
    with pytest.raises(files.ResourceError, match=r"MiB needed, \d+\.\d MiB free"):
        store.save(1, {"networks/g/0000": np.zeros(2**20, np.float32)}, recipe="r")
    assert list((tmp_path / "checkpoints").iterdir()) == [], "nothing is left behind"


def test_without_room_for_logs_and_pictures_training_goes_on(ganzoo, tmp_path, monkeypatch):
    ganzoo(*tiny(tmp_path, "whole"))

    def fails(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(files, "append_line", fails)
        patch.setattr("ganzoo.runs.folder.RunFolder.write_picture", fails)
        done = ganzoo(*tiny(tmp_path, "mute"))
    assert done.code == 0, done.err
    assert done.out.count("sample pictures cannot be written, training continues") == 1
    assert_states(tmp_path / "whole", tmp_path / "mute")


# -- real limits -------------------------------------------------------------------------------------------------------


def limited(code, *arguments):
    return subprocess.run([sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True)


FILE_SIZE = """
import resource, sys
from ganzoo.runs import checkpoint
checkpoint.PATIENCE = (0,)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
from ganzoo.cli import main
sys.argv = ["ganzoo", *sys.argv[1:]]
main()
"""


def test_a_limit_on_file_sizes_is_told_and_nothing_crashes(ganzoo, tmp_path):
    hit = limited(FILE_SIZE, *tiny(tmp_path, "run"))
    assert hit.returncode == 7, hit.stderr
    assert "File too large" in hit.stderr
    assert "needed" in hit.stderr
    assert "Traceback" not in hit.stderr
    assert ganzoo(*tiny(tmp_path, "whole")).code == 0
    assert ganzoo(*tiny(tmp_path, "run")).code == 0
    assert_same(tmp_path / "whole", tmp_path / "run")
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def mounted(script, *arguments):
    """Run a shell script in a mount namespace of its own; skip where the system does not allow one."""
    unshare = ["unshare", "--mount", "--map-root-user"]
    if shutil.which("unshare") is None or subprocess.run([*unshare, "true"], capture_output=True).returncode:
        pytest.skip("no mount namespaces here")
    return subprocess.run(
        [*unshare, "bash", "-c", script, "bash", sys.executable, *map(str, arguments)], capture_output=True, text=True
    )


FULL = """
mount -t tmpfs -o size=3m tmpfs "$2" || exit 99
"$1" -m ganzoo "${@:4}"
code=$?
cp -a "$2/." "$3"
exit $code
"""

READ_ONLY = """
mount --bind "$2" "$2" && mount -o remount,ro,bind "$2" || exit 99
"$1" -m ganzoo "${@:3}"
"""


def test_on_a_disk_that_fills_up_the_last_checkpoint_stays_good(ganzoo, tmp_path):
    small, saved = tmp_path / "small", tmp_path / "saved"
    small.mkdir()
    saved.mkdir()
    keep_all = ["--set=train.keep_checkpoints=50", "--set=train.checkpoint_every=2"]
    full = mounted(FULL, small, saved, *tiny(small, "run", *keep_all))
    if full.returncode == 99:
        pytest.skip("tmpfs cannot be mounted here")
    assert full.returncode == 7, full.stderr
    assert "No space left on device" in full.stderr
    paths = CheckpointStore(saved / "run" / "checkpoints").paths()
    assert paths
    ganzoo(*tiny(tmp_path, "whole"))
    assert all(load(path, last_state(tmp_path / "whole")).values for path in paths)
    assert ganzoo(*tiny(saved, "run")).code == 0
    assert_same(tmp_path / "whole", saved / "run")


def test_a_read_only_disk_is_told_before_anything_is_built(tmp_path):
    (tmp_path / "runs").mkdir()
    refused = mounted(READ_ONLY, tmp_path / "runs", *tiny(tmp_path / "runs", "run"))
    if refused.returncode == 99:
        pytest.skip("nothing can be mounted here")
    assert refused.returncode == 7, refused.stderr
    assert "Read-only file system" in refused.stderr
    assert "--runs" in refused.stderr


# -- checkpoints that somebody made ------------------------------------------------------------------------------------


def test_a_checkpoint_larger_than_the_model_is_refused_unread(tmp_path):
    store = CheckpointStore(tmp_path / "checkpoints")
    path = store.save(1, {"networks/g/0000": np.zeros(2**20, np.float32)}, recipe="r")
    with pytest.raises(CheckpointError, match="bytes, expected float32"):
        load(path, {"networks/g/0000": np.zeros(3, np.float32)})
