"""Makes docs/reference.md of the public names, the hooks and the bundled components."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import ganzoo
from ganzoo import hookspecs
from ganzoo.commands.describe import default_text
from ganzoo.schema.options import options
from ganzoo.zoo import BUNDLED, load_zoo

_HEAD = """# Reference

The public names of `ganzoo`, its hooks, and the bundled components with their options. Made from the code by
`python docs/generate.py`; a test holds it equal. `help(ganzoo.NAME)` and `ganzoo describe NAME` show the same.
How to use them: [plugins](plugins.md), [recipes](recipes.md).
"""


def page() -> str:
    """Return docs/reference.md."""
    lines = [_HEAD, "## Public names", ""]
    names = [name for name in ganzoo.__all__ if not name.startswith("__")]
    members = {name: getattr(ganzoo, name) for name in names}
    for name, member in members.items():
        if not isinstance(member, ModuleType):
            lines += [*_name(name, member), ""]
    for name, member in members.items():
        if isinstance(member, ModuleType):
            lines += [*_module(name, member), ""]
    lines += ["## Hooks", "", *_hooks(), "", *_components()]
    return "\n".join(lines).rstrip() + "\n"


def _name(name: str, member: Any) -> Iterator[str]:
    """Yield a public name: its signature, its docstring, and the members that it defines itself."""
    yield f"### `{name}`"
    yield ""
    if not inspect.isclass(member):
        is_function = inspect.isroutine(member)
        yield f"`{name}{_signature(member)}`" if is_function else f"`{_plain(repr(member))}`"
        if is_function:
            yield from ["", *_doc(member)]
        return
    bases = [base.__name__ for base in member.__bases__ if base.__name__ in ganzoo.__all__]
    made = "" if inspect.isabstract(member) or issubclass(member, Exception) else _signature(member)
    yield f"`{name}{made}`" + (f", a `{bases[0]}`" if bases else "")
    yield from ["", *_doc(member)]
    rows = [_row(key, each) for key, each in vars(member).items() if _is_public(key, each)]
    if rows:
        yield from ["", *rows]


def _is_public(key: str, member: Any) -> bool:
    described = inspect.isroutine(member) or isinstance(member, property | classmethod)
    return described and (not key.startswith("_") or key == "__call__") and bool(inspect.getdoc(member))


def _row(key: str, member: Any) -> str:
    function = member.__func__ if isinstance(member, classmethod) else member
    if isinstance(function, property):
        return f"- `{key}`: {_summary(function)}"
    star = " (required)" if getattr(function, "__isabstractmethod__", False) else ""
    return f"- `{key}{_signature(function)}`{star}: {_summary(function)}"


def _module(name: str, module: ModuleType) -> Iterator[str]:
    """Yield a public module: each of its names with its first sentence."""
    yield from [f"### `ganzoo.{name}`", "", *_doc(module), ""]
    for key in module.__all__:
        member = getattr(module, key)
        if inspect.isroutine(member):
            yield f"- `{key}{_signature(member)}`: {_summary(member)}"
        else:
            yield f"- `{key}`: {_summary(member) if inspect.isclass(member) else _plain(repr(member))}"


def _hooks() -> Iterator[str]:
    for name in dir(hookspecs):
        if name.startswith("ganzoo_register_"):
            yield f"- `{name}()`: {_summary(getattr(hookspecs, name))}"


def _components() -> Iterator[str]:
    """Yield the bundled components by kind, each with its docstring and a row for each option."""
    zoo, last = load_zoo(), ""
    for kind, name, cls in zoo.components():
        if zoo.owner(kind, name).distribution != BUNDLED:
            continue
        if kind != last:
            yield from [f"## Bundled {_plural(kind)}", ""]
            last = kind
        role = getattr(cls, "role", "")
        yield from [f"### {name}" + (f" ({role})" if role else ""), "", *_doc(cls), ""]
        found = options(cls)
        if found:
            yield from ["| option | type | default |", "|---|---|---|"]
            yield from (f"| `{each.name}` | {each.type_text} | `{default_text(each)}` |" for each in found)
            yield ""


def _signature(function: Any) -> str:
    """Return a signature without `self`, annotations as they are written; that of its constructor for a class."""
    is_class = isinstance(function, type) and function.__init__ is not object.__init__
    try:
        # Python 3.11.2 shows the __new__ of Keras' classes, which takes anything
        signature = inspect.signature(function.__init__ if is_class else function)
    except (TypeError, ValueError):
        return ""
    kept = [each for key, each in signature.parameters.items() if key not in ("self", "cls")]
    return _plain(str(signature.replace(parameters=kept)))


def _plain(text: str) -> str:
    """Return a text without what differs between runs or Python versions, and on one line."""
    text = re.sub(r" at 0x[0-9a-f]+", "", text)
    text = re.sub(r"(: |-> )'([^']*)'", r"\1\2", text)
    return " ".join(text.split())


def _doc(member: Any) -> list[str]:
    return (inspect.getdoc(member) or "").splitlines()


def _summary(member: Any) -> str:
    """Return the first sentence of a docstring, on one line."""
    paragraph = (inspect.getdoc(member) or "").split("\n\n")[0]
    return " ".join(paragraph.split())


def _plural(kind: str) -> str:
    return f"{kind}es" if kind.endswith("s") else f"{kind}s"
