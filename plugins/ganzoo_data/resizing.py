"""Images of any size brought to one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image

from ganzoo import Array

Resize = Literal["crop", "fit", "stretch"]


@dataclass(frozen=True)
class Change:
    """Brings an RGB image to a size (height, width) if there is one, and to grey where `channels` is 1."""

    size: tuple[int, int] | None
    resize: Resize
    channels: Literal[1, 3]

    def __call__(self, image: Array) -> Array:
        picture = Image.fromarray(image)
        if self.channels == 1:
            picture = picture.convert("L")
        if self.size is not None:
            picture = resized(picture, self.size, self.resize)
        pixels = np.array(picture)
        return pixels[:, :, None] if self.channels == 1 else pixels


def resized(picture: Image.Image, size: tuple[int, int], how: Resize) -> Image.Image:
    """Return a picture at (height, width) by antialiased bicubic interpolation.

    `crop` scales the short side and cuts the centre out, `fit` scales the whole and pads it with white, `stretch` gives
    up its proportions.
    """
    height, width = size
    if how == "stretch":
        return picture.resize((width, height), Image.Resampling.BICUBIC)
    if how == "crop":
        # cut first: a long narrow picture would become enormous
        factor = min(picture.width / width, picture.height / height)
        left, top = (picture.width - width * factor) / 2, (picture.height - height * factor) / 2
        box = (
            max(left, 0),
            max(top, 0),
            min(picture.width, left + width * factor),
            min(picture.height, top + height * factor),
        )
        return picture.resize((width, height), Image.Resampling.BICUBIC, box=box)
    factor = min(width / picture.width, height / picture.height)
    inside = (max(1, min(width, round(picture.width * factor))), max(1, min(height, round(picture.height * factor))))
    sheet = Image.new(picture.mode, (width, height), "white")
    corner = ((width - inside[0]) // 2, (height - inside[1]) // 2)
    sheet.paste(picture.resize(inside, Image.Resampling.BICUBIC), corner)
    return sheet
