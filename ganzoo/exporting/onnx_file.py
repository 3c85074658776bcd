"""A network as an ONNX file."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from ganzoo.errors import BackendError
from ganzoo.exporting.product import Product
from ganzoo.exporting.torch_file import traced

OPSET = 18


def export_onnx(product: Product) -> bytes:
    """Return a network as an ONNX file of opset 18, with its facts in its metadata.

    Inputs and outputs keep Keras' axes (images are batch, height, width, channels) and the names of the signature; an
    output that would have an input's name is called NAME_output. BackendError where the packages are missing.
    """
    require_onnx()
    program = traced(product)
    with warnings.catch_warnings(), _quiet():
        warnings.simplefilter("ignore")  # of the exporter's own future
        made: Any = torch.onnx.export(
            program,
            opset_version=OPSET,
            input_names=list(product.signature.inputs),
            output_names=list(onnx_outputs(product)),
            verbose=False,
        )
    model = made.model_proto
    for name, text in product.facts.items():
        model.metadata_props.add(key=name, value=text)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


@contextmanager
def _quiet() -> Iterator[None]:
    """Do not tell users which packages the exporter knows of and does not need."""
    log = logging.getLogger("torch.onnx")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)


def onnx_outputs(product: Product) -> dict[str, str]:
    """Return the names of the outputs in the signature by those in the file."""
    taken = product.signature.inputs
    return {f"{name}_output" if name in taken else name: name for name in product.signature.outputs}


def require_onnx() -> None:
    """Raise BackendError where the packages are missing that write ONNX files and run them."""
    try:
        import onnx  # noqa: F401
        import onnxruntime  # type: ignore[import-untyped]  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise BackendError(
            f"writing ONNX files needs {error.name}, which is not installed; pip install 'keras-ganzoo[onnx]'"
        ) from error
