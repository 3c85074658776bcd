"""Names for the values that flow between components."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from numpy.typing import NDArray

if TYPE_CHECKING:
    import keras
    import torch

Tensor: TypeAlias = "torch.Tensor"
Network: TypeAlias = "keras.Model"
Variable: TypeAlias = "keras.Variable"
Array: TypeAlias = NDArray[Any]

#: One example, or one batch, as NumPy arrays by field name.
Example: TypeAlias = Mapping[str, Array]
