"""Conditions of the checks, with messages that name the class of the component."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from ganzoo.errors import GanzooError

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Tensor


def demand(condition: bool, cls: type[Any], message: str) -> None:
    """AssertionError naming the class when the condition does not hold."""
    if not condition:
        raise AssertionError(f"{cls.__module__}.{cls.__qualname__}: {message}")


@contextmanager
def explained(cls: type[Any], what: str = "") -> Iterator[None]:
    """Turn every error inside this block into an AssertionError that names the class and the cause."""
    try:
        yield
    except AssertionError:
        raise
    except (Exception, SystemExit) as error:
        cause = str(error) if isinstance(error, GanzooError) else f"{type(error).__name__}: {error}"
        text = f"{what}: {cause}" if what else cause
        raise AssertionError(f"{cls.__module__}.{cls.__qualname__}: {text}") from error


def demand_scalar(cls: type[Any], what: str, value: Any) -> None:
    """Ask for a finite scalar tensor."""
    import torch

    demand(isinstance(value, torch.Tensor), cls, f"{what} must be a tensor, not {type(value).__name__}")
    demand(value.ndim == 0, cls, f"{what} must be a scalar, not of shape {tuple(value.shape)}")
    demand(bool(torch.isfinite(value)), cls, f"{what} must be finite, not {value}")


def demand_gradient(cls: type[Any], what: str, value: Tensor, inputs: Sequence[Tensor]) -> None:
    """Ask for a finite gradient with respect to at least one of the inputs."""
    import torch

    demand(value.requires_grad, cls, f"{what} must let the gradient through")
    gradients = torch.autograd.grad(value, list(inputs), allow_unused=True, retain_graph=True)
    found = [gradient for gradient in gradients if gradient is not None]
    demand(bool(found), cls, f"{what} must depend on what it is given")
    demand(all(bool(torch.isfinite(gradient).all()) for gradient in found), cls, f"{what} must have a finite gradient")


@contextmanager
def left_as_they_are(cls: type[Any], what: str, arrays: Any) -> Iterator[None]:
    """Ask that nothing inside this block changes these arrays or tensors."""
    before = copies(arrays)
    yield
    demand(same(before, arrays), cls, f"{what} must not change its inputs in place")


def copies(value: Any) -> Any:
    """Copy arrays and tensors, in mappings and lists too."""
    if isinstance(value, Mapping):
        return {name: copies(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [copies(part) for part in value]
    return value.detach().clone() if hasattr(value, "detach") else copy.deepcopy(value)


def same(one: Any, other: Any) -> bool:
    """Return whether arrays, tensors and what else there is are equal, in mappings and lists too."""
    return first_difference(one, other) is None


def first_difference(one: Any, other: Any, name: str = "value") -> str | None:
    """Return the name of the first part in which two values differ, if any."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        if one.keys() != other.keys():
            return f"{name}: {sorted(one)} and {sorted(other)}"
        found = (first_difference(one[key], other[key], str(key)) for key in one)
        return next((text for text in found if text is not None), None)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        if len(one) != len(other):
            return name
        found = (first_difference(*pair, name) for pair in zip(one, other, strict=True))
        return next((text for text in found if text is not None), None)
    return None if _equal(_plain(one), _plain(other)) else name


def _plain(value: Any) -> Any:
    return value.detach().cpu().numpy() if hasattr(value, "detach") else value


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray | np.generic) or isinstance(other, np.ndarray | np.generic):
        mine, theirs = np.asarray(one), np.asarray(other)
        floats = mine.dtype.kind == "f" and theirs.dtype.kind == "f"
        return mine.dtype == theirs.dtype and bool(np.array_equal(mine, theirs, equal_nan=floats))
    return bool(one == other)
