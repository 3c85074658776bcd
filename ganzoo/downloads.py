"""Large files from the network or from a folder: checked, resumable, never in place half written.

A plugin states a file as `RemoteFile` and calls `fetch` in `Preparable.prepare_files`; a run itself downloads nothing.
"""

from __future__ import annotations

import hashlib
import http.client
import shutil
import socket
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from ganzoo.contracts.preparable import Report
from ganzoo.errors import DataError

__all__ = ["RemoteFile", "fetch", "require_network", "take"]

#: Seconds until a host counts as unreachable.
_PATIENCE = 3.0
_CHUNK = 1 << 20
_RANGE_NOT_SATISFIABLE = 416


@dataclass(frozen=True, kw_only=True)
class RemoteFile:
    """A file on a server and its published checksum; `size` in bytes where it is published too.

    A file without a checksum is taken as it comes. No more than `largest` bytes are ever fetched.
    """

    url: str
    checksum: str | None
    algorithm: Literal["sha256", "md5"] = "sha256"
    size: int | None = None
    largest: int = 1 << 40

    @property
    def name(self) -> str:
        """Return the file name, the last part of the URL."""
        return self.url.rpartition("/")[2]

    def matches(self, path: Path) -> bool:
        """Return whether the file at `path` has the published size and checksum."""
        if self.size not in (None, path.stat().st_size):
            return False
        return self.checksum is None or self.checksum == self.checksum_of(path)

    def checksum_of(self, path: Path) -> str:
        """Return the checksum of the file at `path`."""
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.new(self.algorithm, usedforsecurity=False)).hexdigest()


def require_network(host: str, remedy: str, port: int = 443) -> None:
    """Raise DataError with the remedy, within seconds, when the host cannot be reached."""
    try:
        socket.create_connection((host, port), timeout=_PATIENCE).close()
    except OSError as error:
        raise DataError(f"{host} cannot be reached ({error}); {remedy}") from error


def fetch(remote: RemoteFile, folder: Path, report: Report, *, remedy: str) -> Path:
    """Return the file in `folder`; download it, or the rest of it, when it is not there.

    A file of the published size is taken as it is (its checksum was verified when it came); where no size is published
    the checksum decides. An interrupted download stays as NAME.part and is continued by the next call. DataError with
    `remedy` when the host cannot be reached, and when what arrives does not match, which is then removed.
    """
    target = folder / remote.name
    if target.is_file() and (target.stat().st_size == remote.size if remote.size else remote.matches(target)):
        return target
    parts = urlsplit(remote.url)
    require_network(parts.hostname or "", remedy, parts.port or (443 if parts.scheme == "https" else 80))
    part = folder / f"{remote.name}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _download(remote, part, report)
    except (OSError, http.client.HTTPException) as error:
        raise DataError(f"{remote.url}: {error}; the same command continues where it stopped, or {remedy}") from error
    if not remote.matches(part):
        found = remote.checksum_of(part)
        part.unlink()
        raise DataError(f"{remote.url}: is not the published file (its {remote.algorithm} is {found}); it was removed")
    part.replace(target)
    return target


def take(remote: RemoteFile, origin: Path, folder: Path) -> Path:
    """Copy the file from `origin` (it, or the folder that holds it) to `folder`; DataError when it does not match."""
    file = origin / remote.name if origin.is_dir() else origin
    if not file.is_file():
        raise DataError(f"{file}: there is no such file")
    if not remote.matches(file):
        raise DataError(f"{file}: is not the published file: its {remote.algorithm} is not {remote.checksum}")
    target, part = folder / remote.name, folder / f"{remote.name}.part"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, part)
    part.replace(target)
    return target


def _download(remote: RemoteFile, part: Path, report: Report) -> None:
    """Append what is missing to `part`; DataError when the server stops early."""
    done = part.stat().st_size if part.exists() else 0
    if remote.size is not None and done >= remote.size:
        return
    request = urllib.request.Request(remote.url, headers={"Range": f"bytes={done}-"} if done else {})  # noqa: S310
    try:
        answer = urllib.request.urlopen(request, timeout=60)  # noqa: S310 -- the URL is written in a plugin
    except urllib.error.HTTPError as error:
        if done and error.code == _RANGE_NOT_SATISFIABLE:  # nothing is missing
            return
        raise
    with answer:
        continued = answer.status == http.client.PARTIAL_CONTENT
        done = done if continued else 0
        length = answer.headers.get("Content-Length", "")
        size = remote.size or (done + int(length) if length.isdigit() else None)
        if (size or 0) > remote.largest:
            raise DataError(f"{remote.url}: has {size} bytes; at most {remote.largest} are fetched")
        with part.open("ab" if continued else "wb") as file:
            most = size or remote.largest
            done = _copy(answer.read, file.write, done, most, lambda done: report(remote.name, done, size))
    if done > remote.largest:
        raise DataError(f"{remote.url}: has more than {remote.largest} bytes, which is the most that is fetched")
    if size is not None and done < size:
        raise DataError(f"{remote.url}: ended after {done} of {size} bytes; the same command continues there")


def _copy(
    read: Callable[[int], bytes],
    write: Callable[[bytes], object],
    done: int,
    most: int,
    progress: Callable[[int], None],
) -> int:
    """Copy until the end, or until there is more than there should be; return how many bytes there are then."""
    while chunk := read(_CHUNK):
        write(chunk)
        done += len(chunk)
        progress(done)
        if done > most:
            break
    return done
