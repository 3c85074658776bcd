"""Every shipped recipe: as many steps in parts, each part in a process of its own, are the same bytes."""

from __future__ import annotations

import json
import signal
import time

import numpy as np
import pytest
from tiny_runs import each_recipe, finish, forked, last_state, process

from ganzoo import load_recipe, load_zoo
from ganzoo.data.opening import open_sources
from ganzoo.proving.proof import contents
from ganzoo.runs.folder import RunFolder
from ganzoo.training.launch import prepare, write_manifest


def arguments(name, runs, *more):
    return ["run", name, "--profile", "smoke", "--set=train.log_every=1", "--runs", runs, "--name", "run", *more]


def cuts(recipe, examples):
    """Return after how many steps to stop: 1, in the middle of an epoch, at each border of phases, N - 1."""
    total = recipe.timeline.total_steps
    borders = np.cumsum([steps for _, steps in recipe.timeline.phases])[:-1].tolist()
    middle = max(2, (examples // recipe.train.batch_size * 3 + 1) // 2)
    return sorted({1, *borders, min(middle, total - 2), total - 1} - {0, total})


def what_counts(run):
    """Return the bytes of the final state, logs, scores, pictures and networks."""
    kept = {path: digest for path, digest in contents(run).items() if path.partition("/")[0] != "checkpoints"}
    return {path: digest for path, digest in kept.items() if path != "recipe.toml"}, last_state(run)


OPTIONS = ["train.precision='bfloat16'", "train.precision='float16'", "train.compile=true"]
CASES = [pytest.param(*recipe.values, [], False, id=recipe.id, marks=recipe.marks) for recipe in each_recipe()]
CASES += [pytest.param("dcgan_digits", [f"--set={option}"], False, id=option) for option in OPTIONS]
CASES += [
    pytest.param(*recipe.values, [], True, id=f"{recipe.id}-each cut", marks=pytest.mark.slow)
    for recipe in each_recipe()
]


@pytest.mark.parametrize(("name", "options", "every_cut"), CASES)
def test_a_recipe_in_parts_with_other_workers_is_the_recipe_in_one(tmp_path, name, options, every_cut):
    code, said = forked(arguments(name, tmp_path / "whole", *options), tmp_path / "out")
    assert code == 0, said
    assert "held-out data" in said
    recipe = load_recipe(name, zoo=load_zoo(), profile="smoke")
    stops = cuts(recipe, len(next(iter(recipe.data.values())).open()))
    stops = stops if every_cut else [stops[len(stops) // 2]]
    for index, steps in enumerate(stops):
        more = [*options, f"--set=train.workers={(index + 1) % 2}"]
        code, said = forked(arguments(name, tmp_path / "parts", *more), tmp_path / "out", stop_after=steps)
        assert code == 75, said
    assert forked(arguments(name, tmp_path / "parts", *options), tmp_path / "out")[0] == 0
    whole, state = what_counts(tmp_path / "whole" / "run")
    parts, other = what_counts(tmp_path / "parts" / "run")
    assert {path for path in whole.keys() | parts.keys() if whole.get(path) != parts.get(path)} == set()
    assert [key for key in state if not np.array_equal(state[key], other[key])] == []
    assert [record["step"] for record in journal(tmp_path / "parts")] == list(range(1, recipe.timeline.total_steps + 1))


def journal(runs):
    return [json.loads(line) for line in (runs / "run" / "metrics.jsonl").read_text().splitlines()]


# -- the test can see --------------------------------------------------------------------------------------------------


class Watcher:
    """A Trainer of one recipe, trained and restored in this process."""

    def __init__(self, folder):
        self.recipe = load_recipe(
            "gaussians_ring",
            zoo=load_zoo(),
            overrides=[
                "train.batch_size=16",
                "data.count=64",
                "phases.train.steps=12",
                "ema={decay=0.9}",
                'optimizers.generator={name="adam", learning_rate={start=1e-3, end=1e-4, steps=12}}',
                'regularizers=[{name="r1"}, {name="historical_averaging"}]',
            ],
        )
        run = RunFolder(folder)
        with run.working():
            self.trainer = prepare(self.recipe, run, Quiet(), open_sources(self.recipe.data), None, environment={})
            write_manifest(self.trainer, "strict", None)
        self.model = self.trainer.model

    def steps(self, first, last):
        for number in range(first, last):
            self.model.train_step(self.trainer.batches.tensors(number))
        return self.arrays()

    def arrays(self):
        return {key: variable.value.detach().numpy().copy() for key, variable in self.model.state().items()}


class Quiet:
    def begin(self, *, first, total): ...

    def step(self, number, phase, waiting): ...

    def losses(self, record): ...

    def scores(self, number, scores): ...

    def verdicts(self, kinds): ...

    def note(self, message): ...


@pytest.fixture(scope="module")
def halves(tmp_path_factory):
    """The state after 7 and after 12 steps."""
    watcher = Watcher(tmp_path_factory.mktemp("runs") / "whole")
    return watcher.steps(0, 7), watcher.steps(7, 12)


CLASSES = [
    "networks/generator/",
    "networks/discriminator/",
    "networks/ema/generator/",
    "optimizers/generator/",
    "optimizers/discriminator/",
    "regularizers/historical_averaging/",
    "updates/",
]


def test_every_class_of_state_is_known(halves):
    found = {key for key in halves[0] if not any(key.startswith(prefix) for prefix in CLASSES)}
    assert found == set()
    assert all(any(key.startswith(prefix) for key in halves[0]) for prefix in CLASSES)


@pytest.mark.parametrize("forgotten", [None, *CLASSES])
def test_leaving_out_one_class_of_state_shows(tmp_path, halves, forgotten):
    first, last = halves
    fresh = Watcher(tmp_path / "fresh")
    start = {
        key: value if forgotten is None or not key.startswith(forgotten) else fresh.arrays()[key]
        for key, value in first.items()
    }
    fresh.model.restore(start, 7)
    ended = fresh.steps(7, 12)
    differing = [key for key in last if not np.array_equal(last[key], ended[key])]
    assert bool(differing) == (forgotten is not None), differing


def test_a_step_can_be_taken_again_in_any_order(tmp_path):
    """Nothing hidden: each step from its stored state gives the stored next state."""
    watcher = Watcher(tmp_path / "run")
    states = [watcher.arrays()]
    for number in range(6):
        states.append(watcher.steps(number, number + 1))
    for number in (4, 0, 5, 2, 2, 1, 3):
        watcher.model.restore(states[number], number)
        again = watcher.steps(number, number + 1)
        assert [key for key in again if not np.array_equal(again[key], states[number + 1][key])] == []


def test_what_was_built_before_in_a_process_changes_nothing(tmp_path, halves):
    import keras

    keras.Sequential([keras.layers.Dense(3), keras.layers.Dropout(0.5, seed=1)]).build((None, 2))
    keras.random.normal((3,))
    after = Watcher(tmp_path / "run").steps(0, 7)
    assert [key for key in after if not np.array_equal(after[key], halves[0][key])] == []


def test_a_long_run_is_stopped_and_continued_many_times(tmp_path):
    finish(arguments("gaussians_ring", tmp_path / "whole"))
    total = load_recipe("gaussians_ring", zoo=load_zoo(), profile="smoke").timeline.total_steps
    runs = tmp_path / "parts"
    for _ in range(3):
        with process(arguments("gaussians_ring", runs)) as started:
            time.sleep(2.5)
            started.send_signal(signal.SIGINT)
            started.communicate(timeout=60)
        assert started.returncode in (75, 130, 0, -signal.SIGINT)
    assert finish(arguments("gaussians_ring", runs))[0] == 0
    assert what_counts(tmp_path / "whole" / "run")[0] == what_counts(runs / "run")[0]
    assert len(journal(runs)) == total
