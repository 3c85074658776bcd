"""What a run must say about itself so that another person can judge and repeat it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ganzoo.contracts.dataset import Source


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


def describe_data(source: Source) -> dict[str, Any]:
    """Return size, fields and fingerprint of the data."""
    fields = {name: {**asdict(field), "shape": list(field.shape)} for name, field in source.fields.items()}
    return {
        "examples": len(source),
        "fields": fields,
        "fingerprint": hashlib.sha256(source.fingerprint().encode()).hexdigest(),
        "skipped": list(source.skipped),
    }
