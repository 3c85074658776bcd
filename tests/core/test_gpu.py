"""What only a GPU can show; skipped where there is none."""

from __future__ import annotations

import pytest
import torch
from prepared import prepared

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")

RECIPES = ["srgan_photos", "dcgan_digits", "wgan_gp_digits", "gaussians_ring"]


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", RECIPES)
def test_no_step_waits_for_the_device(name, precision):
    model, batch = prepared(name, f"train.precision='{precision}'")
    for _ in range(3):
        model.train_step(batch)
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        for _ in range(3):
            model.train_step(batch)
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize(
    "options",
    [
        ["train.tf32=false"],
        ["train.precision='bfloat16'"],
        ["train.precision='float16'"],
        ["train.compile=true"],
        ["train.precision='bfloat16'", "train.compile=true"],
    ],
    ids=str,
)
@pytest.mark.parametrize("name", RECIPES)
def test_steps_on_the_device_are_finite_and_stay_there(name, options):
    model, batch = prepared(name, *options)
    for _ in range(3):
        logs = model.train_step(batch)
    assert all(value.is_cuda and bool(torch.isfinite(value)) for value in logs.values())
