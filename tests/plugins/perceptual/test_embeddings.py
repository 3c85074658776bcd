"""Frozen networks as features of whole images."""

import hashlib
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from ganzoo_metrics.class_score import ClassScore
from ganzoo_metrics.frechet import Frechet
from ganzoo_metrics.kernel_distance import KernelDistance
from ganzoo_perceptual import inception
from ganzoo_perceptual.inception import Inception
from ganzoo_perceptual.vgg16 import VGG16

from ganzoo import DataError

FAKES = np.random.default_rng(0).integers(0, 256, (5, 20, 18, 3), dtype=np.uint8)


# -- VGG ---------------------------------------------------------------------------------------------------------------


def test_the_features_of_a_vgg_are_its_deepest_activations_averaged_over_space():
    features = VGG16(weights="random")
    embedding = features.load(dict)
    network = features.build(("block5_conv3",))
    expected = network(FAKES.astype(np.float32) / 127.5 - 1)["block5_conv3"].mean(dim=(1, 2))
    assert np.allclose(embedding.features(FAKES), expected.detach().numpy(), rtol=1e-4)
    assert embedding.named("frechet") == "vgg16_random_frechet"
    assert len(embedding.identity["weights_sha256"]) == 64


def test_grey_images_are_repeated_and_small_ones_refused():
    embedding = VGG16(weights="random").load(dict)
    grey = FAKES[..., :1]
    assert np.array_equal(embedding.features(grey), embedding.features(grey.repeat(3, axis=-1)))
    with pytest.raises(DataError, match="vgg16_random: needs images of at least 16 pixels a side"):
        embedding.features(FAKES[:, :15])


# -- Inception ---------------------------------------------------------------------------------------------------------


class Fake(torch.nn.Module):
    """What the published module offers: features, or probabilities, of uint8 images with channels first."""

    def forward(self, images: torch.Tensor, return_features: bool = False, no_output_bias: bool = False):
        means = images.to(torch.float32).mean(dim=[2, 3])
        if return_features:
            return means
        return torch.softmax(means / 100, dim=1)


@pytest.fixture
def file(tmp_path, monkeypatch):
    path = tmp_path / "inception.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(Fake()).save(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setattr(inception, "FILE", replace(inception.FILE, checksum=digest))
    monkeypatch.setattr(inception, "_known", {})
    return path


def score(cls, file, **options):
    metric = cls(features=Inception(path=str(file)), **options)
    metric.build(dict)
    metric.update({"image": FAKES}, {"image": FAKES[::-1] // 2})
    return metric.result()


def test_scores_by_inception_have_the_names_of_the_literature(file):
    found = {**score(Frechet, file), **score(KernelDistance, file), **score(ClassScore, file, splits=1)}
    assert list(found) == ["fid", "kid", "is"]
    shares = torch.softmax(torch.from_numpy(FAKES).float().mean(dim=(1, 2)) / 100, dim=1)
    divergence = (shares * (shares.log() - shares.mean(dim=0).log())).sum(dim=1).mean()
    assert found["is"] == pytest.approx(float(divergence.exp()), rel=1e-5)


def test_another_file_is_not_opened_and_gives_no_fid(file):
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(DataError, match=r"is not the Inception network of FID .* weights are not FID"):
        score(Frechet, file)


def test_without_the_file_the_remedy_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(DataError, match="run: ganzoo data prepare inception"):
        Inception().load(dict)


def test_the_published_file_is_the_one_of_2015_and_can_be_prepared_from_a_copy(file, tmp_path):
    target = Inception.prepare_files("inception", origin=file, directory=tmp_path / "models", report=print)
    assert target.read_bytes() == file.read_bytes()
