"""Recipes trained and runs used from Python: the same runs as those of the command line."""

from __future__ import annotations

import json
import logging
import shutil
from dataclasses import dataclass

import keras
import numpy as np
import pytest
from enlarging import enlarging, folder
from tiny_runs import TINY, assert_same, manifest, tiny

import ganzoo as api
from ganzoo import CheckpointError, DataError, GanzooError, PairLoss, PluginError, RecipeError, images, sources
from ganzoo.runs.environment import describe_plugins

OVERRIDES = [option.removeprefix("--set=") for option in TINY]


class Recorder(keras.callbacks.Callback):
    """Notes what Keras tells it; stops after so many steps of the run."""

    def __init__(self, stop_after=None):
        super().__init__()
        self.stop_after = stop_after
        self.batches, self.epochs, self.ends = [], [], 0

    def on_train_batch_end(self, batch, logs=None):
        self.batches.append((batch, dict(logs)))
        self.model.stop_training = self.model.step_number == self.stop_after

    def on_epoch_end(self, epoch, logs=None):
        self.epochs.append((epoch, dict(logs)))

    def on_train_end(self, logs=None):
        self.ends += 1


RECORDER = Recorder()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run that was trained by one call."""
    runs = tmp_path_factory.mktemp("python")
    return api.train("gaussians_ring", name="whole", runs=runs, overrides=OVERRIDES, callbacks=[RECORDER])


# -- training ----------------------------------------------------------------------------------------------------------


def test_train_writes_the_run_that_the_command_writes_and_both_resume_it_to_the_same_bytes(whole, ganzoo, tmp_path):
    assert ganzoo(*tiny(tmp_path, "command")).code == 0
    assert_same(tmp_path / "command", whole.path)

    parts = train_parts(tmp_path)
    assert ganzoo("run", parts.path).code == 0
    assert_same(parts.path, whole.path)
    assert parts.status == "finished"


def train_parts(runs):
    """Train the first steps of a run in two calls, each stopped by a callback between two checkpoints."""
    for stop in (3, 7):
        recorder = Recorder(stop_after=stop)
        run = api.train("gaussians_ring", name="parts", runs=runs, overrides=OVERRIDES, callbacks=[recorder])
        assert (run.status, run.step) == ("running", stop)
    assert [batch for batch, _ in recorder.batches] == [4, 5, 6, 7], "they are the steps of the run"
    assert run.sample(2).shape == (2, 2), "an unfinished run has networks"
    return run


def test_callbacks_get_numbers_after_each_step_and_means_at_the_end_of_the_one_epoch(whole):
    assert [batch for batch, _ in RECORDER.batches] == list(range(1, 13))
    logged = whole.metrics["generator/total"]
    assert [logs["generator/total"] for _, logs in RECORDER.batches] == logged.tolist()
    [(epoch, means)] = RECORDER.epochs
    assert (epoch, RECORDER.ends) == (0, 1)
    assert means["generator/total"] == pytest.approx(logged.mean())


def test_a_callback_that_cannot_work_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(GanzooError, match="learning rates follow schedules"):
        api.train(
            "gaussians_ring",
            name="refused",
            runs=tmp_path,
            overrides=OVERRIDES,
            callbacks=[keras.callbacks.LearningRateScheduler(lambda _epoch: 0.1)],
            verbose=False,
        )
    assert list(tmp_path.iterdir()) == []


def test_a_finished_run_is_returned_as_it_is_and_nothing_is_printed_when_that_is_wanted(whole, capfd, caplog):
    caplog.set_level(logging.INFO, logger="ganzoo")
    again = api.train(whole.path, verbose=False)
    assert (again.path, again.status, again.step) == (whole.path, "finished", 12)
    assert capfd.readouterr().out == ""
    assert "the run is finished already" in caplog.text


# -- recipes -----------------------------------------------------------------------------------------------------------


class Cube(PairLoss):
    """The mean of the cubes of absolute differences."""

    def __call__(self, output, target):
        return (output - target).abs().pow(3).mean()


def recipe(path, **sections):
    """Return a tiny recipe of super-resolution as a dict."""
    table = {
        "data": {"name": "folder", "path": path},
        "task": {"name": "super_resolution", "scale": 2, "crop": 16},
        "generator": {"name": "subpixel_resnet", "filters": 4, "blocks": 1},
        "losses": [{"name": "cube"}],
        "optimizers": {"generator": {"name": "adam", "learning_rate": np.float64(1e-3)}},
        "train": {"batch_size": np.int64(4), "samples": 2, "clip_norm": None},
        "phases": ({"name": "content", "steps": 2},),
    }
    return table | sections


def test_a_recipe_is_a_dict_with_the_keys_of_a_file(photographs, tmp_path):
    (tmp_path / "mine.toml").write_text(enlarging(folder(photographs), scale=2, steps=2))
    written = api.load_recipe(tmp_path / "mine.toml")
    given = api.load_recipe(recipe(photographs, losses=[{"name": "l1"}]))
    assert given.resolved == written.resolved
    assert api.load_recipe(written).resolved == written.resolved


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"train": {"batchsize": 4}}, "train.batchsize: unknown key 'batchsize' (did you mean 'batch_size'?)"),
        ({"losses": [{"name": "l1", "weight": object}]}, "losses.0.weight: is <class 'object'>, expected a text"),
        ({"losses": [{"name": "l3"}]}, "losses.0.name: there is no loss 'l3'"),
        ({"task": {3: 4}}, "task: has the key 3, expected a text"),
        ({"title": "\ud800"}, "title: is not UTF-8 text"),
    ],
)
def test_mistakes_in_a_dict_are_told_with_their_key(sections, message, tmp_path):
    with pytest.raises(RecipeError) as refused:
        api.load_recipe(recipe(tmp_path, **{"losses": [{"name": "l1"}], **sections}))
    assert message in str(refused.value)


def test_a_dict_that_holds_itself_and_what_is_no_recipe_are_refused():
    round_trip = {}
    round_trip["task"] = round_trip
    with pytest.raises(RecipeError, match="nested too deeply"):
        api.load_recipe(round_trip)
    with pytest.raises(RecipeError, match="a recipe is a path, the name of a bundled recipe or a dict, not 3"):
        api.load_recipe(3)


def test_overrides_are_texts_or_a_dict_of_values_by_key():
    by_dict = api.load_recipe("gaussians_ring", overrides={"train.seed": 3, "losses": [{"name": "hinge"}]})
    assert by_dict.train.seed == 3
    by_text = api.load_recipe("gaussians_ring", overrides=["train.seed=3", 'losses=[{name="hinge"}]'])
    assert by_dict.resolved == by_text.resolved
    assert api.load_recipe("gaussians_ring", overrides="train.seed=3").train.seed == 3
    for key, message in [(1, "overrides: has 1, expected a key"), ("train.sed", "overrides: train.sed: unknown key")]:
        with pytest.raises(RecipeError, match=message):
            api.load_recipe("gaussians_ring", overrides={key: 1})


def test_a_run_of_a_dict_needs_a_name(photographs, tmp_path):
    with pytest.raises(RecipeError, match="a recipe from a dict has no name"):
        api.train(recipe(photographs, losses=[{"name": "l1"}]), runs=tmp_path)


# -- components without a package --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def enlarger(tmp_path_factory):
    """A run of a recipe from a dict with a loss of one's own."""
    folder = tmp_path_factory.mktemp("enlarger")
    for index in range(4):
        values = np.random.default_rng(index).integers(0, 256, (40, 48, 3), dtype=np.uint8)
        images.write_image(folder / "photographs" / f"{index}.png", values)
    zoo = api.load_zoo({"cube": Cube})
    return api.train(recipe(folder / "photographs"), name="mine", runs=folder, zoo=zoo, verbose=False)


