"""The doctor finds what is wrong, is silent where nothing is, and changes nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from in_process import state_of
from tiny_runs import tiny

import ganzoo as library
from ganzoo import AdversarialLoss, Architecture, RecipeError, load_zoo
from ganzoo.diagnosis import Doctor
from ganzoo.diagnosis.statistics import Examples, sample_statistics, separation
from ganzoo.errors import NumericError
from ganzoo.training.doctor import LiveDoctor

RESOLVED = {
    "losses": [{"name": "losses/minimax"}],
    "optimizers": {"generator": {"learning_rate": 1e-3}, "discriminator": {"learning_rate": 0.05}},
    "train": {"precision": "float32"},
}


# -- statistics --------------------------------------------------------------------------------------------------------


def points(seed, count=128, spread=1.0):
    return spread * np.random.default_rng(seed).normal(size=(count, 3))


def test_separation_is_the_share_of_pairs_in_order_and_ties_count_half():
    assert separation(np.array([2.0, 3.0]), np.array([0.0, 1.0])) == 1
    assert separation(np.array([0.0, 1.0]), np.array([2.0, 3.0])) == 0
    assert separation(np.array([0.0, 2.0]), np.array([1.0, 2.0])) == pytest.approx(1.5 / 4)


def test_samples_of_the_same_distribution_are_near_diverse_and_miss_nothing():
    found = sample_statistics(points(0), points(1))
    assert abs(found["distance"]) < 0.02
    assert found["diversity"] == pytest.approx(1, abs=0.2)
    assert abs(found["missed"]) < 0.1
    assert abs(found["strayed"]) < 0.1


def test_units_do_not_matter():
    one, other = (sample_statistics(unit * points(0), unit * (points(1) + 1)) for unit in (1, 1000))
    assert one == pytest.approx(other)


def test_one_point_has_no_diversity_and_two_points_apart_have_distance_one():
    found = sample_statistics(np.tile([[0.0, 0.0]], (20, 1)) + 1e-9 * points(0, 20)[:, :2], np.ones((20, 2)))
    assert found["diversity"] == 0
    assert found["distance"] == pytest.approx(1, abs=1e-6)


def test_copies_are_counted_as_if_all_examples_were_known():
    examples = Examples.of(points(0), {}, share=0.5)
    half = np.concatenate([points(0)[:10] + 1e-6, points(1)[:10]])
    assert examples.compare(points(1)[:20], {})["copied"] < 0.2
    assert examples.compare(half, {})["copied"] == pytest.approx(1, abs=0.3)


def test_copies_are_not_looked_for_where_chance_looks_alike():
    few_of_all = Examples.of(points(0), {}, share=0.01)
    in_two_places = Examples.of(np.repeat(points(0), 2, axis=0) + 1e-9 * points(1, 256), {}, share=1.0)
    crowded = Examples.of(np.concatenate([points(0)[:, :1], points(1)[:, :1]]), {}, share=0.5)
    assert "copied" not in few_of_all.compare(points(0), {})
    assert "copied" not in crowded.compare(points(2)[:, :1], {})
    assert in_two_places.compare(points(2), {})["copied"] < 0.1


def test_the_class_of_the_nearest_example_tells_whether_a_condition_is_heeded():
    labels = np.arange(40) % 2
    rows = points(0, 40, spread=0.1) + 5 * labels[:, None]
    examples = Examples.of(rows, {"label": labels}, share=1.0)
    found = examples.compare(rows + 0.01, {"label": 1 - labels})
    assert found["real_agrees/label"] == 1
    assert found["fake_agrees/label"] == 0
    assert found["classes/label"] == 2


# -- verdicts from records ---------------------------------------------------------------------------------------------


def healthy(step):
    """Return a record of a game that goes well: near after 300 steps."""
    far = max(0.02, 0.5 - step / 600)
    return {
        "step": step,
        "phase": "train",
        "discriminator/minimax": 1.2,
        "gradient_norm/discriminator": 1.0,
        "gradient_norm/generator": 0.5,
        "doctor/updates": step,
        "doctor/separation/sample": 0.8,
        "doctor/largest_logit": 3.0,
        "doctor/distance/sample": far,
        "doctor/diversity/sample": 1 - far,
        "doctor/missed/sample": far + 0.3,
        "doctor/strayed/sample": far + 0.3,
        **{f"doctor/shift_{index}/sample": 0.3 * (-1) ** (step // 50) for index in range(3)},
        **{f"doctor/weakest_gradient/{player}": 1e-4 for player in ("generator", "discriminator")},
        **{f"doctor/weakest_layer/{player}": 2 for player in ("generator", "discriminator")},
        "doctor/copied/sample": 0.01,
        "doctor/classes/label": 10,
        "doctor/real_agrees/label": 0.9,
        "doctor/fake_agrees/label": 0.6,
    }


def flips(step):
    return (-1) ** (step // 50)


FAR = {"doctor/distance/sample": 0.4, "doctor/strayed/sample": 1.0, "doctor/missed/sample": 1.0}
WRONG = {
    "saturated_discriminator": lambda step: (
        {**FAR, "doctor/separation/sample": 1.0, "gradient_norm/generator": 1 / step}
    ),
    "blind_discriminator": lambda step: {**FAR, "doctor/separation/sample": 0.5},
    "no_progress": lambda step: {**FAR, "doctor/updates": 4 * step},
    "lost_balance": lambda step: {"doctor/distance/sample": 0.6, "doctor/strayed/sample": 0.5} if step > 700 else {},
    "mode_collapse": lambda step: {"doctor/diversity/sample": 0.0},
    "vanishing_gradient": lambda step: {"doctor/weakest_gradient/generator": 1e-13},
    "exploding_gradient": lambda step: {"gradient_norm/discriminator": 1e5} if step > 500 else {},
    "overflow_risk": lambda step: {"doctor/largest_logit": 1e7},
    "memorisation": lambda step: {"doctor/copied/sample": 0.9},
    "mislabelled_conditions": lambda step: {"doctor/real_agrees/label": 0.1, "doctor/fake_agrees/label": 0.1},
    "ignored_conditions": lambda step: {"doctor/fake_agrees/label": 0.1},
    "oscillation": lambda step: {"doctor/distance/sample": 0.3 + 0.2 * flips(step)},
    "not_finite": lambda step: {"discriminator/minimax": None} if step == 1000 else {},
}


def said(change, steps=1000, resolved=RESOLVED):
    doctor = Doctor(resolved)
    return [verdict for step in range(50, steps + 1, 50) for verdict in doctor.see({**healthy(step), **change(step)})]


def test_a_game_that_goes_well_is_not_remarked_upon():
    assert said(lambda step: {}, steps=5000) == []


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_wrong_is_said_once_with_since_when_why_and_what_to_change(kind):
    found = [verdict for verdict in said(WRONG[kind]) if verdict.kind == kind]
    assert len(found) == 1
    assert 0 < found[0].since <= 1000
    assert found[0].what
    assert found[0].cause
    assert found[0].change


def test_a_verdict_names_the_line_of_the_recipe_with_its_value():
    [found] = [verdict for verdict in said(WRONG["blind_discriminator"]) if verdict.kind == "blind_discriminator"]
    assert "optimizers.discriminator.learning_rate (now 0.05)" in found.change


def test_what_the_recipe_says_is_the_likely_cause():
    [found] = said(WRONG["saturated_discriminator"])
    assert "minimax" in found.cause
    assert "non_saturating" in found.change


def test_a_failure_says_since_when():
    [found] = said(WRONG["exploding_gradient"])
    assert 500 < found.since <= 700  # the median of five points needs three of them


@pytest.mark.parametrize("missing", ["distance", "diversity", "separation", "gradient", "agrees", "shift", "updates"])
def test_a_record_without_some_of_the_numbers_is_judged_by_the_rest(missing):
    doctor = Doctor(RESOLVED)
    for step in range(50, 1000, 50):
        doctor.see({key: value for key, value in healthy(step).items() if missing not in key})
    assert not doctor.standing


def test_a_phase_is_judged_by_itself():
    doctor = Doctor(RESOLVED)
    for step in range(50, 1000, 50):
        doctor.see({**healthy(step), "doctor/diversity/sample": 0.0})
    assert doctor.standing
    doctor.see({**healthy(1000), "phase": "next"})
    assert not doctor.standing


def test_what_a_resumed_doctor_says_depends_on_the_newest_records_only():
    records = [{**healthy(step), **WRONG["oscillation"](step)} for step in range(50, 15_000, 50)]
    records += [healthy(step) for step in range(15_000, 15_500, 50)]
    whole, resumed = Doctor(RESOLVED), Doctor(RESOLVED)
    for record in records[:-1]:
        whole.see(record)
    for record in records[-210:-1]:
        resumed.see(record)
    assert resumed.standing == whole.standing
    assert resumed.see(records[-1]) == whole.see(records[-1])


# -- in a run ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class OnePoint(Architecture):
    """A generator that makes one point."""

    role: ClassVar[str] = "generator"

    def build(self, signature):
        import keras

        latent = keras.Input((16,))
        return keras.Model(latent, keras.layers.Dense(2)(keras.layers.Rescaling(0.0)(latent)))


@dataclass(frozen=True, kw_only=True)
class Breaking(AdversarialLoss):
    """A loss that is not a number from some step on."""

    def discriminator_loss(self, real_logits, fake_logits):
        return ((real_logits - 1) ** 2).mean() + (0.3 - real_logits.mean()).sqrt()

    def generator_loss(self, fake_logits):
        return ((fake_logits - 1) ** 2).mean()


SMALL = {
    "phases.train.steps": 360,
    "train.batch_size": 16,
    "train.log_every": 25,
    "train.sample_every": 1000,
    "train.checkpoint_every": 1000,
    "train.samples": 9,
    "data.count": 64,
    "validation.count": 64,
    "generator": {"name": "mlp_generator", "hidden": 16},
    "discriminator": {"name": "mlp_discriminator", "hidden": 16},
    "regularizers": [],
    "metrics": [],
}
COLLAPSED = {**SMALL, "generator": {"name": "one_point"}}
ZOO = {"one_point": OnePoint, "breaking": Breaking}


def train(folder, overrides, name="run", **options):
    zoo = load_zoo(ZOO)
    return library.train(
        "gaussians_ring", name=name, runs=folder, overrides=overrides, zoo=zoo, verbose=False, **options
    )


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture(scope="module")
def collapsed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    train(folder, COLLAPSED)
    return folder / "run"


def test_a_run_writes_what_the_doctor_finds(collapsed):
    found = lines(collapsed / "verdicts.jsonl")
    [verdict] = [record for record in found if record["kind"] == "mode_collapse"]
    assert list(verdict) == ["step", "since", "kind", "severity", "player", "what", "cause", "change"]
    assert verdict["step"] >= verdict["since"] > 0
    assert verdict["severity"] == "failure"
    assert verdict["player"] == "generator"


def test_diagnose_says_of_the_files_what_the_run_said(collapsed, ganzoo):
    shown = ganzoo("diagnose", collapsed)
    assert shown.code == 0
    assert "failure: mode_collapse since step" in shown.out
    assert "likely cause:" in shown.out
    assert "optimizers.generator.learning_rate" in shown.out
    found = json.loads(ganzoo("diagnose", collapsed, "--json").out)
    assert found["said"] == lines(collapsed / "verdicts.jsonl")


def test_diagnose_of_what_is_no_run_is_one_message(ganzoo, tmp_path):
    shown = ganzoo("diagnose", tmp_path)
    assert shown.code == 5
    assert "is not a run folder" in shown.err


def test_a_run_with_the_doctor_ends_in_the_bytes_of_one_without(collapsed, tmp_path):
    train(tmp_path, {**COLLAPSED, "train.doctor": False})
    other = tmp_path / "run"
    one, two = state_of(collapsed), state_of(other)
    assert [name for name in one if not np.array_equal(one[name], two[name])] == []
    assert (collapsed / "generator.keras").read_bytes() == (other / "generator.keras").read_bytes()
    kept = [
        {key: value for key, value in line.items() if "doctor/" not in key}
        for line in lines(collapsed / "metrics.jsonl")
    ]
    assert kept == lines(other / "metrics.jsonl")
    assert not (other / "verdicts.jsonl").exists()


def test_a_run_in_two_parts_says_the_same(collapsed, tmp_path):
    train(tmp_path, {**COLLAPSED, "phases.train.steps": 310})
    train(tmp_path, COLLAPSED)
    for name in ("metrics.jsonl", "verdicts.jsonl"):
        assert (tmp_path / "run" / name).read_bytes() == (collapsed / name).read_bytes()


def test_on_collapse_stop_ends_the_run_saved_and_scored_and_warn_continues_it(tmp_path):
    stop = {**COLLAPSED, "train.on_collapse": "stop"}
    train(tmp_path, stop)
    run = tmp_path / "run"
    manifest = json.loads((run / "manifest.json").read_text())
    first = next(record for record in lines(run / "verdicts.jsonl") if record["severity"] == "failure")
    assert manifest["status"] == "finished"
    assert f"after step {first['step']} of 360: {first['kind']} since step" in manifest["stopped_early"]
    assert (run / "generator.keras").exists()
    train(tmp_path, stop)
    assert lines(run / "metrics.jsonl")[-1]["step"] == first["step"]
    train(tmp_path, {**stop, "train.on_collapse": "warn"})
    assert lines(run / "metrics.jsonl")[-1]["step"] == 360


def test_stopping_on_what_nobody_looks_for_is_refused():
    with pytest.raises(RecipeError, match=r"needs train\.doctor"):
        library.load_recipe("gaussians_ring", overrides={"train.doctor": False, "train.on_collapse": "stop"})


def test_a_term_that_is_not_a_number_is_named(tmp_path, ganzoo):
    with pytest.raises(NumericError, match="breaking"):
        train(tmp_path, {**SMALL, "losses": [{"name": "breaking"}]})
    [found] = lines(tmp_path / "run" / "verdicts.jsonl")
    assert found["kind"] == "not_finite"
    assert "'breaking'" in found["what"]
    assert "not_finite" in ganzoo("diagnose", tmp_path / "run").out


def test_a_doctor_that_fails_is_reported_and_the_run_goes_on(tmp_path, monkeypatch, caplog):
    def fail(self, witness):
        raise ZeroDivisionError("nothing to divide by")

    monkeypatch.setattr(LiveDoctor, "_measured", fail)
    with caplog.at_level("INFO", logger="ganzoo"):
        train(tmp_path, {**SMALL, "phases.train.steps": 60})
    assert "the doctor failed: ZeroDivisionError: nothing to divide by" in caplog.text
    assert (tmp_path / "run" / "generator.keras").exists()


def test_run_says_what_is_wrong_when_it_is_found_and_again_at_its_end(tmp_path, ganzoo):
    dead = ["--set=generator.layers=12", "--set=generator.hidden=1", "--set=phases.train.steps=210"]
    shown = ganzoo(*tiny(tmp_path, "run", *dead, "--set=train.log_every=50", "--set=train.checkpoint_every=1000"))
    assert shown.code == 0, shown.err
    assert "step 200: failure: vanishing_gradient since step 50: the generator's layer" in shown.out
    assert "\nfailure: vanishing_gradient since step 50: the generator's layer" in shown.out


def test_check_estimates_time_and_memory(ganzoo):
    shown = ganzoo("check", "gaussians_ring", "--profile", "smoke")
    assert shown.code == 0, shown.err
    assert "seconds for 1,000" in shown.out
    assert "estimated from two steps of each phase: " in shown.out
    assert "of memory at the peak" in shown.out
