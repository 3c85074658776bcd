"""Whatever a component does, the command ends with its documented code, says whose fault it is, and leaves nothing."""

from __future__ import annotations

import re
import time
from pathlib import Path

import ganzoo_bad
import pytest

ROOT = Path(__file__).parents[2]
PLUGIN = "plugin 'bad' (ganzoo-bad 0.1.0)"
#: The longest that any of these commands may take, on a machine that does other things too.
LONGEST = 60
STEPS = 7

RECIPE = """
[task]
name = "bad_task"
fault = '{task}'

[data]
name = "bad_data"
fault = '{data}'

[validation]
name = "bad_data"
fault = '{validation}'

[generator]
name = "bad_generator"
fault = '{generator}'

[discriminator]
name = "bad_discriminator"
fault = '{discriminator}'

[[losses]]
name = "bad_loss"
fault = '{loss}'

[[losses]]
name = "bad_pair"
fault = '{pair}'

[[losses]]
term = "size"

[[regularizers]]
name = "bad_regularizer"
fault = '{regularizer}'

[[regularizers]]
name = "bad_inputs"
fault = '{inputs}'

[[metrics]]
name = "bad_metric"
fault = '{metric}'

[optimizers.generator]
name = "sgd"
learning_rate = 1e-3

[optimizers.discriminator]
name = "sgd"
learning_rate = 1e-3

[train]
batch_size = 4
log_every = 1
sample_every = 100
checkpoint_every = 100
evaluate_every = {evaluate_every}
samples = 4
{best}

[ema]
decay = 0.9

[[phases]]
name = "train"
steps = 7
"""
SECTIONS = (
    *("task", "data", "validation", "generator", "discriminator"),
    *("loss", "pair", "regularizer", "inputs", "metric"),
)


@pytest.fixture
def bad(tmp_path, monkeypatch, ganzoo):
    """Run a command on the recipe in which one component is broken, in an empty folder of its own."""
    monkeypatch.syspath_prepend(ROOT / "tests/toys/bad_site")
    monkeypatch.chdir(tmp_path)
    Path("scratch").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    ganzoo_bad.Faulty.calls.clear()

    def command(name, section=None, fault="", *more, best="", evaluate_every=100):
        faults = dict.fromkeys(SECTIONS, "") | ({section: fault} if section else {})
        Path("bad.toml").write_text(RECIPE.format(**faults, best=best, evaluate_every=evaluate_every))
        ganzoo_bad.Faulty.calls.clear()
        began = time.monotonic()
        finished = ganzoo(name, "bad.toml", *more)
        assert time.monotonic() - began < LONGEST
        assert_tidy(tmp_path)
        return finished

    return command


def assert_tidy(folder):
    """Nothing lies outside of the run folder: not here, not above, not in the folder for scratch files."""
    found = {path.name for path in folder.iterdir()}
    assert found <= {"bad.toml", "scratch", "runs"}
    assert not list((folder / "scratch").glob("ganzoo*"))
    assert not any(path.exists() for path in (folder.parent / "escaped", Path("/tmp/ganzoo-escaped")))
    assert not list(folder.parent.glob("escaped*"))
    assert not list(Path("/tmp").glob("ganzoo-escaped*"))
    if (folder / "runs").exists():
        assert {path.name for path in (folder / "runs").iterdir()} <= {"bad"}


def first_line(result):
    lines = [line for line in result.err.splitlines() if line.startswith("error: ")]
    assert lines, result.err
    assert lines[0].isprintable()
    return lines[0]


def test_components_that_keep_their_contracts_pass_and_train(bad):
    assert bad("check").code == 0
    assert bad("run").code == 0


