"""Pretrained generators: what comes with ganzoo, and what `ganzoo pull` adds."""

from __future__ import annotations

import hashlib
import http.server
import re
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganzoo import RecipeError, images, open_network
from ganzoo.bundled import bundled_files
from ganzoo.pretrained import SUFFIX, list_pretrained

BUNDLED = bundled_files("pretrained", SUFFIX)
ROOT = Path(__file__).parents[2]


def photograph(name):
    skimage = pytest.importorskip("skimage")
    return images.read_image(Path(skimage.__file__).parent / "data" / name)


def luma_psnr(one, other, border=4):
    """Return the PSNR of the luma of BT.601, without the border."""
    weights = np.array([65.481, 128.553, 24.966]) / 255
    difference = (one.astype(float) - other.astype(float)) @ weights
    return 10 * np.log10(255**2 / np.mean(difference[border:-border, border:-border] ** 2))


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """Keep what tests pull out of the user's cache."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))


@pytest.fixture
def pulled(tmp_path):
    """A file that can be pulled: one of the bundled ones under another name."""
    return Path(shutil.copy(BUNDLED["photos_x2"], tmp_path / f"mine_x2{SUFFIX}"))


@pytest.fixture
def server(tmp_path):
    """Return the address at which the files of the folder `served` can be fetched."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=str(tmp_path / "served"))

        def log_message(self, *arguments): ...

    (tmp_path / "served").mkdir()
    found = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=found.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{found.server_address[1]}"
    found.shutdown()
    found.server_close()


