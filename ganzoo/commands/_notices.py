"""Notices about plugins and recipe before the work begins."""

from __future__ import annotations

from ganzoo.commands._terminal import say
from ganzoo.recipe import Recipe
from ganzoo.zoo import Zoo


def tell(zoo: Zoo, recipe: Recipe | None = None) -> None:
    """Print each notice once, to standard error."""
    for notice in (*zoo.notices, *(recipe.notices if recipe else ())):
        say(f"note: {notice}", stderr=True)
