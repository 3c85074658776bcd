"""Large files over https: checked, resumable, never half there."""

from __future__ import annotations

import hashlib
import http.client
import socket
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ganzoo import DataError, Report

_PATIENCE = 3.0
_CHUNK = 1 << 20


@dataclass(frozen=True)
class RemoteFile:
    """A file on a server, and what it must turn out to be."""

    url: str
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """Its file name."""
        return self.url.rpartition("/")[2]


def require_network(host: str, remedy: str, port: int = 443) -> None:
    """Raise DataError with the remedy, within seconds, when the host cannot be reached."""
    try:
        socket.create_connection((host, port), timeout=_PATIENCE).close()
    except OSError as error:
        raise DataError(f"{host} cannot be reached ({error}); {remedy}") from error


def fetch(remote: RemoteFile, folder: Path, report: Report, remedy: str) -> Path:
    """Return the file in `folder`, downloading what is missing of it; DataError when it is not what it must be.

    A part that is there already is kept and continued. What fails its checksum is removed.
    """
    target = folder / remote.name
    if target.is_file() and target.stat().st_size == remote.size:
        return target
    parts = urlsplit(remote.url)
    require_network(parts.hostname or "", remedy, parts.port or (443 if parts.scheme == "https" else 80))
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{remote.name}.part"
    try:
        _continue(remote, part, report)
    except (OSError, http.client.HTTPException) as error:
        raise DataError(f"{remote.url}: {error}; the same command continues where it stopped, or {remedy}") from error
    _verify(remote, part)
    part.replace(target)
    return target


def _continue(remote: RemoteFile, part: Path, report: Report) -> None:
    done = part.stat().st_size if part.exists() else 0
    if done >= remote.size:
        return
    request = urllib.request.Request(remote.url, headers={"Range": f"bytes={done}-"} if done else {})  # noqa: S310
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 -- the table of URLs is https, tests are local
        continued = answer.status == 206
        done = done if continued else 0
        with part.open("ab" if continued else "wb") as file:
            while chunk := answer.read(_CHUNK):
                file.write(chunk)
                done += len(chunk)
                report(remote.name, done, remote.size)
                if done > remote.size:
                    break


def _verify(remote: RemoteFile, part: Path) -> None:
    size = part.stat().st_size
    if size < remote.size:
        raise DataError(f"{remote.url}: ended after {size} of {remote.size} bytes; the same command continues there")
    digest = hashlib.sha256()
    with part.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    if size != remote.size or digest.hexdigest() != remote.sha256:
        part.unlink()
        raise DataError(f"{remote.url}: is not the published file (its sha256 is {digest.hexdigest()}); it was removed")
