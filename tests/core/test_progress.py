"""What is seen of a run while it works: one line that fits the terminal, or lines in a pipe."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys

import pytest
from rich.cells import cell_len
from rich.console import Console
from tiny_runs import tiny

from ganzoo.commands import _eta, _progress
from ganzoo.commands._eta import Eta, seconds_per_step
from ganzoo.commands._progress import ProgressLine, RunProgress
from ganzoo.contracts.timeline import Timeline
from ganzoo.training.evaluation import Scores

LOSSES = "D non_saturating 1.39 G l1 0.05292 G image_gradient 0.0312 G non_saturating 0.7"
CODES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def rendered(line, width, **options):
    output = Console(file=io.StringIO(), width=width, **options)
    output.print(line)
    shown = output.file.getvalue()
    assert all(cell_len(CODES.sub("", part)) <= width for part in shown.splitlines())
    return shown


# -- one line ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [60, 70, 80, 100, 120, 180])
@pytest.mark.parametrize(
    ("phase", "done", "total", "eta"),
    [
        ("gan", 62, 80, "9.2 steps/s, 2s left"),
        ("content", 1, 1800, "-- steps/s, -- left"),
        ("gan", 999_999, 1_200_000, "18.6 steps/s, > 31h02m left"),
        ("adversarial_fine_tuning_at_full_resolution", 12, 1_200_000, "123 steps/s, > 1 year left"),
    ],
)
def test_phase_bar_steps_rate_and_time_left_are_whole_at_every_width(width, phase, done, total, eta):
    shown = rendered(ProgressLine(phase, done, total, eta, LOSSES), width)
    (line,) = shown.splitlines()
    assert f" {done}/{total} {eta}" in line.replace(f"{done:>{len(str(total))}}/", f"{done}/")
    name, bar = re.match(r"(\S+) ([━─]{4,20}) ", line).groups()
    assert name == phase or (name.endswith("…") and phase.startswith(name[:-1]) and len(name) >= 8)
    assert bar.count("━") == len(bar) * done // total


def test_losses_give_way_and_disappear_where_there_is_no_room():
    line = ProgressLine("gan", 62, 80, "9.2 steps/s, 2s left", LOSSES)
    assert rendered(line, 180).rstrip().endswith(LOSSES)
    assert rendered(line, 80).rstrip().endswith("D non_saturating 1.39 G l1 0.05292 G…")
    assert rendered(line, 60).rstrip().endswith("2s left  D non_saturating 1.…")
    long = ProgressLine("gan", 999_999, 1_200_000, "18.6 steps/s, > 31h02m left", LOSSES)
    assert rendered(long, 60).rstrip().endswith("> 31h02m left")


@pytest.mark.parametrize("width", [1, 5, 20, 40, 59])
def test_a_window_that_is_too_narrow_gets_one_cut_line(width):
    assert len(rendered(ProgressLine("gan", 62, 80, "9.2 steps/s, 2s left", LOSSES), width).splitlines()) == 1


def test_the_bar_is_told_from_its_rest_without_colours_and_by_the_colours_of_the_terminal():
    line = ProgressLine("gan", 40, 80, "9.2 steps/s, 4s left")
    assert " ━━━━━───── " in rendered(line, 80, no_color=True)
    coloured = rendered(line, 80, force_terminal=True, color_system="truecolor")
    # green is whatever the theme of the terminal has for it; dim is a shade of its own foreground
    assert CODES.findall(coloured) == ["\x1b[32m", "\x1b[0m", "\x1b[2m", "\x1b[0m"]


# -- a terminal --------------------------------------------------------------------------------------------------------


class Screen:
    """As much of a terminal as a line that is drawn again and again needs."""

    def __init__(self):
        self.lines, self.row, self.column = [""], 0, 0

    def show(self, text):
        for part in re.findall(r"\x1b\[[0-9;?]*[a-zA-Z]|[\r\n]|[^\x1b\r\n]+", text):
            self._take(part)
        return [line.rstrip() for line in self.lines]

    def _take(self, part):
        line = self.lines[self.row]
        if part == "\r":
            self.column = 0
        elif part == "\n":
            self.row, self.column = self.row + 1, 0
            self.lines += [""] * (self.row == len(self.lines))
        elif part == "\x1b[2K":
            self.lines[self.row] = ""
        elif part == "\x1b[J":
            self.lines[self.row :] = [line[: self.column]]
        elif re.fullmatch(r"\x1b\[\d*A", part):
            self.row -= int(part[2:-1] or 1)
        elif not part.startswith("\x1b"):
            self.lines[self.row] = line[: self.column].ljust(self.column) + part + line[self.column + len(part) :]
            self.column += len(part)


@pytest.fixture
def terminal(monkeypatch):
    """A terminal of 80 columns that runs report to, and what it received."""
    shown = io.StringIO()
    output = Console(file=shown, force_terminal=True, force_interactive=True, width=80, _environ={})
    monkeypatch.setattr(_progress, "console", lambda: output)
    return shown


def test_a_terminal_shows_stages_then_one_line_that_stays_and_notes_above_it(terminal):
    progress = RunProgress(Timeline([("content", 20), ("gan", 10)]), {})
    progress.stage("loading keras")
    assert Screen().show(terminal.getvalue()) == ["loading keras ..."]
    progress.begin(first=0, total=30)
    progress.step(1, "content", 0.0)
    progress.note("something to know")
    progress.losses({"step": 0, "phase": "content", "generator/l1": 0.25, "generator/total": 0.25})
    progress.step(2, "content", 0.5)
    progress.close()
    noted, line, *rest = Screen().show(terminal.getvalue())
    assert noted == "something to know"
    assert line.startswith("content ────────── ")
    assert " 2/30 " in line
    assert "  50% waiting for data  G" in line
    assert rest == [""]
    assert terminal.getvalue().endswith("\x1b[?25h"), "the cursor is visible again"


def test_the_cursor_waits_where_the_line_begins(terminal):
    """A window that becomes narrower wraps the line; what is drawn there next clears all of it, and ^C as well."""
    progress = RunProgress(Timeline([("gan", 10)]), {})
    progress.stage("loading keras")
    drawn = terminal.getvalue()
    assert drawn.endswith("loading keras ...\r")
    assert "\x1b[Jloading" in drawn
    progress.close()


def test_a_run_that_fails_before_its_first_step_leaves_no_line(terminal):
    progress = RunProgress(Timeline([("gan", 10)]), {})
    progress.stage("loading keras")
    progress.begin(first=0, total=10)
    progress.close()
    assert "".join(Screen().show(terminal.getvalue())) == ""


# -- time left ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 0.0

        def monotonic(self):
            return self.now

    made = Clock()
    monkeypatch.setattr(_eta, "time", made)
    return made


TIMELINE = Timeline([("content", 100), ("gan", 50)])


def taken(eta, clock, steps, seconds, *, first=0):
    for done in range(first + 1, first + steps + 1):
        clock.now += seconds
        eta.step(done)
    return eta.text(first + steps)


def test_a_phase_that_was_never_measured_makes_the_time_left_a_lower_bound(clock):
    assert Eta(TIMELINE, {}).text(0) == "-- steps/s, -- left"
    assert taken(Eta(TIMELINE, {}), clock, 20, 0.5) == "2.0 steps/s, > 40s left"


def test_each_phase_has_its_own_rate(clock):
    eta = Eta(TIMELINE, {})
    assert taken(eta, clock, 100, 0.1) == "10.0 steps/s, -- left"
    assert taken(eta, clock, 10, 4.0, first=100) == "0.25 steps/s, 2m40s left"


def test_the_first_step_of_a_phase_starts_things_up_and_is_not_measured(clock):
    eta = Eta(TIMELINE, {"gan": 1.0})
    clock.now += 60
    assert taken(eta, clock, 1, 60) == "-- steps/s, > 50s left"
    assert taken(eta, clock, 9, 0.1, first=1) == "10.0 steps/s, 59s left"


def test_earlier_rates_count_until_a_phase_is_measured_here(clock):
    eta = Eta(TIMELINE, {"content": 1.0, "gan": 2.0})
    assert eta.text(20) == "1.0 steps/s, 3m00s left"
    assert taken(eta, clock, 20, 0.01, first=20) == "100 steps/s, 1m41s left"


def test_an_endless_run_has_no_exact_end(clock):
    assert taken(Eta(Timeline([("train", 10**18)]), {}), clock, 2, 1.0) == "1.0 steps/s, > 1 year left"


def lines(*numbers):
    return [{"step": step, "seconds": seconds, "waited": 0.0} for step, seconds in numbers]


def test_a_resumed_run_knows_from_its_log_how_long_steps_take():
    log = lines((9, 5.0), (19, 10.0), (99, 50.0), (109, 90.0), (119, 110.0), (114, 3.0), (124, 23.0))
    assert seconds_per_step(log, TIMELINE) == {"content": 0.5, "gan": 2.0}


@pytest.mark.parametrize("strange", ["x", None, [], 10**400, float("nan"), {}])
@pytest.mark.parametrize("key", ["step", "seconds"])
def test_a_log_that_no_run_wrote_tells_nothing(strange, key):
    log = lines((9, 5.0), (19, 10.0))
    log[1][key] = strange
    assert seconds_per_step(log, TIMELINE) == {}


# -- a pipe ------------------------------------------------------------------------------------------------------------


def test_a_pipe_gets_the_first_line_the_last_and_one_every_few_seconds(capsys, monkeypatch, clock):
    monkeypatch.setattr(_progress, "time", clock)
    progress = RunProgress(Timeline([("content", 8), ("gan", 4)]), {})
    progress.begin(first=0, total=12)
    for number in range(1, 13):
        clock.now += 2
        phase = "content" if number <= 8 else "gan"
        progress.step(number, phase, 0.25 if number > 10 else 0.05)
        progress.losses({"step": number - 1, "phase": phase, "generator/l1": 0.5})
    assert capsys.readouterr().out.splitlines() == [
        "content 1/12, -- steps/s, -- left, G l1 0.5",
        "content 4/12, 0.5 steps/s, > 8s left, G l1 0.5",
        "content 7/12, 0.5 steps/s, > 2s left, G l1 0.5",
        "gan 10/12, 0.5 steps/s, 4s left, G l1 0.5",
        "gan 12/12, 0.5 steps/s, 0s left, 25% waiting for data, G l1 0.5",
    ]


def test_scores_are_one_short_line(capsys):
    rows = {"bicubic": {"psnr_y": 28.4251, "ssim_y": 0.7841}, "generator": {"psnr_y": 29.3149, "ssim_y": float("nan")}}
    scores = Scores(rows, {}, {}, failed={"generator": ["ssim_y"]})
    RunProgress(TIMELINE, {}).scores(1000, scores)
    assert capsys.readouterr().out == (
        "step 1000: bicubic psnr_y 28.43 ssim_y 0.7841; generator psnr_y 29.31 ssim_y failed\n"
    )


def test_a_run_prints_its_scores_when_they_are_made(ganzoo, tmp_path):
    done = ganzoo(*tiny(tmp_path, "run", "--set=train.evaluate_every=6"))
    assert done.code == 0, done.err
    records = [json.loads(line) for line in (tmp_path / "run" / "scores.jsonl").read_text().splitlines()]
    modes = [record["scores"]["generator"]["modes_covered"] for record in records]
    before, after = [line for line in done.out.splitlines() if line.startswith("step ")]
    assert before.startswith(f"step 0: generator modes_covered {modes[0]:.4g} high_quality ")
    assert after.startswith(f"step 6: generator modes_covered {modes[1]:.4g} high_quality ")
    assert "; real modes_covered " in after


# -- the first second --------------------------------------------------------------------------------------------------

REPORTING = """
import sys
from ganzoo.cli import main
from ganzoo.commands import _progress, _terminal

