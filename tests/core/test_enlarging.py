"""`ganzoo sample` and `ganzoo enlarge` as a user types them."""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile

import keras
import numpy as np
import pytest
from enlarging import enlarging, folder
from PIL import Image
from rich.console import Console

from ganzoo import __version__, images, layers
from ganzoo.commands._sampling import SampleProgress


@pytest.fixture
def trained(tmp_path, photographs, ganzoo):
    """A finished run of super-resolution."""
    (tmp_path / "mine.toml").write_text(enlarging(folder(photographs), scale=2, steps=2))
    finished = ganzoo("run", tmp_path / "mine.toml", "--runs", tmp_path / "runs")
    assert finished.code == 0, finished.err
    return tmp_path / "runs" / "mine"


@pytest.fixture
def network(tmp_path):
    """The file of a network that enlarges by three."""
    image = keras.Input((None, None, 3))
    values = layers.PixelShuffle(3, order="keras")(layers.Conv2D(27, 3, padding="same")(image))
    keras.Model(image, values).save(tmp_path / "generator.keras")
    return tmp_path / "generator.keras"


def with_configuration(path, change):
    """Return a copy of a network's file whose configuration was changed."""
    changed = path.with_name("changed.keras")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                configuration = json.loads(content)
                change(configuration)
                content = json.dumps(configuration).encode()
            new.writestr(name, content)
    return changed


def test_a_run_enlarges_a_folder_and_its_exported_network_does_the_same(ganzoo, trained, photographs, tmp_path):
    (photographs / "notes.txt").write_text("x")
    by_run = ganzoo("enlarge", trained, photographs, "-o", tmp_path / "run")
    assert by_run.code == 0, by_run.err
    assert "ignored: 1 .txt" in by_run.out
    assert "1/8 0.png 48x40" in by_run.out
    assert by_run.out.count("wrote ") == 8
    by_file = ganzoo("enlarge", trained / "generator.keras", photographs, "-o", f"{tmp_path}/file.png/")
    assert by_file.code == 0, by_file.err
    by_sample = ganzoo("sample", trained, photographs, "-o", tmp_path / "sample", "--set", "format=webp")
    assert by_sample.code == 0, by_sample.err
    for index in range(8):
        enlarged = images.read_image(tmp_path / "run" / f"{index}_x2.png")
        assert enlarged.shape == (80, 96, 3)
        assert np.array_equal(images.read_image(tmp_path / "file.png" / f"{index}_x2.png"), enlarged)
        assert (tmp_path / "sample" / f"{index}_x2.webp").is_file()

    refused = ganzoo("enlarge", trained, photographs, "-o", tmp_path / "run")
    assert refused.code == 2
    assert refused.err.startswith("error: 8 mistakes\n")
    assert refused.err.count("exists; name another output, or overwrite it with --overwrite") == 8
    assert ganzoo("enlarge", trained, photographs, "-o", tmp_path / "run", "--overwrite").code == 0
    refused = ganzoo("enlarge", trained / "generator.keras", photographs, "-o", tmp_path / "x", "--best")
    assert (refused.code, "--best chooses a checkpoint of a run" in refused.err) == (2, True)


def texts_of(path):
    with Image.open(path) as image:
        return {name: text for name, text in image.info.items() if isinstance(text, str)}


def test_a_png_says_which_networks_made_it_unless_told_not_to(ganzoo, trained, network, photographs, tmp_path):
    photo, made = photographs / "0.png", tmp_path / "made.png"
    assert ganzoo("enlarge", trained, photo, "-o", made).code == 0
    found = texts_of(made)
    xmp = found.pop("XML:com.adobe.xmp")
    assert "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia" in xmp
    assert {len(found.pop(f"ganzoo:{name}_sha256")) for name in ("recipe", "weights")} == {64}
    assert found == {
        "Software": f"ganzoo {__version__}",
        "Source": "synthetic: changed by a neural network",
        "ganzoo:run": "mine",
        "ganzoo:steps": "2",
    }
    assert ganzoo("enlarge", network, photo, "-o", tmp_path / "by_file.png").code == 0
    assert texts_of(tmp_path / "by_file.png")["ganzoo:network"] == "generator.keras"
    for command, source in (("sample", trained), ("enlarge", trained), ("enlarge", network)):
        assert ganzoo(command, source, photo, "-o", tmp_path / "plain.png", "--overwrite", "--unmarked").code == 0
        assert texts_of(tmp_path / "plain.png") == {}


