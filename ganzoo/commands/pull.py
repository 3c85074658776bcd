"""`ganzoo pull`: add a pretrained generator."""

from __future__ import annotations

import re
import tempfile
from dataclasses import replace
from pathlib import Path

import click

from ganzoo import downloads, pretrained
from ganzoo.backend import require_torch_backend

_LARGEST = 1 << 30
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,63}", re.ASCII)
_REMEDY = "fetch the file elsewhere, then run: ganzoo pull PATH"


@click.command(name="pull")
@click.argument("source", metavar="URL|PATH")
@click.option("--sha256", metavar="HEX", help="Refuse a file with another checksum; needed for http://.")
@click.option("--overwrite", is_flag=True, help="Replace a generator of this name that was pulled before.")
def command(source: str, sha256: str | None, overwrite: bool) -> None:
    """Add a pretrained generator from a URL or a file.

    The file is one of ganzoo export --to safetensors, and its name becomes that of the generator: ganzoo enlarge NAME
    PHOTO. It holds arrays and a configuration of known layers, so nothing in it can run code; anything else is refused.
    """
    require_torch_backend()
    from ganzoo.commands._terminal import say

    target = _target(source, overwrite=overwrite)
    remote = downloads.RemoteFile(url=source, checksum=sha256 and sha256.lower(), largest=_LARGEST)
    with tempfile.TemporaryDirectory() as folder:
        file = _fetched(remote, Path(folder)) if _is_url(source) else _copied(remote, Path(folder))
        scale = _check(file, source)
        downloads.take(downloads.RemoteFile(url=target.name, checksum=None), file, target.parent)
    name = target.name.removesuffix(pretrained.SUFFIX)
    say(f"{name} enlarges by {scale}; it is in {target}\nuse it with: ganzoo enlarge {name} PHOTO")


def _is_url(source: str) -> bool:
    return source.startswith(("https://", "http://"))


def _target(source: str, *, overwrite: bool) -> Path:
    """Return where the file will be kept; RecipeError for a name that cannot be one."""
    from ganzoo.bundled import bundled_files
    from ganzoo.errors import RecipeError

    file = source.rpartition("/")[2] if _is_url(source) else Path(source).name
    name = file.removesuffix(pretrained.SUFFIX)
    if name == file or not _NAME.fullmatch(name):
        raise RecipeError(
            f"{source}: expected a file called NAME{pretrained.SUFFIX}, the name of letters, digits, '.', '_' and '-'"
        )
    if name in bundled_files("pretrained", pretrained.SUFFIX):
        raise RecipeError(f"{source}: '{name}' comes with ganzoo; give the file another name")
    target = pretrained.pulled_folder() / file
    if target.exists() and not overwrite:
        raise RecipeError(f"{source}: '{name}' is there already ({target}); replace it with --overwrite")
    return target


def _fetched(remote: downloads.RemoteFile, folder: Path) -> Path:
    from ganzoo.commands.data import Reporter
    from ganzoo.errors import RecipeError

    if remote.url.startswith("http://") and remote.checksum is None:
        raise RecipeError(
            f"{remote.url}: anybody on the way can change what http:// sends; give its --sha256, or https://"
        )
    reporter = Reporter()
    try:
        return downloads.fetch(remote, folder, reporter, remedy=_REMEDY)
    finally:
        reporter.close()


def _copied(remote: downloads.RemoteFile, folder: Path) -> Path:
    """Return a copy of a local file, so that what was checked is what is kept."""
    from ganzoo.errors import DataError

    file = Path(remote.url)
    if not file.is_file():
        raise DataError(f"{file}: there is no such file; expected a URL or a file")
    if file.stat().st_size > remote.largest:
        raise DataError(f"{file}: has {file.stat().st_size} bytes; at most {remote.largest} are taken")
    return downloads.take(replace(remote, url=file.name), file, folder)


def _check(file: Path, source: str) -> int:
    """Return the scale of a file's network; CheckpointError, naming the source, for anything else."""
    from ganzoo.errors import CheckpointError
    from ganzoo.training.exported import load_exported, read_facts, scale_of
    from ganzoo.zoo import load_zoo

    try:
        read_facts(file)
        return scale_of(load_exported(file, load_zoo().packages), file)
    except CheckpointError as error:
        raise CheckpointError(str(error).replace(str(file), source)) from error
