"""What decides a score beyond the networks: scores are compared only where it is the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import Any

from ganzoo.blame import blaming, broken_contract
from ganzoo.contracts.dataset import Source
from ganzoo.contracts.metric import Fact, Identity
from ganzoo.contracts.results import Sources
from ganzoo.recipe import Recipe

_PACKAGES = ("keras-ganzoo", "keras", "torch", "numpy")
#: What is said of a dataset: its fingerprint stands for the rest.
_OF_DATASET = ("name", "split")


def differing(one: Identity, other: Identity) -> list[str]:
    """Return the names of the fields in which two scores are unlike; their values compare only where there are none.

    A field that only one of both has counts, as nobody knows what it was for the other.
    """
    absent = object()
    return [name for name in sorted({*one, *other}) if one.get(name, absent) != other.get(name, absent)]


def identity_of_protocol(recipe: Recipe, sources: Sources, datasets: Mapping[str, Any]) -> dict[str, Fact]:
    """Return what is the same for all scores of one evaluation: how results are made, and the held-out data.

    `datasets` are the tables that the held-out `sources` were opened from, by stream.
    """
    task = recipe.task
    with blaming(task, "task, identity()"):
        of_task = flat(task.identity(), "task.")
    return {
        "task": recipe.resolved["task"]["name"],
        **of_task,
        "weights": "raw" if recipe.ema is None else "averaged",
        "ema_decay": None if recipe.ema is None else recipe.ema.decay,
        **_reference(sources, datasets),
    }


def provenance(recipe: Recipe, weights_sha256: str, device: str) -> dict[str, Fact]:
    """Return what may differ between scores that are compared: which training made the networks, and where."""
    return {
        "seed": recipe.train.seed,
        "recipe_sha256": recipe.digest(),
        "weights_sha256": weights_sha256,
        **{f"version.{name}": version(name) for name in _PACKAGES},
        "device": device,
    }


def fingerprint_of(source: Source) -> str:
    """Return the hash of what a source says of its content."""
    what = "data: fingerprint()"
    with blaming(source, what):
        fingerprint = source.fingerprint()
    if not isinstance(fingerprint, str):
        raise broken_contract(source, what, f"returned {type(fingerprint).__name__}, expected a text")
    return hashlib.sha256(fingerprint.encode()).hexdigest()


def flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, Fact]:
    """Return a table with dotted names in place of tables inside; lists become texts."""
    return dict(_facts(table, prefix))


def _facts(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Fact]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _facts(value, f"{prefix}{name}.")
        elif value is None or isinstance(value, str | int | float):
            yield f"{prefix}{name}", value
        else:
            yield f"{prefix}{name}", json.dumps(value)


def _reference(sources: Sources, datasets: Mapping[str, Any]) -> dict[str, Fact]:
    found: dict[str, Fact] = {}
    for stream, source in sources.items():
        prefix = "reference." if len(sources) == 1 else f"reference.{stream}."
        table = datasets.get(stream) or {}
        found |= {f"{prefix}{key}": table[key] for key in _OF_DATASET if key in table}
        found[f"{prefix}fingerprint"] = fingerprint_of(source)
    return found
