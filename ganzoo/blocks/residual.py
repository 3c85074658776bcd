"""The residual blocks of SNGAN (arXiv 1802.05957), which SAGAN and BigGAN build on."""

from __future__ import annotations

from collections.abc import Callable

import keras

from ganzoo import layers

#: Makes a layer, or a part of a network, that normalizes its input.
Normalize = Callable[[keras.KerasTensor], keras.KerasTensor]
#: Makes a new initializer: one that is used twice draws the same weights twice.
MakeInitializer = Callable[[], keras.initializers.Initializer]


def residual_up(
    values: keras.KerasTensor,
    filters: int,
    *,
    normalize: Normalize | None = None,
    spectral: bool = False,
    make_initializer: MakeInitializer | None = None,
) -> keras.KerasTensor:
    """Return a generator's block: the side doubles, nearest neighbour, and the channels become `filters`.

    Normalization, ReLU, enlargement, 3x3 convolution, normalization, ReLU, 3x3 convolution; plus a skip of enlargement
    and 1x1 convolution. `normalize` is called twice; by default it is batch normalization. With `spectral`, each
    convolution is spectrally normalized. Kernels start as in SNGAN, or from `make_initializer`.
    """

    def convolution(size: int) -> keras.Layer:
        return _convolution(filters, size, spectral=spectral, make_initializer=make_initializer)

    normalize = normalize or _batch_normalization
    inner = keras.layers.ReLU()(normalize(values))
    inner = convolution(3)(keras.layers.UpSampling2D(2)(inner))
    inner = keras.layers.ReLU()(normalize(inner))
    inner = convolution(3)(inner)
    skip = convolution(1)(keras.layers.UpSampling2D(2)(values))
    return keras.layers.Add()([inner, skip])


def residual_down(
    values: keras.KerasTensor,
    filters: int,
    *,
    first: bool = False,
    halve: bool = True,
    spectral: bool = True,
    make_initializer: MakeInitializer | None = None,
) -> keras.KerasTensor:
    """Return a discriminator's block: the side halves (unless `halve` is off) and the channels become `filters`.

    ReLU, 3x3 convolution, ReLU, 3x3 convolution, average; plus a skip of 1x1 convolution and average, which is the
    identity where neither side nor channels change. The `first` block of a network has no ReLU before its input and
    averages before the 1x1 convolution. With `spectral`, each convolution is spectrally normalized. Kernels start as
    in SNGAN, or from `make_initializer`.
    """

    def convolution(size: int) -> keras.Layer:
        return _convolution(filters, size, spectral=spectral, make_initializer=make_initializer)

    def shrink(inner: keras.KerasTensor) -> keras.KerasTensor:
        return layers.AveragePooling2D(2)(inner) if halve else inner

    inner = convolution(3)(values if first else keras.layers.ReLU()(values))
    inner = shrink(convolution(3)(keras.layers.ReLU()(inner)))
    if first:
        skip = convolution(1)(shrink(values))
    elif halve or values.shape[-1] != filters:
        skip = shrink(convolution(1)(values))
    else:
        skip = values
    return keras.layers.Add()([inner, skip])


def _convolution(filters: int, size: int, *, spectral: bool, make_initializer: MakeInitializer | None) -> keras.Layer:
    # the uniform initialization with gain sqrt(2) of the authors' code, 1 for the skip
    gain = 2.0 if size > 1 else 1.0
    usual = keras.initializers.VarianceScaling(gain, mode="fan_avg", distribution="uniform")
    kernel = make_initializer() if make_initializer else usual
    layer = layers.Conv2D(filters, size, padding="same", kernel_initializer=kernel)
    return layers.SpectralNormalization(layer) if spectral else layer


def _batch_normalization(values: keras.KerasTensor) -> keras.KerasTensor:
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(values)