#: (section, fault, what the first line names besides plugin and distribution)
AT_ONCE = [
    ("task", "exposes:key_error", "task"),
    ("task", "exposes:none", "task"),
    ("task", "offers:none", "task"),
    ("task", "offers:key_error", "task"),
    ("task", "fit:key_error", "task.*KeyError: 'boom'"),
    ("task", "fit:none", "task"),
    ("task", "rows:none", "task"),
    ("task", "rows:key_error", "task"),
    ("task", "networks:key_error", "task"),
    ("task", "networks:none", "task"),
    ("task", "networks:empty", "task.*one or more unique names"),
    ("task", "networks:one_name", "task.*one or more unique names"),
    ("task", "networks:judge", "task.*side 'judge'"),
    ("task", "prepare:key_error", "task 'bad/bad_task'.*step 1: KeyError: 'boom'"),
    ("task", "prepare:exits", "task 'bad/bad_task'.*step 1: SystemExit"),
    ("task", "prepare:none", "task 'bad/bad_task'.*step 1.*prepare.. returned NoneType"),
    ("task", "prepare:first_float64", "task 'bad/bad_task'.*step 1.*expected float32"),
    ("task", "prepare:first_object", "task 'bad/bad_task'.*step 1"),
    ("task", "prepare:first_text", "task 'bad/bad_task'.*step 1.*as str"),
    ("task", "late:prepare:first_wide", "task 'bad/bad_task'.*step.*rows of a batch are alike"),
    ("task", "generate:key_error", "task.*step 1: KeyError: 'boom'"),
    ("task", "generate:none", "task.*step 1: generate.. must return tensors by name"),
    ("task", "generate:first_none", "task.*step 1: generate.. must return tensors by name"),
    ("task", "compare:recursion", "task.*step 1: RecursionError"),
    ("task", "compare:none", "task.*step 1: compare.. returned NoneType"),
    ("task", "compare:empty", "task.*step 1: compare.. returned ..,"),
    ("task", "compare:unknown", "task.*step 1: compare.. returned .*'unknown'"),
    ("task", "compare:first_none", "task.*step 1: comparison 'sample' is NoneType"),
    ("task", "compare:real_wide", "task.*step 1: comparison 'sample': real is"),
    ("task", "compare:judge_raises", "step 1: KeyError: 'boom'"),
    ("task", "compare:judge_none", "step 1"),
    ("task", "compare:judge_no_logits", "step 1"),
    ("task", "pair:none", "pair 'sample' of the task|task.*step 1: pair"),
    ("task", "pair:lines", "pair 'sample' of the task.*step 1: RuntimeError: one"),
    ("task", "term:none", "term 'size' of the task.*step 1: must return a scalar tensor, received NoneType"),
    ("task", "term:exits", "term 'size' of the task.*step 1: SystemExit"),
    ("task", "fixed_inputs:key_error", "task.*KeyError: 'boom'"),
    ("task", "fixed_inputs:none", "task.*fixed_inputs.. returned NoneType"),
    ("task", "picture:key_error", "task.*KeyError: 'boom'"),
    ("task", "picture:none", "task.*picture.. returned NoneType"),
    ("task", "picture:two_channels", "task.*picture.. returned"),
    ("task", "picture:floating", "task.*picture.. returned .*float32.*expected uint8"),
    ("task", "evaluate:key_error", "task.*KeyError: 'boom'"),
    ("task", "evaluate:exits", "task.*SystemExit"),
    ("task", "evaluate:none", "task.*evaluate.. yielded NoneType"),
    ("task", "evaluate:empty", "task.*evaluate.. yielded no row of a product .'generator'"),
    ("task", "evaluate:other_row", "task.*evaluate.. yielded no row of a product .'generator'.*'mine'"),
    ("task", "evaluate:no_output", "task.*evaluate.. yielded .*output"),
    ("task", "evaluate:bad_picture", "task.*evaluate.. yielded .*picture"),
    ("generator", "build:key_error", "architecture of 'generator'.*KeyError: 'boom'"),
    ("generator", "build:exits", "architecture of 'generator'.*SystemExit"),
    ("generator", "build:none", "architecture of 'generator'.*NoneType, expected a keras.Model"),
    ("generator", "width:wrong", "architecture of 'generator'.*output 'point' is 5"),
    ("generator", "save:unsaved", "architecture of 'generator'.*boom"),
    ("generator", "begin_step:key_error", "architecture of 'generator'.*step 1: KeyError: 'boom'"),
    ("discriminator", "build:recursion", "architecture of 'discriminator'.*RecursionError"),
    ("loss", "init:key_error", "loss"),
    ("loss", "init:exits", "loss"),
    ("loss", "build:key_error", "loss 'bad_loss'.*KeyError: 'boom'"),
    ("loss", "state:key_error", "bad_loss.*KeyError: 'boom'"),
    ("loss", "state:none", "bad_loss.*state"),
    ("loss", "state:text", "bad_loss.*state"),
    ("loss", "discriminator_loss:key_error", "loss 'bad_loss'.*step 1: KeyError: 'boom'"),
    ("loss", "discriminator_loss:exits", "loss 'bad_loss'.*step 1: SystemExit"),
    ("loss", "discriminator_loss:recursion", "loss 'bad_loss'.*step 1: RecursionError"),
    ("loss", "discriminator_loss:none", "loss 'bad_loss'.*step 1: must return a scalar tensor, received NoneType"),
    ("loss", "discriminator_loss:number", "loss 'bad_loss'.*step 1: must return a scalar tensor, received float"),
    ("loss", "generator_loss:vector", "loss 'bad_loss'.*step 1: must return a scalar tensor, received .3,."),
    ("pair", "call:quiet", "loss 'bad_pair'.*step 1: ValueError"),
    ("pair", "call:text", "loss 'bad_pair'.*step 1: must return a scalar tensor, received str"),
    ("regularizer", "build:key_error", "regularizer 'bad_regularizer'.*KeyError: 'boom'"),
    ("regularizer", "state:none", "bad_regularizer.*state"),
    ("regularizer", "discriminator_signature:none", "regularizer 'bad_regularizer'.*discriminator_signature"),
    ("regularizer", "discriminator_penalty:none", "regularizer 'bad_regularizer'.*step 1"),
    ("regularizer", "discriminator_penalty:key_error", "regularizer 'bad_regularizer'.*step 1: KeyError: 'boom'"),
    ("regularizer", "generator_penalty:vector", "regularizer 'bad_regularizer'.*step 1: must return a scalar"),
    ("regularizer", "weight_penalty:text", "regularizer 'bad_regularizer'.*step 1"),
    ("regularizer", "loss_factors:none", "regularizer 'bad_regularizer'.*step 1"),
    ("regularizer", "loss_factors:unknown", "regularizer 'bad_regularizer'.*step 1: loss_factors.. names"),
    ("regularizer", "plays:exits", "regularizer 'bad_regularizer'.*step 1: SystemExit"),
    ("regularizer", "learning_rate_factor:text", "regularizer 'bad_regularizer'.*step 1: learning_rate_factor.."),
    ("regularizer", "after_update:key_error", "regularizer 'bad_regularizer'.*step 1: KeyError: 'boom'"),
    ("inputs", "discriminator_inputs:none", "regularizer 'bad_inputs'.*step 1: discriminator_inputs.. returned None"),
    ("inputs", "discriminator_inputs:fewer", "regularizer 'bad_inputs'.*step 1: discriminator_inputs.. returned .2"),
    (
        "inputs",
        "discriminator_inputs:narrow",
        "regularizer 'bad_inputs'.*step 1: discriminator_inputs.. returned .4, 1",
    ),
    ("data", "open:key_error", "data: dataset.*KeyError: 'boom'"),
    ("data", "open:exits", "data: dataset.*SystemExit"),
    ("data", "open:none", "data: dataset.*open.. returned NoneType, expected a Source"),
    ("data", "fields:none", "data.*fields"),
    ("data", "fields:first_text", "data.*fields"),
    ("data", "len:none", "data.*TypeError"),
    ("data", "len:minus", "data.*ValueError"),
    ("data", "item:key_error", "dataset 'bad/bad_data'.*step 1: KeyError: 'boom'"),
    ("data", "item:exits", "dataset 'bad/bad_data'.*step 1: SystemExit"),
    ("data", "item:none", "dataset 'bad/bad_data'.*step 1.*is NoneType"),
    ("data", "item:empty", "dataset 'bad/bad_data'.*step 1.*lacks the field 'point'"),
    ("data", "item:first_float64", "dataset 'bad/bad_data'.*step 1.*promises 2 float32"),
    ("data", "item:first_wide", "dataset 'bad/bad_data'.*step 1.*promises 2 float32"),
    ("data", "fingerprint:key_error", "data.*KeyError: 'boom'"),
    ("data", "fingerprint:none", "data.*fingerprint"),
    ("validation", "open:key_error", "validation: dataset.*KeyError: 'boom'"),
    ("validation", "item:key_error", "reading example [0-9]+ from the held-out data.*KeyError: 'boom'"),
    ("validation", "item:first_wide", "reading example [0-9]+ from the held-out data.*promises 2 float32"),
    ("validation", "fields:none", "validation.*fields"),
]


