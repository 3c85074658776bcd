import keras
import numpy as np
import pytest
import torch
from ganzoo_transgan import ganzoo_register_architectures
from ganzoo_transgan.attention import WindowAttention
from ganzoo_transgan.tokens import PlaceNoise
from torch.nn import functional

from ganzoo import LOGITS, Field, Signature
from ganzoo.execution.mixing import is_per_sample

OFFERED = ganzoo_register_architectures()
LABEL = Field(shape=(), dtype="int32", low=0, high=9)
GENERATOR = {"filters": 32, "depths": (1, 1, 1), "heads": 2}
DISCRIMINATOR = {"filters": 8, "depths": (1, 1), "heads": 2}


def built(role, side, label=None, channels=3, outputs=None, latents=256, **options):
    image = Field(shape=(side, side, channels), low=-1, high=1)
    labels = {"label": label} if label else {}
    if role == "generator":
        signature = Signature(inputs={"latent": Field(shape=(latents,)), **labels}, outputs={"sample": image})
    else:
        signature = Signature(inputs={"sample": image, **labels}, outputs=outputs or {"logits": LOGITS})
    return OFFERED[f"transgan_{role}"](**options).build(signature)


def count(network):
    return sum(int(np.prod(weight.shape)) for weight in network.trainable_variables)


def block(width, window, heads=4):
    """Return the weights of one block: attention, relative positions, two linear layers, two normalizations."""
    attention = 3 * width**2 + width**2 + width + (2 * window - 1) ** 2 * heads
    return attention + 4 * width**2 + 4 * width + 4 * width**2 + width + 4 * width


def test_the_generator_has_the_weights_of_the_authors_network_for_cifar():
    first = 256 * 8 * 8 * 1024 + 8 * 8 * 1024
    positions = 8 * 8 * 1024 + 16 * 16 * 256 + 32 * 32 * 64
    stages = 5 * block(1024, 8) + 4 * block(256, 16) + 2 * block(64, 32)
    assert count(built("generator", 32)) == first + positions + stages + 64 * 3 + 3 == 83_312_495


def test_the_discriminator_has_the_weights_of_the_authors_network_for_cifar():
    patches = (2 * 2 * 3 * 288 + 288) + (4 * 4 * 3 * 96 + 96)
    positions = 16 * 16 * 288 + 8 * 8 * 384 + 384
    # each block has one strength of noise; the last one has no relative positions
    stages = 3 * (block(288, 16) + 1) + 3 * (block(384, 8) + 1) + block(384, 0, heads=0) + 1
    assert count(built("discriminator", 32)) == patches + positions + stages + 2 * 384 + 384 + 1 == 10_210_400


@pytest.mark.parametrize(("side", "channels", "label"), [(8, 1, None), (28, 1, LABEL), (48, 3, None), (64, 3, LABEL)])
def test_other_sides_channels_and_labels_work(side, channels, label):
    labels = {"label": torch.tensor([0, 1])} if label else {}
    latents = torch.randn(2, 256)
    make = built("generator", side, label, channels, **GENERATOR)
    images = make({"latent": latents, **labels} if label else latents)
    assert tuple(images.shape) == (2, side, side, channels)
    judge = built("discriminator", side, label, channels, **DISCRIMINATOR)
    assert tuple(judge({"sample": images, **labels} if label else images).shape) == (2, 1)


def test_a_label_changes_what_is_made_and_judged():
    latents, images = torch.randn(1, 256).repeat(2, 1), torch.randn(1, 8, 8, 3).repeat(2, 1, 1, 1)
    labels = torch.tensor([3, 4])
    made = built("generator", 8, LABEL, **GENERATOR)({"latent": latents, "label": labels})
    assert not torch.allclose(made[0], made[1])
    judged = built("discriminator", 8, LABEL, **DISCRIMINATOR)({"sample": images, "label": labels})
    assert not torch.allclose(judged[0], judged[1])


