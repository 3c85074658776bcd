"""Networks between two trained ones, by interpolation of their weights (ESRGAN, arXiv 1809.00219, section 3.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import is_dataclass
from pathlib import Path

from ganzoo.assembly import product_architectures
from ganzoo.contracts.results import Trained
from ganzoo.contracts.tensor import Array, Variable
from ganzoo.errors import RecipeError, listing
from ganzoo.pretrained import network_file
from ganzoo.recipe import Recipe
from ganzoo.runs.folder import RunFolder
from ganzoo.runs.recipes import load_run_recipe
from ganzoo.training.foreign import read_weights
from ganzoo.training.published import LoadedNetwork
from ganzoo.training.reload import trained_networks
from ganzoo.training.state import to_arrays
from ganzoo.zoo import Zoo


def products_of(trained: Trained, recipe: Recipe) -> dict[str, LoadedNetwork]:
    """Return the networks of a run that the training was for, by name."""
    chosen = product_architectures(recipe, trained.fields, trained.fitted)
    return {name: LoadedNetwork(trained.networks[name], chosen[name]) for name in chosen}


def interpolate(
    products: Mapping[str, LoadedNetwork], other: str, alpha: float, *, zoo: Zoo, note: Callable[[str], None]
) -> None:
    """Set the weights of each product to (1 - alpha) times those of `other` plus alpha times its own.

    `other` is a run, a file of weights, or the name of a pretrained generator. Whole numbers among the weights stay.
    RecipeError or CheckpointError, and nothing changed, when it does not hold the same networks.
    """
    path = network_file(Path(other))
    pairs = _of_run(products, path, zoo, note) if path.is_dir() else _of_file(products, path)
    for variable, value in list(pairs):
        if value.dtype.kind == "f":
            variable.assign(alpha * variable.value + (1 - alpha) * variable.value.new_tensor(value))


def _of_file(products: Mapping[str, LoadedNetwork], path: Path) -> Iterable[tuple[Variable, Array]]:
    if len(products) != 1:
        raise RecipeError(
            f"--interpolate {path}: a file holds one network, but {listing(products)} are sampled; name a run"
        )
    [product] = products.values()
    return read_weights(product.network, path, product.architecture).values


def _of_run(
    products: Mapping[str, LoadedNetwork], path: Path, zoo: Zoo, note: Callable[[str], None]
) -> Iterable[tuple[Variable, Array]]:
    folder = RunFolder.existing(path)
    recipe = load_run_recipe(folder, zoo=zoo)
    theirs = products_of(trained_networks(folder, recipe, note=note)[0], recipe)
    for name, product in products.items():
        other = next(iter(theirs.values())) if len(products) == len(theirs) == 1 else theirs.get(name)
        if other is None:
            raise RecipeError(f"--interpolate {path}: has no network '{name}'; it has {listing(theirs)}")
        yield from _paired(name, product, other, path)


def _paired(name: str, mine: LoadedNetwork, theirs: LoadedNetwork, path: Path) -> Iterable[tuple[Variable, Array]]:
    """Return the weights of one network with those of the other; RecipeError unless they are of one architecture."""
    if is_dataclass(mine.architecture) and theirs.architecture not in (mine.architecture, None):
        raise RecipeError(
            f"--interpolate {path}: its network '{name}' is {theirs.architecture}, expected the same as that of the "
            f"run, {mine.architecture}"
        )
    shapes = [[tuple(variable.shape) for variable in each.network.weights] for each in (mine, theirs)]
    if shapes[0] != shapes[1]:
        raise RecipeError(
            f"--interpolate {path}: its network '{name}' has other weights ({_told(theirs)}), expected the same "
            f"architecture ({_told(mine)})"
        )
    values = to_arrays({str(place): variable for place, variable in enumerate(theirs.network.weights)})
    return zip(mine.network.weights, values.values(), strict=True)


def _told(loaded: LoadedNetwork) -> str:
    return f"{loaded.network.count_params():,} numbers in {len(loaded.network.weights)} arrays"
