"""Opening the data of a recipe, with every error explained."""

from __future__ import annotations

from ganzoo.blame import blaming, explaining_memory, origin_of
from ganzoo.contracts.dataset import Dataset, Source

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
        return dataset.open()


def skipped_text(source: Source, *, key: str = "data") -> str | None:
    """Return a line that says how many examples were left out, with the first names; None where none were."""
    if not source.skipped:
        return None
    names = [*source.skipped[:_NAMED], *(["..."] if len(source.skipped) > _NAMED else [])]
    count = "1 bad example is" if len(source.skipped) == 1 else f"{len(source.skipped)} bad examples are"
    return f"{key}: {count} left out: {', '.join(names)}"
