"""`ganzoo report`: a run as one page, whatever its folder holds."""

from __future__ import annotations

import json

import pytest
import without_reports
from folders import add_sample, run_folder
from tiny_runs import tiny

from ganzoo.proving.proof import contents
from ganzoo.reporting import page
from ganzoo.reporting.page import report
from ganzoo.reporting.reading import read_run
from ganzoo.runs.folder import RunFolder

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture
def reports(monkeypatch):
    """Write reports at the end of runs, as outside of tests."""
    monkeypatch.setattr(page, "write_at_end", without_reports.write_at_end)


def test_a_run_writes_its_report_at_its_end(tmp_path, ganzoo, reports):
    assert ganzoo(*tiny(tmp_path, "run")).code == 0
    written = (tmp_path / "run" / "report.html").read_text()
    assert "finished, 12 of 12 steps" in written
    assert "losses of the discriminator" in written
    assert "Differences from the bundled recipe gaussians_ring" in written
    assert len(written) < 10 * 2**20


def test_a_report_that_fails_leaves_a_finished_run_and_a_notice(tmp_path, ganzoo, reports, monkeypatch):
    monkeypatch.setattr(page, "charts", lambda _run: 1 / 0)
    found = ganzoo(*tiny(tmp_path, "run"))
    assert found.code == 0
    assert "report.html was not written: division by zero; ganzoo report" in found.out
    assert json.loads((tmp_path / "run" / "manifest.json").read_text())["status"] == "finished"


def test_the_command_writes_the_report_again(tmp_path, ganzoo):
    folder = run_folder(tmp_path / "run", losses=[(step, 1 / step) for step in range(1, 9)], scores={"fid": 3.0})
    found = ganzoo("report", folder)
    assert (found.code, found.out) == (0, f"wrote {folder / 'report.html'}\n")


def test_a_report_loads_nothing_from_elsewhere(tmp_path):
    written = report(read_run(run_folder(tmp_path / "run", losses=[(1, 0.5), (2, 0.4)])))
    assert "default-src 'none'" in written
    assert "<script src" not in written
    assert '<link rel="stylesheet' not in written


def test_texts_of_a_foreign_run_stay_texts(tmp_path):
    folder = run_folder(
        tmp_path / "run",
        title=HOSTILE,
        description=HOSTILE,
        scores={HOSTILE: 3.0},
        identity={HOSTILE: {HOSTILE: HOSTILE}},
        losses=[(1, 0.5)],
        phases=[{"name": HOSTILE, "steps": 5}, {"name": "b", "steps": 5}],
    )
    line = {"step": 3, f"generator/{HOSTILE}": 0.25, f"{HOSTILE}/x": 0.5}
    (folder / "metrics.jsonl").write_text(json.dumps(line) + "\n")
    verdict = {
        "step": 5,
        "since": 1,
        "severity": HOSTILE,
        **dict.fromkeys(("kind", "what", "cause", "change"), HOSTILE),
    }
    (folder / "verdicts.jsonl").write_text(json.dumps(verdict) + "\n")
    written = report(read_run(folder))
    assert "alert(2)>" not in written
    assert "<script>alert" not in written
    assert "&lt;script&gt;alert(1)" in written


def test_verdicts_name_cause_and_change(tmp_path):
    folder = run_folder(tmp_path / "run")
    verdict = {"step": 90, "since": 40, "kind": "collapse", "severity": "failure", "player": "generator"}
    texts = {"what": "samples are alike", "cause": "too strong", "change": "add r1"}
    (folder / "verdicts.jsonl").write_text(json.dumps(verdict | texts) + "\n")
    written = report(read_run(folder))
    assert "failure: samples are alike</b> (generator), since step 40, found at step 90" in written
    assert "cause: too strong" in written
    assert "change: add r1" in written


def test_scores_come_with_what_they_were_computed_with(tmp_path):
    identity = {"fid": {"features": "inception", "count": 50}}
    written = report(read_run(run_folder(tmp_path / "run", scores={"fid": 3.25}, identity=identity)))
    assert "3.25" in written
    assert "<th>features</th><td>inception</td>" in written


def test_samples_are_a_film_of_at_most_sixteen_steps_with_the_first_and_the_last(tmp_path):
    folder = run_folder(tmp_path / "run")
    for step in range(50):
        add_sample(folder, step)
    written = report(read_run(folder))
    assert written.count("<figcaption>step ") == 16
    assert "<figcaption>step 0<" in written
    assert "<figcaption>step 49<" in written


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("samples/step-000000001.png", b"\x89PNG\r\n\x1a\nbroken"),
        ("held_out/x-generator.png", b""),
        ("metrics.jsonl", b"\xff\xfe\n[1, 2]\n"),
        ("timing.jsonl", b'{"step": 1, "seconds": "x"}\n{"step": 2, "seconds": 1e999}\n'),
        ("scores.jsonl", b'{"step": 5, "scores": {"a": {"b": "c"}}}\n'),
        ("metrics.jsonl", b'{"step": 1, "a/b": ' + b"9" * 4000 + b'}\n{"step": ' + b"9" * 400 + b"}\n"),
        ("recipe.toml", b"train = {batch_size = " + b"9" * 5000 + b"}\n"),
        (
            "recipe.toml",
            b"phases = [{name = 'a', steps = " + b"9" * 4000 + b"}]\ntrain = {seed = " + b"9" * 4200 + b"}\n",
        ),
        ("recipe.toml", b"a = " + b"{b = " * 90 + b"1" + b"}" * 90),
        (
            "evaluation.json",
            b'{"step": 5, "scores": {"a": {"b": 1}}, "larger_is_better": {}, "identity": {"b": {"c": [1]}}}',
        ),
        ("evaluation.json", b'{"step": 1e5, "scores": 3}'),
        ("verdicts.jsonl", b'{"step": 5, "what": ["x"], "since": "y"}\n'),
        ("recipe.toml", b"phases = [1, 2]\nlosses = 3\ntrain = 5\ndata = 'x'\noptimizers = []\n"),
        ("manifest.json", b'{"environment": {"plugins": 3, "packages": [1]}, "data": {"streams": []}}'),
    ],
)
def test_damage_gives_a_page_and_no_traceback(tmp_path, ganzoo, name, content):
    folder = run_folder(tmp_path / "run", scores={"fid": 3.0})
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    found = ganzoo("report", folder)
    assert found.code == 0, found.err


def test_a_link_in_a_run_folder_is_not_followed(tmp_path):
    folder = run_folder(tmp_path / "run")
    (folder / "samples").mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "samples" / "step-000000001.txt").symlink_to(tmp_path / "secret.txt")
    assert "secret" not in report(read_run(folder))


def test_one_point_and_values_that_are_no_numbers_are_drawn(tmp_path):
    folder = run_folder(tmp_path / "run")
    lines = [{"step": 1, "generator/a": 0.5, "x/y": None, "z": "text"}, {"step": 2, "generator/b": True}]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert "losses of the generator" in report(read_run(folder))


def test_the_folder_of_a_run_that_vanished_is_an_error(tmp_path, ganzoo):
    assert ganzoo("report", tmp_path / "nothing").code == 5
    assert RunFolder(tmp_path / "nothing").exists is False


def test_a_report_is_no_difference_between_equal_runs(tmp_path):
    folder = run_folder(tmp_path / "run")
    before = contents(folder)
    (folder / "report.html").write_text("a page with times")
    assert contents(folder) == before
