"""`ganzoo env`: what this installation is and what it runs on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ganzoo.backend import require_torch_backend

if TYPE_CHECKING:
    from ganzoo.zoo import Zoo


@click.command(name="env")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(as_json: bool) -> None:
    """Describe this environment, for an issue report.

    Versions, device, threads, disk and plugins; it names no user, host or folder.
    """
    require_torch_backend()
    from ganzoo.commands._terminal import say
    from ganzoo.zoo import load_zoo

    found = report(load_zoo())
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        say("\n".join(lines(found)))


def report(zoo: Zoo) -> dict[str, Any]:
    """Return the whole report, JSON throughout."""
    import keras
    import torch

    from ganzoo.runs.environment import environment

    fingerprint = environment()
    return {
        **{key: value for key, value in fingerprint.items() if key != "plugins"},
        "backend": keras.config.backend(),
        "cuda": {"available": torch.cuda.is_available(), "built_for": torch.version.cuda, "devices": _devices()},
        "memory": memory(),
        "disk": disk(),
        "plugins": {
            plugin.name: plugin.error or ("disabled" if plugin.disabled else f"{plugin.distribution} {plugin.version}")
            for plugin in zoo.plugins
        },
    }


def memory() -> str:
    """Return the machine's memory."""
    import os

    try:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.1f} GiB"
    except (AttributeError, ValueError, OSError):
        return "unknown"


def disk() -> str:
    """Return the free space in the folder of runs."""
    import shutil

    usage = shutil.disk_usage(Path())
    return f"{usage.free / 2**30:.1f} of {usage.total / 2**30:.1f} GiB free here"


def lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield a report as text, one aligned line for each value."""
    flat = list(_flat(found))
    width = max(len(key) for key, _ in flat)
    for key, value in flat:
        yield f"{key:{width}}  {value}"


def _flat(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _flat(part, f"{key}.{name}" if key else name)
    elif isinstance(value, list):
        yield key, ", ".join(map(str, value)) or "(none)"
    else:
        yield key, value


def _devices() -> list[str]:
    import torch

    found = [torch.cuda.get_device_properties(index) for index in range(torch.cuda.device_count())]
    return [f"{device.name} ({device.total_memory / 2**30:.1f} GiB)" for device in found]
