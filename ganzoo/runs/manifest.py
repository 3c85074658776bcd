"""What a run must say about itself so that another person can judge and repeat it."""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Iterable
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import ganzoo
from ganzoo.contracts.dataset import Source

_PACKAGES = ("keras", "torch", "numpy", "pillow", "tensorflow-datasets", "torchmetrics")


def describe_run(*, name: str, digest: str, seed: int, source: Source, plugins: Iterable[Any]) -> dict[str, Any]:
    """Return the manifest of a run that begins now."""
    return {
        "ganzoo": ganzoo.__version__,
        "name": name,
        "status": "running",
        "seed": seed,
        "recipe_sha256": digest,
        "environment": environment(),
        "plugins": [
            {"name": plugin.name, "distribution": plugin.distribution, "version": plugin.version} for plugin in plugins
        ],
        "data": describe_data(source),
    }


def describe_data(source: Source) -> dict[str, Any]:
    """Return size, fields and fingerprint of the data."""
    fields = {name: {**asdict(field), "shape": list(field.shape)} for name, field in source.fields.items()}
    return {
        "examples": len(source),
        "fields": fields,
        "fingerprint": hashlib.sha256(source.fingerprint().encode()).hexdigest(),
        "skipped": list(getattr(source, "skipped", ())),
    }


def environment() -> dict[str, Any]:
    """Return what bits depend on: versions, device, threads."""
    import torch

    cuda = torch.cuda.is_available()
    return {
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "device": torch.cuda.get_device_name() if cuda else "cpu",
        "threads": torch.get_num_threads(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
