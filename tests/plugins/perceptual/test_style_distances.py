import keras
import numpy as np
import pytest
from ganzoo_perceptual import ganzoo_register_metrics

from ganzoo import DataError, Features

StyleDistances = ganzoo_register_metrics()["style_distances"]
IMAGES = {
    name: np.random.default_rng(seed).integers(0, 256, (16, 20, 3), dtype=np.uint8) for seed, name in enumerate("abc")
}


class Colours(Features):
    layers = ("plain", "doubled")
    label = "COLOURS"

    def build(self, layers):
        image = keras.Input((None, None, 3))
        found = {"plain": keras.layers.Identity()(image), "doubled": keras.layers.Rescaling(2.0)(image)}
        return keras.Model(image, {name: found[name] for name in layers})


def scores(*results):
    metric = StyleDistances(features=Colours(), content_layer="plain", style_layers=("plain", "doubled"))
    metric.build(dict)
    for image, content, style in results:
        metric.update({"image": IMAGES[image]}, {"content": IMAGES[content], "style": IMAGES[style]})
    return metric.result()


def gram(name, factor):
    rows = factor * (IMAGES[name].reshape(-1, 3) / 127.5 - 1)
    return rows.T @ rows / rows.size


def test_distances_are_those_worked_out_by_hand():
    found = scores("abc", "bbc")
    difference = IMAGES["a"] / 127.5 - IMAGES["b"] / 127.5
    assert found["content_to_content_colours"] == pytest.approx((difference**2).mean() / 2, rel=1e-5)
    to_style = [sum(((gram(name, f) - gram("c", f)) ** 2).sum() for f in (1, 2)) for name in "ab"]
    assert found["gram_to_style_colours"] == pytest.approx(np.mean(to_style), rel=1e-4)
    assert set(found) == {f"{what}_to_{to}_colours" for what in ("content", "gram") for to in ("content", "style")}


def test_an_unchanged_photograph_is_at_no_distance_from_itself():
    found = scores("bbc")
    assert found["content_to_content_colours"] == found["gram_to_content_colours"] == 0
    assert found["gram_to_style_colours"] > 0


def test_what_cannot_be_compared_is_told():
    metric = StyleDistances(features=Colours(), content_layer="plain", style_layers=("plain",))
    metric.build(dict)
    a = IMAGES["a"]
    with pytest.raises(DataError, match="needs a field 'style', there are content"):
        metric.update({"image": a}, {"content": a})
    with pytest.raises(DataError, match="image and content are of different sizes"):
        metric.update({"image": a}, {"content": a[:, :16], "style": a})
    with pytest.raises(DataError, match="at least 16 pixels a side, received uint8"):
        metric.update({"image": a[:8]}, {"content": a, "style": a})
    with pytest.raises(ValueError, match="COLOURS has no layer 'deep'"):
        StyleDistances(features=Colours(), content_layer="deep")
