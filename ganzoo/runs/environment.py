"""The environment on which the bits of a result depend: versions, code, device, threads."""

from __future__ import annotations

import hashlib
import inspect
import os
import platform
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import FunctionType
from typing import Any

import ganzoo
from ganzoo.contracts.component import Component

PACKAGES = ("keras", "torch", "numpy", "pillow", "h5py", "tensorflow-datasets", "torchmetrics")
#: Each of these changes which kernels compute, and so the last bits.
_VARIABLES = (
    "ATEN_CPU_CAPABILITY",
    "MKL_CBWR",
    "MKL_ENABLE_INSTRUCTIONS",
    "ONEDNN_MAX_CPU_ISA",
    "CUBLAS_WORKSPACE_CONFIG",
)
#: What `dataclass` writes as texts without a file; fields and defaults are in the recipe.
_BY_DATACLASS = ("__init__", "__repr__", "__eq__", "__hash__", "__setattr__", "__delattr__")
#: Parts of the core that decide no weight.
_INDECISIVE = ("api", "commands", "cli.py", "testing", "pytest_plugin.py", "__main__.py")


def environment(plugins: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the fingerprint of this environment, JSON throughout; `plugins` as `describe_plugins` returns them."""
    import torch

    gpu = _gpu() if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else None
    return {
        "ganzoo": {"version": ganzoo.__version__, "code": _code(Path(ganzoo.__file__), _INDECISIVE)},
        "plugins": dict(plugins or {}),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()} {' '.join(platform.libc_ver())}".strip(),
        "packages": {name: installed(name) for name in PACKAGES},
        "device": gpu or "cpu",
        "cpu": cpu_name(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "variables": {name: os.environ[name] for name in _VARIABLES if name in os.environ},
    }


def describe_plugins(plugins: Iterable[Any], used: Collection[type[Component]]) -> dict[str, Any]:
    """Return distribution, version and code of each plugin that was imported, and whether a class of it is in use."""
    classes = set(used)
    return {
        plugin.name: {
            "distribution": plugin.distribution,
            "version": plugin.version,
            "code": _plugin_code(plugin.module) if plugin.module else _codes(classes & offered_by(plugin)),
            "used": bool(classes & offered_by(plugin)),
        }
        for plugin in plugins
        if not plugin.disabled
    }


def offered_by(plugin: Any) -> set[type[Component]]:
    """Return the component classes of a plugin."""
    return {cls for offered in plugin.components.values() for cls in offered.values()}


def plugins_in_use(environment: Mapping[str, Any]) -> dict[str, Any]:
    """Return an environment with only those plugins whose components the recipe uses: others decide no result."""
    plugins = environment.get("plugins", {})
    return {**environment, "plugins": {name: plugin for name, plugin in plugins.items() if plugin.get("used", True)}}


def differences(old: Any, new: Any) -> Iterator[str]:
    """Yield one line for each key whose value changed."""
    before, after = dict(_flat(old)), dict(_flat(new))
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key):
            yield f"{key}: {before.get(key, '(absent)')} -> {after.get(key, '(absent)')}"


def installed(package: str) -> str | None:
    """Return the version of an installed distribution, None when it is absent."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


@cache
def cpu_name() -> str:
    """Return what the processor calls itself."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor()


def _gpu() -> dict[str, Any]:
    import torch

    return {
        "name": torch.cuda.get_device_name(),
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version(),  # type: ignore[no-untyped-call]
        "tf32": torch.get_float32_matmul_precision(),
    }


def _plugin_code(module: str) -> str | None:
    found = sys.modules.get(module.partition(":")[0])
    file = getattr(found, "__file__", None)
    return _code(Path(file), ()) if file else None


def _codes(classes: Iterable[type[Component]]) -> dict[str, str | None]:
    """Return a hash of the source of each class that was given from Python, None where no source is known."""
    return {cls.__qualname__: _class_code(cls) for cls in sorted(classes, key=lambda cls: cls.__qualname__)}


def _class_code(cls: type[Component]) -> str | None:
    """Return a hash of the functions that a class defines or inherits from outside of ganzoo.

    Function by function: of a class in a notebook, Python does not know where its text is.
    """
    own = [base for base in cls.__mro__ if base is not object and base.__module__.partition(".")[0] != "ganzoo"]
    written = [function for base in own for function in map(_function, vars(base).values()) if function is not None]
    try:
        texts = [inspect.getsource(function) for function in written]
    except (OSError, TypeError):
        return None
    return hashlib.sha256("".join(texts).encode()).hexdigest()[:16]


def _function(member: Any) -> FunctionType | None:
    """Return the function in a member of a class; None where there is none, or `dataclass` wrote it."""
    found = getattr(member, "__func__", None) or getattr(member, "fget", None) or member
    if not isinstance(found, FunctionType):
        return None
    return None if found.__code__.co_filename == "<string>" and found.__name__ in _BY_DATACLASS else found


@cache
def _code(file: Path, without: tuple[str, ...]) -> str:
    """Return a hash of a module's source, or of a whole package's when `file` is its `__init__.py`."""
    paths = sorted(file.parent.rglob("*.py")) if file.name == "__init__.py" else [file]
    digest = hashlib.sha256()
    for path in paths:
        name = path.relative_to(file.parent).as_posix()
        if name.partition("/")[0] not in without:
            digest.update(f"{name}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _flat(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _flat(part, f"{key}.{name}" if key else name)
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            yield from _flat(part, f"{key}.{index}")
    else:
        yield key, value
