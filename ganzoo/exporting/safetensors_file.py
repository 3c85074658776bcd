"""A network as one `.safetensors` file that ganzoo builds again without running any code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from ganzoo.contracts.tensor import Network
from ganzoo.runs.safetensors import pack_safetensors
from ganzoo.training.export import portable_configuration
from ganzoo.training.exported import CONFIGURATION_KEY, FORMAT, FORMAT_KEY
from ganzoo.training.foreign import weight_names
from ganzoo.training.state import to_arrays


def export_safetensors(network: Network, facts: Mapping[str, str]) -> bytes:
    """Return a network as a `.safetensors` file: the same bytes for the same weights, whichever process writes it.

    Weights are named as in a `.weights.h5` of Keras. `facts` become texts in its metadata, which
    `ganzoo.training.exported.read_facts` returns.
    """
    configuration = json.dumps(portable_configuration(network), separators=(",", ":"))
    metadata = {**facts, FORMAT_KEY: FORMAT, CONFIGURATION_KEY: configuration}
    return pack_safetensors(to_arrays(weight_names(network, Path("safetensors"))), metadata)
