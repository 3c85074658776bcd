"""Convolutions without copies between layouts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import keras
from torch.nn import functional

from ganzoo.layers.memory import KernelMemory, applied, as_tensor, channels_first, channels_last, torch_kernel
from ganzoo.layers.padding import same_padding, transposed_crops

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Tensor


class _Convolution(KernelMemory):
    """The base class of both convolutions."""

    def bias_in_use(self) -> Tensor | None:
        """Return the bias (filters,), or None."""
        return None if self.bias is None else as_tensor(self.bias)

    def _activated(self, values: Tensor) -> Tensor:
        activated: Tensor = values if self.activation is None else self.activation(values)
        return activated


@keras.saving.register_keras_serializable(package="ganzoo")
class Conv2D(_Convolution, keras.layers.Conv2D):
    """`keras.layers.Conv2D` without copies: (n, h, w, c) -> (n, h', w', filters).

    Same arguments, variables and outputs. The kernel has Keras' shape (h, w, c, filters), but is stored in the
    order filters, h, w, c. Zeros around the image are torch's own; only where "same" needs more of them after than
    before (an even side at stride 2, say) the image is copied once.
    """

    def call(self, inputs: Tensor) -> Any:
        if self.data_format != "channels_last" or inputs.ndim != 4:
            return super().call(inputs)
        kernel = self.kernel_in_use()
        images, padding = self._padded(channels_first(inputs.to(kernel.device)))
        convolved = functional.conv2d(
            images,
            torch_kernel(kernel),
            self.bias_in_use(),
            self.strides,
            padding,
            self.dilation_rate,
            self.groups,
        )
        return self._activated(channels_last(convolved))

    def _padded(self, images: Tensor) -> tuple[Tensor, tuple[int, int]]:
        """Return images and the padding that torch has to add on both sides of each axis."""
        if self.padding == "valid":
            return images, (0, 0)
        sides = zip(images.shape[2:], self.kernel_size, self.strides, self.dilation_rate, strict=True)
        (top, bottom), (left, right) = (same_padding(*side) for side in sides)
        if (top, left) == (bottom, right):
            return images, (top, left)
        return functional.pad(images, (left, right, top, bottom)), (0, 0)


@keras.saving.register_keras_serializable(package="ganzoo")
class PaddedConv2D(Conv2D):
    """A convolution of images with `zeros` rows and columns of zeros around: (n, h, w, c) -> (n, h', w', filters).

    As a `ZeroPadding2D` and a `Conv2D` with padding "valid" behind it, in one operation: PyTorch's `padding`, which at
    strides of 2 is not what Keras means by "same". ValueError for negative `zeros`, and for another `padding` or
    `data_format` than "valid" and "channels_last".
    """

    def __init__(self, filters: int, kernel_size: int | tuple[int, int], *, zeros: int, **options: Any) -> None:
        super().__init__(filters, kernel_size, **_with_own_sides(options))
        if zeros < 0:
            raise ValueError(f"needs zeros of at least 0, received {zeros}")
        self.zeros = zeros

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        batch, *sides, channels = input_shape
        padded = (side and side + 2 * self.zeros for side in sides)
        shape: tuple[int | None, ...] = super().compute_output_shape((batch, *padded, channels))
        return shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "zeros": self.zeros}

    def to_keras(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Return a `ZeroPadding2D` and a `keras.layers.Conv2D`."""
        layer = keras.layers.Conv2D.from_config(super().get_config())
        return applied(layer, keras.layers.ZeroPadding2D(self.zeros)(inputs), self.weights)

    def _padded(self, images: Tensor) -> tuple[Tensor, tuple[int, int]]:
        return images, (self.zeros, self.zeros)


