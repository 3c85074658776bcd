"""`ganzoo recipe`: the text of a bundled recipe."""

from __future__ import annotations

import click


@click.command(name="recipe")
@click.argument("name")
def command(name: str) -> None:
    """Print a bundled recipe, to write your own from.

    ganzoo recipe srgan_photos > mine.toml; then ganzoo run mine.toml. NAME may also be a file.
    """
    from ganzoo.recipe.find import find_recipe, read_text

    click.echo(read_text(find_recipe(name)), nl=False)
