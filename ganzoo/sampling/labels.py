"""Names on pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_SIZE = 14
_STRIP = 22
_INK = (40, 44, 52)
_PAPER = (255, 255, 255)


def labelled(picture: NDArray[np.uint8], name: str) -> NDArray[np.uint8]:
    """Return a picture (H x W x 3) below a strip with its name, which is cut off where the picture is narrower."""
    from PIL import Image, ImageDraw

    strip = Image.new("RGB", (picture.shape[1], _STRIP), _PAPER)
    ImageDraw.Draw(strip).text((3, _STRIP / 2), name, fill=_INK, font=font(_SIZE), anchor="lm")
    return np.concatenate([np.asarray(strip), picture])


def font(size: float) -> Any:
    """Return the font that comes with Pillow, so that labels are the same on every machine."""
    from PIL import ImageFont

    return ImageFont.load_default(size)