def test_a_class_is_a_component_without_a_package_and_the_run_says_so(enlarger, ganzoo, tmp_path):
    assert enlarger.status == "finished"
    assert enlarger.recipe.resolved["losses"][0]["name"] == "python/cube"
    recorded = manifest(enlarger.path)["environment"]["plugins"]["python"]
    assert recorded["used"]
    assert len(recorded["code"]["Cube"]) == 16
    failed = ganzoo("sample", enlarger.path, "-o", tmp_path / "x.png")
    assert failed.code == 2
    assert "the run uses plugin 'python', which was given to load_zoo; ganzoo.open_run(" in failed.err


@dataclass(frozen=True, kw_only=True)
class Later(Cube):
    """The cube after its next release."""

    power: int = 3


def test_a_component_that_gained_an_option_resumes_the_runs_of_before_and_samples_from_them(
    enlarger, photographs, tmp_path
):
    before = shutil.copytree(enlarger.path, tmp_path / "mine")
    zoo = api.load_zoo({"cube": Later})
    table = recipe(enlarger.path.parent / "photographs")
    assert api.open_run(before, zoo=zoo).enlarge(photographs / "0.png").ndim == 3
    longer = {"name": "mine", "runs": tmp_path, "zoo": zoo, "verbose": False, "allow_drift": True}
    table["phases"] = [{**table["phases"][0], "steps": table["phases"][0]["steps"] + 1}]
    table["losses"] = [{"name": "cube", "power": 2}]
    with pytest.raises(CheckpointError, match=r"losses.0.power: \(absent\) -> 2"):
        api.train(table, **longer)
    table["losses"] = [{"name": "cube", "power": 3}]
    resumed = api.train(table, **longer)
    assert resumed.status == "finished"
    assert manifest(before)["recipe_sha256"] == manifest(enlarger.path)["recipe_sha256"]
    assert api.open_run(before, zoo=zoo).enlarge(photographs / "0.png").ndim == 3


