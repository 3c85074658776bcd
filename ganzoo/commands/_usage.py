"""Wrong command lines, explained as every other mistake is: what, what was expected, the next command."""

from __future__ import annotations

import click

from ganzoo.errors import listing, nearest
from ganzoo.synonyms import KEYS, known_as, plain


class KnownCommands(click.Group):
    """A group that answers an unknown command with the nearest one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = self.list_commands(ctx)
        if args and not args[0].startswith("-") and args[0] not in known:
            wanted = " ".join([*ctx.command_path.split()[1:], args[0]])
            raise click.UsageError(
                f"there is no command '{wanted}'{nearest(args[0], known)}; known are {listing(known)}"
            )
        return super().resolve_command(ctx, args)


def usage_text(error: click.ClickException) -> str:
    """Return the message for what click refused."""
    context = getattr(error, "ctx", None)
    if isinstance(error, click.NoSuchOption) and context is not None:
        text = f"there is no option '{error.option_name}'{_instead(error.option_name, context)}"
    else:
        text = error.format_message().replace("\n", " ").rstrip(".")
        text = f"{text[:1].lower()}{text[1:]}"
    return text if context is None else f"{text}; {context.command_path} --help shows how it is used"


def _instead(option: str, context: click.Context) -> str:
    """Return what to write in place of an unknown option."""
    word = option.lstrip("-")
    parameters = context.command.params
    arguments = [str(each.name) for each in parameters if isinstance(each, click.Argument)]
    options = [name[2:] for each in parameters for name in each.opts if name.startswith("--")]
    if argument := known_as(word, arguments):
        return f"; {argument.upper()} is given without an option: {context.command_path} {argument.upper()}"
    if plain(word) in KEYS and "recipe" in arguments and "set" in options and known_as(word, options) is None:
        return f"; to change the recipe's value, use --set {KEYS[plain(word)]}=VALUE"
    return nearest(word, options).replace(" '", " '--")
