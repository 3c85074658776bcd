"""`ganzoo compare`: groups of trials, what may be compared, and how sure a difference is."""

from __future__ import annotations

import pytest
from folders import add_sample, run_folder

from ganzoo.reporting.comparison import compare
from ganzoo.reporting.reading import read_run

SAME = {"fid": {"features": "inception", "count": 2000}}


def trials(folder, loss, values, **options):
    """Return one run for each value of the score `fid`, with seeds from 0 on."""
    return [
        run_folder(folder / f"{loss}-{seed}", seed=seed, loss=loss, scores={"fid": value}, **options)
        for seed, value in enumerate(values)
    ]


def compared(*folders):
    return compare([read_run(folder) for folder in folders])


def test_two_losses_with_three_seeds_each_say_which_is_better_by_how_much_and_how_sure(tmp_path, ganzoo):
    plain = trials(tmp_path, "non_saturating", [10.0, 10.4, 9.8], identity=SAME)
    hinge = trials(tmp_path, "hinge", [8.0, 8.3, 8.1], identity=SAME)
    found = ganzoo("compare", *plain, *hinge)
    assert found.code == 0, found.err
    assert "A 10.07 ± 0.31 (n=3), B 8.133 ± 0.15 (n=3): B is better by 1.93 (19.2%); significant" in found.out
    # by hand: -1.933 / sqrt(0.0933 / 3 + 0.0233 / 3)
    assert "Welch's t(2.9) = -9.80, p = 0.0025" in found.out


def test_seeds_make_one_group_and_the_recipe_difference_names_the_loss(tmp_path):
    found = compared(*trials(tmp_path, "non_saturating", [1.0, 2.0]), *trials(tmp_path, "hinge", [1.5, 2.5]))
    assert [[run.name for run in group.runs] for group in found.groups] == [
        ["non_saturating-0", "non_saturating-1"],
        ["hinge-0", "hinge-1"],
    ]
    assert [each.key for each in found.recipe] == ["losses.non_saturating", "losses.hinge"]


def test_one_run_on_a_side_is_no_ground_for_significance(tmp_path, ganzoo):
    found = ganzoo("compare", *trials(tmp_path, "hinge", [1.0, 2.0]), *trials(tmp_path, "wasserstein", [9.0]))
    assert "A is better by 7.5" in found.out
    assert "one run on a side says nothing about significance" in found.out
    assert "Welch" not in found.out


def test_scores_on_other_features_are_refused_and_the_others_compared(tmp_path, ganzoo):
    scores = {"fid": 3.0, "kid": 4.0}
    one = run_folder(tmp_path / "one", scores=scores, identity={**SAME, "kid": {"features": "x"}})
    other = {"fid": {"features": "dino", "count": 2000}, "kid": {"features": "x"}}
    two = run_folder(tmp_path / "two", loss="hinge", scores=scores, identity=other)
    found = ganzoo("compare", one, two)
    assert "fid: not compared: one and two computed it with unlike features inception and dino" in found.out
    assert "generator fid" not in found.out
    assert "generator kid" in found.out


def test_runs_that_do_not_say_what_they_measured_are_compared_with_a_notice(tmp_path):
    found = compared(
        run_folder(tmp_path / "one", scores={"fid": 3.0}), *trials(tmp_path, "hinge", [4.0], identity=SAME)
    )
    assert not found.refused
    assert "fid: one does not say what they were computed with (an older run)" in found.notices[0]


def test_and_are_refused_on_unlike_held_out_data(tmp_path):
    other = run_folder(tmp_path / "two", scores={"fid": 3.0}, validation={"name": "data/gaussians"})
    found = compared(run_folder(tmp_path / "one", scores={"fid": 3.0}), other)
    assert "unlike held-out data" in found.refused["fid"]


def test_the_same_seed_twice_is_one_trial(tmp_path):
    one = run_folder(tmp_path / "one", scores={"fid": 3.0})
    found = compared(one, run_folder(tmp_path / "again", scores={"fid": 3.0}))
    assert [run.name for group in found.groups for run in group.runs] == ["one"]
    assert "again: has recipe and seed of one and is left out" in found.notices[0]


