"""Recipes: data, never code."""

from __future__ import annotations

from ganzoo.recipe.find import find_recipe, list_recipes
from ganzoo.recipe.read import load_recipe, load_with
from ganzoo.recipe.recipe import Recipe, weight_determining

__all__ = ["Recipe", "find_recipe", "list_recipes", "load_recipe", "load_with", "weight_determining"]
