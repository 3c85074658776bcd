"""Images of any size and colour brought to one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image

from ganzoo import Array, images


@dataclass(frozen=True)
class Change:
    """Brings an RGB image to a size (height, width) if there is one, and to grey where `channels` is 1."""

    size: tuple[int, int] | None
    resize: images.Resize
    channels: Literal[1, 3]

    def __call__(self, image: Array) -> Array:
        if self.channels == 1:
            image = np.array(Image.fromarray(image).convert("L"))[:, :, None]
        return image if self.size is None else images.resized(image, self.size, self.resize)
