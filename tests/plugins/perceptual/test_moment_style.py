import keras
import numpy as np
import pytest
import torch
from ganzoo_perceptual import ganzoo_register_losses

from ganzoo import Features

MomentStyle = ganzoo_register_losses()["moment_style"]
RNG = np.random.default_rng(0)
OUTPUT, TARGET = RNG.uniform(-1, 1, (3, 4, 5, 3)), RNG.uniform(-1, 1, (3, 2, 4, 3))


class Colours(Features):
    """An image as it is, and inverted and doubled."""

    layers = ("plain", "inverted")
    label = "COLOURS"

    def build(self, layers):
        image = keras.Input((None, None, 3))
        found = {"plain": keras.layers.Identity()(image), "inverted": keras.layers.Rescaling(-2.0, 1.0)(image)}
        return keras.Model(image, {name: found[name] for name in layers})


def by_hand(output, target):
    total = 0.0
    for one, other in zip(output, target, strict=True):
        for channel in range(3):
            mine, its = one[..., channel].ravel(), other[..., channel].ravel()
            deviations = [np.sqrt(values.var(ddof=1) + 1e-5) for values in (mine, its)]
            total += (mine.mean() - its.mean()) ** 2 + (deviations[0] - deviations[1]) ** 2
    return total / (3 * len(output))


def value(layers, scales=()):
    loss = MomentStyle(features=Colours(), layers=layers, scales=scales)
    loss.build()
    return loss(*(torch.tensor(images, dtype=torch.float32) for images in (OUTPUT, TARGET))).item()


def test_the_value_is_that_worked_out_by_hand():
    assert value(("plain",)) == pytest.approx(by_hand(OUTPUT, TARGET), rel=1e-5)


def test_layers_are_added_each_at_its_scale():
    inverted = by_hand(1 - 2 * OUTPUT, 1 - 2 * TARGET)
    assert value(("plain", "inverted"), (1.0, 0.5)) == pytest.approx(by_hand(OUTPUT, TARGET) + inverted / 4, rel=1e-5)


def test_the_targets_side_carries_no_gradient():
    loss = MomentStyle(features=Colours(), layers=("inverted",))
    loss.build()
    output, target = (torch.rand(1, 4, 4, 3, requires_grad=True) for _ in range(2))
    loss(output, target).backward()
    assert output.grad is not None
    assert target.grad is None


def test_scales_that_are_not_those_of_the_layers_are_told():
    with pytest.raises(ValueError, match="needs a scale for each of its 2 layers, received 1"):
        MomentStyle(features=Colours(), layers=("plain", "inverted"), scales=(1.0,))
    with pytest.raises(ValueError, match="needs layers to compare, some of plain, inverted"):
        MomentStyle(features=Colours(), layers=())
