from __future__ import annotations

import itertools
import json
import random
import threading
import time

import numpy as np
import pytest
import torch
from numbered import Numbered
from points import Rows
from slow import Counted, Exhausting
from tiny_runs import tiny

from ganzoo import DataError, Field
from ganzoo.contracts.timeline import Timeline
from ganzoo.data import cache, pace
from ganzoo.data.ahead import ReadAhead
from ganzoo.data.loader import StepBatches, StepLoader
from ganzoo.data.opening import TrainingData
from ganzoo.data.pace import Pace
from ganzoo.errors import ResourceError
from ganzoo.training.model import AdversarialModel

TIMELINE = Timeline([("a", 3), ("b", 9)])


def numbers(count, kind=Rows, *, start=0):
    return kind({"number": np.arange(start, start + count)}, {"number": Field(shape=(), dtype="int64")})


def batches(count=10, *, size=4, seed=0, start=0):
    return made_of(numbers(count, start=start), size=size, seed=seed)


def made_of(source, *, size=4, seed=0, **options):
    return StepBatches(
        TrainingData({"data": source}), Numbered(), batch_size=size, seed=seed, timeline=TIMELINE, **options
    )


def test_every_example_comes_once_in_each_epoch_in_another_order():
    made = batches(12)
    epochs = [np.concatenate([made[step]["number"] for step in range(start, start + 3)]) for start in (0, 3)]
    assert all(sorted(epoch) == list(range(12)) for epoch in epochs)
    assert list(epochs[0]) != list(epochs[1])


def test_a_batch_is_a_pure_function_of_seed_and_step():
    one, other = batches(), batches()
    list(map(one.__getitem__, range(5)))
    assert all(np.array_equal(one[7][name], other[7][name]) for name in one[7])
    assert not np.array_equal(batches(seed=1)[7]["draw"], other[7]["draw"])


def test_the_same_example_is_prepared_otherwise_in_the_next_epoch():
    made = batches(4)
    first, second = made[0], made[1]
    assert set(first["number"]) == set(second["number"])
    assert not set(first["draw"].tolist()) & set(second["draw"].tolist())


def test_preparation_knows_the_phase():
    assert batches()[2]["phase"].tolist() == [0] * 4
    assert batches()[3]["phase"].tolist() == [1] * 4


def test_fewer_examples_than_a_batch_come_again_in_the_same_batch():
    made = batches(3)
    seen = np.concatenate([made[number]["number"] for number in range(3)])
    assert np.bincount(seen).tolist() == [4, 4, 4]


def test_data_without_examples_are_refused():
    with pytest.raises(DataError, match="dataset 'Rows' has no examples"):
        batches(0)


# -- whoever makes them ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_the_thread_and_workers_make_the_batches_that_are_made_here_and_any_step_can_come_first(workers):
    here = batches()
    made = list(StepLoader(batches(), first=2, last=6, workers=workers))
    assert len(made) == 4
    for number, batch in enumerate(made, start=2):
        wanted = here.tensors(number)
        assert batch.keys() == wanted.keys()
        assert all(batch[name].equal(wanted[name]) for name in wanted)


@pytest.mark.parametrize("workers", [0, 2])
def test_an_example_that_does_not_fit_is_named_after_the_batches_before_it(workers, data_threads):
    broken = batches(10, start=10)
    good = next(number for number in range(9) if 3 in broken.indices(number)["data"])
    given = []
    with pytest.raises(DataError, match=r"^example 3: does not fit$"):
        given.extend(StepLoader(broken, first=0, last=9, workers=workers))
    loader = StepLoader(broken, first=0, last=good, workers=workers)
    assert len(list(loader)) == good
    assert data_threads() == []


def test_a_bad_file_is_named_by_the_thread(tmp_path):
    from ganzoo_data.files import ImageFiles

    for name in "abcd":
        (tmp_path / f"{name}.png").write_bytes(b"no image")
    source = ImageFiles(sorted(tmp_path.iterdir()), tmp_path)
    with pytest.raises(DataError, match=r"[abcd]\.png: is not a PNG, JPEG, WEBP, TIFF or BMP image"):
        next(iter(StepLoader(made_of(source), first=0, last=9)))


@pytest.mark.parametrize("workers", [0, 1])
def test_memory_that_does_not_suffice_is_told_with_what_to_lower(workers, data_threads):
    with pytest.raises(ResourceError, match=r"the batch of step 1: memory does not suffice .*lower train.batch_size"):
        list(StepLoader(made_of(numbers(10, Exhausting)), first=0, last=3, workers=workers))
    assert data_threads() == []


def test_a_reader_that_stops_early_leaves_no_thread(data_threads):
    loader = StepLoader(batches(), first=0, last=10**6)
    assert len(list(itertools.islice(loader, 3))) == 3
    reading = iter(loader)
    next(reading)
    assert len(data_threads()) == 1
    loader.close()
    assert data_threads() == []
    assert list(reading) == []


