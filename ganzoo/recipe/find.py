"""Recipe files: by path, or bundled ones by name."""

from __future__ import annotations

from pathlib import Path

from ganzoo.bundled import bundled_files
from ganzoo.errors import Problem, RecipeError, listing, nearest

#: A recipe is a page of text; anything larger is something else.
LARGEST = 2**20


def list_recipes() -> dict[str, Path]:
    """Return the bundled recipes by name."""
    return bundled_files("recipes", ".toml")


def find_recipe(source: str | Path) -> Path:
    """Return the file of a recipe given by path or by bundled name; RecipeError with the nearest name otherwise."""
    path = Path(source)
    try:
        if path.is_file():
            return path
    except OSError as error:
        raise RecipeError(Problem(f"cannot be read: {error.strerror}", place=str(source))) from error
    known = list_recipes()
    name = path.name.removesuffix(".toml")
    if str(source) in known or (name in known and path.parent.name in ("", "recipes")):
        return known[name]
    raise RecipeError(
        Problem(
            f"no such file, and no bundled recipe{nearest(name, known)}; bundled are {listing(known)}", key=str(source)
        )
    )


def read_text(path: Path) -> str:
    """Return a recipe's text; RecipeError when it is too large, unreadable or not UTF-8."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise RecipeError(Problem(f"cannot be read: {error.strerror}", place=str(path))) from error
    if len(content) > LARGEST:
        raise RecipeError(Problem("is larger than 1 MiB; a recipe is a page of text", place=str(path)))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise RecipeError(Problem("is not UTF-8 text; save it as UTF-8", place=f"{path}:{line}")) from error
