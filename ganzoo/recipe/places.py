"""Line numbers of the keys of a TOML text, which tomllib does not report."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

# None of these may try a text's characters more than a few times each: a recipe can hold a line of a million.
_HEADER = re.compile(r"\s*\[(?P<array>\[)?(?P<path>[^\[\]]+)\]\]?\s*(#.*)?$")
_KEY = re.compile(r"""\s*(?P<path>(?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")
_INLINE_KEY = re.compile(r"""(?<![\w-])([\w-]++)\s*=""")
_MARK = re.compile(r"""\"{3}|'{3}|["'#\[\]{}]""")


@dataclass
class Places:
    """Lines by dotted key; items of arrays of tables by index."""

    file: str
    lines: dict[str, int] = field(default_factory=dict)
    #: Where overridden keys come from instead.
    origins: dict[str, str] = field(default_factory=dict)

    def __call__(self, key: str) -> str:
        """Return `file:line` of a key, or of the nearest table around it, or just the file; or what overrode it."""
        overridden = next((outer for outer in _outwards(key) if outer in self.origins), None)
        if overridden is not None:
            return self.origins[overridden]
        for outer in _outwards(key):
            if outer in self.lines:
                return f"{self.file}:{self.lines[outer]}"
        return self.file


def find_places(file: str, text: str) -> Places:
    """Return the lines of all tables and keys of a TOML text."""
    places = Places(file)
    counts: dict[str, int] = {}
    table = ""
    for number, line in _statements(text):
        header = _HEADER.match(line)
        if header:
            table = _resolve(_join(header["path"]), counts)
            if header["array"]:
                counts[table] = counts.get(table, -1) + 1
                table = f"{table}.{counts[table]}"
            places.lines.setdefault(table, number)
            continue
        key = _KEY.match(line)
        if key:
            path = f"{table}.{_join(key['path'])}" if table else _join(key["path"])
            places.lines.setdefault(path, number)
            for name in _INLINE_KEY.findall(line[key.end() :]):
                places.lines.setdefault(f"{path}.{name}", number)
    return places


def _outwards(key: str) -> Iterator[str]:
    """Yield a dotted key and every table around it, from the inside out."""
    while key:
        yield key
        key = key.rpartition(".")[0]


def _join(path: str) -> str:
    return ".".join(part.strip("\"'") for part in _PART.findall(path))


def _resolve(path: str, counts: dict[str, int]) -> str:
    """Put the index of the newest item behind each array of tables on the way to `path`."""
    found: list[str] = []
    *parents, last = path.split(".")
    for part in parents:
        found.append(part)
        if ".".join(found) in counts:
            found.append(str(counts[".".join(found)]))
    return ".".join([*found, last])


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines at which a header or a key can begin: none inside a multi-line text or array."""
    quote, depth = "", 0
    for number, line in enumerate(text.split("\n"), start=1):
        if not quote and depth <= 0:
            yield number, line
        quote, change = _scan(line, quote, is_header=not quote and depth <= 0 and bool(_HEADER.match(line)))
        depth = max(depth + change, 0)


def _scan(line: str, quote: str, *, is_header: bool) -> tuple[str, int]:
    """Return the multi-line quote that is open after this line, and how many brackets it opens."""
    if is_header:
        return "", 0
    depth = position = 0
    while position < len(line):
        if quote:
            end = _closing(line, quote, position)
            if end < 0:
                return (quote if len(quote) == 3 else ""), depth
            position, quote = end, ""
            continue
        mark = _MARK.search(line, position)
        if mark is None or mark[0] == "#":
            break
        quote = mark[0] if mark[0][0] in "\"'" else ""
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(mark[0], 0)
        position = mark.end()
    return (quote if len(quote) == 3 else ""), depth


def _closing(line: str, quote: str, position: int) -> int:
    """Return where a text that is open at `position` has ended, or -1; a backslash hides what follows in "texts"."""
    skipped = r"\\.|" if quote[0] == '"' else ""
    for found in re.compile(f"{skipped}{quote}", re.DOTALL).finditer(line, position):
        if found[0] == quote:
            return found.end()
    return -1
