"""`data = "my_photos"`: a folder of images given as a bare text, and a part of it held out for the scores."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

#: Where a bare text means a folder.
SECTIONS = ("data", "validation")

#: What such a section says where the examples are given from Python.
FROM_PYTHON = {"name": "from_python"}


class BareFolder(dict[str, Any]):
    """The table that a bare text stands for."""

    def __init__(self, path: str) -> None:
        super().__init__(name="folder", path=path)


def without_other_validation(table: Mapping[str, Any], changed: Collection[str]) -> dict[str, Any]:
    """Return a recipe without its [validation] where `changed` keys put a bare folder in the place of its [data].

    The scores are to be those of the user's own images then, of which a part is held out. A [validation] that is
    changed too stays.
    """
    is_own = isinstance(table.get("data"), str | BareFolder) and "data" in changed
    if not is_own or any(key.partition(".")[0] == "validation" for key in changed):
        return dict(table)
    return {key: value for key, value in table.items() if key != "validation"}


def with_folders(table: Mapping[str, Any], streams: Sequence[str]) -> dict[str, Any]:
    """Return the sections of data with a table in place of each bare text, as far as these streams may have one.

    Without [validation], a part of a folder that was given as a bare text is held out for the metrics; so it is where
    [validation] is the same folder as a bare text.
    """
    data, validation = (_by_stream(table.get(section), streams) for section in SECTIONS)
    if not validation and table.get("metrics") and data and all(map(_is_whole, data.values())):
        validation = {stream: BareFolder(given["path"]) for stream, given in data.items()}
    for stream in data.keys() & validation.keys():
        mine, theirs = data[stream], validation[stream]
        if _is_same_folder(mine, theirs):
            data[stream] = {**mine, "split": "train"}
            validation[stream] = {**mine, **theirs, "split": "validation"}
    found = {}
    for section, tables in zip(SECTIONS, (data, validation), strict=True):
        if tables:
            found[section] = _joined(table.get(section), tables, streams)
    return found


def _by_stream(section: Any, streams: Sequence[str]) -> dict[str, Any]:
    """Return the table of each stream, made of a bare text where there is one."""
    if len(streams) == 1 or not isinstance(section, Mapping):
        return {} if section is None or not streams else {streams[0]: _table(section)}
    if isinstance(section.get("name"), str):
        return {}
    return {stream: _table(section[stream]) for stream in streams if stream in section}


def _joined(section: Any, tables: Mapping[str, Any], streams: Sequence[str]) -> Any:
    if len(streams) == 1 or not isinstance(section, Mapping | None):
        return tables[streams[0]]
    return {**(section or {}), **tables}


def _table(given: Any) -> Any:
    return BareFolder(given) if isinstance(given, str) and given else given


def _is_whole(table: Any) -> bool:
    return isinstance(table, BareFolder) and table["name"] == "folder" and "split" not in table


def _is_same_folder(data: Any, validation: Any) -> bool:
    """Return whether a folder is to be split: its whole is given for both, the second time as a bare text."""
    return _is_whole(validation) and _is_folder(data) and "split" not in data and _is_same_path(data, validation)


def _is_folder(table: Any) -> bool:
    return isinstance(table, Mapping) and table.get("name") in ("folder", "data/folder")


def _is_same_path(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    paths = [table.get("path") for table in (one, other)]
    return all(isinstance(path, str) for path in paths) and len({Path(str(path)).absolute() for path in paths}) == 1


def shares_examples(data: Any, validation: Any) -> bool:
    """Return whether resolved [data] and [validation] have examples in common, as far as can be seen from them."""
    if not data or not validation or data == validation:
        return bool(data) and data == validation
    if "name" not in data:
        return any(shares_examples(data[stream], validation.get(stream)) for stream in data)
    if not (_is_folder(data) and _is_folder(validation) and _is_same_path(data, validation)):
        return False
    is_split = {data["split"], validation["split"]} == {"train", "validation"}
    return not (is_split and all(data.get(key) == validation.get(key) for key in ("fraction", "limit")))
