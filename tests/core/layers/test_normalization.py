import keras
import pytest
import torch

from ganzoo import layers


def pair(name, **options):
    return (getattr(home, name)(gamma_initializer="random_normal", **options) for home in (keras.layers, layers))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("shape", [(4, 5, 6, 3), (8, 3), (2, 1, 1, 3)])
@pytest.mark.parametrize("options", [{}, {"momentum": 0.9, "epsilon": 1e-5}, {"center": False, "scale": True}])
def test_batch_normalization_agrees_with_keras_in_outputs_and_statistics(assert_same, options, shape, training):
    stock, mine = pair("BatchNormalization", moving_variance_initializer=keras.initializers.Constant(2.0), **options)
    for _ in range(2):
        assert_same(stock, mine, 1 + 2 * torch.randn(shape), training=training)


def test_batch_normalization_without_scale_agrees_with_keras(assert_same):
    stock, mine = (home.BatchNormalization(center=False, scale=False) for home in (keras.layers, layers))
    assert_same(stock, mine, torch.randn(4, 5, 6, 3), training=True)


@pytest.mark.parametrize(
    ("options", "shape"),
    [
        ({"axis": 1}, (4, 3, 5, 6)),
        ({}, (4, 7, 3)),
        ({}, (1, 1, 1, 3)),
        ({"renorm": True, "renorm_clipping": {"rmax": 3, "rmin": 0.3, "dmax": 5}}, (4, 5, 6, 3)),
    ],
)
def test_what_batch_normalization_has_no_fast_way_for_is_left_to_keras(assert_same, options, shape):
    assert_same(*pair("BatchNormalization", **options), torch.randn(shape), training=True)


def test_the_moving_variance_takes_up_the_biased_variance():
    layer = layers.BatchNormalization(momentum=0.75)
    layer(torch.tensor([[1.0], [3.0]]), training=True)
    assert layer.moving_mean.value.item() == pytest.approx(0.25 * 2)
    assert layer.moving_variance.value.item() == pytest.approx(0.75 * 1 + 0.25 * 1)


def test_frozen_batch_normalization_uses_its_moving_statistics_and_keeps_them():
    layer = layers.BatchNormalization(trainable=False)
    values = torch.randn(4, 3)
    assert torch.allclose(layer(values, training=True), values, atol=1e-2)
    assert torch.equal(layer.moving_mean.value, torch.zeros(3))


@pytest.mark.parametrize("first", [True, False])
def test_a_second_call_does_not_disturb_the_gradient_of_the_first(first):
    layer = layers.BatchNormalization()
    values = torch.randn(4, 5, 5, 3, requires_grad=True)
    output = layer(values, training=first)
    layer(3 * values, training=True)
    assert torch.autograd.grad(output.pow(3).sum(), values)[0].abs().sum() > 0


@pytest.mark.parametrize("options", [{}, {"center": False}, {"scale": False, "gamma_initializer": "ones"}])
@pytest.mark.parametrize("groups", [1, 2, 8, -1])
@pytest.mark.parametrize("shape", [(3, 5, 4, 8), (3, 7, 8), (3, 16)])
def test_group_normalization_agrees_with_keras(assert_same, shape, groups, options):
    if shape == (3, 16) and groups in (8, -1):
        shape = (3, 6, 16)  # a group of one or two values is mostly rounding
    options = {"gamma_initializer": "random_normal", **options}
    stock, mine = (home.GroupNormalization(groups, epsilon=1e-3, **options) for home in (keras.layers, layers))
    assert_same(stock, mine, 1 + torch.randn(shape))


def test_group_normalization_over_another_axis_is_left_to_keras(assert_same):
    assert_same(*pair("GroupNormalization", groups=2, axis=1), torch.randn(3, 4, 5, 6))


def test_instance_normalization_agrees_with_torch():
    values = 2 + 3 * torch.randn(2, 6, 5, 4)
    wanted = torch.nn.InstanceNorm2d(4)(values.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    assert torch.allclose(layers.InstanceNormalization()(values), wanted, atol=1e-5)


@pytest.mark.parametrize("count", [1, 3])
def test_instances_learn_as_groups_of_one_channel_do_in_keras(assert_same, count):
    stock = keras.layers.GroupNormalization(-1, epsilon=1e-5, gamma_initializer="random_normal")
    assert_same(stock, layers.InstanceNormalization(), torch.randn(count, 6, 5, 4))


def test_instances_that_hardly_vary_keep_their_precision():
    values = torch.randn(2, 64, 64, 8, generator=torch.Generator().manual_seed(0)) * 0.01 + 0.5
    exact = values.double()
    variance = exact.var(dim=(1, 2), correction=0, keepdim=True)
    wanted = (exact - exact.mean(dim=(1, 2), keepdim=True)) / (variance + 1e-5).sqrt()
    with torch.no_grad():
        assert (layers.InstanceNormalization()(values).double() - wanted).abs().max() < 1e-4
    assert (layers.InstanceNormalization()(values).double() - wanted).abs().max() < 1e-4


@pytest.mark.parametrize("groups", [1, 4])
def test_groups_that_hardly_vary_keep_their_precision(groups):
    values = torch.randn(2, 64, 64, 8, generator=torch.Generator().manual_seed(0)) * 0.01 + 0.5
    exact = values.double().reshape(2, -1, groups, 8 // groups)
    variance = exact.var(dim=(1, 3), correction=0, keepdim=True)
    wanted = (exact - exact.mean(dim=(1, 3), keepdim=True)) / (variance + 1e-5).sqrt()
    found = layers.GroupNormalization(groups, epsilon=1e-5)(values).double()
    assert (found - wanted.reshape(values.shape)).abs().max() < 1e-4


def test_an_instance_of_one_pixel_becomes_the_offset():
    layer = layers.InstanceNormalization(beta_initializer=keras.initializers.Constant(0.5))
    assert torch.allclose(layer(torch.randn(2, 1, 1, 4)), torch.full((2, 1, 1, 4), 0.5), atol=1e-3)
