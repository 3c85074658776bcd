"""`ganzoo list-pretrained`: the pretrained generators."""

from __future__ import annotations

import click

from ganzoo.backend import require_torch_backend


@click.command(name="list-pretrained")
def command() -> None:
    """List the pretrained generators.

    ganzoo enlarge NAME PHOTO uses one, ganzoo pull adds others.
    """
    require_torch_backend()
    from ganzoo.bundled import bundled_files
    from ganzoo.commands._terminal import console, table
    from ganzoo.errors import CheckpointError
    from ganzoo.pretrained import SUFFIX, list_pretrained
    from ganzoo.runs.safetensors import read_metadata

    bundled = bundled_files("pretrained", SUFFIX)
    rows = []
    for name, path in list_pretrained().items():
        try:
            facts = read_metadata(path)
        except CheckpointError as error:
            facts = {"recipe": str(error)}
        size = f"{path.stat().st_size / 1e6:.1f} MB"
        rows.append(
            [name, facts.get("scale", ""), size, "bundled" if name in bundled else "pulled", facts.get("recipe", "")]
        )
    columns = ["name", "scale", "size", "from", "recipe"]
    console().print(table("Pretrained generators", columns, rows, others="left"))
