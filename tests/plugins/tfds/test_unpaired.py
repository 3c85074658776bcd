"""Data sets whose splits are two sets without pairs, as `cycle_gan` has them."""

from __future__ import annotations

import numpy as np
import pytest
from ganzoo_tfds.tfds import TFDS
from ganzoo_translation.unpaired_translation import UnpairedTranslation
from PIL import Image

from ganzoo.testing import check_task

tfds = pytest.importorskip("tensorflow_datasets")
pytest.importorskip("array_record")

SPLITS = {"trainA": (4, 0), "trainB": (3, 1), "testA": (2, 0), "testB": (1, 1)}


class CycleGAN(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """Features and splits of TFDS' own builder."""

    name = "cycle_gan"
    VERSION = tfds.core.Version("3.0.0")
    BUILDER_CONFIGS = [tfds.core.BuilderConfig(name="horse2zebra", description="toy")]

    def _info(self):
        features = {"image": tfds.features.Image(), "label": tfds.features.ClassLabel(names=["A", "B"])}
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager):
        return {split: self._generate_examples(*SPLITS[split]) for split in SPLITS}

    def _generate_examples(self, count, label):
        for index in range(count):
            yield index, {"image": Image.fromarray(np.full((20, 24, 3), 10 * index, np.uint8)), "label": label}


def test_the_splits_are_the_streams_of_unpaired_translation(tmp_path):
    CycleGAN(config="horse2zebra", data_dir=str(tmp_path), file_format="array_record").download_and_prepare()
    opened = {
        stream: TFDS(dataset="cycle_gan/horse2zebra", split=f"train{stream.upper()}", data_dir=str(tmp_path)).open()
        for stream in "ab"
    }
    assert {stream: len(source) for stream, source in opened.items()} == {"a": 4, "b": 3}
    assert opened["b"][0]["label"] == 1
    assert opened["b"][0]["image"].shape == (20, 24, 3)
    check_task(UnpairedTranslation(crop=16, resize=16), opened)
