"""The tutorials and how-tos are followed from their first block to the last."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pages
import pytest

import ganzoo
from ganzoo import images

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

pytestmark = pytest.mark.skipif(not DOCS.is_dir(), reason="there is no checkout around the tests")


@pytest.fixture
def reader(tmp_path, monkeypatch, ganzoo):
    """Follow pages in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return pages.Reader(ganzoo, monkeypatch)


def scores_of(name):
    return json.loads(Path("runs", name, "evaluation.json").read_text())["scores"]


def test_the_tutorial_on_photographs_ends_with_enlarged_photographs(reader):
    pages.photographs(Path("my_photos"), count=3)
    pages.photographs(Path("new"), count=1)
    shutil.move("new/0.png", "photo.jpg")
    reader.follow(DOCS / "tutorials/photographs.md")
    assert set(scores_of("mine_x2")) == {"bicubic", "generator"}
    assert sorted(path.name for path in Path("twice").iterdir()) == ["0_x2.png", "1_x2.png", "2_x2.png"]
    assert sorted(path.name for path in Path("fourfold").iterdir()) == ["0_x4.jpg", "1_x4.jpg", "2_x4.jpg"]
    assert Path("big.png").is_file()
    assert Path("at_once.png").is_file()
    assert len(list(Path("at_once").iterdir())) == 3


def test_the_tutorial_on_losses_ends_with_a_run_of_the_new_loss(reader):
    reader.follow(DOCS / "tutorials/losses.md")
    assert {"modes_covered", "high_quality", "sliced_wasserstein"} <= set(scores_of("hinge")["real"])
    recipe = Path("runs/squared/recipe.toml").read_text()
    assert 'name = "squared/squared_hinge"' in recipe
    assert "margin = 2.0" in recipe


def test_the_tutorial_on_python_ends_with_a_trained_network_that_was_loaded(reader, monkeypatch):
    pytest.importorskip("onnxruntime")
    train = ganzoo.train

    def short(recipe, *, profile="smoke", overrides=None, **options):
        return train(recipe, profile=profile, overrides=(overrides or {}) | pages.short(recipe), **options)

    monkeypatch.setattr(ganzoo, "train", short)
    reader.follow(DOCS / "tutorials/python.md")
    assert reader.names["points"].shape == (1000, 2)
    assert len(reader.names["balance"].losses) == 2
    assert reader.names["result"].shape == (1, 240, 320, 3)


def test_the_how_to_on_own_images_ends_with_samples(reader):
    pages.photographs(Path("my_faces"), count=6)
    reader.follow(DOCS / "howto/own-images.md")
    assert Path("faces.png").is_file()


def test_the_how_to_on_restoring_ends_with_restored_photographs(reader):
    pages.photographs(Path("my_photos"), count=3)
    pages.photographs(Path("old_photos"), count=2)
    reader.follow(DOCS / "howto/restore.md")
    assert Path("sheet.png").is_file()
    assert sorted(path.name for path in Path("restored").iterdir()) == ["0_x2.png", "1_x2.png"]


def test_the_how_to_on_classes_ends_with_samples_of_a_class_and_an_exported_classifier(reader):
    pytest.importorskip("onnxruntime")
    pages.photographs(Path("pictures/cats"), count=6)
    pages.photographs(Path("pictures/dogs"), count=6)
    reader.follow(DOCS / "howto/classes.md")
    assert {"classes.png", "sevens.png", "cats.png", "few.onnx"} <= {path.name for path in Path().iterdir()}
    assert set(scores_of("other")["classifier"]) == {"classification_error"}


def test_the_how_to_on_style_ends_with_painted_photographs(reader):
    pages.photographs(Path("my_photos"), count=4)
    pages.photographs(Path("my_paintings"), count=4)
    shutil.copy("my_photos/0.png", "photo.jpg")
    for name in ("painting", "other"):
        shutil.copy("my_paintings/1.png", f"{name}.jpg")
    reader.follow(DOCS / "howto/style.md")
    assert {"art.png", "half.png", "mixed.png", "waves.png", "own_colours.png"} <= {
        each.name for each in Path().iterdir()
    }
    assert len(list(Path("painted").iterdir())) == 4
    assert set(scores_of("any")) == {"content", "style", "generator"}


def test_the_how_to_on_many_tasks_ends_with_filled_photographs(reader):
    pages.photographs(Path("my_photos"), count=4)
    shutil.copy("my_photos/0.png", "photo.jpg")
    shutil.copy("my_photos/1.png", "mask.png")
    reader.follow(DOCS / "howto/many-tasks.md")
    assert {images.read_size(f"{name}.png") for name in ("large", "clean", "painted")} == {(260, 280)}
    assert {"generator", "denoising", "denoising_input"} <= set(scores_of("many"))


def test_the_how_to_on_translation_ends_with_translated_photographs(reader):
    for folder in ("my_photos", "my_paintings", "old_photos"):
        pages.photographs(Path(folder), count=2)
    reader.follow(DOCS / "howto/translate.md")
    assert sorted(path.name for path in Path("coloured").iterdir()) == ["0_translated.png", "1_translated.png"]
    assert sorted(path.name for path in Path("painted").iterdir()) == ["0_a_to_b.png", "1_a_to_b.png"]
    assert sorted(path.name for path in Path("photographed").iterdir()) == ["0_b_to_a.png", "1_b_to_a.png"]


def test_the_how_to_on_watching_ends_with_event_files(reader):
    pytest.importorskip("tensorboard")
    reader.follow(DOCS / "howto/watch.md")
    assert list(Path("runs/watched/callbacks/tensorboard").iterdir())
    assert Path("runs/watched/callbacks/csv/losses.csv").is_file()


@pytest.mark.slow
def test_the_how_to_on_reports_ends_with_two_pages(reader):
    reader.follow(DOCS / "howto/report.md")
    assert "What the discriminator looks at" in Path("runs/plain-0/report.html").read_text()
    assert "B hinge-1" in Path("compare.html").read_text()


def test_the_how_to_on_sharing_enlarges_with_one_file_and_trains_on_from_it(reader):
    reader.command("ganzoo run srgan_photos")
    shutil.copy("runs/srgan_photos-smoke/generator.keras", "generator.keras")
    pages.photographs(Path("new"), count=1)
    shutil.move("new/0.png", "photo.jpg")
    reader.follow(DOCS / "howto/share.md")
    assert Path("big.png").is_file()
    assert Path("runs/tuned/generator.keras").is_file()


def test_every_tutorial_and_how_to_with_a_command_is_followed_here():
    text = Path(__file__).read_text()
    for folder in ("tutorials", "howto"):
        for page in (DOCS / folder).glob("*.md"):
            if "```sh" in page.read_text() or "```python" in page.read_text():
                assert f"{folder}/{page.name}" in text
