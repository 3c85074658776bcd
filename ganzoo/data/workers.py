"""Processes that make every n-th batch each, and send them through their own sockets.

Worker k of n makes the batches of steps first + k, first + k + n, ... and needs nothing else: a batch is a function
of its step. The main process holds one end of each socket; when it dies or closes it, the worker ends at once, wherever
it is. A worker that dies closes the other end, which the main process notices at once.
"""

from __future__ import annotations

import multiprocessing.util
import os
import signal
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import ForkingPickler
from typing import Any

import numpy as np

from ganzoo.blame import blaming, one_line
from ganzoo.contracts.tensor import Array
from ganzoo.data.batches import NOTHING, StepBatches
from ganzoo.errors import ComponentError, GanzooError, ResourceError

#: A killed process is gone at once, unless the system is in trouble; then nobody waits for it.
_PATIENCE = 5.0
_REMEDY = (
    "if memory does not suffice, lower train.workers or train.batch_size; train.workers=0 reads data without processes"
)

#: The path of a socket has at most 107 bytes (103 on macOS), of which multiprocessing's own part needs 32.
_LONGEST_FOLDER = 70
#: Where it goes otherwise: multiprocessing makes a private folder there.
_SHORT_FOLDERS = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108

#: Windows has no server to fork from, and no sockets that are read like files.
ARE_POSSIBLE = "forkserver" in get_all_start_methods() and hasattr(os, "readv")

#: A batch, and the seconds that it took to make it.
Made = tuple[dict[str, Array], float]


class Workers:
    """Makes the batches of steps `first` ... `last - 1` in worker processes; iterating receives them in order.

    ResourceError naming the worker and its example when one dies; an exception of a worker is raised here. Processes
    are never forked from this one: a fork after an array_record read crashes.
    """

    def __init__(self, batches: StepBatches, first: int, last: int, count: int) -> None:
        self._batches = batches
        self._steps = range(first, last)
        self._awaited = 0
        self._workers: list[_Worker] = []
        try:
            for number in range(count):
                self._workers.append(_Worker(number, range(first + number, last, count)))
        except (OSError, EOFError) as error:
            self.stop()
            raise ResourceError(
                f"worker processes for data cannot be started ({one_line(error)}); {_REMEDY}"
            ) from error

    def __iter__(self) -> Iterator[Made]:
        payload = self._packed()
        for worker in self._workers:
            try:
                worker.connection.send_bytes(payload)
            except OSError as error:
                raise self._lost(worker) from error
        for place in range(len(self._steps)):
            self._awaited = place % len(self._workers)
            yield self._received(self._workers[self._awaited])

    def doing(self) -> tuple[int, ...]:
        """Return the worker that is waited for, and its progress: step, stream and example."""
        return (self._awaited, *self._workers[self._awaited].progress)

    def described(self) -> str:
        """Return the worker that is waited for, for a message."""
        return self._described(self._workers[self._awaited])

    def stop(self) -> None:
        """End all processes."""
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.process.join(_PATIENCE)

    def _packed(self) -> Any:
        part = self._batches.shared_among(len(self._workers))
        try:
            return ForkingPickler.dumps(part)
        except Exception:
            for stream in part.streams:
                with blaming(stream.source, f"{stream.what}, whose source must survive pickling,"):
                    ForkingPickler.dumps(stream.source)
            raise

    def _received(self, worker: _Worker) -> Made:
        try:
            ready = wait([worker.connection, *(other.process.sentinel for other in self._workers)])
            # none ends by itself; a dead one is reported even if its socket still holds batches
            for dead in (other for other in self._workers if other.process.sentinel in ready):
                worker = dead
                raise EOFError
            header = worker.connection.recv()
            if isinstance(header, GanzooError):
                raise header
            layout, seconds = header
            with_room = {name: np.empty(shape, dtype) for name, (shape, dtype) in layout.items()}
            for array in with_room.values():
                _read_into(worker.connection.fileno(), array)
        except (OSError, EOFError) as error:
            raise self._lost(worker) from error
        return with_room, seconds

    def _lost(self, worker: _Worker) -> ResourceError:
        worker.process.join(_PATIENCE)
        return ResourceError(
            f"{self._described(worker)} {_end(worker.process.exitcode)} while it {self._work_of(worker)}; {_REMEDY}"
        )

    def _described(self, worker: _Worker) -> str:
        return f"worker process {worker.number + 1} of {len(self._workers)} for data (pid {worker.process.pid})"

    def _work_of(self, worker: _Worker) -> str:
        step, stream, index = worker.progress
        if (name := self._batches.reading(stream, index)) is not None:
            return f"read {name} for step {step + 1}"
        return "started" if step == NOTHING else f"handed over the batch of step {step + 1}"


