"""The recipe of a run folder, and which plugins are missing when it cannot be read any more."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ganzoo.errors import CheckpointError, Problem, RecipeError
from ganzoo.recipe import Recipe, load_with
from ganzoo.runs.folder import RunFolder
from ganzoo.zoo import IN_PROCESS, Zoo


def load_run_recipe(
    run: RunFolder,
    *,
    zoo: Zoo,
    profile: str | None = None,
    overrides: str | Sequence[str] | Mapping[str, Any] = (),
    sections: Mapping[str, Mapping[str, Any] | None] | None = None,
) -> Recipe:
    """Return a run's recipe; RecipeError that names each plugin of the run which is not installed any more."""
    try:
        recipe = load_with(run.recipe, sections or {}, zoo=zoo, profile=profile, overrides=overrides)
        changed = profile or overrides or sections
        return without_younger_options(recipe, run, zoo=zoo) if changed else _as_begun(recipe, run, recipe.resolved)
    except RecipeError as error:
        missing = [Problem(message, place=str(run.path)) for message in _missing(run, zoo)]
        if not missing:
            raise
        raise RecipeError([*missing, *error.problems]) from error


def without_younger_options(recipe: Recipe, run: RunFolder, *, zoo: Zoo) -> Recipe:
    """Return a recipe as the run's recipe would have it: without options that did not exist when the run began.

    Only an option that stands at its default is left out: a component that gained one is then that of the run.
    """
    try:
        return _as_begun(recipe, run, load_with(run.recipe, {}, zoo=zoo).resolved)
    except (OSError, ValueError, RecipeError):  # told when the run's recipe is needed
        return recipe


def _as_begun(recipe: Recipe, run: RunFolder, complete: Mapping[str, Any]) -> Recipe:
    """Return the same, where `complete` is the run's recipe with every default of now."""
    stored = tomllib.loads(run.recipe.read_text(encoding="utf-8"))
    return replace(recipe, resolved=_without_younger(recipe.resolved, complete, stored))


def _without_younger(table: Any, complete: Any, stored: Any) -> Any:
    """Return a resolved table without the keys that `complete`, which is `stored` with defaults, got by default."""
    if all(isinstance(each, Mapping) for each in (table, complete, stored)):
        return {
            key: _without_younger(value, complete.get(key), stored.get(key))
            for key, value in table.items()
            if key in stored or key not in complete or complete[key] != value
        }
    if all(isinstance(each, list) for each in (table, complete, stored)) and len(table) == len(stored):
        return [_without_younger(*each) for each in zip(table, complete, stored, strict=True)]
    return table


def _missing(run: RunFolder, zoo: Zoo) -> Iterator[str]:
    whole = {plugin.name for plugin in zoo.plugins if not plugin.error and not plugin.disabled}
    for name, plugin in _recorded_plugins(run).items():
        if name not in whole and isinstance(plugin, Mapping) and plugin.get("used", True):
            distribution, version = plugin.get("distribution"), plugin.get("version")
            yield f"the run uses plugin '{name}', which was " + (
                "given to load_zoo; ganzoo.open_run(PATH, zoo=ganzoo.load_zoo({...})) has it again, a package makes "
                "it known to every command"
                if distribution == IN_PROCESS
                else f"{distribution} {version} and cannot be used now; pip install {distribution}=={version}, or see "
                "ganzoo list-plugins"
            )


def _recorded_plugins(run: RunFolder) -> Mapping[str, Any]:
    try:
        environment = run.read_manifest().get("environment")
    except CheckpointError:
        return {}
    plugins = environment.get("plugins") if isinstance(environment, Mapping) else None
    return plugins if isinstance(plugins, Mapping) else {}
