"""What a score means: that of real examples beside it, and how far it is from itself with other seeds."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tiny_runs import finish, last_state, tiny

from ganzoo import DataError, Random, RecipeError, Result, sources
from ganzoo.training.evaluation import Scores, mean_of, scores_record
from ganzoo.training.floor import with_floor

TRAINING = {"data": sources.from_arrays({"point": np.arange(20, dtype=np.float32).reshape(10, 2)})}


def results(count, of=4):
    for start in range(count):
        made = {"point": np.full((of, 2), -1.0, np.float32), "code": np.zeros(of)}
        target = {"point": np.full((of, 2), start, np.float32)}
        yield Result(method="generator", output=made, target=target, examples=of)
        yield Result(method="real", output=made, target=target, examples=of)


def floor(found):
    made = with_floor(found, "generator", TRAINING, Random(0, "floor"))
    return [result for result in made if result.method == "floor"]


def test_the_floor_has_as_many_training_examples_as_there_are_generated_ones_and_each_once():
    first, second = floor(results(2))
    assert set(first.output) == {"point"}
    drawn = np.concatenate([first.output["point"], second.output["point"]])
    known = {tuple(TRAINING["data"][index]["point"]) for index in range(10)}
    assert len({tuple(row) for row in drawn}) == 8
    assert {tuple(row) for row in drawn} <= known
    assert np.array_equal(second.target["point"], np.full((4, 2), 1))


def test_the_results_of_the_task_come_through_unchanged():
    made = list(with_floor(results(2), "generator", TRAINING, Random(0, "floor")))
    assert [each.method for each in made] == ["generator", "floor", "real"] * 2


def test_too_few_training_examples_are_told():
    with pytest.raises(DataError, match="floor: 12 training examples are needed, there are 10"):
        floor(results(3))


def test_photographs_have_no_floor():
    photo = {"image": np.zeros((8, 8, 3), np.uint8)}
    with pytest.raises(RecipeError, match="the results of this task are not sets of examples"):
        floor([Result(method="generator", output=photo, target=photo)])


def test_results_that_the_training_data_lack_have_no_floor():
    made = {"audio": np.zeros((4, 9), np.float32)}
    with pytest.raises(RecipeError, match=r"no training data have a field of the results \('audio'\)"):
        floor([Result(method="generator", output=made, target=made, examples=4)])


def scored(value, **more):
    return Scores({"generator": {"a": value}}, {"generator": 4}, {"a": False}, **more)


def test_scores_of_several_seeds_become_mean_and_standard_deviation():
    found = mean_of([scored(1.0), scored(2.0), scored(6.0)])
    assert found.rows["generator"]["a"] == 3.0
    assert found.spread["generator"]["a"] == pytest.approx(np.std([1, 2, 6], ddof=1))
    assert found.provenance["seeds"] == 3
    assert scores_record(found, 5)["spread"] == {"generator": {"a": pytest.approx(7**0.5)}}


def test_a_score_that_failed_with_one_seed_has_no_mean():
    broken = Scores({"generator": {"metric": float("nan")}}, {}, {"metric": False}, {"generator": ["metric"]})
    found = mean_of([scored(1.0), broken])
    assert np.isnan(found.rows["generator"]["a"])
    assert found.failed == {"generator": ["metric"]}


def test_scores_of_one_seed_are_as_they_are():
    one = scored(1.0)
    assert mean_of([one]) is one
    assert "spread" not in scores_record(one, 5)


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    runs = tmp_path_factory.mktemp("runs")
    every = "--set=train.evaluate_every=4"
    assert finish(tiny(runs, "measured", every))[0] == 0
    return runs / "measured"


def test_a_run_with_metrics_ends_in_the_same_bytes_as_one_without(measured, tmp_path):
    assert finish(tiny(tmp_path, "bare", "--set=metrics=[]"))[0] == 0
    one, other = last_state(measured), last_state(tmp_path / "bare")
    assert set(one) == set(other)
    assert all(np.array_equal(one[name], other[name]) for name in one)
    product = "generator.keras"
    assert (measured / product).read_bytes() == (tmp_path / "bare" / product).read_bytes()


def test_floor_and_spread_are_one_option_away(ganzoo, measured):
    scored = ganzoo("evaluate", measured, "--floor", "--seeds", "2", "--json")
    assert scored.code == 0, scored.err
    record = json.loads(scored.out)
    assert set(record["scores"]) == {"generator", "floor", "real"}
    assert record["examples"]["floor"] == record["examples"]["generator"]
    assert record["scores"]["floor"]["sliced_wasserstein"] < record["scores"]["generator"]["sliced_wasserstein"]
    assert record["spread"]["generator"]["sliced_wasserstein"] > 0
    shown = ganzoo("evaluate", measured, "--seeds", "2")
    assert " ± " in shown.out