def test_a_thread_that_closes_itself_as_garbage_does_not_wait_for_itself():
    raised, there = [], threading.Event()

    def items():
        there.wait()
        try:
            ahead.close()
        except RuntimeError as error:
            raised.append(error)
        yield 2

    ahead = ReadAhead(items(), depth=1)
    there.set()
    ahead._thread.join(10)
    assert not ahead._thread.is_alive()
    assert raised == []


def test_the_thread_goes_no_further_ahead_than_a_few_batches():
    source = Counted(12)
    loader = StepLoader(made_of(source, cache_limit=0), first=0, last=10**6)
    reading = iter(loader)
    next(reading)
    time.sleep(0.2)
    assert len(source.reads) <= 4 * 4
    assert set(source.reads) == {"ganzoo-data"}
    loader.close()


def test_the_thread_draws_from_no_global_generator():
    loader = StepLoader(batches(), first=0, last=5)
    reading = iter(loader)
    next(reading)
    before = random.getstate(), torch.get_rng_state(), np.random.get_state()[1].tolist()
    assert len(list(reading)) == 4
    assert random.getstate() == before[0]
    assert torch.equal(torch.get_rng_state(), before[1])
    assert np.random.get_state()[1].tolist() == before[2]


# -- what is kept in memory --------------------------------------------------------------------------------------------


def test_examples_that_fit_are_read_once():
    source = Counted(8, size=1000)
    made = made_of(source, cache_limit=10**6)
    numbers_by_step = [made[step]["number"].tolist() for step in range(4)]
    assert numbers_by_step == [batches(8)[step]["number"].tolist() for step in range(4)]
    assert len(source.reads) == 8


def test_no_more_is_kept_than_fits():
    source = Counted(8, size=1000)
    made = made_of(source, cache_limit=4 * (1000 + 8 + cache._OVERHEAD))
    [made[step] for step in range(4)]
    assert len(source.reads) == 8 + 4


def test_worker_processes_share_the_room():
    made = made_of(Counted(8), cache_limit=1000)
    assert made.shared_among(4).streams[0]._cache.room == 250
    assert made.streams[0]._cache.room == 1000


def test_the_room_is_a_quarter_of_what_the_process_may_use(tmp_path, monkeypatch):
    table, root = tmp_path / "cgroup", tmp_path / "root"
    table.write_text("4:memory:/job/step\n3:cpu:/\n0::/slice/job\n")
    (root / "memory" / "job").mkdir(parents=True)
    (root / "memory" / "job" / "memory.limit_in_bytes").write_text("4000\n")
    (root / "slice" / "job").mkdir(parents=True)
    (root / "slice" / "job" / "memory.max").write_text("max\n")
    (root / "slice" / "memory.max").write_text("8000\n")
    assert sorted(cache._control_groups(table, root)) == [4000, 8000]
    assert list(cache._control_groups(tmp_path / "none", root)) == []
    monkeypatch.setattr(cache, "_physical", lambda: iter([16000]))
    monkeypatch.setattr(cache, "_control_groups", lambda *_: iter([4000]))
    assert cache.cache_bytes() == 1000


def test_the_room_is_modest_where_nobody_knows_the_memory(monkeypatch):
    for name in ("_physical", "_control_groups"):
        monkeypatch.setattr(cache, name, lambda *_: iter(()))
    assert cache.cache_bytes() == 2**30


# -- waiting -----------------------------------------------------------------------------------------------------------


def test_waiting_counts_what_training_waits_and_nothing_else():
    slow = StepLoader(made_of(Counted(12, seconds=0.01), cache_limit=0), first=0, last=6)
    list(slow)
    assert slow.pace.waited > 6 * 4 * 0.01 * 0.9
    ahead = StepLoader(made_of(Counted(12, seconds=0.005), cache_limit=0), first=0, last=6)
    for _ in ahead:
        time.sleep(0.1)
    assert ahead.pace.waited < 0.1, "only for the first batch"


@pytest.fixture
def clock(monkeypatch):
    """Time that passes when it is told to, on a machine with eight cores of which `load` are busy."""

    class Clock:
        now = worked = load = 0.0

        def perf_counter(self):
            return self.now

        def process_time(self):
            return self.worked

    made = Clock()
    monkeypatch.setattr(pace, "time", made)
    monkeypatch.setattr(pace, "_cores", lambda: 8.0)
    monkeypatch.setattr(pace.os, "getloadavg", lambda: (made.load,) * 3, raising=False)
    return made


