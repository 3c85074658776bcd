from __future__ import annotations

import importlib.util
import sys

import pytest
from tiny_runs import journal, tiny

from ganzoo import BackendError
from ganzoo.training.trainer import Trainer

NEEDS_IT = pytest.mark.skipif(importlib.util.find_spec("tensorboard") is None, reason="tensorboard is not installed")
WATCHED = "--set=callbacks=[{name='tensorboard', every=1, histograms=true}]"


def test_without_the_package_the_run_is_refused_with_the_command_that_installs_it(ganzoo, tmp_path, monkeypatch):
    monkeypatch.setattr("ganzoo_callbacks.tensorboard.find_spec", lambda name: None)
    refused = ganzoo(*tiny(tmp_path, "mine", WATCHED))
    assert refused.code == BackendError.exit_code
    assert 'pip install "keras-ganzoo[tensorboard]"' in refused.err
    assert not (tmp_path / "mine").exists()


def read(run):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(run / "callbacks" / "tensorboard"), {"histograms": 0, "images": 0, "scalars": 0})
    found.Reload()
    return found


@NEEDS_IT
def test_losses_are_scalars_pictures_images_and_weights_histograms_without_tensorflow(ganzoo, tmp_path, monkeypatch):
    save = Trainer.save

    def save_and_die(self, number, *arguments):
        save(self, number, *arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "save", save_and_die)
        ganzoo(*tiny(tmp_path, "mine", WATCHED))
    assert ganzoo(*tiny(tmp_path, "mine", WATCHED)).code == 0
    found = read(tmp_path / "mine")
    shown = {(event.step, event.value) for event in found.Scalars("generator/total")}
    logged = journal(tmp_path / "mine")
    assert {step for step, _ in shown} == {line["step"] for line in logged} == set(range(1, 13))
    assert dict(shown)[12] == pytest.approx(logged[-1]["generator/total"])
    assert [event.step for event in found.Images("samples")] == [0, 6, 12]
    kernels = [name for name in found.Tags()["histograms"] if name.endswith("kernel")]
    assert len(kernels) == 2 * 4, "three hidden layers and the last one of each network"
    assert [event.step for event in found.Histograms(kernels[0])] == list(range(1, 13))
    assert "tensorflow" not in sys.modules
