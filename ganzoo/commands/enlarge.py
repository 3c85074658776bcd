"""`ganzoo enlarge`: photographs enlarged by a pretrained generator, a run, or an exported network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ganzoo import pretrained
from ganzoo.backend import require_torch_backend
from ganzoo.commands._interpolation import Interpolation, interpolation_options

#: Of files that hold networks; those that cannot be used are refused as such, and not as photographs.
_NETWORK_SUFFIXES = (".keras", pretrained.SUFFIX, ".h5", ".onnx", ".pt", ".pt2", ".pth")


@click.command(name="enlarge")
@click.argument("arguments", metavar="[NETWORK] PHOTO...", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    default="enlarged/",
    show_default=True,
    help="File or folder to write; / at the end means a folder.",
)
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="KEY=VALUE",
    help="format=png, jpg or webp; sheet=true; repeatable.",
)
@interpolation_options
@click.option("--best", is_flag=True, help="Use the best checkpoint of a run (see train.best) instead of the newest.")
@click.option("--overwrite", is_flag=True, help="Replace files that exist (never one of the photographs).")
@click.option("--unmarked", is_flag=True, help="Do not write into PNG files which network made them.")
def command(
    arguments: tuple[str, ...],
    output: str,
    assignments: tuple[str, ...],
    other: str | None,
    alpha: float | None,
    best: bool,
    overwrite: bool,
    unmarked: bool,
) -> None:
    """Enlarge photographs with a trained network.

    NETWORK is the name of a pretrained generator (ganzoo list-pretrained; photos_x4 if left out), the folder of a
    super-resolution run, or an exported .keras or .safetensors file. PHOTOS are files and folders.
    Keeps EXIF, colour profile, greyscale, transparency and 16 bits; says what a format cannot hold.
    """
    require_torch_backend()
    from ganzoo.commands._sampling import sample_run
    from ganzoo.errors import RecipeError
    from ganzoo.sampling import PhotographOptions

    network, photographs = network_and_photographs(arguments)
    interpolation = Interpolation.asked(other, alpha)

    def accept(options: type[Any]) -> None:
        if not issubclass(options, PhotographOptions):
            raise RecipeError(f"{network}: its task does not enlarge photographs; ganzoo sample uses what it trained")

    if network.is_dir():
        sample_run(
            network,
            output,
            photographs,
            assignments,
            best=best,
            overwrite=overwrite,
            unmarked=unmarked,
            interpolation=interpolation,
            accept=accept,
        )
    elif best:
        raise RecipeError(f"{network}: --best chooses a checkpoint of a run, and this is a file")
    else:
        _enlarge_with_file(
            network,
            output,
            photographs,
            assignments,
            overwrite=overwrite,
            unmarked=unmarked,
            interpolation=interpolation,
        )


def network_and_photographs(arguments: Sequence[str]) -> tuple[Path, tuple[Path, ...]]:
    """Return the file or run to enlarge with, and what to enlarge; RecipeError with all that is not there."""
    from ganzoo.errors import Problem, RecipeError, listing, nearest

    known = pretrained.list_pretrained()
    first = Path(arguments[0])
    if arguments[0] in known and not first.exists():
        network, rest = known[arguments[0]], arguments[1:]
    elif first.suffix.lower() in _NETWORK_SUFFIXES or (first / "manifest.json").is_file():
        network, rest = first, arguments[1:]
    else:
        network, rest = known[pretrained.DEFAULT], arguments
    photographs = tuple(Path(text) for text in rest)
    problems = [
        Problem(f"there is no such file or folder{nearest(str(path), known)}", place=str(path))
        for path in dict.fromkeys((network, *photographs))
        if not path.exists()
    ]
    if problems:
        raise RecipeError(problems)
    if not photographs:
        raise RecipeError(
            f"{arguments[0]}: enlarges photographs, and none is named; add files or folders. "
            f"Pretrained generators are {listing(known)}"
        )
    return network, photographs


def _enlarge_with_file(
    file: Path,
    output: str,
    photographs: tuple[Path, ...],
    assignments: tuple[str, ...],
    *,
    overwrite: bool,
    unmarked: bool,
    interpolation: Interpolation | None,
) -> None:
    from ganzoo.commands._sampling import requested, sampling_options
    from ganzoo.contracts.extractor import weights_sha256
    from ganzoo.sampling import PhotographOptions, process_in_tiles
    from ganzoo.sampling.tiles import OVERLAP, TILE
    from ganzoo.training.exported import scale_of
    from ganzoo.training.published import load_network
    from ganzoo.zoo import load_zoo

    zoo = load_zoo()
    options = sampling_options(PhotographOptions, assignments, zoo)
    loaded = load_network(file, zoo)
    network = loaded.network
    if interpolation is not None:
        interpolation.apply({network.name: loaded}, zoo)
    scale = scale_of(network, file)
    mixed = {} if interpolation is None else interpolation.facts()
    facts = None if unmarked else {**mixed, "network": file.name, "weights_sha256": weights_sha256(network)}
    with requested(output, photographs, options=options, overwrite=overwrite, facts=facts) as request:
        for path in process_in_tiles(request, network, suffix=f"_x{scale}", scale=scale, tile=TILE, overlap=OVERLAP):
            request.report.wrote(path)
