"""What the contract tests need to know of a component, stated beside the tests of its plugin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ganzoo import LOGITS, Example, Field, Signature

LATENT, POINT = Field(shape=(5,)), Field(shape=(2,))
SMALL, LARGE = Field(shape=(8, 8, 3), low=-1, high=1), Field(shape=(16, 16, 3), low=-1, high=1)


@dataclass(frozen=True, kw_only=True)
class Case:
    """How one component is tried: `tests/plugins/NAME/contract.py` has a dict of these, CONTRACT, by component name.

    `options` make it tiny, `signature` is what an architecture is built for, `example` what a metric is given (a
    photograph otherwise), `needs_files` leaves out a dataset that has tests of its own, `images_only` a regularizer
    where points are judged, `own_network` one that needs a network of its plugin, `training` is the dataset that a
    metric compares with.
    """

    options: Mapping[str, Any] = field(default_factory=dict)
    signature: Signature | None = None
    example: Example | None = None
    training: Mapping[str, Any] | None = None
    needs_files: bool = False
    images_only: bool = False
    own_network: bool = False


def generator(output: Field, name: str = "sample") -> Signature:
    """Return the signature of a generator from latents."""
    return Signature(inputs={"latent": LATENT}, outputs={name: output})


def discriminator(image: Field, name: str = "image") -> Signature:
    """Return the signature of a discriminator."""
    return Signature(inputs={name: image}, outputs={"logits": LOGITS})
