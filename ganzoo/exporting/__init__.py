"""Networks as files for other programs: Keras, ONNX, torch, state dicts, and `.safetensors` for ganzoo itself."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from ganzoo.assembly import training_device
from ganzoo.errors import RecipeError, listing
from ganzoo.exporting.keras_file import export_keras
from ganzoo.exporting.onnx_file import export_onnx
from ganzoo.exporting.parity import TOLERANCE, check_parity
from ganzoo.exporting.product import Product, product_of_file, products_of_run
from ganzoo.exporting.safetensors_file import export_safetensors
from ganzoo.exporting.state_dict_file import export_state_dict
from ganzoo.exporting.torch_file import export_torch
from ganzoo.runs import files

__all__ = ["SUFFIXES", "TOLERANCE", "Product", "export", "product_of_file", "products_of_run"]

_WRITERS: dict[str, Callable[[Product], bytes]] = {
    "keras": lambda product: export_keras(product.network),
    "onnx": export_onnx,
    "state_dict": export_state_dict,
    "safetensors": lambda product: export_safetensors(product.network, product.facts),
    "torch": export_torch,
}
#: What the files of each format end in; of two with one suffix, the suffix alone means the second.
SUFFIXES = {
    "keras": ".keras",
    "onnx": ".onnx",
    "state_dict": ".safetensors",
    "safetensors": ".safetensors",
    "torch": ".pt2",
}


def export(product: Product, path: Path, *, to: str, overwrite: bool = False) -> float:
    """Write a network as `keras`, `onnx`, `safetensors`, `state_dict` or `torch`; return how far the file is from it.

    That is the largest absolute difference on random inputs of two sizes, with the file read independently of ganzoo.
    The network is on the CPU, as `products_of_run` and `product_of_file` return it. Nothing is written when the
    difference is more than `TOLERANCE`. RecipeError when the file exists (without `overwrite`) or has another suffix;
    PluginError naming the layer that the format cannot hold; BackendError when packages are missing.
    """
    if to not in SUFFIXES:
        raise RecipeError(f"cannot export to '{to}'; expected one of {listing(SUFFIXES)}")
    if path.suffix.lower() != SUFFIXES[to]:
        raise RecipeError(f"{path}: expected a name that ends in {SUFFIXES[to]}, as files of {to} do")
    if path.exists() and not overwrite:
        raise RecipeError(f"{path}: exists; name another output, or overwrite it with --overwrite")
    with training_device("cpu"), tempfile.TemporaryDirectory(prefix="ganzoo-") as folder:
        content = _WRITERS[to](product)
        tried = Path(folder) / f"network{SUFFIXES[to]}"
        tried.write_bytes(content)
        difference = check_parity(product, tried, to)
    files.make_folder(path.parent)
    files.write_durably(path, content)
    return difference