@pytest.mark.parametrize(("section", "fault", "named"), AT_ONCE, ids=lambda value: value.replace(" ", "")[:40])
def test_check_and_run_refuse_what_breaks_at_once_with_one_message(bad, section, fault, named):
    checked = bad("check", section, fault)
    assert checked.code == 3, checked.err
    assert PLUGIN in first_line(checked)
    assert re.search(named, first_line(checked)), first_line(checked)
    ran = bad("run", section, fault)
    assert ran.code == 3, ran.err
    assert first_line(ran) == first_line(checked)


NOT_FINITE = [
    ("loss", "discriminator_loss:nan", "loss 'bad_loss'"),
    ("loss", "generator_loss:huge", "loss 'bad_loss'"),
    ("pair", "call:infinite", "loss 'bad_pair'"),
    ("task", "term:nan", "term 'size' of the task"),
    ("regularizer", "discriminator_penalty:nan", "regularizer 'bad_regularizer'"),
]


@pytest.mark.parametrize(("section", "fault", "named"), NOT_FINITE)
def test_what_is_not_finite_is_refused_with_the_name_of_the_culprit(bad, section, fault, named):
    checked, ran = bad("check", section, fault), bad("run", section, fault)
    assert (checked.code, ran.code) == (6, 6)
    assert "step 1" in first_line(checked)
    assert f"{named} of {PLUGIN} is not finite" in first_line(checked)
    assert first_line(ran) == first_line(checked)


