"""One's own folder of images, named by a bare text: which part trains, which is scored, and what is said of it."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest
import tomli_w
import unpaired
from enlarging import enlarging
from ganzoo_data.files import ImageFiles
from ganzoo_super_resolution.super_resolution import SuperResolution

from ganzoo import images
from ganzoo.errors import RecipeError
from ganzoo.recipe import load_recipe
from ganzoo.zoo import load_zoo

ZOO = load_zoo({"unpaired": unpaired})
UNSCORED = enlarging('data = "my_photos"')
MINE = UNSCORED + '\n[[metrics]]\nname = "psnr"\n'
WHOLE = {"name": "data/folder", "path": "my_photos", "resize": "crop", "channels": 3, "on_bad_image": "fail"}
WHOLE |= {"classes": False, "label_seed": 0}


def resolved(tmp_path, text=MINE, *overrides, **options):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return load_recipe(path, zoo=ZOO, overrides=overrides, **options).resolved


def part(split, **options):
    return {**WHOLE, "split": split, "fraction": 0.1, **options}


@pytest.mark.parametrize(
    ("text", "overrides"),
    [
        (UNSCORED, []),
        (f'data = {{name = "digits"}}\n{UNSCORED.partition(chr(10))[2]}', ["data=my_photos"]),
        (UNSCORED + '[profiles.mine]\ndata = "my_photos"\n', []),
        (UNSCORED, ["data=elsewhere", "data.path=my_photos"]),
    ],
)
def test_a_bare_text_is_a_folder_and_is_resolved_to_its_table(tmp_path, text, overrides):
    profile = "mine" if "profiles" in text else None
    found = resolved(tmp_path, text, *overrides, profile=profile)
    assert found["data"] == part("all")
    assert "validation" not in found, "nothing is scored"


def test_options_are_set_beside_a_bare_text(tmp_path):
    found = resolved(tmp_path, UNSCORED, "data.size=[8, 12]", "data.channels=1")
    assert found["data"] == part("all", size=[8, 12], channels=1)
    another = resolved(tmp_path, UNSCORED, "data.name=digits")["data"]
    assert another["name"] == "data/digits"
    assert "path" not in another


def test_a_part_is_held_out_for_metrics_where_no_validation_is_given(tmp_path):
    found = resolved(tmp_path, MINE, "data.size=24", "data.fraction=0.3")
    assert found["data"] == part("train", size=24, fraction=0.3)
    assert found["validation"] == part("validation", size=24, fraction=0.3)
    again = resolved(tmp_path, tomli_w.dumps(dict(found)))
    assert again == found


def test_the_same_folder_for_validation_means_a_part_of_it(tmp_path):
    for text in (MINE, UNSCORED):
        found = resolved(tmp_path, text, "validation=my_photos", "data.limit=9")
        assert found["data"] == part("train", limit=9)
        assert found["validation"] == part("validation", limit=9)
    table = MINE.replace('"my_photos"', '{name = "folder", path = "my_photos"}')
    assert "validation" not in resolved(tmp_path, table), "a table means what it says"
    assert resolved(tmp_path, table, "validation=my_photos")["data"] == part("train")


def test_what_is_said_about_validation_and_split_is_kept(tmp_path):
    found = resolved(tmp_path, MINE, "validation=others")
    assert (found["data"], found["validation"]) == (part("all"), part("all", path="others"))
    assert "validation" not in resolved(tmp_path, MINE, "data.split=all")
    kept = resolved(tmp_path, MINE, 'validation={name="photos", split="validation"}')
    assert (kept["data"], kept["validation"]["name"]) == (part("all"), "data/photos")


def test_each_of_several_streams_may_be_a_bare_text(tmp_path):
    text = """
        [task]
        name = "toy"
        [data]
        photos = "mine"
        paintings = "theirs"
        [networks.to_photos]
        name = "toy_generator"
        [[losses]]
        name = "l1"
        on = "cycle_photos"
        [[metrics]]
        name = "psnr"
        [optimizers.generator]
        name = "adam"
        learning_rate = 1e-3
        [train]
        batch_size = 4
        [[phases]]
        name = "all"
        steps = 3
        """
    found = resolved(tmp_path, text, "data.photos.limit=5")
    assert found["data"] == {
        "photos": part("train", path="mine", limit=5),
        "paintings": part("train", path="theirs"),
    }
    assert found["validation"] == {
        "photos": part("validation", path="mine", limit=5),
        "paintings": part("validation", path="theirs"),
    }


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["data.sise=3"], "--set data.sise: unknown key 'sise' (did you mean 'size'?); known are"),
        (["data=true"], "data: is True, expected a table [data], or a text: the path of a folder"),
        (
            ["validation="],
            "--set validation: is '', expected a table [validation], or a text: the path of a folder",
        ),
        (["data.size=0"], "data.size: is 0, expected int >= 1 <= 65536 or list of"),
    ],
)
def test_a_mistake_about_the_folder_is_told_once(tmp_path, overrides, message):
    with pytest.raises(RecipeError) as caught:
        resolved(tmp_path, MINE, *overrides)
    assert len(caught.value.problems) == 1
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("options", "shared"),
    [
        ("", True),
        (', path = "./my_photos/", limit = 3', True),
        (', split = "validation"', True),
        (', path = "others"', False),
    ],
)
def test_scoring_training_images_is_told(tmp_path, options, shared):
    (tmp_path / "mine.toml").write_text(MINE)
    path = "" if "path" in options else ', path = "my_photos"'
    same = ["data.split=all", f"validation={{name = 'folder'{path}{options}}}"]
    notices = load_recipe(tmp_path / "mine.toml", zoo=ZOO, overrides=same).notices
    assert ["validation: has training examples of [data]" in notice for notice in notices] == [True] * shared
    assert load_recipe(tmp_path / "mine.toml", zoo=ZOO, overrides=["validation=my_photos/"]).notices == ()


# -- on the command line -----------------------------------------------------------------------------------------------


@pytest.fixture
def mine(tmp_path, photographs, monkeypatch):
    monkeypatch.chdir(tmp_path)
    photographs.rename("my_photos")
    (tmp_path / "mine.toml").write_text(MINE)
    return tmp_path / "my_photos"


def told(ended):
    return [line for line in ended.out.splitlines() if line.startswith(("data: ", "my_photos: "))]


def test_check_and_run_say_how_many_images_train_and_how_many_are_scored(ganzoo, mine):
    for name in ("a.heic", "b.txt", ".hidden.png"):
        (mine / name).write_bytes(b"?")
    (mine / "7.png").rename(mine / "7.tiff")
    checked, ran = ganzoo("check", "mine.toml"), ganzoo("run", "mine.toml")
    for done in (checked, ran):
        assert done.code == 0, done.err
        assert told(done) == [
            "data: 6 examples of folder (path my_photos, split train); "
            "validation: 2 examples of folder (path my_photos, split validation)",
            "my_photos: ignored: 1 .heic, 1 .txt, 1 hidden; convert .heic to .jpg first",
        ]
    assert tomllib.loads((mine.parent / "runs/mine/recipe.toml").read_text())["validation"] == part("validation")


def test_validation_that_is_stated_stays_and_is_told(ganzoo, mine):
    pytest.importorskip("skimage", reason="needs the extra 'samples'")
    ended = ganzoo("check", "mine.toml", "--set", 'validation={name="photos", split="validation"}')
    assert ended.code == 0, ended.err
    assert told(ended) == [
        "data: 8 examples of folder (path my_photos, split all); validation: 2 examples of photos (split validation); "
        "--set validation=my_photos holds out a part of your folder instead"
    ]


@pytest.mark.parametrize("options", [[], ["data.fraction=0.3"]])
def test_a_folder_in_place_of_a_recipes_data_also_takes_the_place_of_its_validation(mine, options):
    recipe = load_recipe("srgan_photos", overrides=["data=my_photos", *options])
    assert (recipe.resolved["data"]["split"], recipe.resolved["validation"]["split"]) == ("train", "validation")
    assert recipe.resolved["validation"]["path"] == "my_photos"
    kept = load_recipe("srgan_photos", overrides=["data=my_photos", "validation.split=train"])
    assert kept.resolved["validation"]["name"] == "data/photos"
    other = load_recipe("srgan_photos", overrides={"data": {"name": "folder", "path": "my_photos"}})
    assert other.resolved["validation"]["name"] == "data/photos"


@pytest.mark.parametrize("command", ["check", "run"])
def test_all_images_that_cannot_be_used_are_told_before_the_first_step(ganzoo, mine, command):
    for index in range(4):
        images.write_image(mine / f"small{index}.png", np.zeros((9 + index, 8, 3), np.uint8))
    (mine / "bad.jpg").write_bytes(b"no image")
    ended = ganzoo(command, "mine.toml", "--set", "data.split=all")
    assert ended.code == 4
    assert "error: data: 5 of 13 examples cannot be used:" in ended.err
    refused = (
        'my_photos/bad.jpg: is not a PNG, JPEG, WEBP, TIFF or BMP image; on_bad_image = "skip" leaves such images out'
    )
    assert refused in ended.err
    told = "the image is 8x10, but task.crop is 16; leave it out, or lower the crop: --set task.crop=8"
    assert f"my_photos/small1.png: {told}" in ended.err
    assert "small2" not in ended.err
    assert not (mine.parent / "runs" / "mine").exists()


def test_images_of_several_sizes_are_generated_at_the_size_that_the_message_names(ganzoo, mine):
    images.write_image(mine / "wide.png", np.zeros((30, 90, 3), np.uint8))
    recipe = ["check", "dcgan_digits", "--profile", "smoke", "--set", "data=my_photos"]
    ended = ganzoo(*recipe)
    assert ended.code == 4
    assert "--set data.size=64 " in ended.err
    ended = ganzoo(*recipe, "--set", "data.size=8")
    assert ended.code == 0, ended.err
    ended = ganzoo(*recipe, "--set", "data.size=16", "--set", "validation.split=validation")
    assert ended.code == 4
    assert "held-out data: field 'image' is 8x8x1, but the training data have 16x16x3" in ended.err
    assert "--set validation=PATH" in ended.err


def test_validation_data_that_are_missing_are_told_as_such(ganzoo, mine, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(mine))
    ended = ganzoo("check", "srgan_div2k", "--set", "data=my_photos", "--set", "validation.split=validation")
    assert ended.code == 4
    assert "error: validation: 'div2k/bicubic_x4' is not prepared" in ended.err
    assert "--set data=DIR" in ended.err
    ended = ganzoo("check", "mine.toml", "--set", "validation=elsewhere")
    assert "error: validation: elsewhere: there is no such folder" in ended.err


@pytest.mark.parametrize(
    ("owner", "member", "message"),
    [
        (ImageFiles, "headers", "data: headers() of plugin 'data' (keras-ganzoo"),
        (SuperResolution, "unusable", "task, unusable() of plugin 'super_resolution' (keras-ganzoo"),
    ],
)
def test_what_fails_while_examples_are_looked_at_is_named(ganzoo, mine, monkeypatch, owner, member, message):
    monkeypatch.setattr(owner, member, lambda *given, **named: {}["gone"])
    ended = ganzoo("check", "mine.toml")
    assert ended.code == 3
    assert f"error: {message}" in ended.err
    monkeypatch.setattr(ImageFiles, "headers", lambda self: [3])
    ended = ganzoo("check", "mine.toml")
    assert ended.code == 3
    assert "yielded int, expected shapes by name or a DataError" in ended.err


@pytest.mark.parametrize("name", ["2024", "2024-05-01", "1.50", "7e3", "12:30:00"])
def test_a_folder_can_be_called_like_a_number_or_a_date(tmp_path, name):
    assert resolved(tmp_path, MINE, f"data={name}")["data"]["path"] == name
    assert resolved(tmp_path, MINE, f"data.path={name}", f"title={name!r}")["data"]["path"] == name


def test_a_number_for_a_number_stays_one(tmp_path):
    assert resolved(tmp_path, MINE, "data.limit=2024", "task.scale=2")["data"]["limit"] == 2024
    with pytest.raises(RecipeError, match=r"data\.limit: is 0, expected int >= 1"):
        resolved(tmp_path, MINE, "data.limit=0")


def test_a_key_of_another_dataset_names_both_and_how_to_choose_it(tmp_path):
    with pytest.raises(RecipeError) as told:
        resolved(tmp_path, MINE, "data={name='digits'}", "data.path=my_photos")
    assert "the dataset 'digits' lacks it, 'folder', 'hdf5', " in str(told.value)
    assert " have it: --set data.name=folder" in str(told.value)
