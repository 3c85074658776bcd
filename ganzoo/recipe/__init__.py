"""Recipes: data, never code."""

from __future__ import annotations

from ganzoo.recipe.find import find_recipe, list_recipes
from ganzoo.recipe.load import Recipe, decisive, load_recipe

__all__ = ["Recipe", "decisive", "find_recipe", "list_recipes", "load_recipe"]
