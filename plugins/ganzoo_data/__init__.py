"""Data from folders and files, embedded photographs and digits, stacked images, a mixture of gaussians."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Dataset, hookimpl
from ganzoo_data.digits import Digits
from ganzoo_data.folder import Folder
from ganzoo_data.from_python import FromPython
from ganzoo_data.gaussians import Gaussians
from ganzoo_data.hdf5 import Hdf5
from ganzoo_data.npz import Npz
from ganzoo_data.paired_folder import PairedFolder
from ganzoo_data.photos import Photos
from ganzoo_data.stacked import Stacked

GANZOO_API = "1"


@hookimpl
def ganzoo_register_datasets() -> Mapping[str, type[Dataset]]:
    return {
        "digits": Digits,
        "folder": Folder,
        "from_python": FromPython,
        "gaussians": Gaussians,
        "hdf5": Hdf5,
        "npz": Npz,
        "paired_folder": PairedFolder,
        "photos": Photos,
        "stacked": Stacked,
    }
