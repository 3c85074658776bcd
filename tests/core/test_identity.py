"""Each score says what decided it, so that unlike numbers are not ranked."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
from ganzoo_generation import ganzoo_register_tasks

from ganzoo import load_recipe, load_zoo, sources
from ganzoo.contracts.wiring import WiredMetric
from ganzoo.runs.identity import differing, fingerprint_of, flat, identity_of_protocol
from ganzoo.training.evaluation import Scores, read_scores, score, scores_record

ZOO = load_zoo()
POINTS = {"point": np.arange(8, dtype=np.float32).reshape(4, 2)}


def protocol(*changes, of=POINTS):
    recipe = load_recipe("gaussians_ring", zoo=ZOO, profile="smoke", overrides=list(changes))
    return identity_of_protocol(recipe, {"data": sources.from_arrays(of)}, recipe.resolved_validation)


def result(method="generator"):
    return SimpleNamespace(method=method, output=POINTS, target=POINTS, examples=4)


def test_equal_records_differ_in_nothing_and_unlike_ones_name_their_fields():
    one = {"metric": "frechet", "examples": 10, "metric.k": None}
    assert differing(one, dict(one)) == []
    assert differing(one, {**one, "examples": 20, "metric.k": 3}) == ["examples", "metric.k"]


def test_a_field_that_one_record_lacks_makes_them_unlike():
    assert differing({"metric": "frechet"}, {"metric": "frechet", "metric.k": None}) == ["metric.k"]


def test_tables_inside_options_get_dotted_names():
    table = {"features": {"name": "vgg19", "path": None}, "sides": [1, 2]}
    assert flat(table, "metric.") == {
        "metric.features.name": "vgg19",
        "metric.features.path": None,
        "metric.sides": "[1, 2]",
    }


def test_training_that_differs_does_not_make_scores_unlike():
    assert differing(protocol(), protocol("train.seed=7", "losses.non_saturating.name=hinge", "phases.0.steps=9")) == []


def test_what_is_scored_makes_scores_unlike():
    assert differing(protocol(), protocol("ema.decay=0.5")) == ["ema_decay"]
    other = {"point": POINTS["point"] + 1}
    assert differing(protocol(), protocol(of=other)) == ["reference.fingerprint"]
    task = ganzoo_register_tasks()
    asked, free = (task[name]().identity() for name in ("conditional_generation", "generation"))
    assert differing(asked, free) == ["classes"]


def test_the_data_are_known_by_the_hash_that_the_manifest_has():
    source = sources.from_arrays(POINTS)
    assert protocol()["reference.fingerprint"] == fingerprint_of(source)


def test_a_score_has_the_options_of_its_metric_defaults_included():
    recipe = load_recipe("gaussians_ring", zoo=ZOO, overrides=["metrics.sliced_wasserstein.projections=5"])
    wired = [each for each in recipe.metrics if each.key == "sliced_wasserstein"]
    found = score([result()], wired, training=dict).identity["sliced_wasserstein"]
    assert found == {
        "metric": "metrics/sliced_wasserstein",
        "metric.field": "point",
        "metric.projections": 5,
        "metric.seed": 0,
        "metric.examples": 10_000,
    }


def test_what_a_metric_says_of_itself_is_part_of_its_record():
    cls = ZOO.find("metric", "sliced_wasserstein")

    class Weighted(cls):
        def identity(self):
            return {"weights_sha256": "ab12"}

    wired = WiredMetric(key="mine", make=lambda: Weighted(field="point"))
    assert score([result()], [wired], training=dict).identity == {
        "sliced_wasserstein": {"metric": "mine", "metric.weights_sha256": "ab12"}
    }


def test_a_metric_may_give_other_scores_for_other_rows():
    class Coloured(ZOO.find("metric", "sliced_wasserstein")):
        larger_is_better = True

        def update(self, output, target):
            self.names = output["names"]

        def result(self):
            return dict.fromkeys(self.names, 1.0)

    rows = {"there": ["kept", "right"], "back": ["kept", "sharp"]}
    results = [
        SimpleNamespace(method=row, output={"names": names}, target={}, examples=1) for row, names in rows.items()
    ]
    scores = score(results, [WiredMetric(key="mine", make=lambda: Coloured(field="point"))], training=dict)
    assert {row: list(found) for row, found in scores.rows.items()} == rows
    assert scores.larger_is_better == {"kept": True, "right": True, "sharp": True}
    assert [scores.best(name) for name in ("kept", "right", "sharp")] == [1, 1, 1]


def test_records_are_stored_beside_the_scores_and_provenance_apart_from_them(tmp_path):
    scores = Scores(
        {"generator": {"a": 1.0}},
        {"generator": 4},
        {"a": True},
        identity={"a": {"metric": "m", "examples": 4, "metric.k": None}},
        provenance={"seed": 3},
    )
    record = scores_record(scores, 20)
    assert record["identity"] == {"a": {"metric": "m", "examples": 4, "metric.k": None}}
    assert record["provenance"] == {"step": 20, "seed": 3}
    (tmp_path / "evaluation.json").write_text(json.dumps(record))
    assert read_scores(tmp_path / "evaluation.json") == replace(scores)
