"""Opening the data of a recipe, with every error explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ganzoo.blame import blaming, broken_contract, explaining_memory, origin_of
from ganzoo.contracts.dataset import Dataset, Source
from ganzoo.contracts.field import Field
from ganzoo.contracts.tensor import Example
from ganzoo.data.checks import example_mistake

#: So many skipped examples are named.
_NAMED = 3


def open_source(dataset: Dataset, *, key: str = "data") -> Source:
    """Open a dataset; `key` is its section of the recipe.

    ComponentError naming dataset and plugin for what the dataset does not explain itself, ResourceError where memory
    does not suffice.
    """
    what = f"{key}: dataset '{type(dataset).__name__}'"
    whose, remedy = f"{what} of {origin_of(type(dataset))}", f"lower what sets its size, as {key}.count"
    with explaining_memory(whose, remedy), blaming(dataset, what):
        source = dataset.open()
        _check_source(dataset, what, source)
        return source


def _check_source(dataset: Dataset, what: str, source: Any) -> None:
    """Look at what every user of a source relies on; ComponentError or PluginError when it is not there."""
    if not isinstance(source, Source):
        raise broken_contract(dataset, what, f"open() returned {type(source).__name__}, expected a Source")
    fields = source.fields
    if not isinstance(fields, Mapping) or not all(isinstance(field, Field) for field in fields.values()):
        raise broken_contract(dataset, what, "the source's fields must be a mapping from names to Field")
    len(source)


def skipped_text(source: Source, *, key: str = "data") -> str | None:
    """Return a line that says how many examples were left out, with the first names; None where none were."""
    if not source.skipped:
        return None
    names = [*source.skipped[:_NAMED], *(["..."] if len(source.skipped) > _NAMED else [])]
    count = "1 bad example is" if len(source.skipped) == 1 else f"{len(source.skipped)} bad examples are"
    return f"{key}: {count} left out: {', '.join(names)}"


class GuardedSource(Source):
    """A source as tasks read it by themselves: an error, or an example against its fields, names the source."""

    def __init__(self, source: Source, what: str) -> None:
        self._source = source
        self._what = what

    @property
    def fields(self) -> Mapping[str, Field]:  # type: ignore[override]
        return self._source.fields

    @property
    def skipped(self) -> Sequence[str]:  # type: ignore[override]
        return self._source.skipped

    def __len__(self) -> int:
        with blaming(self._source, f"the number of examples in {self._what}"):
            return len(self._source)

    def __getitem__(self, index: int) -> Example:
        what = f"reading example {index} from {self._what}"
        # the end of a sequence, by which plain iteration stops
        with blaming(self._source, what, passing=(IndexError,) if index >= len(self) else ()):
            example = self._source[index]
        if mistake := example_mistake(example, self.fields):
            raise broken_contract(self._source, what, mistake)
        return example

    def name_of(self, index: int) -> str:
        with blaming(self._source, f"the name of example {index} in {self._what}"):
            return str(self._source.name_of(index))

    def fingerprint(self) -> str:
        return self._source.fingerprint()