@pytest.mark.parametrize(
    ("section", "fault", "code", "named"),
    [
        ("loss", "late:discriminator_loss:key_error", 3, "loss 'bad_loss' of {}, step 6: KeyError: 'boom'"),
        ("loss", "late:generator_loss:nan", 6, "step 6: .*loss 'bad_loss' of {} is not finite"),
        ("task", "late:generate:none", 3, "task of {}, step [345]: generate"),
        ("regularizer", "late:after_update:exits", 3, "regularizer 'bad_regularizer' of {}, step 3: SystemExit"),
        ("generator", "late:begin_step:key_error", 3, "architecture of 'generator' of {}, step [12]: KeyError"),
        (
            "inputs",
            "late:discriminator_inputs:fewer",
            3,
            "regularizer 'bad_inputs' of {}, step 2: discriminator_inputs",
        ),
        ("data", "len:more", 3, "dataset 'bad/bad_data' of {}, step [0-9]+: IndexError"),
        ("data", "late:item:key_error", 3, "dataset 'bad/bad_data' of {}, step [0-5]: KeyError: 'boom'"),
    ],
)
def test_what_breaks_later_names_component_plugin_and_step(bad, section, fault, code, named):
    result = bad("run", section, fault)
    assert result.code == code, result.err
    assert re.search(named.format(re.escape(PLUGIN)), first_line(result)), first_line(result)


def test_an_error_in_a_step_is_told_before_its_traceback(bad):
    err = bad("run", "loss", "late:discriminator_loss:key_error").err
    line = f"error: loss 'bad_loss' of {PLUGIN}, step 6: KeyError: 'boom'"
    assert line in err
    assert err.index(line) < err.index("Traceback (most recent call last)")


@pytest.mark.parametrize("fault", ["build:key_error", "update:key_error", "update:exits", "result:none", "result:list"])
def test_check_refuses_a_broken_metric_with_which_a_run_only_lacks_its_scores(bad, fault):
    checked = bad("check", "metric", fault)
    assert checked.code == 3
    assert f"metric 'bad_metric' of {PLUGIN}" in first_line(checked)
    ran = bad("run", "metric", fault)
    assert ran.code == 0
    assert f"metric 'bad_metric' of {PLUGIN}" in ran.out + ran.err


@pytest.mark.parametrize("way", ["parent_name", "absolute_name", "nul_name", "long_name"])
def test_a_name_of_a_result_leads_nowhere_else(bad, tmp_path, way):
    assert bad("run", "task", f"evaluate:{way}").code == 0
    written = list((tmp_path / "runs/bad/held_out").rglob("*"))
    assert len(written) == 1
    assert written[0].name.isprintable()


