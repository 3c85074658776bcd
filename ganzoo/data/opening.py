"""Opening the data of a recipe, with every error explained."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ganzoo.blame import blaming, broken_contract, explaining_memory, origin_of
from ganzoo.contracts.dataset import Dataset, Source
from ganzoo.contracts.field import Field
from ganzoo.contracts.results import Sources
from ganzoo.contracts.task import Task
from ganzoo.contracts.tensor import Array, Example
from ganzoo.data.checks import example_mistake
from ganzoo.errors import DataError

if TYPE_CHECKING:
    from ganzoo.recipe import Recipe

#: So many examples are named.
_NAMED = 3


def open_source(dataset: Dataset, *, key: str = "data") -> Source:
    """Open a dataset; `key` is its section of the recipe.

    ComponentError naming dataset and plugin for what the dataset does not explain itself, ResourceError where memory
    does not suffice.
    """
    what = f"{key}: dataset '{type(dataset).__name__}'"
    whose, remedy = f"{what} of {origin_of(type(dataset))}", f"lower what sets its size, as {key}.count"
    with explaining_memory(whose, remedy), blaming(dataset, what):
        source = _opened(dataset, key)
        _check_source(dataset, what, source)
        return source


def _opened(dataset: Dataset, key: str) -> Source:
    """Open a dataset; where it is not the training data that are missing, the message says which."""
    try:
        return dataset.open()
    except DataError as error:
        raise error if key == "data" else DataError(f"{key}: {error}") from error


def _check_source(dataset: Dataset, what: str, source: Any) -> None:
    """Look at what every user of a source relies on; ComponentError or PluginError when it is not there."""
    if not isinstance(source, Source):
        raise broken_contract(dataset, what, f"open() returned {type(source).__name__}, expected a Source")
    fields = source.fields
    if not isinstance(fields, Mapping) or not all(isinstance(field, Field) for field in fields.values()):
        raise broken_contract(dataset, what, "the source's fields must be a mapping from names to Field")
    len(source)


@dataclass(frozen=True)
class TrainingData:
    """Sources by stream, and what the task fitted on them."""

    sources: Mapping[str, Source]
    fitted: Example = field(default_factory=dict)
    #: Whether a Python program gave them in place of those of the recipe.
    given: bool = False

    def __repr__(self) -> str:
        lines = [
            f"{stream}: {len(source)} examples, "
            + ", ".join(f"{name} {field}" for name, field in source.fields.items())
            for stream, source in self.sources.items()
        ]
        return "\n  ".join(["TrainingData", *lines])

    @property
    def fields(self) -> dict[str, Field]:
        """The fields of all streams, named `stream/field` where there are several."""
        return joined_fields(self.sources)


def open_data(recipe: Recipe, data: Source | Sources | None = None) -> TrainingData:
    """Open the training data of a recipe, and let its task fit what it must know of them.

    `data` are other examples for it: a source, or one for each stream of its task.
    """
    sources = open_sources(recipe.data) if data is None else by_stream(data, recipe.task)
    return TrainingData(sources, fit(recipe.task, sources), given=data is not None)


def by_stream(given: Any, task: Task, *, key: str = "data") -> dict[str, Source]:
    """Return the sources that a Python program gives to a task; DataError where they are none, or not of its streams.

    `key` is what the program calls them.
    """
    sources = {task.streams[0]: given} if len(task.streams) == 1 and not isinstance(given, Mapping) else given
    if not isinstance(sources, Mapping) or set(sources) != set(task.streams):
        names = ", ".join(f"'{name}'" for name in task.streams)
        raise DataError(f"{key}: the task needs a dict with a source for each of {names}")
    for source in sources.values():
        if not isinstance(source, Source):
            raise DataError(
                f"{key}: is {type(source).__name__}, expected a ganzoo.Source; ganzoo.sources has from_arrays(), "
                "from_dataset() (torch, Hugging Face, lists) or from_batches() (Keras)"
            )
    return dict(sources)


def open_sources(datasets: Mapping[str, Dataset], *, key: str = "data") -> dict[str, Source]:
    """Open the dataset of each stream; `key` is the section of the recipe."""
    several = len(datasets) > 1
    return {name: open_source(each, key=f"{key}.{name}" if several else key) for name, each in datasets.items()}


def fit(task: Task, sources: Mapping[str, Source]) -> dict[str, Array]:
    """Return what the task's `fit` makes of the data, as arrays that can be stored without code."""
    with explaining_memory("what the task fits on the data", "use fewer examples"), blaming(task, "task, fit()"):
        found = {name: np.asarray(value) for name, value in task.fit(sources).items()}
    for name, value in found.items():
        if value.dtype.kind not in "biufU":
            raise broken_contract(task, "task", f"fit() returned '{name}' as {value.dtype}, expected numbers or texts")
    return found


