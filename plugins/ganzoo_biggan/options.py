"""What both networks of BigGAN can be told."""

from __future__ import annotations

from typing import Literal, TypeAlias

#: How kernels start: orthogonal as in the paper, or N(0, 0.02) as in the authors' CIFAR-10 runs.
Initializer: TypeAlias = Literal["orthogonal", "normal"]
