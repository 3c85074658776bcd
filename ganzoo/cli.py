"""The command `ganzoo`: finds the commands, and is the one place where a user's mistake becomes a message."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import click

from ganzoo import commands
from ganzoo.blame import explaining_memory
from ganzoo.commands._usage import KnownCommands, usage_text
from ganzoo.errors import ComponentError, GanzooError, RecipeError, Stopped, for_terminal

_INTERRUPTED = 130


class Commands(KnownCommands):
    """One command for each public module of `ganzoo.commands`, imported when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(
            module.name.replace("_", "-") for module in iter_modules(commands.__path__) if module.name[0] != "_"
        )

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        found: click.Command = import_module(f"ganzoo.commands.{cmd_name.replace('-', '_')}").command
        return found


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="keras-ganzoo", prog_name="ganzoo")
def cli() -> None:
    """Train, sample and measure GANs in which everything is a plugin.

    ganzoo run RECIPE trains; ganzoo list-recipes and ganzoo list-plugins show what there is.
    """


def main() -> None:
    """Run the command line; every exit code is stable and documented."""
    _open_closed_streams()
    code = _run()
    _close_output()
    sys.exit(code)


def _run() -> int:
    try:
        with explaining_memory("ganzoo", "make networks, batches or inputs smaller, or end other programs"):
            result: Any = cli(prog_name="ganzoo", standalone_mode=False)
    except Stopped as stopped:
        _print(str(stopped))
        return stopped.exit_code
    except GanzooError as error:
        _complain(error)
        return error.exit_code
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        _complain(usage_text(error))
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        _print("interrupted; what was saved before is intact")
        return _INTERRUPTED
    except BrokenPipeError:
        return 0
    return result if isinstance(result, int) else 0


def _complain(error: object) -> None:
    lines = str(error).splitlines() or ["unknown error"]
    if isinstance(error, RecipeError) and len(error.problems) > 1:
        lines = [f"{len(lines)} mistakes", *(f"  {line}" for line in lines)]
    if isinstance(error, ComponentError) and error.trace:
        lines += ["", *error.trace.splitlines()]
    _print("\n".join([f"error: {lines[0]}", *lines[1:]]))


def _print(message: str) -> None:
    with suppress(OSError, ValueError):
        encoding = sys.stderr.encoding or "ascii"
        text = for_terminal(message)
        print(text.encode(encoding, "replace").decode(encoding), file=sys.stderr)


def _open_closed_streams() -> None:
    """Lead closed standard streams nowhere: the next file opened would become one of them otherwise."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    for name, number in (("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "w", encoding="utf-8", closefd=False))


def _close_output() -> None:
    """Flush; a reader that has closed its end is not an error, also at interpreter exit."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
