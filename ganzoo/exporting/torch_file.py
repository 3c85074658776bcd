"""A network as a program of `torch.export`, which torch loads where there is neither ganzoo nor Keras."""

from __future__ import annotations

import io
import json
import warnings
from typing import Any

import torch
from torch.export import Dim, ExportedProgram

from ganzoo.blame import one_line
from ganzoo.contracts.tensor import Network, Tensor
from ganzoo.errors import PluginError
from ganzoo.exporting.examples import example
from ganzoo.exporting.product import Product, input_shapes

#: Under which name torch keeps the facts inside the file.
FACTS_FILE = "facts.json"
_TRACED_BATCH = 2


def export_torch(product: Product) -> bytes:
    """Return a network as a `.pt2` file, with its facts as JSON in the extra file `facts.json`."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "No complete tensor found", UserWarning)  # kernels are views, which is fine
        torch.export.save(traced(product), buffer, extra_files={FACTS_FILE: json.dumps(dict(product.facts))})
    return buffer.getvalue()


def traced(product: Product) -> ExportedProgram:
    """Return the program that a network runs in inference; its inputs come in the order of the signature.

    The batch and all free sizes vary. PluginError when what a layer computes depends on them in a way that torch cannot
    write down.
    """
    given = example(product, _TRACED_BATCH, seed=0)
    shapes = input_shapes(product.network, product.signature)
    sizes = {
        name: {0: batch, **{axis: Dim(f"size_{place}_{axis}") for axis, side in enumerate(shape, 1) if side is None}}
        for batch in [Dim("batch")]
        for place, (name, shape) in enumerate(shapes.items())
    }
    tensors = tuple(torch.from_numpy(given[name]) for name in shapes)
    try:
        with torch.no_grad():
            module = _Inference(product)
            return torch.export.export(module, tensors, dynamic_shapes=(tuple(sizes.values()),), strict=False)
    except Exception as error:
        raise PluginError(
            f"network '{product.name}': torch cannot trace it at sizes that vary: {one_line(error)}"
        ) from error


class _Inference(torch.nn.Module):
    """A network that takes its inputs one by one and gives a tensor, or several by name."""

    def __init__(self, product: Product) -> None:
        super().__init__()
        self.network: Network = product.network
        self._inputs, self._outputs = list(product.signature.inputs), list(product.signature.outputs)

    def forward(self, *inputs: Tensor) -> Any:
        given: Any = inputs[0] if len(inputs) == 1 else dict(zip(self._inputs, inputs, strict=True))
        found = self.network(given, training=False)
        return {name: found[name] for name in self._outputs} if len(self._outputs) > 1 else found
