"""Images at other sizes, without the antialiasing that good reductions have."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np

from ganzoo import Array

Method = Literal["area", "bilinear", "bicubic"]
METHODS: tuple[Method, ...] = get_args(Method)
#: The cubic convolution of PyTorch and OpenCV.
_CUBIC = -0.75


def resize(image: Array, size: tuple[int, int], method: Method) -> Array:
    """Return an image (float32, height x width x channels) at another (height, width); its borders stay in place.

    The values of `torch.nn.functional.interpolate`: `area` averages, `bilinear` and `bicubic` sample 2 and 4 pixels a
    side however small the result is.
    """
    for axis, length in enumerate(size):
        if length != image.shape[axis]:
            image = _along(image, axis, _weights(image.shape[axis], length, method))
    return image


def _along(image: Array, axis: int, weights: Any) -> Array:
    swapped = image.swapaxes(0, axis)
    made: Array = weights @ swapped.reshape(len(swapped), -1)
    return made.reshape(-1, *swapped.shape[1:]).swapaxes(0, axis)


def _weights(length: int, wanted: int, method: Method) -> Any:
    """Return the sparse matrix from `length` values to `wanted` ones."""
    from scipy.sparse import csr_array

    taps, shares = {"area": _area, "bilinear": _bilinear, "bicubic": _bicubic}[method](length, wanted)
    rows = np.broadcast_to(np.arange(wanted)[:, None], taps.shape)
    entries = shares.astype(np.float32).ravel(), (rows.ravel(), taps.clip(0, length - 1).ravel())
    return csr_array(entries, shape=(wanted, length))


def _area(length: int, wanted: int) -> tuple[Array, Array]:
    """Return for each result the pixels that it touches, and equal shares of them."""
    first = np.arange(wanted) * length // wanted
    end = -(-np.arange(1, wanted + 1) * length // wanted)
    taps = first[:, None] + np.arange((end - first).max())
    return taps, (taps < end[:, None]) / (end - first)[:, None]


def _bilinear(length: int, wanted: int) -> tuple[Array, Array]:
    places = _centres(length, wanted).clip(0, length - 1)
    first = np.floor(places)
    part = places - first
    return first.astype(int)[:, None] + np.arange(2), np.stack([1 - part, part], axis=1)


def _bicubic(length: int, wanted: int) -> tuple[Array, Array]:
    places = _centres(length, wanted)
    taps = np.floor(places).astype(int)[:, None] + np.arange(-1, 3)
    return taps, _cubic(np.abs(places[:, None] - taps))


def _centres(length: int, wanted: int) -> Array:
    """Return where the centres of the new pixels lie among those of the old ones."""
    centres: Array = (np.arange(wanted) + 0.5) * length / wanted - 0.5
    return centres


def _cubic(distance: Array) -> Array:
    near = (_CUBIC + 2) * distance**3 - (_CUBIC + 3) * distance**2 + 1
    far = _CUBIC * (distance**3 - 5 * distance**2 + 8 * distance - 4)
    return np.where(distance <= 1, near, far)
