"""What `ganzoo report` computes with the networks of a run."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_runs import tiny

from ganzoo import load_zoo
from ganzoo.reporting.projections import principal_components
from ganzoo.runs.folder import RunFolder
from ganzoo.runs.recipes import load_run_recipe
from ganzoo.training.insights import insights


@pytest.fixture
def trained(tmp_path, ganzoo):
    """Train a tiny run of a recipe, and return what its networks show by title."""

    def train(recipe, *more):
        arguments = tiny(tmp_path, "run") if recipe == "gaussians_ring" else ["run", recipe, "--profile", "smoke"]
        found = ganzoo(*arguments, "--runs", tmp_path, "--name", "run", *more)
        assert found.code == 0, found.err
        folder = RunFolder(tmp_path / "run")
        before = {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}
        made = {each.title: each for each in insights(folder, load_run_recipe(folder, zoo=load_zoo()))}
        assert {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()} == before
        return made

    return train


def test_points_have_features_a_plane_of_logits_ways_sensitivities_and_gradients(trained):
    found = trained("gaussians_ring")
    assert [title for title, each in found.items() if each.reason] == []
    assert len(found["What the discriminator looks at"].models) == 1
    assert "latent" in found["Sensitivity to latents"].explanation


@pytest.mark.slow
def test_images_have_pictures(trained):
    found = trained("dcgan_digits")
    assert [title for title, each in found.items() if each.reason] == []
    titles = ("What the discriminator looks at", "Interpolations", "Sensitivity to latents")
    assert [len(found[title].pictures) for title in titles] == [2, 1, 1]
    assert all(picture.dtype == np.uint8 for title in titles for picture, _ in found[title].pictures)


@pytest.mark.slow
def test_what_a_recipe_lacks_is_left_out_with_a_reason(trained):
    found = trained("srresnet_photos")
    assert found["Features of real and generated examples"].reason == "no discriminator is trained by this recipe"
    assert found["Interpolations"].reason == "the task draws nothing between two latents"
    assert found["Sensitivity to latents"].reason == "the task has no network that is given latents"
    assert not found["Gradients"].reason


def test_principal_components_keep_what_varies():
    line = np.outer(np.linspace(-1, 1, 9), [3.0, 4.0])
    found, shares = principal_components({"one": line[:4], "other": line[4:]})
    assert shares == pytest.approx((1.0, 0.0))
    assert found["one"].shape == (4, 2)
    assert np.allclose(np.diff(np.concatenate([found["one"], found["other"]])[:, 1]), 0)
