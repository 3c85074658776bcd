"""Parts of networks that several papers share, as functions on Keras tensors.

They are made of `ganzoo.layers`, so real and fake can be judged in one batch, and a network that uses them is saved and
exported like any other. Import this module in a plugin's `networks.py` only: it loads keras.
"""

from __future__ import annotations

from ganzoo.blocks.attention import SelfAttention, attention_at, require_attention_side
from ganzoo.blocks.conditioning import (
    class_projection,
    conditional_batch_normalization,
    normalization_by_class,
    spectral_judge,
)
from ganzoo.blocks.heads import discriminator_model
from ganzoo.blocks.patch import patch_discriminator
from ganzoo.blocks.residual import MakeInitializer, Normalize, residual_down, residual_up
from ganzoo.blocks.signatures import (
    NetworkInputs,
    discriminator_inputs,
    generator_inputs,
    image_scale,
    image_to_image,
    image_to_judge,
    image_to_make,
    label_maps,
    start_and_doublings,
)
from ganzoo.blocks.unet import unet

__all__ = [
    "MakeInitializer",
    "NetworkInputs",
    "Normalize",
    "SelfAttention",
    "attention_at",
    "class_projection",
    "conditional_batch_normalization",
    "discriminator_inputs",
    "discriminator_model",
    "generator_inputs",
    "image_scale",
    "image_to_image",
    "image_to_judge",
    "image_to_make",
    "label_maps",
    "normalization_by_class",
    "patch_discriminator",
    "require_attention_side",
    "residual_down",
    "residual_up",
    "spectral_judge",
    "start_and_doublings",
    "unet",
]
