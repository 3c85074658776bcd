"""`--interpolate OTHER --alpha ALPHA` of the commands that use trained networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from ganzoo.errors import RecipeError

if TYPE_CHECKING:
    from ganzoo.training.published import LoadedNetwork
    from ganzoo.zoo import Zoo

#: That of the demonstration in ESRGAN's code.
_ALPHA = 0.8


@dataclass(frozen=True)
class Interpolation:
    """The weights to mix in, and the share of a network's own."""

    other: str
    alpha: float

    @classmethod
    def asked(cls, other: str | None, alpha: float | None) -> Interpolation | None:
        """Return what the command line asks for, if anything; RecipeError for `--alpha` alone."""
        if other is None and alpha is not None:
            raise RecipeError("--alpha: there is nothing to interpolate with; add --interpolate RUN or FILE")
        return None if other is None else cls(other, _ALPHA if alpha is None else alpha)

    def apply(self, products: Mapping[str, LoadedNetwork], zoo: Zoo) -> None:
        """Set the weights of networks to those between their own and the other's."""
        from ganzoo.commands._terminal import say
        from ganzoo.training.interpolation import interpolate

        interpolate(products, self.other, self.alpha, zoo=zoo, note=say)
        say(f"weights: {self._told}")

    def facts(self) -> dict[str, str]:
        """Return what a file that the networks make says about it."""
        return {"interpolation": self._told}

    @property
    def _told(self) -> str:
        return f"{self.alpha:g} of its own, {1 - self.alpha:g} of {self.other}"


def interpolation_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--interpolate` and `--alpha` to a command."""
    other = click.option(
        "--interpolate", "other", metavar="OTHER", help="Mix in the weights of OTHER, a run or a file of weights."
    )
    share = click.option(
        "--alpha",
        type=click.FloatRange(0, 1),
        help=f"Share of the network's own weights when others are mixed in.  [default: {_ALPHA}]",
    )
    return other(share(command))
