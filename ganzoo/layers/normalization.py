"""Normalization as fused operations of torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import torch
from torch.nn import functional

from ganzoo.execution.batches import each_batch
from ganzoo.layers.memory import applied, as_tensor, channels_first, channels_last

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Tensor, Variable


class _FullPrecision(keras.layers.Layer):
    """Keeps scales, offsets and statistics in float32 when the inputs are in half precision."""

    def add_weight(self, *arguments: Any, **options: Any) -> Variable:
        return super().add_weight(*arguments, **{"autocast": False, **options})


@keras.saving.register_keras_serializable(package="ganzoo")
class BatchNormalization(_FullPrecision, keras.layers.BatchNormalization):
    """`keras.layers.BatchNormalization` in one fused operation (arXiv 1502.03167), for (n, c) and (n, h, w, c).

    Same arguments, variables and outputs. As in Keras, `momentum` is the weight of the old statistics, and the
    moving variance averages the *biased* variance of the batch (torch's own layer: the unbiased one). Masks,
    renormalization, other axes and a single value per channel are left to Keras. Two batches concatenated into one
    are normalized separately.
    """

    def call(self, inputs: Tensor, training: bool | None = None, mask: Any = None) -> Any:
        if not training or mask is not None:
            return self._of_batch(inputs, training, mask)
        return each_batch(lambda part: self._of_batch(part, training), inputs)

    def _of_batch(self, inputs: Tensor, training: bool | None, mask: Any = None) -> Tensor:
        count = inputs.numel() // max(inputs.shape[self.axis], 1)
        is_last = self.axis in (-1, inputs.ndim - 1) and inputs.ndim in (2, 4)
        if mask is not None or self.renorm or not is_last or count < 2 or inputs.is_meta:
            kept: Tensor = super().call(inputs, training=training, mask=mask)
            return kept
        inputs = inputs.to(self.moving_mean.value.device)
        values = inputs if inputs.ndim == 2 else channels_first(inputs)
        values = self._by_batch(values, count) if training and self.trainable else self._by_moving_average(values)
        return values if inputs.ndim == 2 else channels_last(values)

    def _by_batch(self, values: Tensor, count: int) -> Tensor:
        old = as_tensor(self.moving_mean)
        # new for each call: autograd keeps these, so the next call must not change them
        mean, variance = torch.zeros_like(old), torch.zeros_like(old)
        normalized = self._normalized(values, mean, variance, training=True)
        with torch.no_grad():
            self.moving_mean.assign(torch.lerp(old, mean, 1 - self.momentum))
            biased = variance * ((count - 1) / count)
            self.moving_variance.assign(torch.lerp(as_tensor(self.moving_variance), biased, 1 - self.momentum))
        return normalized

    def _by_moving_average(self, values: Tensor) -> Tensor:
        mean, variance = as_tensor(self.moving_mean), as_tensor(self.moving_variance)
        if torch.is_grad_enabled():
            # autograd keeps these; a call in training before the backward pass would change them
            mean, variance = mean.clone(), variance.clone()
        return self._normalized(values, mean, variance, training=False)

    def _normalized(self, values: Tensor, mean: Tensor, variance: Tensor, *, training: bool) -> Tensor:
        scale = None if self.gamma is None else as_tensor(self.gamma)
        offset = None if self.beta is None else as_tensor(self.beta)
        return functional.batch_norm(values, mean, variance, scale, offset, training, 1.0, self.epsilon)


@keras.saving.register_keras_serializable(package="ganzoo")
class GroupNormalization(_FullPrecision, keras.layers.GroupNormalization):
    """`keras.layers.GroupNormalization` in one fused operation, for any values with channels last (arXiv 1803.08494).

    Same arguments, variables and outputs; statistics are float32 or better for every dtype of the values.
    """

    def call(self, inputs: Tensor) -> Any:
        if self.axis not in (-1, inputs.ndim - 1) or inputs.ndim < 2 or inputs.is_meta:
            return super().call(inputs)
        values = inputs.to(torch.promote_types(inputs.dtype, torch.float32)).movedim(-1, 1)
        # ones, not None: torch has no second derivative without a scale
        scale = as_tensor(self.gamma) if self.scale else values.new_ones(values.shape[1])
        offset = as_tensor(self.beta) if self.center else None
        # contiguous: on channels-last memory of CPUs torch loses the deviation where it is small beside the mean
        normalized = torch.group_norm(values.contiguous(), self.groups, scale, offset, self.epsilon)
        return keras.ops.cast(normalized.movedim(1, -1), self.compute_dtype)


@keras.saving.register_keras_serializable(package="ganzoo")
class InstanceNormalization(GroupNormalization):
    """Normalizes each channel of each example over its own pixels (arXiv 1607.08022): any shape, channels last.

    Variables are those of a GroupNormalization with as many groups as channels. Epsilon is torch's, 1e-5.
    """

    def __init__(self, epsilon: float = 1e-5, **options: Any) -> None:
        super().__init__(groups=-1, epsilon=epsilon, **options)

    def call(self, inputs: Tensor) -> Any:
        if self.axis not in (-1, inputs.ndim - 1) or inputs.ndim < 3 or inputs.is_meta:
            return super().call(inputs)
        values = inputs.to(torch.promote_types(inputs.dtype, torch.float32)).movedim(-1, 1)
        scale = as_tensor(self.gamma) if self.scale else None
        offset = as_tensor(self.beta) if self.center else None
        normalize = _by_image if _learns_eagerly(values) else torch.instance_norm
        # not group_norm, which needs a copy for its precision
        normalized = normalize(values, scale, offset, None, None, True, 0.0, self.epsilon, True)
        return keras.ops.cast(normalized.movedim(1, -1), self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["groups"]
        return dict(config)

    def to_keras(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Return a `keras.layers.GroupNormalization` with as many groups as channels."""
        return applied(keras.layers.GroupNormalization.from_config(super().get_config()), inputs, self.weights)


def _learns_eagerly(images: Tensor) -> bool:
    """Return whether images need no operation that export or a compiler knows, on a CPU."""
    eager = torch.is_grad_enabled() and not torch.compiler.is_compiling()
    return eager and images.ndim == 4 and images.device.type == "cpu"


def _by_image(images: Tensor, *options: Any) -> Tensor:
    """Return what `torch.instance_norm` does without its copies into channels-first memory and back."""
    normalized = [torch.batch_norm(image, *options) for image in torch.split(images, 1)]
    return normalized[0] if len(normalized) == 1 else torch.cat(normalized)
