"""Writes what the docs take from the code and the recipes: `python docs/generate.py`."""

from __future__ import annotations

import ast
import inspect
import re
import runpy
import tomllib
from collections.abc import Iterator
from pathlib import Path

from ganzoo import errors
from ganzoo.recipe import list_recipes

ROOT = Path(__file__).parents[1]
_HEAD = """# Errors

Every mistake of a user ends with one message on standard error, `error: where: what, what was expected; what next`, and
an exit code that never changes its meaning. Made by `python docs/generate.py` from the code; a test holds it complete.
`…` stands for what the message fills in. Stopping a run (75, 130) is not a mistake: its message has no `error:`.

| code | meaning | safe on the disk | next |
|---|---|---|---|
"""
_TABLE_BEGINS, _TABLE_ENDS = "<!-- recipes: python docs/generate.py -->", "<!-- end of recipes -->"
_CHECKPOINTS = "every complete checkpoint"
_FIXED = {
    0: ("done", "everything", ""),
    1: (
        "a defect of ganzoo or of a plugin; the traceback is shown",
        "every complete checkpoint",
        "report it, with what ganzoo env prints",
    ),
    130: (
        "a second signal, or Ctrl-C where there is nothing to save",
        "every complete checkpoint",
        "run the same command again: it resumes",
    ),
}


def families() -> dict[str, type[errors.GanzooError]]:
    """Return the error classes by name, by exit code."""
    found = {
        name: cls
        for name, cls in vars(errors).items()
        if inspect.isclass(cls) and issubclass(cls, errors.GanzooError) and cls is not errors.GanzooError
        if "exit_code" in vars(cls)  # a subclass with its parent's code is listed with its parent
    }
    return dict(sorted(found.items(), key=lambda item: item[1].exit_code))


def messages() -> dict[str, set[str]]:
    """Return the texts that the code raises, by error class."""
    found: dict[str, set[str]] = {name: set() for name in families()}
    for path in [*sorted((ROOT / "ganzoo").rglob("*.py")), *sorted((ROOT / "plugins").rglob("*.py"))]:
        for name, text in raised(ast.parse(path.read_text(encoding="utf-8"))):
            if len(text.replace("…", "").strip(" :;,\n")) > 3:
                found[name].add(" ".join(text.split()))
    return found


def raised(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield (error class, text) of each place that makes an error of a text."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            name = {"Problem": "RecipeError", "wrong": "RecipeError", "no_room": "ResourceError"}.get(name, name)
            text = template(node.args[0])
            if name in families() and text is not None:
                yield name, text


def template(node: ast.expr) -> str | None:
    """Return a text with `…` for what is filled in; None when it is not a text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = (template(part) or "…" for part in node.values)
        return re.sub("(…)+", "…", "".join(parts))
    return None


def errors_page() -> str:
    """Return docs/errors.md."""
    rows = dict(_FIXED)
    for cls in families().values():
        rows[cls.exit_code] = ((inspect.getdoc(cls) or "").splitlines()[0].rstrip("."), cls.safe, cls.remedy)
    lines = [_HEAD + "\n".join(f"| {code} | {' | '.join(rows[code])} |" for code in sorted(rows)), ""]
    found = messages()
    for name, cls in families().items():
        lines += [f"## {cls.exit_code}: {name}", "", inspect.getdoc(cls) or "", ""]
        lines += [f"- `{text.replace('`', chr(39))}`" for text in sorted(found[name])]
        lines += [""]
    return "\n".join(lines).rstrip() + "\n"


def reference_page() -> str:
    """Return docs/reference.md."""
    page: str = runpy.run_path(str(ROOT / "docs" / "reference.py"))["page"]()
    return page


def readme() -> str:
    """Return README.md with the table of bundled recipes between its two comments."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    before, rest = text.split(_TABLE_BEGINS)
    after = rest.split(_TABLE_ENDS)[1]
    return f"{before}{_TABLE_BEGINS}\n{recipe_table()}\n{_TABLE_ENDS}{after}"


def recipe_table() -> str:
    """Return the bundled recipes as a Markdown table, by task."""
    recipes = {name: tomllib.loads(path.read_text(encoding="utf-8")) for name, path in list_recipes().items()}
    rows = sorted((recipe["task"]["name"], name, recipe) for name, recipe in recipes.items())
    lines = [f"| `{name}` | {task} | {recipe['title']} | {recipe['paper']} |" for task, name, recipe in rows]
    return "\n".join(["| recipe | task | what | paper |", "|---|---|---|---|", *lines])


def main() -> None:
    """Write everything that is generated."""
    (ROOT / "docs" / "errors.md").write_text(errors_page(), encoding="utf-8")
    (ROOT / "README.md").write_text(readme(), encoding="utf-8")
    (ROOT / "docs" / "reference.md").write_text(reference_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
