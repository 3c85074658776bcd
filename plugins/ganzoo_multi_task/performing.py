"""Single tasks by a trained generator, on photographs of any size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ganzoo import Array, Network, Tensor, images, sampling
from ganzoo_multi_task.jobs import Given


@dataclass(frozen=True, kw_only=True)
class Performer:
    """A generator with the tasks that it knows, in the order of their numbers, and how it works on large images."""

    generator: Network
    tasks: tuple[str, ...]
    scale: int
    tile: int
    overlap: int

    def __call__(self, task: str, given: Given) -> Array:
        """Return what a task makes of an image, uint8 RGB; only what is missing is changed by inpainting."""
        scale = self.scale if task == "super_resolution" else 1
        joined = np.concatenate([images.to_float(given.image), given.mask.astype(np.float32)], axis=2)
        found = sampling.apply_in_tiles(self._network(task), joined, scale=scale, tile=self.tile, overlap=self.overlap)
        made = images.to_uint8(found)
        return np.where(given.mask > 0, made, given.image) if task == "inpainting" else made

    def _network(self, task: str) -> Any:
        """Return the generator as a network from images with their masks to the images of one task."""

        def call(joined: Array, training: bool = False) -> Tensor:
            given = sampling.to_tensors({"image": joined[..., :3], "mask": joined[..., 3:]})
            return performed(self.generator, self.tasks, task, given, training=training)

        return call


def performed(
    generator: Network, tasks: tuple[str, ...], task: str, given: Mapping[str, Tensor], *, training: bool
) -> Tensor:
    """Return what the head of a task gives for a batch of images and masks."""
    import torch

    image = given["image"]
    number = torch.full((len(image),), tasks.index(task), dtype=torch.int32, device=image.device)
    found = generator({"image": image, "mask": given["mask"], "task": number}, training=training)
    made: Tensor = found[task] if isinstance(found, Mapping) else found
    return made
