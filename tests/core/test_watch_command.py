"""`ganzoo watch`: how a run stands, read from its files."""

from __future__ import annotations

import json
import threading
import time

from folders import add_sample, run_folder
from rich.console import Console

from ganzoo.commands import watch
from ganzoo.commands._sparkline import sparkline
from ganzoo.reporting.reading import read_run


def running(folder, **changes):
    """Let a run folder say that it is not finished."""
    manifest = json.loads((folder / "manifest.json").read_text()) | {"status": "running"} | changes
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def test_a_finished_run_is_shown_once(tmp_path, ganzoo):
    folder = run_folder(tmp_path / "run", losses=[(50, 0.25), (100, 0.5)], scores={"fid": 3.5})
    add_sample(folder, 100)
    found = ganzoo("watch", folder)
    assert found.code == 0, found.err
    assert "run: a recipe of a test" in found.out
    assert "train finished after 100 of 100 steps" in found.out
    assert "losses of the generator: adversarial" in found.out
    assert "scores after step 100: generator fid 3.5" in found.out
    assert f"newest samples: {folder / 'samples' / 'step-000000100.png'}" in found.out


def test_a_running_one_shows_rate_and_time_left(tmp_path, ganzoo):
    folder = running(run_folder(tmp_path / "run", losses=[(50, 0.25)]))
    lines = [{"step": step, "seconds": step / 10, "waited": 0.0} for step in (30, 40, 50)]
    (folder / "timing.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert "50/100 10.0 steps/s, 5s left" in ganzoo("watch", folder).out


def test_verdicts_are_shown_with_cause_and_change(tmp_path, ganzoo):
    folder = run_folder(tmp_path / "run")
    line = {"step": 90, "since": 40, "severity": "failure", "what": "collapse", "cause": "rate", "change": "lower it"}
    (folder / "verdicts.jsonl").write_text(json.dumps(line) + "\n")
    assert (
        "failure: collapse (since step 40, found at step 90); cause: rate; change: lower it"
        in ganzoo("watch", folder).out
    )


def test_a_terminal_follows_the_run_until_it_is_finished(tmp_path, ganzoo, monkeypatch):
    folder = running(run_folder(tmp_path / "run", losses=[(50, 0.25)]))
    shown = Console(force_terminal=True, width=100, height=24, record=True)
    monkeypatch.setattr("ganzoo.commands._terminal.console", lambda **_options: shown)
    later = threading.Thread(target=lambda: (time.sleep(0.3), running(folder, status="finished")))
    later.start()
    assert ganzoo("watch", folder, "--every", 0.2).code == 0
    later.join()
    assert "train finished after 50 of 100 steps" in shown.export_text()


def test_a_low_terminal_gets_fewer_curves(tmp_path):
    folder = run_folder(tmp_path / "run")
    lines = [{"step": step, **{f"x/{index}": step for index in range(12)}} for step in (1, 2)]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    shown = Console(width=80, record=True)
    shown.print(watch.view(read_run(folder), lines=20))
    text = shown.export_text()
    assert "6 more curves are in metrics.jsonl" in text
    assert len(text.splitlines()) <= 20


def test_a_sparkline_goes_from_the_lowest_to_the_highest_sign():
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8) == "▁▂▃▄▅▆▇█"
    assert sparkline([0.0, 0.0, 8.0, 8.0], 2) == "▁█"
    assert sparkline([3.0, 3.0], 8) == "▁▁"
    assert sparkline([], 8) == ""
    assert sparkline([0, 7], 8, ascii_only=True).isascii()
