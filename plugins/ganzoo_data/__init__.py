"""Data from folders and files, pairs of images, embedded photographs and digits, stacked images, gaussians."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Dataset, hookimpl
from ganzoo_data.digits import Digits
from ganzoo_data.edge_pairs import EdgePairs
from ganzoo_data.folder import Folder
from ganzoo_data.from_python import FromPython
from ganzoo_data.gaussians import Gaussians
from ganzoo_data.grey_pairs import GreyPairs
from ganzoo_data.hdf5 import Hdf5
from ganzoo_data.image_pairs import ImagePairs
from ganzoo_data.npz import Npz
from ganzoo_data.paired_folder import PairedFolder
from ganzoo_data.photos import Photos
from ganzoo_data.side_by_side import SideBySide
from ganzoo_data.stacked import Stacked

GANZOO_API = "1"


@hookimpl
def ganzoo_register_datasets() -> Mapping[str, type[Dataset]]:
    return {
        "digits": Digits,
        "edge_pairs": EdgePairs,
        "folder": Folder,
        "from_python": FromPython,
        "gaussians": Gaussians,
        "grey_pairs": GreyPairs,
        "hdf5": Hdf5,
        "image_pairs": ImagePairs,
        "npz": Npz,
        "paired_folder": PairedFolder,
        "photos": Photos,
        "side_by_side": SideBySide,
        "stacked": Stacked,
    }
