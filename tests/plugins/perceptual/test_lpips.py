import numpy as np
import pytest
import torch
from ganzoo_perceptual import ganzoo_register_architectures, ganzoo_register_losses, ganzoo_register_metrics
from ganzoo_perceptual.lpips import read_heads
from torch.nn import functional

from ganzoo import DataError, RecipeError, images

LPIPS = ganzoo_register_metrics()["lpips"]
FEATURES = ganzoo_register_architectures()
LAYERS = ("block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3", "block5_conv3")


def photograph(seed: int, side: int = 32):
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def metric():
    made = LPIPS(features=FEATURES["vgg16"](weights="random"))
    made.build(dict)
    return made


def distance_by_hand(one, other):
    """LPIPS in plain torch, channels first, with the same random weights."""
    network = FEATURES["vgg16"](weights="random").build(LAYERS)
    weights = {layer.name: layer.get_weights() for layer in network.layers if layer.weights}
    total = 0.0
    for mine, wanted, head in zip(*(activations(image, weights) for image in (one, other)), read_heads(), strict=True):
        difference = (
            mine / (mine.norm(dim=1, keepdim=True) + 1e-10) - wanted / (wanted.norm(dim=1, keepdim=True) + 1e-10)
        ) ** 2
        weighted = functional.conv2d(difference, torch.tensor(head)[None, :, None, None])
        total += weighted.mean().item()
    return total


def activations(image, weights):
    mean = torch.tensor([103.939, 116.779, 123.68])
    values = (torch.tensor(image).float().flip(-1) - mean).permute(2, 0, 1)[None]
    found = []
    for name, (kernel, bias) in weights.items():
        if name.endswith("conv1") and found:
            values = functional.max_pool2d(values, 2)
        kernel = torch.tensor(kernel).permute(3, 2, 0, 1)
        values = functional.conv2d(values, kernel, torch.tensor(bias), padding=1).relu()
        if name in LAYERS:
            found.append(values)
    return found


def test_distance_agrees_with_a_hand_written_one(metric):
    one, other = photograph(0), photograph(1)
    assert metric.distance(one, other) == pytest.approx(distance_by_hand(one, other), rel=1e-4)


def test_the_loss_is_the_distance_averaged_over_the_batch(metric):
    loss = ganzoo_register_losses()["lpips"](features=FEATURES["vgg16"](weights="random"))
    loss.build()
    ones, others = (np.stack([photograph(seed), photograph(seed + 1)]) for seed in (0, 2))
    output = torch.tensor(images.to_float(ones), requires_grad=True)
    value = loss(output, torch.tensor(images.to_float(others)))
    expected = np.mean([metric.distance(*pair) for pair in zip(ones, others, strict=True)])
    assert float(value.detach()) == pytest.approx(expected, rel=1e-4)
    (gradient,) = torch.autograd.grad(value, output)
    assert torch.isfinite(gradient).all()


def test_the_loss_has_a_gradient_where_activations_are_all_zero():
    loss = ganzoo_register_losses()["lpips"](features=FEATURES["vgg16"](weights="random"))
    loss.build()
    black = torch.full((1, 32, 32, 3), -1.0, requires_grad=True)
    (gradient,) = torch.autograd.grad(loss(black, black.detach() + 0.1), black)
    assert torch.isfinite(gradient).all()


def test_distance_is_symmetric_and_zero_for_equal_photographs(metric):
    one, other = photograph(0), photograph(1)
    assert metric.distance(one, one) == 0.0
    assert metric.distance(one, other) > 0
    assert metric.distance(one, other) == pytest.approx(metric.distance(other, one))


def test_larger_disturbances_are_farther_away(metric):
    one = photograph(0)
    slight = np.clip(one.astype(int) + np.random.default_rng(5).integers(-9, 10, one.shape), 0, 255).astype(np.uint8)
    assert metric.distance(one, slight) < metric.distance(one, photograph(1))
    assert not metric.larger_is_better


def test_result_is_the_mean_over_photographs_named_after_the_features():
    features = FEATURES["vgg16"](weights="random")
    made = LPIPS(features=features)
    made.build(dict)
    pairs = [(photograph(0), photograph(1)), (photograph(2, 16), photograph(3, 16))]
    for output, target in pairs:
        made.update({"image": output}, {"image": target})
    expected = pytest.approx(np.mean([made.distance(*pair) for pair in pairs]))
    assert made.result() == {"lpips_vgg16_random": expected}
    for label, name in (("VGG16", "vgg16"), ("VGGHED", "vgghed"), ("VGG16-my weights.v2", "vgg16_my_weights_v2")):
        features.label = label
        assert made.result() == {f"lpips_{name}": expected}


def test_heads_are_the_published_ones_in_order():
    heads = read_heads()
    assert [head.shape for head in heads] == [(64,), (128,), (256,), (512,), (512,)]
    assert [head.sum() for head in heads] == pytest.approx([6.925992, 8.858334, 17.515005, 51.521324, 47.034855])
    assert all((head >= 0).all() for head in heads)


def test_another_file_of_heads_is_refused(tmp_path, monkeypatch):
    information = tmp_path / "torchmetrics-99.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: torchmetrics\nVersion: 99.0\n")
    (information / "RECORD").write_text("torchmetrics/functional/image/lpips_models/vgg.pth,,\n")
    heads = tmp_path / "torchmetrics/functional/image/lpips_models/vgg.pth"
    heads.parent.mkdir(parents=True)
    heads.write_bytes(b"a pickle that must not be opened")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(DataError, match="no known LPIPS heads; run: pip install"):
        LPIPS(features=FEATURES["vgg16"](weights="random")).build(dict)


def test_networks_other_than_vgg16_are_refused():
    with pytest.raises(ValueError, match="needs a VGG16, with which its heads were trained; VGG19 is not one"):
        LPIPS(features=FEATURES["vgg19"]())


@pytest.mark.parametrize(
    ("output", "target", "complaint"),
    [
        ({"image": photograph(0, 15)}, {"image": photograph(0, 15)}, r"at least 16 pixels a side, received uint8 \(15"),
        ({"image": photograph(0) / 255}, {"image": photograph(0)}, "needs uint8 RGB photographs .* received float64"),
        ({"image": photograph(0)[..., 0]}, {"image": photograph(0)[..., 0]}, "needs uint8 RGB photographs"),
        ({"image": photograph(0)}, {"image": photograph(0, 40)}, "cannot be compared"),
        ({"point": photograph(0)}, {"image": photograph(0)}, "needs a field 'image', there are point"),
    ],
)
def test_what_cannot_be_compared_is_told(metric, output, target, complaint):
    with pytest.raises(DataError, match=f"lpips: .*{complaint}"):
        metric.update(output, target)


def test_metric_must_be_built_first():
    with pytest.raises(RecipeError, match=r"build\(\) must be called before"):
        LPIPS(features=FEATURES["vgg16"]()).update({"image": photograph(0)}, {"image": photograph(1)})