class _Worker:
    """One process, as the main process sees it."""

    def __init__(self, number: int, steps: range) -> None:
        make_socket_folder()
        context = get_context("forkserver")
        self.number = number
        #: Shared memory: see `StepBatches.progress`.
        self.progress: Any = context.RawArray("q", [NOTHING, NOTHING, NOTHING])
        self.connection, other = context.Pipe()
        self.process = context.Process(
            target=_work, args=(other, self.progress, steps), name=f"ganzoo-data-{number}", daemon=True
        )
        self.process.start()
        other.close()


def make_socket_folder() -> None:
    """Let multiprocessing make its sockets where their paths are short enough; it keeps one folder for all of them."""
    usual = tempfile.tempdir
    if len(os.fsencode(tempfile.gettempdir())) > _LONGEST_FOLDER:
        short = (folder for folder in _SHORT_FOLDERS if os.access(folder, os.W_OK | os.X_OK))
        tempfile.tempdir = next(short, tempfile.tempdir)
    try:
        multiprocessing.util.get_temp_dir()
    finally:
        tempfile.tempdir = usual


def _end(code: int | None) -> str:
    if code is None:
        return "closed its connection"
    if code >= 0:
        return f"ended with code {code}"
    return f"was killed by {signal.Signals(-code).name}"


# -- in the worker process ---------------------------------------------------------------------------------------------


def _work(connection: Connection, progress: Any, steps: range) -> None:
    """Make the batches of these steps, and stay until the main process closes the connection."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the main process, which finishes its step first
    os.environ["OMP_NUM_THREADS"] = "1"  # processes share the cores already
    try:
        payload = connection.recv_bytes()
        threading.Thread(target=_end_with, args=(connection.fileno(),), daemon=True).start()
        try:
            batches: StepBatches = ForkingPickler.loads(payload)
            batches.progress = progress
            for number in steps:
                _hand_over(connection, batches, number)
        except GanzooError as error:
            connection.send(error)
        except OSError:
            raise
        except Exception as error:
            trace = "".join(traceback.format_exception(error))
            connection.send(ComponentError(f"a worker process for data: {one_line(error)}", trace=trace))
        threading.Event().wait()
    except (OSError, EOFError):  # the main process is gone
        os._exit(1)


def _end_with(stream: int) -> None:
    """End this process when the other end of the connection is closed; nothing is received from it."""
    try:
        os.read(stream, 1)
    finally:
        os._exit(0)


def _hand_over(connection: Connection, batches: StepBatches, number: int) -> None:
    begun = time.perf_counter()
    batch = {name: np.ascontiguousarray(value) for name, value in batches[number].items()}
    layout = {name: (value.shape, value.dtype.str) for name, value in batch.items()}
    connection.send((layout, time.perf_counter() - begun))
    for value in batch.values():
        _write(connection.fileno(), value)


def _write(stream: int, array: Array) -> None:
    left = array.reshape(-1).view(np.uint8).data
    while left.nbytes:
        left = left[os.write(stream, left) :]


def _read_into(stream: int, array: Array) -> None:
    left = array.reshape(-1).view(np.uint8).data
    while left.nbytes:
        count = os.readv(stream, [left])
        if not count:
            raise EOFError
        left = left[count:]
