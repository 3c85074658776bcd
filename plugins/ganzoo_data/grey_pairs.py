from __future__ import annotations

from dataclasses import dataclass

from ganzoo import Dataset, Source, images
from ganzoo_data.derived import DerivedInput, open_photographs


@dataclass(frozen=True, kw_only=True)
class GreyPairs(Dataset):
    """Photographs of other data and their brightness: fields `input`, one channel, and `target`, RGB uint8.

    For `paired_translation` to learn colours. Brightness is BT.601, full range.
    """

    of: Dataset

    def open(self) -> Source:
        return DerivedInput(open_photographs(self.of, "grey_pairs"), images.grey, "brightness")
