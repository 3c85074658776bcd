"""Limits of recipes, so that no recipe exhausts time, memory or stack."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ganzoo.errors import Problem, RecipeError

#: How many tables and arrays may be nested, and how many parts a dotted key may have.
DEEPEST = 32
#: How many tables an array may have: losses, phases and the like.
MOST_TABLES = 200
#: How many keys a table may have: each wrong one is compared with all right ones.
MOST_KEYS = 1000
MOST_ITEMS = 10_000
LONGEST_KEY = 200
#: How many wrong names of phases, and how many overrides of nothing, are reported with all known names.
MOST_TOLD = 10

#: TOML's own integers.
_INTEGERS = range(-(2**63), 2**63)
_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+"""
_LONG_PATH = re.compile(rf"(?<![\w-]){_PART}(?:\.[ \t]*+{_PART}){{{DEEPEST}}}")


def check_text(text: str, place: str) -> None:
    """RecipeError when a TOML text has a dotted key that takes tomllib the square of its length."""
    found = _LONG_PATH.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        raise RecipeError(Problem(f"has a key of more than {DEEPEST} parts", place=f"{place}:{line}"))


def check_shape(value: Any, place: str) -> None:
    """RecipeError when a value is nested too deeply, has too many keys or items, or too long a key."""
    waiting = [(value, 0)]
    while waiting:
        value, depth = waiting.pop()
        if not isinstance(value, dict | list):
            continue
        if depth > DEEPEST:
            raise RecipeError(Problem("is nested too deeply", place=place))
        if isinstance(value, dict):
            if len(value) > MOST_KEYS:
                raise RecipeError(Problem(f"has a table of {len(value)} keys, at most {MOST_KEYS}", place=place))
            longest = max(map(len, value), default=0)
            if longest > LONGEST_KEY:
                raise RecipeError(Problem(f"has a key of {longest} characters, at most {LONGEST_KEY}", place=place))
        elif len(value) > MOST_ITEMS:
            raise RecipeError(Problem(f"has an array of {len(value)} items, at most {MOST_ITEMS}", place=place))
        elif sum(isinstance(item, dict) for item in value) > MOST_TABLES:
            raise RecipeError(Problem(f"has an array of {len(value)} tables, at most {MOST_TABLES}", place=place))
        waiting += [(inner, depth + 1) for inner in (value.values() if isinstance(value, dict) else value)]


def oversized_integers(value: Any, key: str = "") -> Iterator[str]:
    """Yield the dotted keys of all integers that have more than TOML's 64 bits."""
    if isinstance(value, Mapping | list):
        for name, inner in value.items() if isinstance(value, Mapping) else enumerate(value):
            yield from oversized_integers(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(value, int) and int(value) not in _INTEGERS:  # a range looks through all its numbers for a subclass
        yield key
