"""Strict runs: every operation gives the same bits again, or the run refuses to start."""

from __future__ import annotations

import os
import re
from typing import Literal

import torch

from ganzoo.errors import BackendError

#: What torch's message names, and what gives the same result with a deterministic kernel.
SUBSTITUTES = {
    "reflection_pad": "ganzoo.layers.ReflectionPadding2D, or pad with zeros",
    "replication_pad": "concatenate repeated edges, or pad with zeros",
    "upsample_bilinear": "nearest upsampling and a convolution, or a fixed depthwise convolution",
    "upsample_bicubic": "nearest upsampling and a convolution",
    "upsample_linear": "nearest upsampling and a convolution",
    "grid_sampler": "an affine map by rolls and flips, or no geometric augmentation",
    "adaptive_avg_pool": "a mean over the axes, or average pooling with a fixed window",
    "adaptive_max_pool": "max pooling with a fixed window",
    "cumsum": "a product with a triangular matrix of ones",
    "histc": "comparisons and sums",
    "put_": "index_put with unique indices, or where()",
}
_UNDETERMINED = re.compile(r"([\w:]+) does not have a deterministic implementation")


def resolve(setting: Literal["auto", "strict", "seeded"], device: str) -> Literal["strict", "seeded"]:
    """Return what a recipe's `train.determinism` means on a device: strict on a CPU unless it says otherwise.

    BackendError for a strict run on the GPU of a Mac.
    """
    if setting == "strict" and device == "mps":
        raise BackendError(
            "train.determinism is 'strict', but torch does not know which kernels of 'mps' are deterministic; "
            "set train.device='cpu' or train.determinism='seeded'"
        )
    if setting == "auto":
        return "strict" if device == "cpu" else "seeded"
    return setting


def enforce(determinism: Literal["strict", "seeded"]) -> None:
    """Tell torch which kernels it may use. Must come before the first use of a GPU."""
    strict = determinism == "strict"
    if strict:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(strict)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.deterministic = strict
    torch.backends.cudnn.benchmark = not strict


def allow_tf32(allowed: bool) -> None:
    """Set whether a GPU rounds the inputs of float32 products to 10 bits; no effect on a CPU."""
    if torch.cuda.is_available():
        torch.set_float32_matmul_precision("high" if allowed else "highest")
        torch.backends.cudnn.allow_tf32 = allowed


def undetermined(error: RuntimeError) -> BackendError | None:
    """Return the explanation when torch refused an operation because its result may differ from run to run."""
    found = _UNDETERMINED.search(str(error))
    if found is None:
        return None
    operation = found[1]
    substitute = next((text for name, text in SUBSTITUTES.items() if name in operation), None)
    advice = f"use {substitute}, or " if substitute else ""
    return BackendError(
        f"train.determinism is 'strict', but '{operation}' has no deterministic kernel here; "
        f"{advice}set train.determinism='seeded'"
    )
