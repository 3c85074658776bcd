from __future__ import annotations

from ganzoo_perceptual.layouts import VGG16_COUNTS, layer_names
from ganzoo_perceptual.published_file import PublishedFile
from ganzoo_perceptual.vgg import VGG


class VGG16(VGG):
    """Frozen VGG16 with the ImageNet weights of Keras' applications (arXiv 1409.1556).

    The weights come from Keras' cache, never from the network: `ganzoo data prepare vgg16` fetches them; `path` names
    another file of that layout. `weights = "random"` is for smoke profiles only and labelled `VGG16-RANDOM`.
    Layers are called as in Keras (`block5_conv3`, after its activation), with `_pre` before the activation.
    """

    counts = VGG16_COUNTS
    file = PublishedFile("vgg16", "6d6bbae143d832006294945121d1f1fc")
    layers = layer_names(counts)
