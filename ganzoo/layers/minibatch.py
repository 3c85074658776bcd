"""Statistics of a batch as features of its examples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import torch

from ganzoo.execution.batches import each_batch

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Tensor


@keras.saving.register_keras_serializable(package="ganzoo")
class MinibatchStdDev(keras.layers.Layer):
    """Appends the deviation within a group of examples: (n, ..., c) -> (n, ..., c + features) (arXiv 1710.10196).

    As in StyleGAN2: the standard deviation of each value over a group of examples, averaged over places and over each
    of `features` equal parts of the channels, is one number, appended to every example of the group at every place.
    Example k belongs to group k mod (n / group_size). A batch smaller than a group is one group; ValueError when
    groups do not fill the batch. Two batches concatenated into one are grouped separately.
    """

    def __init__(self, group_size: int = 4, features: int = 1, epsilon: float = 1e-8, **options: Any) -> None:
        super().__init__(**options)
        if group_size < 1 or features < 1:
            raise ValueError(f"needs group_size and features of at least 1, received {group_size}, {features}")
        self.group_size = group_size
        self.features = features
        self.epsilon = epsilon

    def call(self, inputs: Tensor) -> Tensor:
        return each_batch(self._of_batch, inputs)

    def _of_batch(self, inputs: Tensor) -> Tensor:
        batch, channels = inputs.shape[0], inputs.shape[-1]
        # Keras traces shapes with an arbitrary batch
        size = 1 if inputs.is_meta else min(self.group_size, batch)
        if batch % size:
            raise ValueError(f"cannot split a batch of {batch} into groups of {size}; change batch or group_size")
        # float32: squares of half-precision activations leave its range
        values = inputs.to(torch.promote_types(inputs.dtype, torch.float32))
        grouped = values.reshape(size, batch // size, -1, self.features, channels // self.features)
        deviation = (grouped.var(dim=0, correction=0) + self.epsilon).sqrt().mean(dim=(1, 3))
        every = deviation.repeat(size, 1).to(inputs.dtype)
        every = every.reshape(batch, *([1] * (inputs.ndim - 2)), self.features)
        return torch.cat([inputs, every.expand(*inputs.shape[:-1], self.features)], dim=-1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        *others, channels = input_shape
        if channels is None or channels % self.features:
            raise ValueError(f"needs a multiple of {self.features} channels, received {channels}")
        return *others, channels + self.features

    def get_config(self) -> dict[str, Any]:
        own = {"group_size": self.group_size, "features": self.features, "epsilon": self.epsilon}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(package="ganzoo")
class MinibatchDiscrimination(keras.layers.Layer):
    """Appends how close an example is to the others of its batch: (n, c) -> (n, c + features) (arXiv 1606.03498).

    A kernel turns each row into `features` rows of `dimensions` values. The new feature b of an example is the sum over
    the other examples of exp(-|L1 distance of their rows b|), plus a bias that starts at -1, as in the authors' code.
    The example itself does not count. Two batches concatenated into one are compared separately.
    """

    def __init__(self, features: int = 100, dimensions: int = 5, **options: Any) -> None:
        super().__init__(**options)
        if features < 1 or dimensions < 1:
            raise ValueError(f"needs features and dimensions of at least 1, received {features}, {dimensions}")
        self.features = features
        self.dimensions = dimensions

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        shape = (input_shape[-1], self.features * self.dimensions)
        normal = keras.initializers.RandomNormal(stddev=0.05)
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer=normal)
        self.bias = self.add_weight(name="bias", shape=(self.features,), initializer=keras.initializers.Constant(-1.0))
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        return each_batch(self._of_batch, inputs)

    def _of_batch(self, inputs: Tensor) -> Tensor:
        rows = (inputs @ self.kernel.value).reshape(-1, self.features, self.dimensions)
        distances = (rows[:, None] - rows[None]).abs().sum(dim=3)
        closeness = torch.exp(-distances).sum(dim=1) - 1  # the example itself is at distance 0
        return torch.cat([inputs, (closeness + self.bias.value).to(inputs.dtype)], dim=-1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        *others, width = input_shape
        return *others, None if width is None else width + self.features

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "features": self.features, "dimensions": self.dimensions}
