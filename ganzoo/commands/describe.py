"""`ganzoo describe`: one component and its options."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import click

from ganzoo.backend import require_torch_backend

if TYPE_CHECKING:
    from ganzoo.schema.options import Option
    from ganzoo.zoo import Zoo


@click.command(name="describe")
@click.argument("name")
def command(name: str) -> None:
    """Describe one component and its options.

    NAME is that of a component, or KIND/NAME where several kinds have it.
    """
    require_torch_backend()
    from ganzoo.zoo import KINDS, load_zoo

    zoo = load_zoo()
    kind, slash, bare = name.partition("/")
    kinds = [kind] if slash and kind in KINDS else zoo.kinds_of(name)
    if not kinds:
        raise unknown(zoo, name)
    for kind in kinds:
        show(zoo, kind, bare if slash and kind in KINDS else name)


def unknown(zoo: Zoo, name: str) -> Exception:
    """Return the error for a name that nothing has."""
    from ganzoo.errors import RecipeError, nearest
    from ganzoo.recipe import list_recipes

    if name in list_recipes():
        return RecipeError(f"'{name}' is a recipe, not a component; ganzoo recipe {name} prints it")
    known = [other for _, other, _ in zoo.components()]
    return RecipeError(f"there is no component '{name}'{nearest(name, known)}; ganzoo list-plugins shows all")


def show(zoo: Zoo, kind: str, name: str) -> None:
    """Print one component."""
    from ganzoo.commands._terminal import say
    from ganzoo.errors import listing
    from ganzoo.schema.options import RESERVED, options

    cls: Any = zoo.find(kind, name)
    role = getattr(cls, "role", "")
    say(f"{kind} {name}" + (f" ({role})" if role else "") + f", from {zoo.owner(kind, name).label}\n")
    say(inspect.cleandoc(cls.__doc__ or "").strip() + "\n")
    show_options("Options", cls)
    if kind == "task" and options(cls.sampling):
        say("")
        say(inspect.cleandoc(cls.sampling.__doc__ or "").strip() + "\n")
        show_options("Options of ganzoo sample, as --set KEY=VALUE", cls.sampling)
    if keys := RESERVED.get(kind, frozenset()) - {"name"}:
        say(f"the table also takes {listing(keys)}")


def show_options(title: str, cls: type[Any]) -> None:
    """Print the options of a class as a table."""
    from ganzoo.commands._terminal import console, say, table
    from ganzoo.schema.options import options

    rows = [[option.name, option.type_text, default_text(option)] for option in options(cls)]
    if rows:
        console().print(table(title, ["option", "type", "default"], rows, others="left"))
    else:
        say("no options")


def default_text(option: Option) -> str:
    """Return a default as a recipe would write it."""
    from ganzoo.schema.values import to_toml

    if option.required:
        return "(required)"
    value: Any = to_toml(option.default)
    return (
        "(absent)"
        if value is None
        else repr(value)
        if isinstance(value, str)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )
