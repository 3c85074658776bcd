"""Finds what plugins have replaced in keras, torch and numpy when they were imported.

This sees functions and classes of a plugin where those of a library belong, and methods set to None. It is a diagnosis,
not a protection: a plugin owns the process.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import FunctionType
from typing import Any

_MODULES = (
    "torch",
    "torch.nn",
    "torch.nn.functional",
    "torch.autograd",
    "keras",
    "keras.ops",
    "keras.layers",
    "keras.random",
    "numpy",
    "numpy.random",
)
_CLASSES = (("torch", "Tensor"), ("keras", "Model"), ("keras", "Layer"))


def replaced(package: str) -> list[str]:
    """Return the public attributes of libraries that lead into a package, by dotted name."""
    return [name for name, value in _attributes(_modules() | _classes()) if _package_of(value) == package]


def emptied() -> set[str]:
    """Return the public attributes of the libraries' classes that are None: no class has one by itself."""
    return {name for name, value in _attributes(_classes()) if value is None}


def _modules() -> dict[str, Any]:
    return {name: sys.modules[name] for name in _MODULES if name in sys.modules}


def _classes() -> dict[str, Any]:
    found = {f"{module}.{name}": vars(sys.modules[module]).get(name) for module, name in _CLASSES if _is_loaded(module)}
    return {name: cls for name, cls in found.items() if isinstance(cls, type)}


def _is_loaded(module: str) -> bool:
    return module in sys.modules


def _attributes(owners: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for owner, holder in owners.items():
        for name, value in list(vars(holder).items()):
            if name[0] != "_":
                yield f"{owner}.{name}", value


def _package_of(value: Any) -> str:
    """Return the top package of the code behind a value; functools.wraps does not hide it."""
    if isinstance(value, FunctionType):
        module = value.__globals__.get("__name__")
    else:
        module = (value if isinstance(value, type) else type(value)).__module__
    return module.partition(".")[0] if isinstance(module, str) else ""
