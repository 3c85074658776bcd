"""The mistakes that ganzoo explains itself, and the exit code of each family.

An exception that is not a `GanzooError` is a defect of ganzoo or of a plugin and keeps its traceback.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from ganzoo.synonyms import KEYS, known_as, plain

#: Longer lines are cut before they are printed: a damaged file can hold a name of megabytes.
LONGEST_LINE = 2000
#: Begins the place of what the command line changed.
SET = "--set "


class GanzooError(Exception):
    """A situation that is explained in one message; never shown as a traceback."""

    exit_code: ClassVar[int] = 1
    #: What is safe on the disk, and what to do next, for every message.
    safe: ClassVar[str] = ""
    remedy: ClassVar[str] = ""
    # Keras puts its own words around the message of an error in a layer's call, unless it did so already
    _keras_call_info_injected: ClassVar[bool] = True


@dataclass(frozen=True)
class Problem:
    """One mistake of a recipe: where it stands and what to do about it.

    `place` is `file:line` or `--set KEY` where known, `key` the dotted key, `message` what is wrong and what was
    expected. Its text is one line that can be printed: what a recipe holds never reaches a terminal as control
    characters. A key that its place names is not repeated.
    """

    message: str
    key: str = ""
    place: str = ""

    def __str__(self) -> str:
        key = "" if self.place.startswith(SET) and self.place.count(".") >= self.key.count(".") else self.key
        return printable(": ".join(part for part in (self.place, key, self.message) if part))


class RecipeError(GanzooError):
    """A recipe, an override or a component's options are wrong. Carries every problem found."""

    exit_code = 2
    safe = "nothing was written; a run that exists is untouched"
    remedy = "correct what the message names; ganzoo check RECIPE checks without training"

    def __init__(self, problems: str | Problem | Sequence[Problem]) -> None:
        if isinstance(problems, str):
            problems = [Problem(problems)]
        elif isinstance(problems, Problem):
            problems = [problems]
        self.problems = list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class PluginError(GanzooError):
    """A plugin that is needed is broken, or broke its contract."""

    exit_code = 3
    safe = "every complete checkpoint"
    remedy = "ganzoo list-plugins shows what is broken; GANZOO_DISABLE_PLUGINS=NAME leaves a plugin out"


class ComponentError(PluginError):
    """A component of a plugin raised an error without an explanation of its own; `trace` is the traceback as text.

    `original` is what it raised, in the process in which it did. (`__cause__` will not do: Keras' `fit` clears it.)
    """

    def __init__(self, message: str, *, trace: str = "", original: BaseException | None = None) -> None:
        super().__init__(message)
        self.trace = trace
        self.original = original

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(ComponentError, trace=self.trace), (str(self),)


class DataError(GanzooError):
    """Data are missing, unreadable, too few, or not what the task needs."""

    exit_code = 4
    safe = "every complete checkpoint"
    remedy = "ganzoo check RECIPE opens the data; ganzoo data prepare fetches what is missing"


class CheckpointError(GanzooError):
    """No checkpoint can be loaded, or it belongs to another run."""

    exit_code = 5
    safe = "the run folder is as it was"
    remedy = "the message lists what changed or is damaged; use --allow-drift or --fork if the change is intended"


class NumericError(GanzooError):
    """A loss, gradient or weight is not finite any more."""

    exit_code = 6
    safe = "the checkpoint that the message names, and all before it"
    remedy = "lower the learning rate or set train.clip_norm in a new run, from the last checkpoint with --fork RUN"


class ResourceError(GanzooError):
    """Disk space, memory or permissions are insufficient."""

    exit_code = 7
    safe = "every complete checkpoint"
    remedy = "free space, or choose another folder with --runs, and run the same command again: it resumes"


class LockedError(GanzooError):
    """Another process works in the run folder."""

    exit_code = 8
    safe = "everything; nothing was touched"
    remedy = "wait for the process that the message names, or stop it"


class BackendError(GanzooError):
    """The environment cannot run ganzoo: another Keras backend, a missing device or package."""

    exit_code = 9
    safe = "everything; nothing was touched"
    remedy = "unset what the message names; ganzoo env describes the environment"


class ProofError(GanzooError):
    """Two runs that must be equal are not: the promise of exact resume does not hold here."""

    exit_code = 10
    safe = "both run folders are kept for comparison"
    remedy = "ganzoo env, and the differing files, make a report"


class Stopped(GanzooError):
    """Training was asked to stop; everything is saved and the same command continues."""

    exit_code = 75
    safe = "a checkpoint of the last step"
    remedy = "run the same command again: it resumes"


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ` (did you mean 'x'?)` for the known name that is meant or nearest, or an empty string."""
    names = list(known)
    return _question(known_as(name, names) or _close(name, names))


def nearest_key(name: str, known: Iterable[str]) -> str:
    """Return the same for a key of a recipe, which may belong to another section."""
    names = list(known)
    return _question(known_as(name, names) or KEYS.get(plain(name)) or _close(name, names))


def _question(meant: str | None) -> str:
    return f" (did you mean '{meant}'?)" if meant else ""


def _close(name: str, names: Sequence[str]) -> str | None:
    # of short names ('l1', 'on'), one wrong letter is half of all
    slips = [other for other in names if is_one_slip(name, other)]
    matches = difflib.get_close_matches(name, slips or names, n=1, cutoff=0 if slips else 0.6)
    return matches[0] if matches else None


def listing(names: Iterable[str]) -> str:
    """Return the names sorted and quoted for a message, or `(none)`."""
    return ", ".join(f"'{name}'" for name in sorted(names)) or "(none)"


def is_one_slip(one: str, other: str) -> bool:
    """Return whether one letter was dropped, inserted or replaced, or two neighbours swapped."""
    short, long = sorted((one, other), key=len)
    if len(long) - len(short) > 1:
        return False
    same = next((index for index, letter in enumerate(short) if letter != long[index]), len(short))
    left, right = short[same:], long[same:]
    if len(left) < len(right):
        return left == right[1:]
    return left[1:] == right[1:] or (left[:2] == right[1::-1] and left[2:] == right[2:])


def for_terminal(text: str, *, most: int = LONGEST_LINE) -> str:
    """Return a text whose lines can be printed: no control characters, no line longer than `most`.

    What recipes, run folders and plugins say reaches a terminal only through this.
    """
    lines = [printable(line) for line in text.split("\n")]
    return "\n".join(line if len(line) <= most else f"{line[:most]}..." for line in lines)


def printable(text: str) -> str:
    """Return a text with everything escaped that is not a letter, sign or space."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or unicodedata.category(char) == "Zs" else char.encode("unicode_escape").decode()
        for char in text
    )
