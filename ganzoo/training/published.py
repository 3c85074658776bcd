"""Networks from files, of ganzoo or published for PyTorch: built without a run, and no code of the file is run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ganzoo.blame import blaming
from ganzoo.contracts.architecture import Architecture
from ganzoo.contracts.field import Signature
from ganzoo.contracts.tensor import Network
from ganzoo.errors import CheckpointError
from ganzoo.runs.foreign import refuse_pickles
from ganzoo.runs.safetensors import is_safetensors, read_metadata, read_shapes
from ganzoo.training.exported import FORMAT_KEY, load_exported
from ganzoo.training.foreign import import_weights
from ganzoo.zoo import Zoo


@dataclass(frozen=True)
class LoadedNetwork:
    """A network that can be used; what it was built from and for is unknown for a file of ganzoo."""

    network: Network
    architecture: Architecture | None = None
    signature: Signature | None = None


def load_network(path: Path, zoo: Zoo) -> LoadedNetwork:
    """Return the network of a file that ganzoo exported, or of a state dict that an installed architecture knows.

    CheckpointError when it is damaged, or neither.
    """
    refuse_pickles(path)
    if is_safetensors(path) and FORMAT_KEY not in read_metadata(path):
        shapes = read_shapes(path)
        for cls in _architectures(zoo):
            with blaming(cls, "architecture, from_state_dict()"):
                found = cls.from_state_dict(shapes)
            if found is not None:
                return _published(path, *found)
    return LoadedNetwork(load_exported(path, zoo.packages))


def _architectures(zoo: Zoo) -> Iterator[type[Architecture]]:
    return (cls for kind, _, cls in zoo.components() if kind == "architecture" and issubclass(cls, Architecture))


def _published(path: Path, architecture: Architecture, signature: Signature) -> LoadedNetwork:
    with blaming(architecture, "architecture", passing=(ValueError,)):
        try:
            network = architecture.build(signature)
        except ValueError as error:
            raise CheckpointError(f"{path}: its network cannot be built: {error}") from error
    import_weights(network, path, architecture)
    return LoadedNetwork(network, architecture, signature)
