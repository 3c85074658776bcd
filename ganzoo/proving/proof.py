"""The proof that a run which is killed anywhere ends in the bytes of one that was not."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import re
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ganzoo.data.workers import ARE_POSSIBLE, make_socket_folder
from ganzoo.errors import ProofError
from ganzoo.proving.difference import explain
from ganzoo.randomness import numpy_generator

#: What two equal runs may differ in: how long they took, a page that shows it, and who holds the folder.
_UNEQUAL = {"timing.jsonl", "report.html", ".lock"}
#: Files of callbacks do not influence a run, and may contain times.
_WATCHED = "callbacks"
_NAME = "proof"
#: What the process from which attempts are forked imports once.
PRELOADED = ["ganzoo.proving.attempt"]
#: The environment variable of an attempt and its child processes, by which survivors are found.
MARK = "GANZOO_ATTEMPT"
#: What ends a process at once, and its exit code then; on Windows every signal does.
KILL: int = getattr(signal, "SIGKILL", signal.SIGTERM)
KILLED = -KILL if hasattr(signal, "SIGKILL") else KILL
#: What comes before a comparison of two runs that nobody killed.
UNDISTURBED = "a second run without any kill"
_MOST_SECONDS_ALIVE = 10.0

Calls = Literal["none", "kinds", "every"]


@dataclass
class Proof:
    """The record of a successful proof."""

    reference: dict[str, str]
    seconds: float
    random_kills: int = 0
    finished_runs: int = 0
    kill_points: list[str] = field(default_factory=list)
    torn_writes: int = 0
    moments: list[str] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """One hash over every file of the reference run."""
        return hashlib.sha256(json.dumps(sorted(self.reference.items())).encode()).hexdigest()


class Prover:
    """Runs one recipe again and again below a scratch folder; ProofError as soon as any two ends differ."""

    def __init__(
        self, arguments: Sequence[str], scratch: Path, *, warm: bool = True, say: Callable[[str], None] = lambda _: None
    ) -> None:
        self._arguments = tuple(arguments)
        self._scratch = scratch
        self._say = say
        # a forked child of a process that has used a GPU cannot use it: there every attempt starts from nothing
        warm = warm and ARE_POSSIBLE
        self._context = multiprocessing.get_context("forkserver" if warm else "spawn")
        if warm:
            make_socket_folder()
            self._context.set_forkserver_preload(PRELOADED)

    # -- the proof -----------------------------------------------------------------------------------------------------

    def prove(self, *, kills: int, calls: Calls, seed: int) -> Proof:
        """Make the reference run, then kill at random moments, within each part of a run, before file-system calls."""
        begun = time.monotonic()
        self.run("reference")
        self.run("again")
        proof = Proof(reference=contents(self.folder("reference")), seconds=time.monotonic() - begun)
        self.compare("again", proof, UNDISTURBED)
        made = json.loads((self._scratch / "reference.calls").read_text(encoding="utf-8"))
        self._say(f"reference run made twice, {len(proof.reference)} files, {len(made)} file-system calls")
        if kills:
            self.kill_at_random(proof, kills, seed)
            counted = json.loads((self._scratch / "reference.moments").read_text(encoding="utf-8"))
            points = [point for moment in counted for point in _chosen(moment, counted[moment])]
            chosen = numpy_generator(seed, "prove/moments").permutation(len(points))[:kills]
            self.kill_at_moments(proof, [points[index] for index in sorted(chosen)])
        if calls != "none":
            self.kill_before_calls(proof, made, telling(made) if calls == "kinds" else range(len(made)))
        return proof

    def kill_at_random(self, proof: Proof, kills: int, seed: int) -> None:
        """Kill attempts at random moments of a run's length; compare each run that gets to its end."""
        rng = numpy_generator(seed, "prove")
        length = self._length()
        while proof.random_kills < kills:
            if self.run("killed", kill_after=float(rng.uniform(0, length))):
                self.compare("killed", proof, f"{proof.random_kills} kills at random moments")
                proof.finished_runs += 1
                self.forget("killed")
            else:
                proof.random_kills += 1
                if proof.random_kills % 10 == 0:
                    self._say(f"{proof.random_kills} of {kills} random kills, {proof.finished_runs} runs finished")
        self.run("killed")
        self.compare("killed", proof, f"{kills} kills at random moments")
        proof.finished_runs += 1
        self._say(f"{kills} kills at random moments: {proof.finished_runs} finished runs, all equal")

    def kill_at_moments(self, proof: Proof, points: Sequence[tuple[str, int]]) -> None:
        """Kill when a part of a run begins: these cover what computes for long between two file-system calls."""
        for moment, number in points:
            what = f"{moment}, occurrence {number + 1}"
            if self.run("inside", die_in=(moment, number)):
                raise ProofError(f"the run went another way than the reference: it never came to {what}")
            self.run("inside")
            self.compare("inside", proof, f"a kill at {what}")
            self.forget("inside")
            proof.moments.append(what)
        self._say(f"{len(points)} kills at the start of a part of the run (scoring, saving, exporting): all equal")

    def kill_before_calls(self, proof: Proof, calls: Sequence[Sequence[str]], chosen: Sequence[int]) -> None:
        """Kill before the chosen file-system calls of a whole run; writes are also broken off half-way."""
        for done, index in enumerate(chosen):
            name, place = calls[index]
            what = f"{name} {Path(place).name}"
            for torn in (False, True) if name == "write" else (False,):
                if self.run("pointed", die_before=index, torn=torn):
                    raise ProofError(
                        f"the run made other file-system calls than the reference: no call {index}, {what}"
                    )
                self.run("pointed")
                self.compare("pointed", proof, f"a kill {'inside' if torn else 'before'} call {index}, {what}")
                self.forget("pointed")
                proof.torn_writes += torn
            proof.kill_points.append(what)
            if (done + 1) % 20 == 0:
                self._say(f"{done + 1} of {len(chosen)} file-system calls")
        self._say(f"{len(chosen)} kills before a file-system call, {proof.torn_writes} inside a write: all equal")

    # -- attempts ------------------------------------------------------------------------------------------------------

    def run(
        self,
        name: str,
        *,
        die_before: int | None = None,
        torn: bool = False,
        die_in: tuple[str, int] | None = None,
        kill_after: float | None = None,
    ) -> bool:
        """Run the recipe in one process; return whether it came to its end. ProofError when it failed by itself."""
        from ganzoo.proving.attempt import Job, attempt

        job = Job(
            arguments=("run", *self._arguments, "--runs", str(self._scratch / name), "--name", _NAME),
            output=self._scratch / f"{name}.txt",
            calls=self._scratch / f"{name}.calls",
            moments=self._scratch / f"{name}.moments",
            mark=self._scratch.name,
            die_before=die_before,
            torn=torn,
            die_in=die_in,
        )
        process = self._context.Process(target=attempt, args=(job,))  # type: ignore[attr-defined]
        process.start()
        if kill_after is not None:
            process.join(kill_after)
            if process.is_alive() and process.pid is not None:
                os.kill(process.pid, KILL)
        process.join()
        if process.exitcode not in (0, KILLED):
            said = job.output.read_text(encoding="utf-8").strip().splitlines()
            raise ProofError(f"a run ended with exit code {process.exitcode}: {' / '.join(said[-5:])}")
        self._expect_no_survivors()
        return bool(process.exitcode == 0)

    def _expect_no_survivors(self) -> None:
        """Wait until nothing that the run started lives any more; ProofError when something stays."""
        until = time.monotonic() + _MOST_SECONDS_ALIVE
        while left := survivors(self._scratch.name):
            if time.monotonic() > until:
                told = "; ".join(f"pid {pid}: {command}" for pid, command in left.items())
                raise ProofError(
                    f"{_MOST_SECONDS_ALIVE:g} s after a run ended, {len(left)} of its processes live: {told}"
                )
            time.sleep(0.05)

    def folder(self, name: str) -> Path:
        """Return the run folder of an attempt."""
        return self._scratch / name / _NAME

    def forget(self, name: str) -> None:
        """Remove a run."""
        import shutil

        shutil.rmtree(self._scratch / name)

    def compare(self, name: str, proof: Proof, after: str) -> None:
        """Raise ProofError naming the files in which a run differs from the reference."""
        found = contents(self.folder(name))
        differing = sorted(
            path for path in found.keys() | proof.reference.keys() if found.get(path) != proof.reference.get(path)
        )
        if differing:
            told = explain(self.folder("reference"), self.folder(name), differing, undisturbed=after == UNDISTURBED)
            raise ProofError(
                f"after {after}, {len(differing)} files differ: {', '.join(differing[:5])}; "
                f"compare {self.folder(name)} with {self.folder('reference')}" + "".join(f"\n{line}" for line in told)
            )

    def _length(self) -> float:
        """Return how long an undisturbed run takes now."""
        begun = time.monotonic()
        self.run("timed")
        self.forget("timed")
        return time.monotonic() - begun