def verdicts(clock, *, workers, made, used, steps, epoch=1, busy=1.0):
    """Return what is said at which step when making and using a batch takes so many seconds."""
    judge, said = Pace(workers=workers, epoch=epoch), {}
    waits = max(0.0, made / max(workers, 1) - used)
    for number in range(steps):
        clock.now += used + waits
        clock.worked += (used + waits) * busy
        judge.add(made=made, waited=waits)
        if (verdict := judge.verdict()) is not None:
            said[number + 1] = verdict
    return said


def test_waiting_a_tenth_of_the_time_is_not_worth_a_word(clock):
    assert verdicts(clock, workers=0, made=2.2, used=2, steps=1000) == {}
    assert verdicts(clock, workers=4, made=8.8, used=2, steps=1000) == {}


def test_waiting_longer_is_told_with_the_number_of_workers_that_would_do(clock):
    said = verdicts(clock, workers=0, made=3, used=2, steps=250)
    assert said == {
        200: "loading data takes 33% of the time; resume with --set train.workers=2 to prepare batches in 2 processes, "
        "which changes no result"
    }
    assert "train.workers=3 " in verdicts(clock, workers=2, made=4.6, used=2, steps=200)[200]


def test_no_more_workers_are_advised_than_there_are_idle_cores(clock):
    assert "train.workers=8 " in verdicts(clock, workers=0, made=60, used=2, steps=200)[200]
    assert "train.workers=5 " in verdicts(clock, workers=0, made=60, used=2, steps=200, busy=4.0)[200]
    clock.load = 6.0
    assert "train.workers=3 " in verdicts(clock, workers=0, made=60, used=2, steps=200)[200]


def test_nothing_is_advised_where_no_core_is_idle(clock):
    assert verdicts(clock, workers=0, made=60, used=2, steps=500, busy=7.5) == {}
    assert verdicts(clock, workers=7, made=60, used=2, steps=500) == {}, "workers keep cores busy, too"
    clock.load = 8.0
    assert verdicts(clock, workers=0, made=60, used=2, steps=500) == {}


def test_batches_that_are_made_quickly_gain_nothing_by_workers(clock):
    assert verdicts(clock, workers=0, made=0.004, used=0.001, steps=500) == {}


def test_nothing_is_said_of_steps_that_start_up_and_fill_the_memory(clock):
    assert verdicts(clock, workers=0, made=3, used=2, steps=199) == {}
    assert list(verdicts(clock, workers=0, made=3, used=2, steps=500, epoch=300)) == [400, 500]


def test_the_share_of_waiting_begins_after_the_first_batch(clock):
    judge = Pace(workers=0, epoch=1)
    assert judge.share == 0.0
    for waits in (50.0, 1.0, 0.0):
        clock.now += waits + 2.0
        judge.add(made=1.0, waited=waits)
    assert judge.share == pytest.approx(1 / 5)


def test_a_run_with_slow_data_says_once_what_helps_and_keeps_how_long_it_waited(
    ganzoo, tmp_path, monkeypatch, data_threads
):
    row = StepBatches.row
    monkeypatch.setattr(StepBatches, "row", lambda *arguments: (time.sleep(0.03), row(*arguments))[1])
    monkeypatch.setattr(pace, "_WINDOW", 3)
    monkeypatch.setattr(pace, "_cores", lambda: 1000.0)
    done = ganzoo(*tiny(tmp_path, "run"))
    assert done.code == 0, done.err
    assert done.out.count("loading data takes ") == 1
    timing = [json.loads(line) for line in (tmp_path / "run" / "timing.jsonl").read_text().splitlines()]
    waited = [line["waited"] for line in timing]
    assert waited == sorted(waited)
    assert 12 * 16 * 0.03 * 0.25 < waited[-1] <= timing[-1]["seconds"]
    assert data_threads() == []


def test_a_run_whose_data_are_fast_says_nothing_of_them(ganzoo, tmp_path, monkeypatch):
    monkeypatch.setattr(pace, "_WINDOW", 3)
    monkeypatch.setattr(pace, "_cores", lambda: 1000.0)
    original = AdversarialModel.train_step
    monkeypatch.setattr(AdversarialModel, "train_step", lambda *given: (time.sleep(0.1), original(*given))[1])
    done = ganzoo(*tiny(tmp_path, "run"))
    assert done.code == 0, done.err
    assert "loading data" not in done.out
    assert "waiting" not in done.out


def test_timelines_map_steps_to_phases():
    timeline = Timeline([("a", 3), ("b", 2)])
    assert timeline.total_steps == 5
    assert [timeline.first_step(name) for name in "ab"] == [0, 3]
    steps = [timeline.at(number) for number in range(6)]
    assert [step.phase for step in steps] == ["a", "a", "a", "b", "b", "b"]
    assert [step.phase_step for step in steps] == [0, 1, 2, 0, 1, 2]
    assert steps == [Timeline([("a", 3), ("b", 99)]).at(number) for number in range(6)], "no step knows the end"
