"""`ganzoo enlarge`: photographs enlarged by a run of super-resolution, or by one exported network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ganzoo.backend import require_torch_backend

#: Those of super-resolution: a file does not say in which tiles its network is to work.
_TILE, _OVERLAP = 192, 40


@click.command(name="enlarge")
@click.argument("network", metavar="RUN|FILE", type=click.Path(exists=True, path_type=Path))
@click.argument(
    "photographs", metavar="PHOTO...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
)
@click.option("-o", "--output", required=True, help="File or folder to write; / at the end means a folder.")
@click.option("--set", "assignments", multiple=True, metavar="KEY=VALUE", help="format=png, jpg or webp.")
@click.option("--best", is_flag=True, help="Use the best checkpoint of a RUN (see train.best) instead of the newest.")
@click.option("--overwrite", is_flag=True, help="Replace files that exist (never one of the photographs).")
def command(
    network: Path,
    photographs: tuple[Path, ...],
    output: str,
    assignments: tuple[str, ...],
    best: bool,
    overwrite: bool,
) -> None:
    """Enlarge photographs with a trained network.

    RUN is the folder of a super-resolution run, FILE its exported network (.keras or .safetensors); PHOTOS are files
    and folders.
    Keeps EXIF, colour profile, greyscale, transparency and 16 bits; says what a format cannot hold.
    """
    require_torch_backend()
    from ganzoo.commands._sampling import sample_run
    from ganzoo.errors import RecipeError
    from ganzoo.sampling import PhotographOptions

    def accept(options: type[Any]) -> None:
        if not issubclass(options, PhotographOptions):
            raise RecipeError(f"{network}: its task does not enlarge photographs; ganzoo sample uses what it trained")

    if network.is_dir():
        sample_run(network, output, photographs, assignments, best=best, overwrite=overwrite, accept=accept)
    elif best:
        raise RecipeError(f"{network}: --best chooses a checkpoint of a run, and this is a file")
    else:
        _enlarge_with_file(network, output, photographs, assignments, overwrite=overwrite)


def _enlarge_with_file(
    file: Path, output: str, photographs: tuple[Path, ...], assignments: tuple[str, ...], *, overwrite: bool
) -> None:
    from ganzoo.commands._sampling import requested, sampling_options
    from ganzoo.sampling import PhotographOptions, process_in_tiles
    from ganzoo.training.exported import load_exported, scale_of
    from ganzoo.zoo import load_zoo

    zoo = load_zoo()
    options = sampling_options(PhotographOptions, assignments, zoo)
    packages = {plugin.module.partition(".")[0] for plugin in zoo.plugins if not plugin.error and not plugin.disabled}
    network = load_exported(file, packages)
    scale = scale_of(network, file)
    with requested(output, photographs, options=options, overwrite=overwrite) as request:
        for path in process_in_tiles(request, network, suffix=f"_x{scale}", scale=scale, tile=_TILE, overlap=_OVERLAP):
            request.report.wrote(path)