def contents(folder: Path) -> dict[str, str]:
    """Return the sha256 of every file of a run by its path, debris and hidden files too."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in _UNEQUAL and path.relative_to(folder).parts[0] != _WATCHED
    }


def survivors(attempt: str) -> dict[int, str]:
    """Return the processes that an attempt started and that still live, with their command lines; on Linux only."""
    mark = f"{MARK}={attempt}".encode()
    found: dict[int, str] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                found[int(folder.name)] = command.strip()[:200]
    return found


def _chosen(moment: str, count: int) -> list[tuple[str, int]]:
    """Return the first, the middle and the last time that a moment came."""
    return [(moment, number) for number in sorted({0, count // 2, count - 1}) if 0 <= number < count]


def telling(calls: Sequence[Sequence[str]]) -> list[int]:
    """Return the first and the last call of each kind: one function on one file, but for numbers in its name."""
    first: dict[tuple[str, str, int], int] = {}
    last: dict[tuple[str, str, int], int] = {}
    for index, (kind, run_of) in enumerate(_signatures(calls)):
        first.setdefault((kind, *run_of), index)
        last[(kind, *run_of)] = index
    return sorted({*first.values(), *last.values()})


def _signatures(calls: Sequence[Sequence[str]]) -> Iterator[tuple[str, tuple[str, int]]]:
    """Yield (function, (file without digits, how often in a row)) for each call."""
    repeated = 0
    before = ("", "")
    for name, place in calls:
        plain = re.sub(r"\d+", "#", Path(place).name)
        repeated = repeated + 1 if (name, plain) == before else 0
        before = (name, plain)
        yield name, (plain, repeated)


def certificate(proof: Proof, facts: dict[str, Any]) -> dict[str, Any]:
    """Return what is written about a proof that held."""
    return {
        **facts,
        "held": True,
        "random_kills": proof.random_kills,
        "finished_runs_compared": proof.finished_runs
        + len(proof.kill_points)
        + len(proof.moments)
        + proof.torn_writes
        + 1,
        "kills_at_the_start_of_a_part": len(proof.moments),
        "kills_before_a_file_system_call": len(proof.kill_points),
        "kills_inside_a_write": proof.torn_writes,
        "files_compared": len(proof.reference),
        "digest": proof.digest,
        "files": proof.reference,
    }
