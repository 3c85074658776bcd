"""Fakes and the latents that they come from, in two halves of a batch."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import RecipeError, Tensor


def named_fakes(fakes: Mapping[str, Tensor], name: str, regularizer: str) -> Tensor:
    """Return what the task generates under this name, as floats; RecipeError where there is no such thing."""
    return generated(fakes, name, regularizer).float()


def generated(fakes: Mapping[str, Tensor], name: str, regularizer: str) -> Tensor:
    """Return what the task generates under this name; RecipeError where there is no such thing."""
    if name not in fakes:
        offered = ", ".join(f"'{known}'" for known in fakes)
        raise RecipeError(f"{regularizer} needs '{name}' among the tensors that the task generates; they are {offered}")
    return fakes[name]


def half_differences(values: Tensor, regularizer: str) -> Tensor:
    """Return |first half - second half| of a batch, each pair in a row; RecipeError for a batch of one."""
    half = len(values) // 2
    if half == 0:
        raise RecipeError(f"{regularizer} compares the halves of a batch; train.batch_size must be 2 or more")
    return (values[:half] - values[half : 2 * half]).abs().flatten(1)