def naive(inputs, layer):
    """Return what attention over one map gives, with loops over queries and keys."""
    side, heads = layer.window, layer.heads
    _, _, _, triple = inputs.shape
    query, key, value = inputs.reshape(side * side, 3, heads, -1).unbind(1)
    out = torch.zeros(side * side, heads, triple // 3 // heads)
    for head in range(heads):
        scores = torch.zeros(side * side, side * side)
        for one in range(side * side):
            for other in range(side * side):
                down, right = one // side - other // side, one % side - other % side
                position = layer.positions.value[down + side - 1, right + side - 1, head]
                scale = query.shape[-1] ** -0.5
                scores[one, other] = query[one, head] @ key[other, head] * scale + position
        out[:, head] = scores.softmax(-1) @ value[:, head]
    return out.reshape(1, side, side, triple // 3)


def grown(layer, shape):
    """Build a layer and give its positions values that show."""
    layer.build((None, *shape))
    layer.positions.assign(torch.randn(layer.positions.shape))
    return layer


def test_attention_adds_a_number_for_the_place_of_the_key_relative_to_the_query():
    layer = grown(WindowAttention(2, 3), (3, 3, 12))
    inputs, weights = torch.randn(1, 3, 3, 12, requires_grad=True), torch.randn(1, 3, 3, 4)
    fast, slow = layer(inputs), naive(inputs, layer)
    assert torch.allclose(fast, slow, atol=1e-6)
    points = [inputs, layer.positions.value]
    for mine, expected in zip(
        torch.autograd.grad((fast * weights).sum(), points),
        torch.autograd.grad((slow * weights).sum(), points),
        strict=True,
    ):
        assert torch.allclose(mine, expected, atol=1e-5)


@torch.no_grad()
def test_squares_attend_to_themselves_only():
    layer = grown(WindowAttention(2, 2), (4, 6, 12))
    inputs = torch.randn(2, 4, 6, 12)
    whole = layer(inputs)
    for top in (0, 2):
        for left in (0, 2, 4):
            square = inputs[:, top : top + 2, left : left + 2]
            alone = torch.cat([naive(each[None], layer) for each in square])
            assert torch.allclose(whole[:, top : top + 2, left : left + 2], alone, atol=1e-6)


@torch.no_grad()
def test_rows_attend_as_torch_has_it():
    layer, inputs = WindowAttention(3), torch.randn(2, 5, 18)
    query, key, value = (part.unflatten(-1, (3, 2)).transpose(1, 2) for part in inputs.chunk(3, dim=-1))
    expected = functional.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
    assert torch.allclose(layer(inputs), expected, atol=1e-6)


@torch.no_grad()
def test_a_block_is_the_encoder_layer_of_torch():
    network = built("discriminator", 4, filters=8, depths=(0,), heads=2)
    for weight in network.trainable_variables:
        weight.assign(0.5 * torch.randn(weight.shape))
    named = {weight.path.split("/", 1)[-1]: weight.value for weight in network.trainable_variables}
    dense = [layer for layer in network.layers if isinstance(layer, keras.layers.Dense)]
    norms = [layer for layer in network.layers if isinstance(layer, keras.layers.LayerNormalization)]
    twin = torch.nn.TransformerEncoderLayer(8, 2, 32, 0.0, "gelu", batch_first=True, norm_first=True).eval()
    twin.self_attn.in_proj_weight.copy_(dense[0].kernel.value.T)
    twin.self_attn.in_proj_bias.zero_()
    for theirs, mine in zip((twin.self_attn.out_proj, twin.linear1, twin.linear2), dense[1:4], strict=True):
        theirs.weight.copy_(mine.kernel.value.T)
        theirs.bias.copy_(mine.bias.value)
    for theirs, mine in zip((twin.norm1, twin.norm2), norms[:2], strict=True):
        theirs.weight.copy_(mine.gamma.value)
        theirs.bias.copy_(mine.beta.value)
    images = torch.randn(3, 4, 4, 3)
    patches = network.layers[1](images)
    tokens = next(each for name, each in named.items() if name.endswith("token"))
    rows = torch.cat([tokens.expand(3, -1, -1), (patches + network.layers[2].positions.value).flatten(1, 2)], dim=1)
    last = functional.layer_norm(twin(rows)[:, 0], (8,), norms[2].gamma.value, norms[2].beta.value, 1e-5)
    assert torch.allclose(network(images), dense[4](last), atol=1e-4)


def kinds(network):
    return [type(layer).__name__ for layer in network.layers]


def test_early_doublings_are_bicubic_and_the_last_three_turn_channels_into_pixels():
    network = built("generator", 32, filters=64, depths=(1, 1, 1, 1, 1), heads=1)
    resized = [layer for layer in network.layers if "Up" in type(layer).__name__ or "Shuffle" in type(layer).__name__]
    assert [type(layer).__name__ for layer in resized] == ["UpSampling2D", *["PixelShuffle"] * 3]
    assert [tuple(layer.output.shape[1:]) for layer in resized] == [(4, 4, 64), (8, 8, 16), (16, 16, 4), (32, 32, 1)]


def test_bicubic_doubling_is_that_of_torch():
    values = torch.randn(2, 4, 4, 3)
    mine = keras.layers.UpSampling2D(2, interpolation="bicubic")(values)
    theirs = functional.interpolate(values.permute(0, 3, 1, 2), scale_factor=2, mode="bicubic")
    assert torch.allclose(mine, theirs.permute(0, 2, 3, 1), atol=1e-5)


@pytest.mark.parametrize(("side", "window"), [(32, 32), (64, 16), (56, 14)])
def test_large_maps_attend_within_squares(side, window):
    network = built("generator", side, channels=1, latents=4, filters=1, depths=(1,), heads=1)
    (attention,) = [layer for layer in network.layers if isinstance(layer, WindowAttention)]
    assert attention.window == window


def test_later_stages_of_the_discriminator_see_larger_patches():
    network = built("discriminator", 64, filters=16, depths=(1, 1, 1), heads=2, patch=4)
    patches = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [(layer.kernel_size[0], layer.strides[0], layer.filters) for layer in patches] == [
        (4, 4, 12),
        (8, 8, 2),
        (16, 16, 2),
    ]


def test_weights_start_as_in_the_authors_code():
    make = built("generator", 8, filters=64, depths=(1, 1), heads=2, latents=100)
    dense = [layer for layer in make.layers if isinstance(layer, keras.layers.Dense)]
    for layer in dense:
        limit = layer.kernel.shape[0] ** -0.5
        assert limit * 0.95 < layer.kernel.value.abs().max() <= limit
        assert layer.bias is None or limit * 0.8 < layer.bias.value.abs().max() <= limit
    judge = built("discriminator", 8, filters=64, depths=(1, 1), heads=2)
    dense = [layer for layer in judge.layers if isinstance(layer, keras.layers.Dense)]
    for layer in dense:
        assert layer.kernel.value.std().item() == pytest.approx(0.02, rel=0.3)
        assert layer.bias is None or not layer.bias.value.any()
    spread = next(layer for layer in judge.layers if "positions" in dir(layer)).positions.value
    assert spread.std().item() == pytest.approx(0.02, rel=0.1)
    assert spread.abs().max() > 0.04, "a distribution cut off at two deviations would be another one"


def test_noise_has_no_effect_at_first_and_is_learned():
    layer, inputs = PlaceNoise(), torch.randn(2, 3, 3, 4)
    layer.build(inputs.shape)
    assert torch.equal(layer(inputs, training=True), inputs)
    layer.strength.assign(0.5)
    added = (layer(inputs, training=True) - inputs).detach()
    assert torch.allclose(added, added[..., :1].expand_as(added), atol=1e-6), "all channels of a place have one draw"
    assert len(added[..., 0].unique()) > 2
    assert torch.equal(layer(inputs, training=False), inputs)
    layer(inputs, training=True).square().sum().backward()
    assert layer.strength.value.grad != 0


def test_a_gradient_penalty_can_be_differentiated():
    network = built("discriminator", 8, **DISCRIMINATOR)
    images = torch.randn(2, 8, 8, 3, requires_grad=True)
    (gradient,) = torch.autograd.grad(network(images, training=True).sum(), images, create_graph=True)
    (gradient.flatten(1).norm(dim=1) - 1).square().mean().backward()
    grown = [weight.path for weight in network.trainable_variables if weight.value.grad is not None]
    assert any(path.endswith("positions") for path in grown)
    assert all(
        torch.isfinite(weight.value.grad).all() for weight in network.trainable_variables if weight.path in grown
    )


def test_real_and_fake_may_be_judged_in_one_batch():
    assert is_per_sample(built("discriminator", 8, **DISCRIMINATOR))


def test_features_are_the_class_token():
    outputs = {"logits": LOGITS, "features": Field(shape=(None,)), "classes": Field(shape=(10,))}
    given = built("discriminator", 8, outputs=outputs, **DISCRIMINATOR)(torch.randn(2, 8, 8, 3))
    assert {name: tuple(value.shape) for name, value in given.items()} == {
        "logits": (2, 1),
        "features": (2, 8),
        "classes": (2, 10),
    }


@pytest.mark.parametrize(
    ("role", "side", "options", "message"),
    [
        ("generator", 30, GENERATOR, "a side that is a multiple of 4 for 3 stages, received 30 x 30"),
        ("discriminator", 30, DISCRIMINATOR, "a side that is a multiple of 4 for 2 stages, received 30 x 30"),
        ("generator", 32, {**GENERATOR, "filters": 40}, "can be divided by 4 at each doubling, but a stage has 10"),
        ("generator", 32, {**GENERATOR, "filters": 33}, "make channels for 2 heads, but a stage has 33"),
        ("discriminator", 32, {**DISCRIMINATOR, "filters": 6}, "needs filters that are a multiple of 4 for 2 stages"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_was_expected(role, side, options, message):
    with pytest.raises(ValueError, match=message):
        built(role, side, **options)
