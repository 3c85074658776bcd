"""The networks of ESRGAN and Real-ESRGAN in plain Keras."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

from ganzoo import Network, Signature, blocks, discriminator_model, layers
from ganzoo_esrgan.unshuffle import CropToScale, Unshuffle

if TYPE_CHECKING:
    from ganzoo_esrgan.rrdb import RRDB

#: The factors of the enlargements that multiply to a scale.
_STAGES = {1: (), 2: (2,), 3: (3,), 4: (2, 2), 8: (2, 2, 2)}
#: What is left of a branch that is added to its input.
_RESIDUAL_SCALE = 0.2
_DENSE_LAYERS = 4


def rrdb(options: RRDB, signature: Signature) -> Network:
    """Return the generator of ESRGAN; its layers are called as in the authors' code, with _ for dots."""
    scale = blocks.image_scale(signature)
    stages = _STAGES.get(scale * options.unshuffle)
    if stages is None:
        known = ", ".join(str(each // options.unshuffle) for each in _STAGES if each % options.unshuffle == 0)
        raise ValueError(f"enlarges by {known} with unshuffle {options.unshuffle}, not by {scale}")
    image = keras.Input((None, None, 3), name="image")
    values = 0.5 * image + 0.5  # torch cannot compile Keras' Rescaling in one piece
    if options.unshuffle > 1:
        values = Unshuffle(options.unshuffle)(values)
    start = values = _convolution(options.filters, name="conv_first")(values)
    for number in range(options.blocks):
        values = _block(values, options.growth, f"body_{number}")
    values = keras.layers.Add()([start, _convolution(options.filters, name="conv_body")(values)])
    for number, factor in enumerate(stages, start=1):
        values = layers.UpSampling2D(factor)(values)
        values = _leaky(_convolution(options.filters, name=f"conv_up{number}")(values))
    values = _leaky(_convolution(options.filters, name="conv_hr")(values))
    values = 2.0 * _convolution(3, name="conv_last")(values) - 1.0
    if options.unshuffle > 1:
        values = CropToScale(scale)([values, image])
    return keras.Model(image, values, name="rrdb")


def enlargements(network: Network) -> list[int]:
    """Return the factors by which a generator enlarges, one after another."""
    return [layer.size[0] for layer in network.layers if isinstance(layer, keras.layers.UpSampling2D)]


def vgg_discriminator(signature: Signature, *, filters: int) -> Network:
    """Return the discriminator of ESRGAN."""
    inputs = blocks.discriminator_inputs(signature)
    values = inputs.values if inputs.label is None else blocks.label_maps(inputs, inputs.values)
    values = _leaky(_convolution(filters)(values))
    for stage, width in enumerate((1, 2, 4, 8, 8)):
        if stage:
            values = _normalized(_convolution(width * filters, use_bias=False)(values))
        values = _normalized(_convolution(width * filters, 4, strides=2, use_bias=False)(values))
    dense = layers.Dense(100, kernel_initializer=_uniform())(keras.layers.Flatten()(values))
    features = layers.LeakyReLU(0.2, name="features")(dense)
    return discriminator_model(inputs.model, features, signature, make_initializer=_uniform, name="vgg_discriminator")


def unet_discriminator(signature: Signature, *, filters: int) -> Network:
    """Return the discriminator of Real-ESRGAN."""

    def spectral(width: int, size: int = 3, strides: int = 1) -> keras.Layer:
        return layers.SpectralNormalization(_convolution(width * filters, size, strides=strides, use_bias=False))

    inputs = blocks.discriminator_inputs(signature)
    image = inputs.values if inputs.label is None else blocks.label_maps(inputs, inputs.values)
    _check_sides(image)
    values = _leaky(_convolution(filters)(image))
    skips = []
    for width in (2, 4, 8):
        skips.append(values)
        values = _leaky(spectral(width, 4, 2)(values))
    for width in (4, 2, 1):
        values = layers.UpSampling2D(2, interpolation="bilinear")(values)
        values = keras.layers.Add()([_leaky(spectral(width)(values)), skips.pop()])
    for _ in range(2):
        values = _leaky(spectral(1)(values))
    features = keras.layers.GlobalAveragePooling2D(name="features")(values)
    logits = _convolution(1)(values)
    return discriminator_model(inputs.model, features, signature, logits=logits, name="unet_discriminator")


def _block(values: keras.KerasTensor, growth: int, name: str) -> keras.KerasTensor:
    """Return a residual-in-residual dense block."""
    inner = values
    for number in (1, 2, 3):
        inner = _dense_block(inner, growth, f"{name}_rdb{number}")
    return _added(values, inner)


def _dense_block(values: keras.KerasTensor, growth: int, name: str) -> keras.KerasTensor:
    seen = [values]
    for number in range(1, _DENSE_LAYERS + 1):
        seen.append(_leaky(_small_convolution(growth, f"{name}_conv{number}")(_together(seen))))
    last = _small_convolution(values.shape[-1], f"{name}_conv{_DENSE_LAYERS + 1}")(_together(seen))
    return _added(values, last)


def _together(seen: list[keras.KerasTensor]) -> keras.KerasTensor:
    return keras.layers.Concatenate()(seen) if len(seen) > 1 else seen[0]


def _added(values: keras.KerasTensor, branch: keras.KerasTensor) -> keras.KerasTensor:
    return keras.layers.Add()([values, _RESIDUAL_SCALE * branch])


def _convolution(
    filters: int, size: int = 3, *, strides: int = 1, use_bias: bool = True, name: str | None = None
) -> keras.Layer:
    return layers.Conv2D(
        filters,
        size,
        strides=strides,
        padding="same",
        use_bias=use_bias,
        kernel_initializer=_uniform(),
        name=name,
    )


def _small_convolution(filters: int, name: str) -> keras.Layer:
    """Return a 3x3 convolution whose kernel starts from He's normal distribution times 0.1."""
    small = keras.initializers.VarianceScaling(2 * 0.1**2, mode="fan_in", distribution="untruncated_normal")
    return layers.Conv2D(filters, 3, padding="same", kernel_initializer=small, name=name)


def _uniform() -> keras.initializers.Initializer:
    """Return what torch's convolutions and dense layers start from."""
    return keras.initializers.VarianceScaling(1 / 3, mode="fan_in", distribution="uniform")


def _normalized(values: keras.KerasTensor) -> keras.KerasTensor:
    return _leaky(layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(values))


def _leaky(values: keras.KerasTensor) -> keras.KerasTensor:
    return layers.LeakyReLU(0.2)(values)


def _check_sides(image: keras.KerasTensor) -> None:
    if any(side is not None and side % 8 for side in image.shape[1:3]):
        height, width = image.shape[1:3]
        raise ValueError(f"needs sides that are multiples of 8, received {height} x {width}")