def with_body(text):
    """Return a class as a notebook makes it: its functions know their lines, itself has no file."""
    import linecache

    name = f"/tmp/ipykernel_1/{hash(text)}.py"
    source = f"class Mine(PairLoss):\n    def __call__(self, output, target):\n        return {text}\n"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    found = {"PairLoss": PairLoss, "__name__": "__main__"}
    exec(compile(source, name, "exec", dont_inherit=True), found)
    return found["Mine"]


def test_the_source_of_a_class_in_a_notebook_is_part_of_the_environment_of_a_run():
    def code(*classes):
        zoo = api.load_zoo({f"loss{index}": cls for index, cls in enumerate(classes)})
        return describe_plugins(zoo.plugins, {classes[0]})["python"]["code"]

    one = with_body("output.mean()")
    assert code(one) == code(with_body("output.mean()"))
    assert code(one) == code(one, with_body("target.mean()")), "what the recipe does not use decides nothing"
    assert code(one) != code(with_body("target.mean()"))
    assert code(type("Typed", (one,), {"__call__": eval("lambda self, output, target: 1")})) == {"Typed": None}


@pytest.mark.parametrize("given", [3, dict, Cube()])
def test_what_is_no_component_class_is_refused_at_once(given):
    if given == 3:
        assert api.load_zoo({"mine": given}).plugins[-1].error.startswith("lacks GANZOO_API")
        return
    with pytest.raises(PluginError, match=r"load_zoo: 'mine' is .*, expected a component class"):
        api.load_zoo({"mine": given})


# -- using a run -------------------------------------------------------------------------------------------------------


