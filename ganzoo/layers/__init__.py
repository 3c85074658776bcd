"""Keras layers that run as fast as hand-written PyTorch on channels-last memory.

Where Keras has the layer, these are its subclasses with the same arguments, variables, configuration and outputs:
weights saved from one load in the other. They call torch directly: no copies between layouts around a convolution, no
kernel permuted in memory at each call, normalization in one fused operation. All work on float images, channels last;
other data formats and masks are left to Keras.
"""

from __future__ import annotations

from ganzoo.layers.activation import LeakyReLU, PReLU
from ganzoo.layers.convolution import Conv2D, Conv2DTranspose, CroppedConv2DTranspose, PaddedConv2D
from ganzoo.layers.dense import Dense
from ganzoo.layers.enlargement import UpSampling2D
from ganzoo.layers.equalized import EqualizedConv2D, EqualizedDense
from ganzoo.layers.minibatch import MinibatchDiscrimination, MinibatchStdDev
from ganzoo.layers.normalization import BatchNormalization, GroupNormalization, InstanceNormalization
from ganzoo.layers.pooling import AveragePooling2D, MaxPooling2D
from ganzoo.layers.rearrangement import PixelShuffle
from ganzoo.layers.reflection import ReflectionPadding2D
from ganzoo.layers.spectral import SpectralNormalization
from ganzoo.layers.weight_norm import WeightNormDense

__all__ = [
    "AveragePooling2D",
    "BatchNormalization",
    "Conv2D",
    "Conv2DTranspose",
    "CroppedConv2DTranspose",
    "Dense",
    "EqualizedConv2D",
    "EqualizedDense",
    "GroupNormalization",
    "InstanceNormalization",
    "LeakyReLU",
    "MaxPooling2D",
    "MinibatchDiscrimination",
    "MinibatchStdDev",
    "PReLU",
    "PaddedConv2D",
    "PixelShuffle",
    "ReflectionPadding2D",
    "SpectralNormalization",
    "UpSampling2D",
    "WeightNormDense",
]
