"""The text of a recipe that trains a tiny network to enlarge photographs."""

from __future__ import annotations


def enlarging(data: str, *, scale: int = 4, steps: int = 3) -> str:
    """Return a recipe with this data: a key `data = ...`, or the table `[data]`."""
    return f"""{data}

[task]
name = "super_resolution"
scale = {scale}
crop = 16

[generator]
name = "subpixel_resnet"
filters = 4
blocks = 1

[[losses]]
name = "l1"

[optimizers.generator]
name = "adam"
learning_rate = 1e-3

[train]
batch_size = 4
samples = 2

[[phases]]
name = "content"
steps = {steps}
"""


def folder(path: object) -> str:
    """Return the table of a folder of photographs."""
    return f'[data]\nname = "folder"\npath = "{path}"'