@pytest.mark.parametrize(("name", "scale", "least"), [("photos_x2", 2, 1.5), ("photos_x4", 4, 0.9)])
def test_a_bundled_generator_beats_bicubic_on_a_photograph_it_has_not_seen(ganzoo, tmp_path, name, scale, least):
    original = photograph("coffee.png")
    height, width = (side // scale * scale for side in original.shape[:2])
    original = original[:height, :width]
    small = images.resize_bicubic(original, (height // scale, width // scale))
    images.write_image(tmp_path / "small.png", small)
    result = ganzoo("enlarge", name, tmp_path / "small.png", "-o", tmp_path / "big.png")
    assert result.code == 0, result.err
    gain = luma_psnr(images.read_image(tmp_path / "big.png"), original) - luma_psnr(
        images.resize_bicubic(small, (height, width)), original
    )
    assert gain > least


def test_a_photograph_alone_is_enlarged_by_four_into_a_folder_of_the_results(
    ganzoo, photographs, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    result = ganzoo("enlarge", "photographs/0.png")
    assert result.code == 0, result.err
    assert "wrote enlarged/0_x4.png" in result.out
    assert images.read_image(tmp_path / "enlarged" / "0_x4.png").shape == (160, 192, 3)
    assert ganzoo("enlarge", "photographs", "--overwrite").code == 0
    assert len(list((tmp_path / "enlarged").iterdir())) == 8


def test_a_python_program_enlarges_to_the_same_pixels(ganzoo, photographs, tmp_path):
    assert ganzoo("enlarge", "photos_x2", photographs / "0.png", "-o", tmp_path / "big.png").code == 0
    opened = open_network("photos_x2")
    assert (opened.scale, opened.facts["scale"]) == (2, "2")
    assert np.array_equal(opened.enlarge(photographs / "0.png"), images.read_image(tmp_path / "big.png"))
    floats = opened.enlarge(np.zeros((8, 6, 3), np.float16))
    assert (floats.shape, floats.dtype) == ((16, 12, 3), np.float16)
    with pytest.raises(RecipeError, match=r"photos_x5: there is no such file or folder \(did you mean 'photos_x"):
        open_network("photos_x5")


def test_what_is_not_there_is_told_with_the_nearest_generator(ganzoo, photographs, tmp_path):
    refused = ganzoo("enlarge", "photo_x4", photographs, tmp_path / "none.png")
    assert refused.code == 2
    assert "photo_x4: there is no such file or folder (did you mean 'photos_x4'?)" in refused.err
    assert f"{tmp_path}/none.png: there is no such file or folder" in refused.err
    refused = ganzoo("enlarge", "photos_x2")
    assert (refused.code, "photos_x2: enlarges photographs, and none is named" in refused.err) == (2, True)
    refused = ganzoo("enlarge", tmp_path / "none.keras", photographs)
    assert (refused.code, "none.keras: there is no such file or folder" in refused.err) == (2, True)


def test_files_of_a_photograph_win_over_names_of_generators(ganzoo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    images.write_image(tmp_path / "photos_x2" / "a.png", np.zeros((8, 8, 3), np.uint8))
    result = ganzoo("enlarge", "photos_x2")
    assert "wrote enlarged/a_x4.png" in result.out


def test_bundled_files_are_small_and_have_the_checksums_that_are_stated(ganzoo):
    stated = dict(line.split()[::-1] for line in (ROOT / "pretrained" / "SHA256SUMS").read_text().splitlines())
    text = (ROOT / "docs" / "pretrained.md").read_text()
    assert set(stated) == {path.name for path in BUNDLED.values()}
    for path in BUNDLED.values():
        assert path.stat().st_size < 2**20
        assert hashlib.sha256(path.read_bytes()).hexdigest() == stated[path.name]
        assert stated[path.name] in text
    shown = ganzoo("list-pretrained")
    assert shown.code == 0, shown.err
    assert re.search(r"photos_x2 +2 +0\.8 MB +bundled", shown.out)


def test_a_pulled_file_enlarges_by_its_name(ganzoo, pulled, photographs, tmp_path):
    result = ganzoo("pull", pulled)
    assert result.code == 0, result.err
    assert "mine_x2 enlarges by 2" in result.out
    assert list_pretrained()["mine_x2"].read_bytes() == pulled.read_bytes()
    assert ganzoo("enlarge", "mine_x2", photographs / "0.png", "-o", tmp_path / "big.png").code == 0
    with Image.open(tmp_path / "big.png") as image:
        assert image.size == (96, 80)
    again = ganzoo("pull", pulled)
    assert (again.code, "'mine_x2' is there already" in again.err) == (2, True)
    assert ganzoo("pull", pulled, "--overwrite").code == 0
    assert re.search(r"mine_x2 +2 +0\.8 MB +pulled", ganzoo("list-pretrained").out)


def test_a_file_is_fetched_from_a_url_when_its_checksum_holds(ganzoo, server, pulled, tmp_path):
    shutil.copy(pulled, tmp_path / "served")
    url, checksum = f"{server}/{pulled.name}", hashlib.sha256(pulled.read_bytes()).hexdigest()
    refused = ganzoo("pull", url)
    assert (refused.code, "anybody on the way can change what http:// sends" in refused.err) == (2, True)
    refused = ganzoo("pull", url, "--sha256", "0" * 64)
    assert (refused.code, "is not the published file" in refused.err) == (4, True)
    assert "mine_x2" not in list_pretrained()
    assert ganzoo("pull", url, "--sha256", checksum.upper()).code == 0
    assert list_pretrained()["mine_x2"].read_bytes() == pulled.read_bytes()
    refused = ganzoo("pull", f"{server}/other{SUFFIX}", "--sha256", checksum)
    assert (refused.code, "404" in refused.err) == (4, True)


def test_anything_but_a_network_that_enlarges_is_refused_and_not_kept(ganzoo, pulled, tmp_path):
    damaged = tmp_path / f"damaged{SUFFIX}"
    damaged.write_bytes(pulled.read_bytes()[:-5])
    (tmp_path / f"text{SUFFIX}").write_text("import os")
    (tmp_path / "weights.pt").write_bytes(b"x")
    for name, code in ((damaged.name, 5), (f"text{SUFFIX}", 5), ("weights.pt", 2), (f"missing{SUFFIX}", 4)):
        refused = ganzoo("pull", tmp_path / name)
        assert refused.code == code, refused.err
        assert refused.err.startswith(f"error: {tmp_path}/{name}: ")
        assert "Traceback" not in refused.err
    copy = Path(shutil.copy(pulled, tmp_path / f"photos_x4{SUFFIX}"))
    refused = ganzoo("pull", copy)
    assert (refused.code, "'photos_x4' comes with ganzoo" in refused.err) == (2, True)
    assert not (tmp_path / "keras" / "models" / "ganzoo").exists()