def joined_fields(sources: Mapping[str, Source]) -> dict[str, Field]:
    """Return the fields of all streams, named `stream/field` where there are several."""
    if len(sources) == 1:
        return dict(next(iter(sources.values())).fields)
    return {f"{stream}/{name}": each for stream, source in sources.items() for name, each in source.fields.items()}


def skipped_texts(sources: Mapping[str, Source], *, key: str = "data") -> Iterator[str]:
    """Yield a line for each stream of which examples were left out: how many, with the first names."""
    for stream, source in sources.items():
        if source.skipped:
            names = [*source.skipped[:_NAMED], *(["..."] if len(source.skipped) > _NAMED else [])]
            count = "1 bad example is" if len(source.skipped) == 1 else f"{len(source.skipped)} bad examples are"
            yield f"{_key(sources, key, stream)}: {count} left out: {', '.join(names)}"


def data_texts(recipe: Recipe, sources: Sources, held_out: Sources | None) -> Iterator[str]:
    """Yield what a person should know of the data: how many, of what, what is left out or ignored."""
    scored = held_out or {}
    for stream, source in sources.items():
        table = _table(recipe, "data", stream)
        text = f"{_key(sources, 'data', stream)}: {_counted(source)} of {_what(table)}"
        if stream not in scored:
            yield f"{text}; none are held out for scores"
            continue
        other = _table(recipe, "validation", stream)
        text += f"; {_key(scored, 'validation', stream)}: {_counted(scored[stream])} of {_what(other)}"
        is_own = _is_folder(table) and table.get("split") == "all" and not _is_folder(other)
        option = shlex.quote(f"{_key(scored, 'validation', stream)}={table.get('path')}")
        yield f"{text}; --set {option} holds out a part of your folder instead" if is_own else text
    for section, found in (("data", sources), ("validation", scored)):
        yield from skipped_texts(found, key=section)
    yield from dict.fromkeys(note for found in (sources, scored) for source in found.values() for note in source.notes)


def check_examples(recipe: Recipe, sources: Sources, held_out: Sources | None) -> None:
    """Look at all examples as far as they are known without being decoded.

    DataError with the number and the first names of those that cannot be read, or that the task cannot use.
    """
    for section, found in (("data", sources), ("validation", held_out or {})):
        for stream, source in found.items():
            key = _key(found, section, stream)
            what = f"{key}: headers()"
            with blaming(source, what):
                reasons = list(_reasons(recipe.task, source, stream, what))
            if reasons:
                shown = [*reasons[:_NAMED], *(["..."] if len(reasons) > _NAMED else [])]
                count = f"{key}: {len(reasons)} of {len(source)} examples cannot be used:"
                raise DataError("\n  ".join([count, *shown]))


def _reasons(task: Task, source: Source, stream: str, what: str) -> Iterator[str]:
    """Yield for each example that cannot be used its name and why."""
    held_out = what.startswith("validation")
    for index, header in enumerate(source.headers()):
        if isinstance(header, DataError):
            yield str(header)
            continue
        if not isinstance(header, Mapping):
            raise broken_contract(
                source, what, f"yielded {type(header).__name__}, expected shapes by name or a DataError"
            )
        with blaming(task, "task, unusable()"):
            reason = task.unusable(header, stream=stream, held_out=held_out)
        if reason:
            yield f"{source.name_of(index)}: {reason}"


def _counted(source: Source) -> str:
    return f"{len(source)} example{'s' if len(source) != 1 else ''}"


def _key(sources: Sources, section: str, stream: str) -> str:
    return f"{section}.{stream}" if len(sources) > 1 else section


def _table(recipe: Recipe, section: str, stream: str) -> Mapping[str, Any]:
    table: Mapping[str, Any] = recipe.resolved[section]
    return table[stream] if len(recipe.data) > 1 else table


def _what(table: Mapping[str, Any]) -> str:
    """Return a dataset as a person knows it: its name, and what says which part of which data it is."""
    told = [f"{key} {table[key]}" for key in ("dataset", "path", "split") if key in table]
    name = str(table["name"]).rpartition("/")[2]
    return f"{name} ({', '.join(told)})" if told else name


def _is_folder(table: Mapping[str, Any]) -> bool:
    return str(table["name"]).rpartition("/")[2] == "folder"


def guarded(sources: Sources, what: str) -> dict[str, Source]:
    """Return sources whose errors name them, for a task to read by itself."""
    return {name: GuardedSource(source, what) for name, source in sources.items()}


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

    @property
    def notes(self) -> Sequence[str]:  # type: ignore[override]
        return self._source.notes

    def headers(self) -> Iterator[Mapping[str, tuple[int, ...]] | DataError]:
        return self._source.headers()

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
