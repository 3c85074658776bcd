"""`ganzoo sample` and `ganzoo enlarge` with weights between those of two networks."""

from __future__ import annotations

import sys

import keras
import numpy as np
import pytest
from enlarging import enlarging, folder

from ganzoo import images, open_run
from ganzoo.cli import main


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A folder with the runs `one` and `other` of one architecture, `wide` of another, and one photograph."""
    base = tmp_path_factory.mktemp("runs")
    for index in range(4):
        coarse = np.random.default_rng(index).integers(0, 256, (5, 6, 3), dtype=np.uint8)
        images.write_image(base / "photographs" / f"{index}.png", images.resize_bicubic(coarse, (40, 48)))
    (base / "photo.png").write_bytes((base / "photographs" / "0.png").read_bytes())
    (base / "tiny.toml").write_text(enlarging(folder(base / "photographs"), scale=2, steps=1))
    for name, options in {
        "one": ["--set", "train.seed=0"],
        "other": ["--set", "train.seed=1"],
        "wide": ["--set", "generator.filters=5"],
    }.items():
        command("run", base / "tiny.toml", "--runs", base, "--name", name, *options)
    return base


def command(*arguments):
    """Run a command line in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["ganzoo", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
    assert not end.value.code


def weights(path):
    return [np.array(value) for value in open_run(path).generator.get_weights()]


def test_the_weights_are_those_between_two_runs(runs, ganzoo, tmp_path):
    asked = ["enlarge", runs / "one", runs / "photo.png", "--interpolate", runs / "other", "--alpha", "0.75"]
    done = ganzoo(*asked, "-o", tmp_path / "mixed.png")
    assert done.code == 0, done.err
    assert f"weights: 0.75 of its own, 0.25 of {runs / 'other'}" in done.out
    run = open_run(runs / "one")
    mixed = [
        0.75 * mine + 0.25 * theirs for mine, theirs in zip(weights(run.path), weights(runs / "other"), strict=True)
    ]
    assert any(np.abs(mine - value).max() > 1e-3 for mine, value in zip(weights(run.path), mixed, strict=True))
    run.generator.set_weights(mixed)
    wanted = run.enlarge(runs / "photo.png")
    assert np.abs(images.read_image(tmp_path / "mixed.png").astype(int) - wanted).max() <= 1  # rounding


@pytest.mark.parametrize("source", ["one", "one/generator.keras"])
@pytest.mark.parametrize("other", ["other", "other/generator.keras"])
def test_the_ends_are_the_two_networks_themselves(runs, ganzoo, tmp_path, source, other):
    for alpha, same in ((0, "other"), (1, "one")):
        output = tmp_path / f"{alpha}.png"
        done = ganzoo(
            *("enlarge", runs / source, runs / "photo.png", "-o", output),
            *("--interpolate", runs / other, "--alpha", alpha),
        )
        assert done.code == 0, done.err
        assert np.array_equal(images.read_image(output), open_run(runs / same).enlarge(runs / "photo.png"))


def test_every_task_samples_between_two_runs(ganzoo, tmp_path):
    for seed in (0, 1):
        made = ganzoo(
            *("run", "gaussians_ring", "--profile", "smoke", "--set", "phases.train.steps=1"),
            *("--runs", tmp_path, "--name", f"ring{seed}", "--set", f"train.seed={seed}"),
        )
        assert made.code == 0, made.err
    sample = ["sample", tmp_path / "ring0", "--count", 5, "-o"]
    assert ganzoo(*sample, tmp_path / "end.npy", "--interpolate", tmp_path / "ring1", "--alpha", 0).code == 0
    assert ganzoo("sample", tmp_path / "ring1", "--count", 5, "-o", tmp_path / "other.npy").code == 0
    assert ganzoo(*sample, tmp_path / "own.npy").code == 0
    assert ganzoo(*sample, tmp_path / "between.npy", "--interpolate", tmp_path / "ring1").code == 0
    end, other, own, between = (np.load(tmp_path / f"{name}.npy") for name in ("end", "other", "own", "between"))
    assert np.array_equal(end, other)
    assert not np.array_equal(between, own)
    assert np.abs(between - own).mean() < np.abs(other - own).mean()


def test_other_networks_are_refused_with_what_differs(runs, ganzoo, tmp_path):
    def refused(*options, source="one"):
        ended = ganzoo("enlarge", runs / source, runs / "photo.png", "-o", tmp_path / "x.png", *options)
        assert ended.code in (2, 5)
        assert not (tmp_path / "x.png").exists()
        return ended.err

    problem = refused("--interpolate", runs / "wide")
    assert f"--interpolate {runs / 'wide'}: its network 'generator' is SubpixelResNet(filters=5, " in problem
    assert "expected the same as that of the run, SubpixelResNet(filters=4, " in problem
    problem = refused("--interpolate", runs / "wide", source="one/generator.keras")
    assert "other weights (" in problem
    assert "numbers in 10 arrays), expected the same architecture (" in problem
    assert "nothing is converted" in refused("--interpolate", runs / "wide" / "generator.keras")
    assert "there is no such file or folder" in refused("--interpolate", runs / "nothing")
    assert "--alpha: there is nothing to interpolate with" in refused("--alpha", "0.5")
    assert "is a pickle" in refused("--interpolate", pickled(tmp_path / "net.pth"))


def pickled(path):
    path.write_bytes(b"\x80\x02")
    return path


def test_a_file_is_not_mixed_into_several_networks(tmp_path):
    from ganzoo.errors import RecipeError
    from ganzoo.training.interpolation import interpolate
    from ganzoo.training.published import LoadedNetwork

    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    network.save(tmp_path / "one.keras")
    products = {"first": LoadedNetwork(network), "second": LoadedNetwork(network)}
    with pytest.raises(RecipeError, match="a file holds one network, but 'first', 'second' are sampled; name a run"):
        interpolate(products, str(tmp_path / "one.keras"), 0.5, zoo=None, note=print)
