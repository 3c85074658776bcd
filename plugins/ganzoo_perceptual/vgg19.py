from __future__ import annotations

from ganzoo_perceptual.layouts import VGG19_COUNTS, layer_names
from ganzoo_perceptual.published_file import PublishedFile
from ganzoo_perceptual.vgg import VGG


class VGG19(VGG):
    """Frozen VGG19 with the ImageNet weights of Keras' applications (arXiv 1409.1556).

    The weights come from Keras' cache, never from the network: `ganzoo data prepare vgg19` fetches them; `path` names
    another file of that layout. `weights = "random"` is for smoke profiles only and labelled `VGG19-RANDOM`.
    Layers are called as in Keras (`block5_conv3`, after its activation), with `_pre` before the activation.
    """

    counts = VGG19_COUNTS
    file = PublishedFile("vgg19", "253f8cb515780f3b799900260a226db6")
    layers = layer_names(counts)
