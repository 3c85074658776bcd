"""Whatever happens to a worker process, or in it, one message says so, at once; and none outlives the run."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import misbehaving
import pytest
from misbehaving import Misbehaving, Preparing
from numbered import Numbered
from tiny_runs import process, tiny

from ganzoo.blame import origin_of
from ganzoo.contracts.timeline import Timeline
from ganzoo.data import loader as loading
from ganzoo.data.loader import NoLongerWanted, StepBatches, StepLoader
from ganzoo.data.opening import TrainingData
from ganzoo.errors import ComponentError, ResourceError


def made_of(source, task=None):
    return StepBatches(
        TrainingData({"data": source}), task or Numbered(), batch_size=4, seed=0, timeline=Timeline([("a", 99)])
    )


def read(source, task=None, *, workers=1, last=9, **options):
    return list(StepLoader(made_of(source, task), first=0, last=last, workers=workers, **options))


def names(message, *parts):
    assert [part for part in parts if part not in message] == [], message
    assert "\n" not in message


# -- the end of a worker -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("act", "how"), [("die", "was killed by SIGKILL"), ("leave", "ended with code 3")])
def test_a_worker_that_dies_while_it_reads_is_told_at_once_with_its_example(act, how):
    begun = time.monotonic()
    with pytest.raises(ResourceError) as told:
        read(Misbehaving(8, getattr(misbehaving, act)), workers=2)
    names(str(told.value), "of 2 for data (pid ", f"{how} while it read row-", "for step", "train.workers=0")
    assert time.monotonic() - begun < 60


@pytest.mark.parametrize(("start", "how"), [("die", "was killed by SIGKILL"), ("leave", "ended with code 3")])
def test_a_worker_that_dies_while_it_starts_is_told(start, how):
    with pytest.raises(ResourceError) as told:
        read(Misbehaving(8, start=getattr(misbehaving, start)))
    names(str(told.value), f"{how} while it started")


def worker_processes():
    return [child for child in multiprocessing.active_children() if child.name.startswith("ganzoo-data")]


@pytest.mark.parametrize("delay", [0.0, 0.5])
def test_a_worker_that_is_killed_at_any_moment_is_told_after_the_batches_before(delay):
    given = iter(StepLoader(made_of(Misbehaving(12)), first=0, last=10**6, workers=2))
    next(given)
    time.sleep(delay)
    worker_processes()[0].kill()
    with pytest.raises(ResourceError, match=r"worker process \d of 2 for data .* was killed by SIGKILL while it"):
        list(given)
    assert worker_processes() == []


def test_a_worker_that_is_killed_while_it_hands_over_a_large_batch_is_told():
    given = iter(StepLoader(made_of(Misbehaving(12), Preparing(misbehaving.large)), first=0, last=10**6, workers=1))
    assert next(given)["a"].shape == (4, 2**20)
    time.sleep(1)
    worker_processes()[0].kill()
    with pytest.raises(ResourceError, match=r"was killed by SIGKILL while it handed over the batch of step \d"):
        list(given)


@pytest.mark.parametrize(("act", "workers"), [("hang", 0), ("hang", 1), ("stop", 1)])
def test_a_reader_that_hangs_is_told_with_its_example(monkeypatch, act, workers):
    monkeypatch.setenv("GANZOO_DATA_TIMEOUT", "4")
    monkeypatch.setattr(loading, "_NOTICE", 2.0)
    monkeypatch.setattr("ganzoo.data.ahead._PATIENCE", 0.1)
    notes = []
    with pytest.raises(ResourceError) as told:
        read(Misbehaving(8, getattr(misbehaving, act)), workers=workers, note=notes.append)
    names(
        str(told.value),
        "has been at row-",
        "of step 1 for",
        "is taken to hang; set GANZOO_DATA_TIMEOUT=SECONDS (now 4)",
    )
    assert len(notes) == 1
    names(notes[0], "has been at row-", "of step 1 for", "the run is stopped after 4 s")
    assert worker_processes() == []


def test_many_slow_examples_are_no_hang(monkeypatch):
    monkeypatch.setenv("GANZOO_DATA_TIMEOUT", "1.5")
    from slow import Counted

    assert len(read(Counted(8, seconds=0.6), workers=0, last=2)) == 2


@pytest.mark.parametrize("workers", [0, 1])
def test_a_run_that_is_asked_to_stop_does_not_wait_for_a_batch(monkeypatch, workers):
    monkeypatch.setattr("ganzoo.data.ahead._PATIENCE", 0.1)
    begun, asked = time.monotonic(), threading.Event()
    threading.Timer(1.0, asked.set).start()
    with pytest.raises(NoLongerWanted):
        read(Misbehaving(8, misbehaving.hang), workers=workers, wanted=lambda: not asked.is_set())
    assert time.monotonic() - begun < 5


def test_a_limit_that_is_no_number_is_refused(monkeypatch):
    monkeypatch.setenv("GANZOO_DATA_TIMEOUT", "soon")
    with pytest.raises(Exception, match="GANZOO_DATA_TIMEOUT: expected a number of seconds above 0, not 'soon'"):
        read(Misbehaving(8))


# -- nobody stays behind -----------------------------------------------------------------------------------------------


def descendants(pid):
    """Return the living processes below one, by their parents."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            parents[int(stat.parent.name)] = int(fields[1])
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


