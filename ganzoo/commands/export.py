"""`ganzoo export`: trained networks as files for other programs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ganzoo.backend import require_torch_backend
from ganzoo.pretrained import network_file

if TYPE_CHECKING:
    from ganzoo.exporting import Product


@click.command(name="export")
@click.argument("source", metavar="RUN|FILE|NAME", type=click.Path(path_type=Path))
@click.option(
    "--to",
    type=click.Choice(["keras", "onnx", "safetensors", "state_dict", "torch"]),
    required=True,
    help="keras: loads in plain Keras. onnx: for other runtimes. safetensors: loads in ganzoo. torch: torch.export. "
    "state_dict: weights for programs that know the published PyTorch network.",
)
@click.option("-o", "--output", required=True, help="File to write; a folder (/ at the end) for each network's file.")
@click.option("--network", "name", metavar="NAME", help="The network of a RUN with several; all by default.")
@click.option("--best", is_flag=True, help="Use the best checkpoint of a RUN (see train.best) instead of the newest.")
@click.option("--overwrite", is_flag=True, help="Replace files that exist.")
def command(source: Path, to: str, output: str, name: str | None, best: bool, overwrite: bool) -> None:
    """Write trained networks for other programs.

    RUN is the folder of a run, FILE a network in a .keras or .safetensors file, NAME a pretrained generator. Each file
    is read again independently of ganzoo and compared with the network; one that differs is not kept.
    """
    require_torch_backend()
    from ganzoo.commands._terminal import say
    from ganzoo.errors import RecipeError
    from ganzoo.exporting import SUFFIXES, export
    from ganzoo.runs.names import UniqueStems

    products = _products(network_file(source), name, best=best)
    into_folder = output.endswith(("/", os.sep)) or Path(output).is_dir()
    if len(products) > 1 and not into_folder:
        names = ", ".join(product.name for product in products)
        raise RecipeError(
            f"{source}: has {len(products)} networks ({names}); choose one with --network, or write all into a folder: "
            f"-o {output}/"
        )
    stems = UniqueStems()  # a file may give its network any name
    for product in products:
        path = Path(output) / f"{stems(product.name)}{SUFFIXES[to]}" if into_folder else Path(output)
        difference = export(product, path, to=to, overwrite=overwrite)
        say(f"wrote {path}: differs by at most {difference:.2g} from the trained network")


def _products(source: Path, name: str | None, *, best: bool) -> list[Product]:
    from ganzoo.commands._terminal import say
    from ganzoo.errors import RecipeError, listing, nearest
    from ganzoo.exporting import product_of_file, products_of_run
    from ganzoo.runs.folder import RunFolder
    from ganzoo.runs.recipes import load_run_recipe
    from ganzoo.zoo import load_zoo

    zoo = load_zoo()
    if source.is_dir():
        folder = RunFolder.existing(source)
        products = products_of_run(folder, load_run_recipe(folder, zoo=zoo), best=best, note=say)
    elif best:
        raise RecipeError(f"{source}: --best chooses a checkpoint of a run, and this is a file")
    else:
        products = [product_of_file(source, zoo)]
    names = [product.name for product in products]
    if name is not None and name not in names:
        raise RecipeError(f"{source}: has no network '{name}'{nearest(name, names)}; it has {listing(names)}")
    return [product for product in products if name in (None, product.name)]
