"""An exported network as an object."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ganzoo.api.photographs import enlarged
from ganzoo.pretrained import network_file
from ganzoo.runs.safetensors import is_safetensors
from ganzoo.sampling.tiles import OVERLAP, TILE, apply_in_tiles
from ganzoo.zoo import Zoo, load_zoo

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Array, Network


def open_network(source: str | Path, *, zoo: Zoo | None = None) -> ExportedNetwork:
    """Return a network: a pretrained generator by name, or a `.keras` or `.safetensors` file.

    The latter is one that ganzoo exported, or a state dict of a published network that an installed plugin knows.

    RecipeError when there is neither, CheckpointError for a file that is damaged or holds anything but known layers.
    `zoo` must have the plugins whose layers the network uses, and is that of the installed ones if it is not given.
    """
    from ganzoo.training.exported import read_facts
    from ganzoo.training.published import load_network

    path = network_file(Path(source))
    loaded = load_network(path, load_zoo() if zoo is None else zoo)
    is_ours = is_safetensors(path) and loaded.architecture is None
    return ExportedNetwork(path, loaded.network, read_facts(path) if is_ours else {})


class ExportedNetwork:
    """A network without its run: `path` is its file, `network` a keras.Model, `facts` what its file says about it."""

    def __init__(self, path: Path, network: Network, facts: Mapping[str, str]) -> None:
        self.path = path
        self.network = network
        self.facts = dict(facts)

    @cached_property
    def scale(self) -> int:
        """How much larger its images are than those it is given; CheckpointError when it does not enlarge images."""
        from ganzoo.training.exported import scale_of

        return scale_of(self.network, self.path)

    def enlarge(self, photograph: str | Path | Array) -> Array:
        """Return a photograph enlarged as `ganzoo enlarge` does it; see `Run.enlarge`."""
        return enlarged(
            photograph,
            lambda given: apply_in_tiles(self.network, given, scale=self.scale, tile=TILE, overlap=OVERLAP),
        )

    def __repr__(self) -> str:
        told = [f"{name}: {self.facts[name]}" for name in ("recipe", "steps", "scale") if name in self.facts]
        return "\n  ".join([f"ExportedNetwork '{self.path}'", *told])