def test_a_bad_photograph_is_told_with_code_4_when_the_others_are_done(ganzoo, network, photographs, tmp_path):
    (photographs / "3.png").write_bytes(b"not an image")
    result = ganzoo("enlarge", network, photographs, "-o", tmp_path / "big")
    assert result.code == 4
    assert result.out.count("wrote ") == 7
    assert "error: 1 of 8 photographs were passed over\n" in result.err
    assert f"{photographs}/3.png: is not a PNG, JPEG, WEBP, TIFF or BMP image" in result.err
    assert len(list((tmp_path / "big").iterdir())) == 7


def test_the_scale_is_that_of_the_network(ganzoo, network, photographs, tmp_path):
    assert ganzoo("enlarge", network, photographs / "0.png", "-o", tmp_path / "big").code == 0
    assert images.read_image(tmp_path / "big" / "0_x3.png").shape == (120, 144, 3)


def test_a_place_that_cannot_be_written_is_told(ganzoo, network, photographs, tmp_path):
    (tmp_path / "taken").write_text("x")
    refused = ganzoo("enlarge", network, photographs / "0.png", "-o", tmp_path / "taken" / "big.png")
    assert (refused.code, f"{tmp_path}/taken is a file, not a folder" in refused.err) == (2, True)
    failed = ganzoo("enlarge", network, photographs / "0.png", "-o", "/proc/big.png")
    assert (failed.code, "/proc/big.png: cannot be written: " in failed.err) == (7, True)


def test_a_run_of_another_task_enlarges_nothing(ganzoo, photographs, tmp_path):
    made = ganzoo(
        *("run", "gaussians_ring", "--profile", "smoke", "--set", "phases.train.steps=2"),
        *("--runs", tmp_path, "--name", "ring"),
    )
    assert made.code == 0, made.err
    result = ganzoo("enlarge", tmp_path / "ring", photographs, "-o", tmp_path / "big")
    assert result.code == 2
    assert "its task does not enlarge photographs; ganzoo sample uses what it trained" in result.err
    assert ganzoo("sample", tmp_path / "ring", "-o", tmp_path / "points.npy").code == 0
    again = ganzoo("sample", tmp_path / "ring", "-o", tmp_path / "points.npy")
    assert (again.code, "points.npy exists; name another output" in again.err) == (2, True)
    assert ganzoo("sample", tmp_path / "ring", "-o", tmp_path / "points.npy", "--overwrite").code == 0


def spoiled(**changes):
    """Return what changes the second layer of a configuration."""

    def change(configuration):
        configuration["config"]["layers"][1] |= changes

    return change


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"module": "keras.layers", "class_name": "Lambda", "registered_name": None}, "Lambda"),
        ({"module": "keras.layers", "class_name": "TorchModuleWrapper", "registered_name": None}, "TorchModuleWrapper"),
        ({"module": "keras.layers", "class_name": "TFSMLayer", "registered_name": None}, "TFSMLayer"),
        ({"module": "os", "class_name": "system", "registered_name": None}, "system"),
        ({"module": "keras.src.utils.file_utils", "class_name": "get_file", "registered_name": None}, "get_file"),
        ({"registered_name": "stranger>Conv2D"}, "Conv2D"),
        ({"activity": {"class_name": "__lambda__", "config": {"value": "x"}}}, "__lambda__"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_network_that_could_run_code_is_refused_in_one_message(ganzoo, network, photographs, tmp_path, changes, name):
    result = ganzoo("enlarge", with_configuration(network, spoiled(**changes)), photographs, "-o", tmp_path / "big")
    assert result.code == 5
    assert f"holds '{name}'; only layers of Keras and of installed ganzoo plugins are loaded" in result.err
    assert "Traceback" not in result.err
    assert not (tmp_path / "big").exists()


def test_what_is_not_a_network_of_images_is_refused(ganzoo, network, photographs, tmp_path):
    def refusal(path):
        result = ganzoo("enlarge", path, photographs, "-o", tmp_path / "big")
        assert result.code == 5, result.err
        assert "Traceback" not in result.err
        return result.err

    def strange(**changes):
        return with_configuration(network, lambda configuration: configuration.update(changes))

    (tmp_path / "text.keras").write_text("x")
    assert "is not a complete .keras file" in refusal(tmp_path / "text.keras")
    (tmp_path / "half.keras").write_bytes(network.read_bytes()[:-100])
    assert "is not a complete .keras file" in refusal(tmp_path / "half.keras")
    assert "holds 'Adam'; only layers of Keras" in refusal(strange(module="keras.optimizers", class_name="Adam"))
    relu = {"module": "keras.layers", "class_name": "ReLU", "config": {}, "registered_name": None, "build_config": {}}
    assert "holds ReLU, not a network" in refusal(strange(**relu))
    assert "its network cannot be built" in refusal(strange(config={"layers": 3}))
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)]).save(tmp_path / "dense.keras")
    assert "expected RGB images of any size in and out" in refusal(tmp_path / "dense.keras")
    layered = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(3, 3)])
    layered.save(tmp_path / "smaller.keras")
    assert "does not enlarge by a whole number: 16x16 -> 14x14" in refusal(tmp_path / "smaller.keras")
    shutil.copy(network, tmp_path / "copy.pt")
    assert ".pt" in refusal(tmp_path / "copy.pt")


