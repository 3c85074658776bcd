"""The manifest of a run, by which another person can judge and repeat it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ganzoo.contracts.dataset import Source
from ganzoo.data.opening import TrainingData
from ganzoo.runs.arrays import pack_arrays
from ganzoo.runs.identity import fingerprint_of


def describe_run(
    *, name: str, digest: str, seed: int, determinism: str, data: Mapping[str, Any], environment: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the manifest of a run that begins now."""
    return {
        "name": name,
        "status": "running",
        "seed": seed,
        "recipe_sha256": digest,
        "determinism": determinism,
        "environment": dict(environment),
        "data": dict(data),
        "origin": None,
        "drift": [],
    }


def describe_data(data: TrainingData) -> dict[str, Any]:
    """Return size, fields and fingerprint of each stream of the data, and a hash of what the task fitted on them."""
    fitted = hashlib.sha256(pack_arrays(data.fitted)).hexdigest() if data.fitted else None
    return {"streams": {name: _source(source) for name, source in data.sources.items()}, "fitted": fitted}


def _source(source: Source) -> dict[str, Any]:
    fields = {
        name: {**asdict(field), "shape": list(field.shape), "names": list(field.names)}
        for name, field in source.fields.items()
    }
    return {
        "examples": len(source),
        "fields": fields,
        "fingerprint": fingerprint_of(source),
        "skipped": list(source.skipped),
    }
