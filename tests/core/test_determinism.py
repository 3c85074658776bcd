"""Strict runs use kernels that repeat, and refuse what has none."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tiny_runs import assert_same, last_state, manifest, tiny

from ganzoo.errors import BackendError
from ganzoo.training import determinism
from ganzoo.training.determinism import SUBSTITUTES, resolve, undetermined
from ganzoo.training.model import AdversarialModel


@pytest.fixture(autouse=True)
def usual_kernels():
    yield
    determinism.enforce("strict")


def message(operation):
    return RuntimeError(
        f"{operation} does not have a deterministic implementation, but you set "
        "'torch.use_deterministic_algorithms(True)'. You can turn off determinism just for this operation"
    )


def test_a_cpu_is_strict_and_a_gpu_seeded_unless_the_recipe_says_otherwise():
    assert resolve("auto", "cpu") == "strict"
    assert resolve("auto", "cuda") == "seeded"
    assert resolve("strict", "cuda") == "strict"
    assert resolve("seeded", "cpu") == "seeded"


def test_the_gpu_of_a_mac_is_seeded_and_refuses_to_be_strict():
    assert resolve("auto", "mps") == "seeded"
    with pytest.raises(BackendError, match=r"set train\.device='cpu'"):
        resolve("strict", "mps")


def test_strict_is_what_torch_is_told():
    determinism.enforce("strict")
    assert torch.are_deterministic_algorithms_enabled()
    assert not torch.backends.cudnn.benchmark
    determinism.enforce("seeded")
    assert not torch.are_deterministic_algorithms_enabled()


@pytest.mark.parametrize("operation", ["reflection_pad2d_backward_cuda", "upsample_bicubic2d_backward_out_cuda"])
def test_an_operation_without_a_deterministic_kernel_is_named_with_its_substitute(operation):
    explained = str(undetermined(message(operation)))
    assert operation in explained
    assert next(text for name, text in SUBSTITUTES.items() if name in operation) in explained
    assert "train.determinism='seeded'" in explained
    assert undetermined(RuntimeError("shapes do not match")) is None


def test_a_strict_run_refuses_such_an_operation_before_its_first_step(ganzoo, tmp_path, monkeypatch):
    original = AdversarialModel._generate

    def generate(self, view, *, with_gradient):
        if self.step_number == 5:
            raise message("grid_sampler_2d_backward_cuda")
        return original(self, view, with_gradient=with_gradient)

    monkeypatch.setattr(AdversarialModel, "_generate", generate)
    two_phases = [
        "--set=phases=[{name='train', steps=5}, {name='more', steps=5}]",
        "--set=train.determinism=strict",
    ]
    refused = ganzoo("run", "gaussians_ring", *two_phases, "--runs", tmp_path, "--name", "run")
    assert refused.code == 9, refused.err
    assert "'grid_sampler_2d_backward_cuda' has no deterministic kernel" in refused.err
    assert not list((tmp_path / "run").glob("checkpoints/*"))


def test_a_real_operation_of_torch_is_recognised():
    determinism.enforce("strict")
    with pytest.raises(RuntimeError) as refused:
        torch.zeros(10).put_(torch.tensor([0]), torch.tensor([1.0]), accumulate=False)
    assert "'put_'" in str(undetermined(refused.value))


def test_the_rehearsal_of_a_strict_run_leaves_no_trace(ganzoo, tmp_path):
    ganzoo(*tiny(tmp_path, "auto"))
    ganzoo(*tiny(tmp_path, "strict", "--set=train.determinism=strict"))
    assert_same(tmp_path / "auto", tmp_path / "strict")
    assert manifest(tmp_path / "auto")["determinism"] == "strict"


def test_a_seeded_run_says_so(ganzoo, tmp_path):
    ganzoo(*tiny(tmp_path, "run", "--set=train.determinism=seeded"))
    assert manifest(tmp_path / "run")["determinism"] == "seeded"
    assert all(np.isfinite(value).all() for value in last_state(tmp_path / "run").values())
