"""The classifier of semi-supervised learning by feature matching."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, MinLen

from ganzoo import Architecture, Network, Signature

Width = Annotated[int, Ge(1)]


@dataclass(frozen=True, kw_only=True)
class MatchingClassifier(Architecture):
    """Fully connected, weight-normalized layers with noise before each, for MNIST (Salimans 2016, arXiv 1606.03498).

    The values of an image are brought to [0, 1]; N(0, `input_noise`) is added to them and N(0, `noise`) before every
    later layer, in training only. ReLU after each but the last, which gives the class logits and whose scale is
    trained. The features are the activations of the last hidden layer, before its noise. 1,538,760 kernel and bias
    values for MNIST.
    """

    role: ClassVar[str] = "classifier"

    hidden: Annotated[tuple[Width, ...], MinLen(1)] = (1000, 500, 250, 250, 250)
    input_noise: Annotated[float, Ge(0)] = 0.3
    noise: Annotated[float, Ge(0)] = 0.5

    def build(self, signature: Signature) -> Network:
        from ganzoo_semi_supervised import networks

        return networks.classifier(signature, widths=self.hidden, input_noise=self.input_noise, noise=self.noise)