@pytest.mark.parametrize("way", ["parent", "absolute", "nul", "control", "unknown"])
def test_names_of_scores_and_reports_are_only_names(bad, way):
    assert bad("run", "metric", f"result:{way}").code in (0, 3)
    assert bad("run", "loss", f"report:{way}", "--name", "bad").code in (0, 3, 5)


def test_check_finds_a_best_score_that_does_not_exist(bad):
    for command in ("check", "run"):
        result = bad(command, best='best = "distanse"')
        assert result.code == 2
        assert "there is no score 'distanse' (did you mean 'distance'?)" in first_line(result)


def test_check_says_what_it_rehearsed_and_leaves_nothing(bad, tmp_path):
    result = bad("check")
    assert "one step of each phase" in result.out
    assert "'generator'" in result.out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.toml", "scratch"]


@pytest.mark.parametrize("batch_size", [1, 2])
def test_check_has_two_photographs_for_a_metric_that_compares_sets_of_them(ganzoo, batch_size):
    metric = 'metrics=[{name="frechet", features={name="vgg16", weights="random"}}]'
    small = ("--profile", "smoke", "--set", f"train.batch_size={batch_size}")
    checked = ganzoo("check", "pix2pix_bsds_edges", *small, "--set", metric)
    assert checked.code == 0, checked.err
    assert "'generator' (2)" in checked.out


@pytest.mark.parametrize("fault", ["item:kill", "item:exits", "item:key_error"])
def test_what_breaks_in_a_worker_process_ends_the_run(bad, fault):
    result = bad("run", "data", fault, "--set", "train.workers=1")
    assert result.code in (3, 7)
    assert "dataset 'bad/bad_data'" in result.err or "data" in first_line(result)


def test_check_rehearses_the_turn_of_the_generator(bad):
    result = bad("check", "loss", "generator_loss:key_error", "--set", "train.n_critic=5")
    assert result.code == 3
    assert "step 5: KeyError: 'boom'" in first_line(result)


def test_check_reads_a_batch_in_a_worker_process(bad):
    result = bad("check", "data", "item:kill", "--set", "train.workers=1")
    assert result.code == 7
    assert "dataset" in first_line(result) or "worker" in first_line(result)


@pytest.mark.parametrize("fault", ["sample:key_error", "sample:exits", "sample:none"])
def test_sample_names_the_task_that_fails(bad, ganzoo, tmp_path, fault):
    assert bad("run", "task", fault).code == 0
    result = ganzoo("sample", "runs/bad", "-o", "runs/bad/made.png")
    assert result.code == 3
    assert f"task of {PLUGIN}" in first_line(result) or f"task, sample() of {PLUGIN}" in first_line(result)


def test_evaluate_names_the_task_that_fails(bad, ganzoo):
    assert bad("run").code == 0
    recipe = Path("runs/bad/recipe.toml")
    assert recipe.read_text().count('fault = ""')
    result = ganzoo("evaluate", "runs/bad", "--data", "bad_data", "--set", "fault=open:key_error")
    assert result.code == 3
    assert PLUGIN in first_line(result)


def test_a_place_that_cannot_be_written_is_the_fault_of_no_task(bad, ganzoo):
    assert bad("run").code == 0
    result = ganzoo("sample", "runs/bad", "-o", "bad.toml/made.png")
    assert result.code == 7
    assert "bad.toml/made.png: cannot be written: Not a directory" in first_line(result)


def test_a_network_named_as_a_path_is_written_inside_of_the_run_folder(bad, tmp_path):
    result = bad("run", "task", "networks:outside")
    assert result.code in (0, 3), result.err
    if result.code == 0:
        assert len(list((tmp_path / "runs/bad").glob("*.keras"))) == 2


def test_a_dataset_that_hangs_in_a_worker_process_ends_the_run(bad, monkeypatch):
    monkeypatch.setenv("GANZOO_DATA_TIMEOUT", "3")
    result = bad("run", "data", "item:hang", "--set", "train.workers=1")
    assert result.code == 7
    assert "worker" in first_line(result)