def reporting(original):
    def report(*arguments, **options):
        print("imported:", *sorted({"torch", "keras", "tensorflow_datasets"} & set(sys.modules)))
        original(*arguments, **options)
    return report

_terminal.say = reporting(_terminal.say)
_progress.RunProgress.stage = reporting(_progress.RunProgress.stage)
sys.argv = ["ganzoo", *sys.argv[1:]]
main()
"""


def test_what_is_run_and_each_slow_import_are_told_before_they_happen(tmp_path):
    command = [sys.executable, "-c", REPORTING, *tiny(tmp_path, "run", "--set=phases.train.steps=1")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    told = done.stdout.partition("train 1/1")[0]
    assert told.splitlines() == [
        "imported:",
        "gaussians_ring: GAN on a ring of gaussians: does it find all eight modes? (changed: data.count)",
        f"run folder: {tmp_path / 'run'}",
        "imported:",
        "opening data",
        "data: 64 examples of gaussians; validation: 64 examples of gaussians",
        "imported:",
        "loading torch",
        "imported: torch",
        "loading keras",
        "imported: keras torch",
        "building networks",
    ]


def test_a_refusal_that_writes_nothing_does_not_speak_of_writing(ganzoo, tmp_path):
    refused = ganzoo(*tiny(tmp_path, "run", "--set=train.best=nothing"))
    assert refused.code == 2
    assert "writing" not in refused.out + refused.err
    assert list(tmp_path.iterdir()) == []
