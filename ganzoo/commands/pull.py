"""`ganzoo pull`: add a pretrained generator."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

import click

from ganzoo import pretrained
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
    with tempfile.TemporaryDirectory() as folder:
        file = _fetched(source, sha256, Path(folder)) if _is_url(source) else _copied(source, sha256, Path(folder))
        scale = _check(file, source)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{target.name}.part")
        shutil.copyfile(file, part)
        part.replace(target)
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


def _fetched(source: str, sha256: str | None, folder: Path) -> Path:
    from ganzoo import downloads
    from ganzoo.commands.data import Reporter
    from ganzoo.errors import RecipeError

    if source.startswith("http://") and sha256 is None:
        raise RecipeError(f"{source}: anybody on the way can change what http:// sends; give its --sha256, or https://")
    reporter = Reporter()
    try:
        checksum = None if sha256 is None else sha256.lower()
        remote = downloads.RemoteFile(url=source, checksum=checksum, largest=_LARGEST)
        return downloads.fetch(remote, folder, reporter, remedy=_REMEDY)
    finally:
        reporter.close()


def _copied(source: str, sha256: str | None, folder: Path) -> Path:
    """Return a copy of a local file, so that what was checked is what is kept."""
    from ganzoo import downloads
    from ganzoo.errors import DataError

    file = Path(source)
    if not file.is_file():
        raise DataError(f"{source}: there is no such file; expected a URL or a file")
    if file.stat().st_size > _LARGEST:
        raise DataError(f"{source}: has {file.stat().st_size} bytes; at most {_LARGEST} are taken")
    checksum = None if sha256 is None else sha256.lower()
    return downloads.take(downloads.RemoteFile(url=file.name, checksum=checksum), file, folder)


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