def test_samples_go_into_a_folder_one_by_one(ganzoo, tmp_path):
    made = ganzoo(
        *("run", "dcgan_digits", "--profile", "smoke", "--set", "phases.train.steps=2", "--set", "train.samples=4"),
        *("--runs", tmp_path, "--name", "digits"),
    )
    assert made.code == 0, made.err
    assert ganzoo("sample", tmp_path / "digits", "-o", tmp_path / "single", "--count", 3).code == 0
    names = sorted(path.name for path in (tmp_path / "single").iterdir())
    assert names == ["00000.png", "00001.png", "00002.png"]
    assert texts_of(tmp_path / "single" / names[0])["Source"] == "synthetic: made by a neural network"
    assert ganzoo("sample", tmp_path / "digits", "-o", tmp_path / "all.npy", "--count", 3).code == 0
    values = np.load(tmp_path / "all.npy")
    for name, value in zip(names, values, strict=True):
        with Image.open(tmp_path / "single" / name) as image:
            assert image.mode == "L"
            assert np.array_equal(np.asarray(image), value[..., 0])
    again = ganzoo("sample", tmp_path / "digits", "-o", tmp_path / "single", "--count", 4)
    assert (again.code, "00000.png and 2 others exist; name another output" in again.err) == (2, True)


@pytest.mark.parametrize("width", [60, 120])
def test_a_terminal_shows_each_photograph_with_size_tiles_and_time_left(monkeypatch, tmp_path, width):
    shown = io.StringIO()
    terminal = Console(file=shown, force_terminal=True, width=width, force_interactive=True)
    monkeypatch.setattr("ganzoo.commands._sampling.console", lambda: terminal)
    report = SampleProgress()
    report.begin("IMG_0001.jpg", "6000x4000", "3/20")
    report.tiles(7, 12)
    report.wrote(tmp_path / "a.png")
    report.wrote(tmp_path / "a.png")
    report.close()
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.getvalue())
    assert "3/20 IMG_0001.jpg 6000x4000" in text
    assert "7/12 tiles" in text
    assert re.search(r"\d:\d\d|-:--", text)
    assert text.replace("\n", "").count("wrote ") == 1


def test_a_pipe_gets_lines_with_the_tiles_done_and_the_time_left(monkeypatch, capfd):
    clock = iter(range(0, 1000, 3))
    monkeypatch.setattr("ganzoo.commands._sampling.time.monotonic", lambda: next(clock))
    report = SampleProgress()
    report.begin("a.png", "30x20", "1/2")
    for done in range(1, 5):
        report.tiles(done, 4)
    report.note("b.png: \x1b[31mred")
    assert capfd.readouterr().out.splitlines() == [
        "1/2 a.png 30x20",
        "1/2 a.png 30x20: tile 2/4, 6s left",
        "b.png: \\x1b[31mred",
    ]
