"""The recipe of a run folder, and which plugins are missing when it cannot be read any more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
        return load_with(run.recipe, sections or {}, zoo=zoo, profile=profile, overrides=overrides)
    except RecipeError as error:
        missing = [Problem(message, place=str(run.path)) for message in _missing(run, zoo)]
        if not missing:
            raise
        raise RecipeError([*missing, *error.problems]) from error


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