def test_samples_are_those_of_the_command(whole, ganzoo, tmp_path):
    assert ganzoo("sample", whole.path, "-o", tmp_path / "x.npy", "--count", 5, "--seed", 3).code == 0
    assert np.array_equal(whole.sample(5, seed=3), np.load(tmp_path / "x.npy"))
    assert not np.array_equal(whole.sample(5), whole.sample(5, seed=3))
    with pytest.raises(RecipeError, match="unknown key 'label'"):
        whole.sample(5, label=3)
    with pytest.raises(GanzooError, match="count is 0"):
        whole.sample(0)


def test_photographs_are_enlarged_as_by_the_command(enlarger, ganzoo, tmp_path, photographs):
    path = photographs / "0.png"
    exported = enlarger.path / "generator.keras"
    assert ganzoo("enlarge", exported, path, "-o", tmp_path / "big.png").code == 0
    expected = images.read_image(tmp_path / "big.png")
    assert np.array_equal(enlarger.enlarge(path), expected)
    assert np.array_equal(enlarger.enlarge(images.read_image(path)), expected)
    for dtype in (np.float32, np.float64):
        made = enlarger.enlarge(images.to_float(images.read_image(path)).astype(dtype))
        assert made.dtype == dtype
        assert np.array_equal(images.to_uint8(made), expected)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((4, 4), np.uint8), "height x width x 3, received 4 x 4"),
        (np.zeros((4, 4, 3), np.uint16), "received uint16"),
        (np.full((4, 4, 3), 255.0), "floats from -1 to 1, received 255 to 255"),
        (np.full((4, 4, 3), np.nan), "received nan"),
    ],
)
def test_an_array_that_is_no_photograph_is_refused(enlarger, image, message):
    with pytest.raises(DataError, match=message):
        enlarger.enlarge(image)


