"""What many tests need: a command line, and small photographs."""

from __future__ import annotations

import multiprocessing
import multiprocessing.util
import random
import signal
import sys
import threading
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import without_reports  # noqa: F401

from ganzoo import images
from ganzoo.cli import main
from ganzoo.proving.proof import PRELOADED

# tests that have a folder for temporary files of their own do not move the sockets of all later ones there
multiprocessing.util.get_temp_dir()
# commands in the background of a script ignore Ctrl-C, and so would every process that a test starts
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# new processes start from one that has imported everything, once
multiprocessing.get_context("forkserver").set_forkserver_preload(PRELOADED)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Seed the global generators from the test's name, so that its numbers are the same in every run and order."""
    seed = zlib.crc32(item.nodeid.encode())
    random.seed(seed)
    np.random.seed(seed)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


@pytest.fixture
def data_threads() -> Callable[[], list[threading.Thread]]:
    """Return the threads for data that this test started: others leave some behind on purpose, whose readers hang."""
    older = set(threading.enumerate())
    return lambda: [thread for thread in threading.enumerate() if thread.name == "ganzoo-data" and thread not in older]


class Finished:
    """How a command ended, and what it printed."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def ganzoo(capfd, monkeypatch) -> Callable[..., Finished]:
    """Run one `ganzoo` command in this process."""

    def run(*arguments: object) -> Finished:
        monkeypatch.setattr(sys, "argv", ["ganzoo", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        captured = capfd.readouterr()
        return Finished(int(end.value.code or 0), captured.out, captured.err)

    return run


@pytest.fixture
def photographs(tmp_path) -> Path:
    """A folder with eight smooth, coloured images of 40 x 48 pixels."""
    folder = tmp_path / "photographs"
    for index in range(8):
        rng = np.random.default_rng(index)
        coarse = rng.integers(0, 256, (5, 6, 3), dtype=np.uint8)
        images.write_image(folder / f"{index}.png", images.resize_bicubic(coarse, (40, 48)))
    return folder
