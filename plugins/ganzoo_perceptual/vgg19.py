from __future__ import annotations

from ganzoo_perceptual.vgg import VGG, layer_names


class VGG19(VGG):
    """VGG19 with the ImageNet weights of Keras' applications, as a frozen judge of images (arXiv 1409.1556).

    The weights come from Keras' cache, never from the network: `ganzoo data prepare vgg19` fetches them; `path` names
    another file of that layout. `weights = "random"` is for smoke profiles only. Layers are called as in Keras
    (`block5_conv3`, after its activation), with `_pre` before the activation.
    """

    name = "vgg19"
    counts = (2, 2, 4, 4, 4)
    md5 = "253f8cb515780f3b799900260a226db6"
    layers = layer_names(counts)