def test_a_task_says_what_it_does_not_do(whole, enlarger):
    with pytest.raises(RecipeError, match="the task does not enlarge photographs"):
        whole.enlarge(np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(RecipeError, match="has no samples to draw"):
        enlarger.sample(3)


def test_networks_are_those_that_the_run_exports(whole):
    exported = keras.saving.load_model(whole.path / "generator.keras")
    assert all(map(np.array_equal, whole.generator.get_weights(), exported.get_weights()))
    assert set(whole.networks) == {"generator", "discriminator"}


def test_a_network_is_exported_as_the_suffix_says(whole, ganzoo, tmp_path):
    assert whole.export(tmp_path / "mine.keras") < 1e-4
    assert ganzoo("export", whole.path, "--to", "keras", "-o", tmp_path / "theirs.keras").code == 0
    assert (tmp_path / "mine.keras").read_bytes() == (tmp_path / "theirs.keras").read_bytes()
    with pytest.raises(RecipeError, match="exists"):
        whole.export(tmp_path / "mine.keras")
    with pytest.raises(RecipeError, match="has no product 'critic'; it has 'generator'"):
        whole.export(tmp_path / "x.keras", network="critic")
    with pytest.raises(RecipeError, match="expected a name that ends in"):
        whole.export(tmp_path / "x.bin")


def test_metrics_and_scores_are_columns_of_numbers(whole):
    lines = [json.loads(line) for line in (whole.path / "metrics.jsonl").read_text().splitlines()]
    assert whole.metrics["step"].tolist() == [line["step"] for line in lines]
    assert whole.metrics["phase"].tolist() == ["train"] * 12
    penalties = [line.get("discriminator/r1", np.nan) for line in lines]
    assert np.array_equal(whole.metrics["discriminator/r1"], penalties, equal_nan=True)
    final = json.loads((whole.path / "evaluation.json").read_text())["scores"]["generator"]
    assert {name: whole.scores[f"generator/{name}"][-1] for name in final} == final
    assert whole.scores["step"].tolist() == [12]


def test_a_run_without_networks_says_so(tmp_path, whole):
    for name in ("recipe.toml", "manifest.json"):
        (tmp_path / name).write_bytes((whole.path / name).read_bytes())
    bare = api.open_run(tmp_path)
    assert (bare.step, bare.metrics, bare.scores) == (0, {}, {})
    with pytest.raises(CheckpointError, match="has no checkpoint yet"):
        bare.generator  # noqa: B018
    with pytest.raises(CheckpointError, match="keeps no best checkpoint"):
        api.open_run(tmp_path, best=True).generator  # noqa: B018
    with pytest.raises(CheckpointError, match="is not a run folder"):
        api.open_run(tmp_path / "nowhere")


def test_what_a_notebook_shows_is_short(whole):
    shown = repr(whole)
    assert "status: finished, 12 of 12 steps" in shown
    assert "generator/sliced_wasserstein" in shown
    assert "data:image/png;base64," in whole._repr_html_()
    data = api.open_data(whole.recipe)
    assert "data: 64 examples, point 2 float32, label scalar int32 in [0, 7]" in repr(data)
    assert "phases: train 12 steps, batches of 16, seed 0" in repr(whole.recipe)
    assert "<td>non_saturating</td>" in whole.recipe._repr_html_()
    assert "loss " in repr(api.load_zoo())
    for thing in (whole, whole.recipe, data, api.load_zoo()):
        assert len(repr(thing).splitlines()) < 12


# -- data --------------------------------------------------------------------------------------------------------------


def points(seed):
    return sources.from_arrays({"point": np.random.default_rng(seed).normal(size=(64, 2))})


def test_a_run_on_data_from_python_resumes_on_the_same_data_alone(ganzoo, tmp_path):
    changes = [change for change in OVERRIDES if not change.startswith(("data", "validation"))]

    def train(data, stop_after=None, **more):
        calls = [Recorder(stop_after)]
        options = {"name": "own", "runs": tmp_path, "overrides": changes, "callbacks": calls, "verbose": False, **more}
        return api.train("gaussians_ring", data=data, **options)

    run = train(points(0), stop_after=2)
    assert run.recipe.validation is None
    with pytest.raises(CheckpointError, match=r"data\.streams\.data\.fingerprint"):
        train(points(1))
    resumed = ganzoo("run", run.path)
    assert resumed.code == 4
    assert "these examples were given from Python; ganzoo.train(..., data=..., validation=...)" in resumed.err
    assert train(points(0)).status == "finished"
    assert np.isfinite(run.sample(4)).all()
    with pytest.raises(DataError, match=r"data: is ndarray, expected a ganzoo\.Source; ganzoo\.sources has"):
        train(np.zeros((4, 2)))
    with pytest.raises(RecipeError, match="unknown key 'count'"):
        train(points(0), overrides={"data.count": 3})


def test_data_from_python_are_opened_for_a_recipe_and_validated(whole):
    data = api.open_data(whole.recipe, points(0))
    assert data.fields["point"].shape == (2,)
    assert len(api.open_data(whole.recipe, {"data": points(0)}).sources["data"]) == 64
    with pytest.raises(DataError, match="needs a dict with a source for each of 'data'"):
        api.open_data(whole.recipe, {"photos": points(0)})


# -- batches of one's own ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ({"x": np.zeros((8, 2), np.float32)}, "the batch lacks 'sample', it has 'x'"),
        (np.zeros((8, 2), np.float32), "a batch is Tensor, expected a dict"),
        ((np.zeros((8, 2), np.float32), np.zeros(8)), "a batch is tuple, expected a dict"),
    ],
)
def test_a_batch_that_the_task_cannot_use_is_refused_with_what_it_needs(whole, batch, message):
    recipe = api.load_recipe(whole.recipe)
    data = api.open_data(recipe)
    model = api.build_model(recipe, api.assemble(recipe, data.fields))
    arguments = batch if isinstance(batch, tuple) else (batch,)
    with pytest.raises(DataError) as refused:
        model.fit(*arguments, batch_size=8, verbose=0)
    assert message in str(refused.value)
    assert "'sample' (rows of 2 float32)" in str(refused.value)
    assert "ganzoo.batches(recipe, data) makes such batches" in str(refused.value)
