"""`ganzoo list-recipes`: the bundled recipes."""

from __future__ import annotations

import click


@click.command(name="list-recipes")
def command() -> None:
    """List the bundled recipes; ganzoo run NAME trains one."""
    from ganzoo.commands._terminal import console, table
    from ganzoo.recipe.find import list_recipes, read_text
    from ganzoo.recipe.read import parse_toml

    rows = []
    for name, path in list_recipes().items():
        recipe = parse_toml(read_text(path), str(path))
        rows.append([name, recipe["task"]["name"], ", ".join(recipe.get("profiles", {})), recipe.get("title", "")])
    console().print(table("Bundled recipes", ["recipe", "task", "profiles", "title"], rows, others="left"))