READING = """
from misbehaving import Misbehaving
from numbered import Numbered
from ganzoo.data.opening import TrainingData
from ganzoo.data.loader import StepBatches, StepLoader
from ganzoo.contracts.timeline import Timeline

if __name__ == "__main__":
    data = TrainingData({"data": Misbehaving(12)})
    made = StepBatches(data, Numbered(), batch_size=4, seed=0, timeline=Timeline([("a", 9)]))
    for batch in StepLoader(made, first=0, last=10**9, workers=2):
        print("one", flush=True)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are found in /proc")
def test_no_process_outlives_one_that_is_killed(tmp_path):
    (tmp_path / "reading.py").write_text(READING)
    toys = str(Path(misbehaving.__file__).parent)
    command, environment = [sys.executable, tmp_path / "reading.py"], {**os.environ, "PYTHONPATH": toys}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as reading:
        reading.stdout.readline()
        below = descendants(reading.pid)
        reading.kill()
    assert len(below) == 4, "forkserver, resource tracker, two workers"
    deadline = time.monotonic() + 10
    while (left := [pid for pid in below if alive(pid)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == []


def test_a_run_whose_worker_is_killed_ends_with_code_7(ganzoo, tmp_path):
    def kill_one():
        while not (tmp_path / "run" / "metrics.jsonl").exists() or not worker_processes():
            time.sleep(0.01)
        os.kill(worker_processes()[0].pid, signal.SIGKILL)

    killer = threading.Thread(target=kill_one, daemon=True)
    killer.start()
    ended = ganzoo(*tiny(tmp_path, "run", "--set=phases.train.steps=1000000", "--set=train.workers=2"))
    assert ended.code == 7, ended.err
    assert "was killed by SIGKILL while it" in ended.err
    assert "Traceback" not in ended.err
    assert worker_processes() == []


# -- broken promises ---------------------------------------------------------------------------------------------------

SOURCES = {
    "fail": ["reading row-", "KeyError: 'boom'"],
    "end_early": ["reading row-", "IndexError"],
    "forget": ["lacks the field 'number' that its source promises; it has other"],
    "widen": ["field 'number' is", "int64, but its source promises scalar int64"],
    "retype": ["field 'number' is scalar float64, but its source promises scalar int64"],
    "give_a_number": ["field 'number' is int, expected a numpy array: scalar int64"],
}


@pytest.mark.parametrize(("act", "workers"), [*((act, 0) for act in SOURCES), ("fail", 1)])
def test_a_source_that_breaks_its_promise_is_named_with_the_example(act, workers):
    with pytest.raises(ComponentError) as told:
        read(Misbehaving(8, getattr(misbehaving, act)), workers=workers)
    names(str(told.value), "dataset 'Misbehaving'", origin_of(Misbehaving), "step 1", "row-", *SOURCES[act])
    if act == "fail":
        assert 'raise KeyError("boom")' in told.value.trace


TASKS = {
    "varying_shapes": ["prepare() returned 'a' as 2x", "rows of a batch are alike"],
    "varying_names": ["prepare() returned", "rows of a batch are alike"],
    "doubles": ["prepare() returned 'a' as 2 float64, expected float32"],
    "objects": ["prepare() returned 'a' as 2 object, expected numbers that torch has"],
    "plain": ["prepare() returned 'a' as list, expected a numpy array"],
    "nothing": ["prepare() returned NoneType, expected a mapping"],
    "failing": ["preparing row-", "KeyError: 'boom'"],
}


@pytest.mark.parametrize(("make", "workers"), [*((make, 0) for make in TASKS), ("doubles", 1)])
def test_a_task_that_prepares_what_is_no_row_is_named_with_the_example(make, workers):
    with pytest.raises(ComponentError) as told:
        read(Misbehaving(8), Preparing(getattr(misbehaving, make)), workers=workers)
    names(str(told.value), "task 'Preparing'", origin_of(Preparing), "step 1", "row-", *TASKS[make])


def test_a_source_that_cannot_travel_to_a_worker_is_named():
    with pytest.raises(ComponentError, match="dataset 'Misbehaving', whose source must survive pickling"):
        read(Misbehaving(8, lambda index, example: None))


def test_a_long_path_of_the_folder_for_temporary_files_does_not_matter(tmp_path):
    temporary = tmp_path / ("x" * 100)
    temporary.mkdir()
    with process(tiny(tmp_path, "run", "--set=train.workers=1"), TMPDIR=str(temporary)) as run:
        _, told = run.communicate()
    assert run.returncode == 0, told
