"""The generator of AdaIN."""

from __future__ import annotations

from typing import Annotated, ClassVar

from annotated_types import Gt

from ganzoo import Architecture, Features, Network, Signature


class AdaINGenerator(Architecture):
    """Paints a photograph in the style of any painting (AdaIN, arXiv 1703.06868).

    The frozen `encoder` turns both into the activations of `layer`, multiplied by `scale`; adaptive instance
    normalization gives the photograph's the mean and the deviation of the painting's; a decoder makes an image of them.
    It is the encoder backwards, as in the authors' code: 3x3 convolutions after reflection padding, ReLU after each but
    the last, nearest neighbour enlargement for each pooling. 3,505,219 trained weights for `block4_conv1` of VGG19,
    2,915,139 for that of VGG16, which has one convolution less before it.

    The authors' VGG19 is normalized, so that each channel has the mean 1; give such weights as `path` of `vgg19`, or
    bring activations to about this size by `scale` (0.02 for `block2_conv1` of `vgg16_hed`): a decoder of large ones
    begins far outside of [-1, 1]. The encoder pads with zeros, theirs by reflection. Sides must be multiples of the
    encoder's stride, 8.
    """

    role: ClassVar[str] = "generator"

    def __init__(self, *, encoder: Features, layer: str = "block4_conv1", scale: Annotated[float, Gt(0)] = 1.0) -> None:
        if layer not in encoder.layers:
            raise ValueError(f"{encoder.label} has no layer '{layer}'; it has {', '.join(encoder.layers)}")
        self.encoder = encoder
        self.layer = layer
        self.scale = scale

    def build(self, signature: Signature) -> Network:
        from ganzoo_adain import networks

        return networks.generator(signature, self.encoder.build((self.layer,)), layer=self.layer, scale=self.scale)