def test_equal_scores_of_all_seeds_allow_no_test(tmp_path):
    found = compared(*trials(tmp_path, "hinge", [2.0, 2.0]), *trials(tmp_path, "wasserstein", [3.0, 3.0]))
    assert "no spread on either side: no test is possible" in str(found.contrasts[0])


def test_one_side_without_spread_is_tested_against_the_spread_of_the_other(tmp_path):
    found = compared(*trials(tmp_path, "hinge", [8.0, 8.0, 8.0]), *trials(tmp_path, "wasserstein", [7.0, 8.0, 6.0]))
    # by hand: -1 / sqrt(1 / 3), with the 2 degrees of freedom of the side that varies
    assert "not significant: Welch's t(2.0) = -1.73" in str(found.contrasts[0])


def test_several_tests_are_adjusted_for_their_number(tmp_path):
    groups = {"hinge": [1.0, 1.1, 1.2], "wasserstein": [2.0, 2.2, 2.1], "least_squares": [1.4, 1.0, 1.3]}
    folders = [folder for loss, values in groups.items() for folder in trials(tmp_path, loss, values)]
    alone = compared(*folders[:6]).contrasts[0].test
    together = compared(*folders).contrasts[0].test
    assert together.probability == pytest.approx(2 * alone.probability)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"step": "x", "scores": 3}', '{"step": 5}', "[" * 100_000])
def test_damaged_scores_give_a_notice(tmp_path, ganzoo, content):
    folder = run_folder(tmp_path / "one")
    (folder / "evaluation.json").write_text(content)
    found = ganzoo("compare", folder, run_folder(tmp_path / "two", scores={"fid": 3.0}, loss="hinge"))
    assert found.code == 0, found.err
    assert "one: has no scores yet" in found.out


def test_damaged_lines_and_recipes_give_a_notice(tmp_path):
    folder = run_folder(tmp_path / "one", losses=[(1, 0.5)])
    (folder / "metrics.jsonl").write_text('{"step": 1}\n{"step":\n{"step": 3}\n')
    (folder / "recipe.toml").write_text("train = [")
    found = read_run(folder)
    assert [line["step"] for line in found.metrics] == [1]
    assert found.notices[0] == "metrics.jsonl: line 2 is damaged; it and all after it are left out"
    assert "recipe.toml: cannot be read" in found.notices[1]


def test_a_folder_that_is_no_run_is_named(tmp_path, ganzoo):
    found = ganzoo("compare", tmp_path)
    assert found.code == 5
    assert "is not a run folder" in found.err


def test_control_characters_of_a_foreign_run_reach_no_terminal(tmp_path, ganzoo):
    folder = run_folder(tmp_path / "one", scores={"fid\x1b[2J": 3.0}, data={"name": "\x1b]0;title\x07"})
    found = ganzoo("compare", folder, run_folder(tmp_path / "two", scores={"fid\x1b[2J": 3.0}, loss="hinge"))
    assert "\x1b" not in found.out + found.err


def test_a_page_has_curves_over_each_other_and_samples_side_by_side(tmp_path, ganzoo):
    folders = [
        run_folder(
            tmp_path / f"{loss}-{seed}", seed=seed, loss=loss, scores={"fid": seed + 1.0}, losses=[(1, 2), (2, 1)]
        )
        for loss in ("hinge", "wasserstein")
        for seed in (0, 1)
    ]
    for folder in folders:
        add_sample(folder, 100)
    found = ganzoo("compare", *folders, "--html", tmp_path / "compare.html")
    assert f"wrote {tmp_path / 'compare.html'}" in found.out
    page = (tmp_path / "compare.html").read_text()
    assert "losses of the generator: adversarial" in page
    assert page.index("seed 0") < page.index("A hinge-0, step 100") < page.index("B wasserstein-0, step 100")
    assert page.index("B wasserstein-0, step 100") < page.index("seed 1") < page.index("A hinge-1, step 100")
