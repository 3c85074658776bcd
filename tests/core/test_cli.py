"""Every mistake of a user gets one clear message and its exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from enlarging import enlarging, folder

from ganzoo import images
from ganzoo.recipe import find_recipe


@pytest.fixture
def recipe(tmp_path, photographs):
    path = tmp_path / "mine.toml"
    path.write_text(enlarging(folder(photographs)))
    return path


def process(*arguments, code=None, **environment):
    command = [sys.executable, "-c", code] if code else [sys.executable, "-m", "ganzoo"]
    return subprocess.run(
        [*command, *map(str, arguments)], capture_output=True, text=True, env={**os.environ, **environment}
    )


def refused(result, code, *messages):
    assert result.code == code, result.err
    assert all(message in result.err for message in messages), result.err
    assert "Traceback" not in result.err


def test_a_good_recipe_trains(ganzoo, recipe, tmp_path):
    assert ganzoo("run", recipe, "--runs", tmp_path / "runs").code == 0


def test_an_unknown_command_is_answered_with_the_nearest(ganzoo):
    refused(ganzoo("rnu"), 2, "there is no command 'rnu' (did you mean 'run'?)")


def test_a_missing_recipe_file(ganzoo):
    refused(ganzoo("run", "nowhere.toml"), 2, "no such file, and no bundled recipe")


def test_typos_in_section_key_plugin_and_value_are_told_together(ganzoo, recipe, tmp_path):
    text = recipe.read_text().replace("[[losses]]", "[[loses]]").replace("filters", "filtres").replace('"l1"', '"l11"')
    recipe.write_text(text.replace('name = "adam"', 'name = "adma"'))
    result = ganzoo("run", recipe, "--runs", tmp_path / "runs")
    refused(result, 2, "did you mean 'losses'?", "did you mean 'filters'?", "did you mean 'adam'?", "mine.toml:")
    assert not (tmp_path / "runs").exists()


def test_a_generator_named_as_discriminator(ganzoo, recipe):
    recipe.write_text(recipe.read_text() + '\n[discriminator]\nname = "srresnet"\n')
    refused(ganzoo("run", recipe), 2, "'srresnet' is a generator; a discriminator was expected", "srgan_discriminator")


def test_a_missing_discriminator(ganzoo, recipe, tmp_path):
    recipe.write_text(recipe.read_text().replace('name = "l1"', 'name = "hinge"'))
    text = recipe.read_text() + '\n[optimizers.discriminator]\nname = "adam"\nlearning_rate = 1e-3\n'
    recipe.write_text(text)
    refused(ganzoo("run", recipe, "--runs", tmp_path / "runs"), 2, "the task needs a network 'discriminator'")


def test_a_network_that_memory_cannot_hold_is_named(ganzoo, recipe, monkeypatch):
    from ganzoo_srgan.subpixel_resnet import SubpixelResNet

    monkeypatch.setattr(SubpixelResNet, "build", lambda *_: torch.empty(2**50))
    refused(ganzoo("check", recipe), 7, "generator: memory does not suffice to build the network 'generator'")


def test_a_network_of_its_own_table_is_told_by_that_table(ganzoo, recipe):
    text = recipe.read_text().replace("[generator]\n", "[networks.generator]\n")
    recipe.write_text(text.replace('"subpixel_resnet"', '"mlp_discriminator"').replace("filters = 4\nblocks = 1\n", ""))
    refused(ganzoo("check", recipe), 2, "generator: is a discriminator, expected a generator")


def test_a_folder_that_cannot_be_written(ganzoo, recipe, tmp_path):
    (tmp_path / "file").write_text("in the way")
    refused(ganzoo("run", recipe, "--runs", tmp_path / "file"), 7, "cannot be made", "--runs")


def test_a_run_name_cannot_leave_the_folder(ganzoo, recipe):
    refused(ganzoo("run", recipe, "--name", "../elsewhere"), 2, "is not a run name")


def test_missing_and_empty_folders(ganzoo, recipe, tmp_path):
    refused(ganzoo("run", recipe, "--set", f"data.path={tmp_path}/no"), 4, "there is no such folder")
    (tmp_path / "empty").mkdir()
    refused(ganzoo("run", recipe, "--set", f"data.path={tmp_path}/empty"), 4, "holds no images")


def test_fewer_examples_than_a_batch_are_enough(ganzoo, recipe, tmp_path):
    assert ganzoo("run", recipe, "--set", "train.batch_size=9", "--runs", tmp_path / "runs").code == 0


@pytest.mark.parametrize("workers", [0, 1])
def test_a_truncated_image_is_named(ganzoo, recipe, photographs, tmp_path, workers):
    target = photographs / "3.png"
    target.write_bytes(target.read_bytes()[:200])
    result = ganzoo("run", recipe, "--runs", tmp_path / "runs", "--set", f"train.workers={workers}")
    refused(result, 4, "3.png: cannot be decoded")


def test_a_bad_image_can_be_left_out(ganzoo, recipe, photographs, tmp_path):
    (photographs / "3.png").write_bytes(b"no image")
    skip = ["--set", 'data.on_bad_image="skip"']
    checked = ganzoo("check", recipe, *skip)
    ran = ganzoo("run", recipe, "--runs", tmp_path / "runs", *skip)
    for done in (checked, ran):
        assert done.code == 0, done.err
        assert "data: 1 bad example is left out: 3.png" in done.out
    manifest = json.loads((tmp_path / "runs" / "mine" / "manifest.json").read_text())
    assert manifest["data"]["streams"]["data"]["skipped"] == ["3.png"]


def test_a_relative_path_that_leads_nowhere_is_told_in_full(ganzoo, recipe, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(
        ganzoo("check", recipe, "--set", "data.path=data/p"),
        4,
        f"data/p: there is no such folder (relative to the current folder, this is {tmp_path}/data/p)",
    )


def test_an_image_of_one_pixel_is_named_with_what_is_needed(ganzoo, recipe, photographs):
    images.write_image(photographs / "dot.png", np.zeros((1, 1, 3), np.uint8))
    needed = "the image is 1x1, but scale 4 needs 4x4 pixels at least"
    refused(ganzoo("check", recipe, "--set", "train.batch_size=9"), 4, "dot.png", needed)


@pytest.mark.parametrize("command", ["check", "run", "timing"])
def test_data_for_which_memory_does_not_suffice_are_named_with_their_size(ganzoo, tmp_path, monkeypatch, command):
    from ganzoo_data.gaussians import Gaussians

    monkeypatch.setattr(Gaussians, "open", lambda self: np.zeros(10**15))
    monkeypatch.chdir(tmp_path)
    refused(
        ganzoo(command, "gaussians_ring"),
        7,
        "data: dataset 'Gaussians' of plugin 'data'",
        "Unable to allocate",
        "lower",
    )


def test_a_dataset_that_fails_to_open_is_named(ganzoo, tmp_path, monkeypatch):
    from ganzoo_data.gaussians import Gaussians

    monkeypatch.setattr(Gaussians, "open", lambda self: {}["gone"])
    ended = ganzoo("check", "gaussians_ring")
    assert ended.code == 3
    assert "error: data: dataset 'Gaussians' of plugin 'data' (keras-ganzoo" in ended.err


def test_a_trillion_points_are_there_at_once(ganzoo, tmp_path):
    more = ["--set", "data.count=1000000000000", "--set", "phases.train.steps=2", "--set", "validation.count=64"]
    ended = ganzoo("run", "gaussians_ring", "--profile", "smoke", "--runs", tmp_path, *more)
    assert ended.code == 0, ended.err


def test_an_image_smaller_than_the_crop_is_named(ganzoo, recipe, photographs, tmp_path):
    images.write_image(photographs / "tiny.png", np.zeros((8, 8, 3), np.uint8))
    refused(ganzoo("run", recipe, "--runs", tmp_path / "runs"), 4, "tiny.png", "8x8, but task.crop is 16")


def test_missing_weights_are_told_before_anything_is_written(ganzoo, recipe, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    recipe.write_text(recipe.read_text().replace('name = "l1"', 'name = "perceptual"\nfeatures = {name = "vgg19"}'))
    result = ganzoo("run", recipe, "--runs", tmp_path / "runs")
    refused(result, 4, "ganzoo data prepare vgg19")
    assert not (tmp_path / "runs" / "mine").exists()


def test_data_that_are_not_prepared_are_told_with_the_remedies(ganzoo, tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    refused(ganzoo("run", "srgan_div2k"), 4, "ganzoo data prepare div2k/bicubic_x4", "--from DIR", "--set data=DIR")


def test_another_keras_backend_is_refused(recipe):
    result = process("run", recipe, KERAS_BACKEND="jax")
    assert result.returncode == 9
    assert "KERAS_BACKEND is 'jax'" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("code", ["import ganzoo; ganzoo.load_zoo()", "from ganzoo import layers"])
def test_another_keras_backend_is_told_in_python_too(code):
    result = process(code=code, KERAS_BACKEND="tensorflow")
    assert "ganzoo.errors.BackendError: KERAS_BACKEND is 'tensorflow'" in result.stderr


def test_keras_on_another_backend_in_this_process_is_refused():
    code = (
        "import sys, types; keras = types.ModuleType('keras')\n"
        "keras.config = types.SimpleNamespace(backend=lambda: 'jax'); sys.modules['keras'] = keras\n"
        "import ganzoo.cli; sys.argv = ['ganzoo', 'list-plugins']; ganzoo.cli.main()"
    )
    result = process(code=code)
    assert result.returncode == 9
    assert "already imported on the 'jax' backend" in result.stderr


def test_a_plugin_that_raises_at_import_is_listed_and_stops_nothing(tmp_path, recipe):
    package = tmp_path / "site"
    info = package / "ganzoo_broken-1.2.dist-info"
    info.mkdir(parents=True)
    (package / "ganzoo_broken.py").write_text("raise RuntimeError('no libfoo')")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ganzoo-broken\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text("[ganzoo]\nbroken = ganzoo_broken\n")
    listed = process("list-plugins", PYTHONPATH=str(package))
    assert listed.returncode == 0
    assert "broken  ganzoo-broken 1.2" in listed.stdout
    assert "broken: RuntimeError: no libfoo" in listed.stdout
    recipe.write_text(recipe.read_text().replace('"l1"', '"their_loss"'))
    run = process("run", recipe, PYTHONPATH=str(package))
    assert run.returncode == 2
    assert "plugin 'broken' (ganzoo-broken 1.2) cannot be used" in run.stderr


def test_plugins_are_listed_as_data_too(ganzoo):
    listed = json.loads(ganzoo("list-plugins", "--json").out)
    losses = next(plugin for plugin in listed if plugin["name"] == "losses")
    assert losses["distribution"] == "keras-ganzoo"
    assert losses["components"]["loss"]["hinge"].startswith("Margins of 1")


def test_the_list_of_plugins_keeps_its_columns_in_a_narrow_terminal(ganzoo, monkeypatch):
    monkeypatch.setattr("ganzoo.commands._terminal._PIPED_WIDTH", 80)
    lines = ganzoo("list-plugins").out.splitlines()
    assert max(map(len, lines)) <= 80
    begun = lines.index("losses  keras-ganzoo 0.1.0")
    first, second = (line.rstrip() for line in lines[begun + 1 : begun + 3])
    assert first.startswith("  loss          charbonnier           Mean of sqrt(error^2 + epsilon^2), an")
    assert second.startswith(" " * first.index("Mean")), "a summary is wrapped into its own column"


def test_the_summary_of_every_command_fits_into_eighty_columns(ganzoo, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    shown = ganzoo("--help").out
    assert max(map(len, shown.splitlines())) <= 80
    listed = shown.partition("Commands:")[2].splitlines()[1:]
    assert all(line.endswith(".") and not line.endswith("...") for line in listed), "click cuts what is too long"


def test_a_component_is_described_with_its_options(ganzoo):
    shown = ganzoo("describe", "psnr").out
    assert "metric psnr, from plugin 'metrics'" in shown
    assert "'y' or 'rgb'" in shown
    refused(ganzoo("describe", "pnsr"), 2, "did you mean 'psnr'?")


def test_the_schema_knows_every_component_and_accepts_the_bundled_recipes(ganzoo):
    schema = json.loads(ganzoo("schema").out)
    text = json.dumps(schema)
    assert all(f'"{name}"' in text for name in ("srresnet", "hinge", "r1", "psnr", "folder", "generation"))


def test_recipes_are_listed(ganzoo):
    assert "srgan_div2k" in ganzoo("list-recipes").out


def test_a_bundled_recipe_is_printed_as_a_start_for_ones_own(ganzoo, tmp_path):
    printed = ganzoo("recipe", "gaussians_ring").out
    assert printed == find_recipe("gaussians_ring").read_text()
    mine = tmp_path / "mine.toml"
    mine.write_text(printed)
    assert ganzoo("check", mine, "--profile", "smoke").code == 0
    refused(ganzoo("recipe", "gausians_ring"), 2, "did you mean 'gaussians_ring'?")


def test_the_help_fits_on_a_terminal_of_80_columns(ganzoo):
    for command in ([], ["data"]):
        shown = ganzoo(*command, "--help").out
        assert "..." not in shown.partition("Commands:")[2], "no summary of a command is cut"
        assert all(len(line) <= 80 for line in shown.splitlines())


def test_output_that_nobody_reads_stops_nothing(recipe, tmp_path):
    command = f"{sys.executable} -m ganzoo run {recipe} --runs {tmp_path}/runs | head -1"
    subprocess.run(["bash", "-c", command], check=True, capture_output=True)
    assert (tmp_path / "runs" / "mine" / "generator.keras").is_file()
    full = f"{sys.executable} -m ganzoo run {recipe} --runs {tmp_path}/full > /dev/full"
    subprocess.run(["bash", "-c", full], capture_output=True, check=False)
    assert (tmp_path / "full" / "mine" / "generator.keras").is_file()


def test_markup_and_odd_letters_in_names_are_printed_as_they_are(recipe, photographs):
    text = f'title = "[/bold] \\u00e9 [red]"\n{recipe.read_text()}'
    recipe.write_text(text)
    result = process("check", recipe, PYTHONIOENCODING="ascii", NO_COLOR="1", COLUMNS="20")
    assert result.returncode == 0, result.stderr
    assert "[/bold] ? [red]" in result.stdout


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate")])
def test_memory_that_does_not_suffice_anywhere_is_a_message(ganzoo, monkeypatch, error):
    def fail(*_arguments, **_options):
        raise error

    monkeypatch.setattr("ganzoo.zoo.load_zoo", fail)
    done = ganzoo("list-plugins")
    assert done.code == 7
    assert "error: ganzoo: memory does not suffice" in done.err
    assert "Traceback" not in done.err
