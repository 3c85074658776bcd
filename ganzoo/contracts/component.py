"""The base class of all components."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Tensor, Variable


class Component:
    """A class whose keyword-only, annotated constructor is its schema.

    Recipe keys, validation, defaults, `ganzoo describe`, the JSON schema and the docs come from the constructor.
    Allowed annotations: bool, int, float, str, Literal, Annotated with annotated-types limits, `X | None`, tuples of
    these, `Schedule`, another contract class (a nested component, written as a table with a `name`), and
    `tuple[Contract, ...]` or `dict[str, Contract]` (an array of such tables, or a table of them).
    A component without weights is best a frozen dataclass. The first line of the docstring is its description.
    """

    #: The name of the kind in messages and listings: architecture, loss, ...
    kind: ClassVar[str] = "component"

    def state(self) -> Mapping[str, Variable]:
        """Return everything that changes during training, by a stable name; it is saved in checkpoints."""
        return {}

    def report(self) -> Mapping[str, Tensor | float]:
        """Return numbers for the log (a strength, an accuracy), by name: floats, or scalars on the device."""
        return {}
