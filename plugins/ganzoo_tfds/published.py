"""The official files of data sets, as TFDS' own tables of checksums list them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Literal

from ganzoo import downloads

#: The unpaired sets of CycleGAN's authors that TFDS lists.
CYCLE_GAN_SETS = (
    "apple2orange",
    "cezanne2photo",
    "facades",
    "horse2zebra",
    "iphone2dslr_flower",
    "maps",
    "monet2photo",
    "summer2winter_yosemite",
    "ukiyoe2photo",
    "vangogh2photo",
)

#: The paired sets of pix2pix's authors, and which half of a picture is the input where a set is used as its name says,
#: or as the paper does: labels for facades and street scenes, photographs for maps.
PIX2PIX_SETS: Mapping[str, Literal["left", "right"]] = {
    "cityscapes": "right",
    "edges2handbags": "left",
    "edges2shoes": "left",
    "facades": "right",
    "maps": "left",
    "night2day": "left",
}


def published_files(table: str) -> dict[str, downloads.RemoteFile]:
    """Return the files of a table of checksums inside TFDS by their names."""
    rows = [line.split("\t") for line in files("tensorflow_datasets").joinpath(table).read_text().splitlines()]
    return {row[3]: downloads.RemoteFile(url=row[0], size=int(row[1]), checksum=row[2]) for row in rows}
