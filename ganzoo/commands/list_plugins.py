"""`ganzoo list-plugins`: what is installed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from ganzoo.backend import require_torch_backend

if TYPE_CHECKING:
    from ganzoo.zoo import Plugin


@click.command(name="list-plugins")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(as_json: bool) -> None:
    """List the installed plugins and their components.

    A broken plugin is shown with the cause.
    """
    require_torch_backend()
    from ganzoo.commands._notices import tell
    from ganzoo.zoo import load_zoo

    zoo = load_zoo()
    plugins = zoo.plugins
    tell(zoo)
    if as_json:
        click.echo(json.dumps([record(plugin) for plugin in plugins], indent=2))
        return
    for plugin in plugins:
        show(plugin)


def record(plugin: Plugin) -> dict[str, Any]:
    """Return one plugin as data."""
    return {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "module": plugin.module,
        "status": status(plugin),
        "error": plugin.error,
        "import_seconds": round(plugin.seconds, 3),
        "changes": plugin.changes,
        "components": {
            kind: {name: summary(cls) for name, cls in offered.items()} for kind, offered in plugin.components.items()
        },
    }


def status(plugin: Plugin) -> str:
    """Return ok, broken or disabled."""
    return "disabled" if plugin.disabled else "broken" if plugin.error else "ok"


def summary(cls: type[Any]) -> str:
    """Return the first line of a component's docstring."""
    return (cls.__doc__ or "").strip().partition("\n")[0]


def show(plugin: Plugin) -> None:
    """Print one plugin and, below it, its components by kind."""
    from rich.table import Table
    from rich.text import Text

    from ganzoo.commands._terminal import console
    from ganzoo.zoo import SLOW_SECONDS

    output = console()
    slow = f", {plugin.seconds:.1f} s to import" if plugin.seconds > SLOW_SECONDS else ""
    origin = Text(f"{plugin.distribution} {plugin.version}{slow}", style="dim")
    output.print(Text(f"{plugin.name}  ", style="bold") + origin)
    if plugin.disabled:
        output.print(Text("  disabled by GANZOO_DISABLE_PLUGINS", style="yellow"))
    if plugin.error:
        output.print(Text(f"  broken: {plugin.error}", style="red"))
    if not (plugin.disabled or plugin.error or any(plugin.components.values())):
        output.print(Text("  offers nothing", style="yellow"))
    if plugin.changes:
        output.print(Text(f"  changes {', '.join(plugin.changes)}", style="red"))
    names = Table.grid(padding=(0, 2, 0, 0))
    names.add_column(no_wrap=True, min_width=14)
    names.add_column(no_wrap=True)
    names.add_column()
    for kind, offered in plugin.components.items():
        for name, cls in sorted(offered.items()):
            names.add_row(Text(f"  {kind}"), Text(name), Text(summary(cls)))
    output.print(names)