@keras.saving.register_keras_serializable(package="ganzoo")
class Conv2DTranspose(_Convolution, keras.layers.Conv2DTranspose):
    """`keras.layers.Conv2DTranspose` without copies: (n, h, w, c) -> (n, h', w', filters).

    Same arguments, variables and outputs. The kernel has Keras' shape (h, w, filters, c), but is stored in the
    order c, h, w, filters. Where Keras cuts more off after than before (odd kernels at stride 2, say), the result is a
    view of a slightly larger one.
    """

    def call(self, inputs: Tensor) -> Any:
        crops = self._crops()
        before, missing, extra = zip(*(_torch_padding(*crop) for crop in crops), strict=True)
        fits = min(before) >= 0 and all(more < max(step) for more, step in zip(missing, self._steps(), strict=True))
        if self.data_format != "channels_last" or inputs.ndim != 4 or not fits:
            return super().call(inputs)
        kernel = self.kernel_in_use()
        convolved = functional.conv_transpose2d(
            channels_first(inputs.to(kernel.device)),
            torch_kernel(kernel),
            self.bias_in_use(),
            self.strides,
            before,
            missing,
            1,
            self.dilation_rate,
        )
        if any(extra):
            convolved = convolved[:, :, : convolved.shape[2] - extra[0], : convolved.shape[3] - extra[1]]
        return self._activated(channels_last(convolved))

    def _crops(self) -> list[tuple[int, int]]:
        given = self.output_padding
        given = given if isinstance(given, (tuple, list)) else (given, given)
        sides = zip(self.kernel_size, self.strides, self.dilation_rate, given, strict=True)
        return [transposed_crops(*side[:3], self.padding, side[3]) for side in sides]

    def _steps(self) -> Iterable[tuple[int, int]]:
        return zip(self.strides, self.dilation_rate, strict=True)


@keras.saving.register_keras_serializable(package="ganzoo")
class CroppedConv2DTranspose(Conv2DTranspose):
    """A transposed convolution without the rows and columns in `crops`: (n, h, w, c) -> (n, h', w', filters).

    As `Conv2DTranspose` with padding "valid" and a `Cropping2D` behind it, in one operation. A kernel of 3 with strides
    of 2 and crops ((1, 0), (1, 0)) is PyTorch's with padding 1 and output_padding 1; Keras' own "same" leaves out the
    last row and column in the place of the first. ValueError where a side loses as many values more before than after
    as the stride is, and for another `padding` or `data_format` than "valid" and "channels_last".
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int],
        *,
        crops: Sequence[Sequence[int]],
        strides: int | tuple[int, int] = 1,
        **options: Any,
    ) -> None:
        super().__init__(filters, kernel_size, strides=strides, **_with_own_sides(options))
        self.crops = tuple((before, after) for before, after in crops)
        for (before, after), stride in zip(self.crops, self.strides, strict=True):
            if min(before, after) < 0 or before - after >= stride:
                raise ValueError(f"cannot leave out {before} before and {after} after at a stride of {stride}")

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        batch, *sides, filters = super().compute_output_shape(input_shape)
        kept = (side and side - sum(crop) for side, crop in zip(sides, self.crops, strict=True))
        return batch, *kept, filters

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "crops": self.crops}

    def to_keras(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Return a `keras.layers.Conv2DTranspose` and a `Cropping2D`."""
        layer = keras.layers.Conv2DTranspose.from_config(super().get_config())
        return keras.layers.Cropping2D(self.crops)(applied(layer, inputs, self.weights))

    def _crops(self) -> list[tuple[int, int]]:
        whole = zip(super()._crops(), self.crops, strict=True)
        return [(before + first, after + last) for (before, after), (first, last) in whole]


def _with_own_sides(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a layer that pads or crops images itself."""
    own = {"padding": "valid", "data_format": "channels_last"}
    for name, value in own.items():
        if options.get(name) not in (None, value):
            raise ValueError(f"needs {name} '{value}', received '{options[name]}'")
    return {**options, **own}


def _torch_padding(before: int, after: int) -> tuple[int, int, int]:
    """Return torch's padding and output_padding for one side, and how many values to cut off at its end."""
    return before, max(0, before - after), max(0, after - before)
