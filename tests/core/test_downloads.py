"""Files from the network: checked, continued, never half there."""

from __future__ import annotations

import hashlib
import http.server
import threading
import time

import numpy as np
import pytest

from ganzoo import DataError
from ganzoo.downloads import RemoteFile, fetch, take

RNG = np.random.default_rng(0)


def quiet(what, done, total):
    """Report to nobody."""


@pytest.fixture
def server(tmp_path):
    """Files over http on this machine, with ranges."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments): ...

        def do_GET(self):
            content = (tmp_path / "served" / self.path[1:]).read_bytes()
            start = int(self.headers.get("Range", "bytes=0-")[6:-1])
            self.server.starts.append(start)
            if start >= len(content):
                self.send_error(416)
                return
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            self.wfile.write(content[start : start + self.server.most])

    (tmp_path / "served").mkdir()
    found = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.starts, found.most = [], 10**9
    threading.Thread(target=found.serve_forever, daemon=True).start()
    yield found
    found.shutdown()
    found.server_close()


def remote(server, content, name="big.zip", *, size=True):
    url = f"http://127.0.0.1:{server.server_address[1]}/{name}"
    return RemoteFile(url=url, size=len(content) if size else None, checksum=hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize("size", [True, False], ids=["size published", "size unknown"])
def test_a_download_is_checked_and_an_interrupted_one_goes_on(tmp_path, server, size):
    content = RNG.bytes(5000)
    (tmp_path / "served" / "big.zip").write_bytes(content)
    server.most = 2000
    with pytest.raises(DataError, match="ended after 2000 of 5000 bytes"):
        fetch(remote(server, content, size=size), tmp_path / "there", quiet, remedy="")
    server.most = 10**9
    path = fetch(remote(server, content, size=size), tmp_path / "there", quiet, remedy="")
    assert path.read_bytes() == content
    assert server.starts == [0, 2000]
    assert [found.name for found in (tmp_path / "there").iterdir()] == ["big.zip"]


def test_a_file_with_another_checksum_is_refused_and_removed(tmp_path, server):
    content = RNG.bytes(100)
    (tmp_path / "served" / "big.zip").write_bytes(content[::-1])
    with pytest.raises(DataError, match="is not the published file"):
        fetch(remote(server, content), tmp_path / "there", quiet, remedy="")
    assert list((tmp_path / "there").iterdir()) == []


def test_a_server_that_cannot_be_reached_is_told_in_seconds_with_the_remedy(tmp_path):
    start = time.monotonic()
    file = RemoteFile(url="http://127.0.0.1:9/big.zip", size=1, checksum="")
    with pytest.raises(DataError, match=r"cannot be reached.*; take it from a friend"):
        fetch(file, tmp_path, quiet, remedy="take it from a friend")
    assert time.monotonic() - start < 5


def test_a_complete_part_of_a_file_of_unknown_size_is_not_asked_for_again(tmp_path, server):
    content = RNG.bytes(100)
    (tmp_path / "served" / "big.zip").write_bytes(content)
    (tmp_path / "big.zip.part").write_bytes(content)
    assert fetch(remote(server, content, size=False), tmp_path, quiet, remedy="").read_bytes() == content
    assert server.starts == [100]


def test_what_is_there_needs_no_network(tmp_path):
    content = RNG.bytes(100)
    (tmp_path / "big.zip").write_bytes(content)
    for size in (100, None):
        file = RemoteFile(url="http://127.0.0.1:9/big.zip", size=size, checksum=hashlib.sha256(content).hexdigest())
        assert fetch(file, tmp_path, quiet, remedy="") == tmp_path / "big.zip"


def test_a_file_that_was_fetched_elsewhere_is_checked_and_copied(tmp_path):
    content = RNG.bytes(100)
    file = RemoteFile(url="http://127.0.0.1:9/big.bin", checksum=hashlib.md5(content).hexdigest(), algorithm="md5")
    (tmp_path / "stick").mkdir()
    with pytest.raises(DataError, match=r"stick/big\.bin: there is no such file"):
        take(file, tmp_path / "stick", tmp_path / "there")
    (tmp_path / "stick" / "big.bin").write_bytes(content[::-1])
    with pytest.raises(DataError, match=f"is not the published file: its md5 is not {file.checksum}"):
        take(file, tmp_path / "stick", tmp_path / "there")
    (tmp_path / "stick" / "big.bin").write_bytes(content)
    assert take(file, tmp_path / "stick" / "big.bin", tmp_path / "there").read_bytes() == content
