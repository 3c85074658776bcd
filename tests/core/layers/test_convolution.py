import keras
import pytest
import torch

from ganzoo import layers

KERNELS = [(1, 1, 1), (2, 1, 1), (3, 1, 1), (3, 1, 2), (3, 2, 1), (4, 2, 1), (4, 1, 1), (5, 3, 1), ((3, 2), (1, 2), 1)]


def pair(name, filters, size, **options):
    drawn = {"bias_initializer": "random_normal"} if options.get("use_bias", True) else {}
    return (getattr(home, name)(filters, size, **drawn, **options) for home in (keras.layers, layers))


@pytest.mark.parametrize("size", [(7, 9), (8, 6)])
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(("kernel", "stride", "dilation"), KERNELS)
def test_convolutions_agree_with_keras(assert_same, kernel, stride, dilation, padding, size):
    options = {"strides": stride, "dilation_rate": dilation, "padding": padding}
    assert_same(*pair("Conv2D", 4, kernel, **options), torch.randn(2, *size, 3))


@pytest.mark.parametrize("size", [(5, 4)])
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(("kernel", "stride", "dilation"), KERNELS)
def test_transposed_convolutions_agree_with_keras(assert_same, kernel, stride, dilation, padding, size):
    options = {"strides": stride, "dilation_rate": dilation, "padding": padding}
    assert_same(*pair("Conv2DTranspose", 4, kernel, **options), torch.randn(2, *size, 3))


@pytest.mark.parametrize("output_padding", [0, 1, 2, (0, 1)])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_output_padding_means_what_it_means_in_keras(assert_same, padding, output_padding):
    options = {"strides": 3, "padding": padding, "output_padding": output_padding}
    assert_same(*pair("Conv2DTranspose", 2, 4, **options), torch.randn(2, 5, 4, 3))


@pytest.mark.parametrize("zeros", [0, 1, 2])
@pytest.mark.parametrize(("kernel", "stride"), [(3, 2), (4, 2), (4, 1), ((3, 5), (2, 3))])
def test_padded_convolutions_agree_with_keras(assert_same, kernel, stride, zeros):
    behind = keras.layers.Conv2D(4, kernel, strides=stride, bias_initializer="random_normal")
    stock = keras.Sequential([keras.layers.ZeroPadding2D(zeros), behind])
    mine = layers.PaddedConv2D(4, kernel, zeros=zeros, strides=stride)
    values = torch.randn(2, 8, 7, 3)
    assert_same(stock, mine, values)
    assert mine.compute_output_shape((None, None, 7, 3)) == (None, None, mine(values).shape[2], 4)


def test_a_negative_number_of_zeros_is_refused():
    with pytest.raises(ValueError, match="needs zeros of at least 0, received -1"):
        layers.PaddedConv2D(4, 3, zeros=-1)


@pytest.mark.parametrize(
    "layer",
    [
        layers.PaddedConv2D(4, 3, zeros=1, strides=2, activation="relu"),
        layers.CroppedConv2DTranspose(4, 3, crops=((1, 0), (1, 0)), strides=2, activation="relu"),
    ],
)
def test_padding_and_cropping_survive_a_configuration_and_export(layer):
    values = torch.randn(2, 5, 4, 3)
    wanted = layer(values)
    again = type(layer).from_config(layer.get_config())
    again.build(values.shape)
    again.set_weights(layer.get_weights())
    assert torch.equal(again(values), wanted)
    image = keras.Input((5, 4, 3))
    assert torch.allclose(keras.Model(image, layer.to_keras(image))(values), wanted, atol=1e-5)


@pytest.mark.parametrize(("name", "value"), [("padding", "same"), ("data_format", "channels_first")])
def test_layers_with_sides_of_their_own_refuse_what_they_would_overrule(name, value):
    with pytest.raises(ValueError, match=f"needs {name} '.*', received '{value}'"):
        layers.PaddedConv2D(4, 3, zeros=1, **{name: value})
    with pytest.raises(ValueError, match=f"needs {name} '.*', received '{value}'"):
        layers.CroppedConv2DTranspose(4, 3, crops=((1, 0), (1, 0)), strides=2, **{name: value})


def cropped(kernel, stride, crops):
    return layers.CroppedConv2DTranspose(4, kernel, strides=stride, crops=crops, bias_initializer="random_normal")


@pytest.mark.parametrize("crops", [((1, 0), (1, 0)), ((0, 1), (1, 2)), ((0, 0), (2, 2))])
@pytest.mark.parametrize(("kernel", "stride"), [(3, 2), (4, 2), (4, 3), ((3, 5), (2, 3))])
def test_cropped_convolutions_agree_with_keras(assert_same, kernel, stride, crops):
    whole = keras.layers.Conv2DTranspose(4, kernel, strides=stride, bias_initializer="random_normal")
    stock = keras.Sequential([whole, keras.layers.Cropping2D(crops)])
    mine = cropped(kernel, stride, crops)
    values = torch.randn(2, 5, 4, 3)
    assert_same(stock, mine, values)
    assert mine.compute_output_shape((None, None, 4, 3)) == (None, None, mine(values).shape[2], 4)


def test_a_kernel_of_three_without_the_first_row_and_column_is_that_of_torch():
    values, layer = torch.randn(2, 3, 5, 4), cropped(3, 2, ((1, 0), (1, 0)))
    found = layer(values.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
    kernel, bias = layer.kernel.value.permute(3, 2, 0, 1), layer.bias.value
    wanted = torch.nn.functional.conv_transpose2d(values, kernel, bias, stride=2, padding=1, output_padding=1)
    assert torch.allclose(found, wanted, atol=1e-5)


@pytest.mark.parametrize("crops", [((-1, 0), (0, 0)), ((2, 0), (0, 0)), ((0, 0), (3, 1))])
def test_crops_that_the_stride_does_not_allow_are_refused(crops):
    with pytest.raises(ValueError, match="cannot leave out"):
        cropped(4, 2, crops)


@pytest.mark.parametrize("name", ["Conv2D", "Conv2DTranspose"])
def test_bias_and_activation_are_as_in_keras(assert_same, name):
    assert_same(*pair(name, 4, 3, use_bias=False, activation="tanh"), torch.randn(2, 6, 6, 3))


def test_groups_are_as_in_keras(assert_same):
    assert_same(*pair("Conv2D", 4, 3, groups=2, padding="same"), torch.randn(2, 6, 6, 6))


@pytest.mark.parametrize("name", ["Conv2D", "Conv2DTranspose"])
def test_other_data_formats_are_left_to_keras(assert_same, name):
    assert_same(*pair(name, 4, 3, strides=2, data_format="channels_first"), torch.randn(2, 3, 6, 7))


@pytest.mark.parametrize("name", ["Conv2D", "Conv2DTranspose"])
def test_inputs_may_lie_in_any_memory_order(assert_same, name):
    assert_same(*pair(name, 4, 3, padding="same"), torch.randn(2, 3, 6, 7).permute(0, 2, 3, 1))


def test_low_rank_adaptation_is_taken_into_account():
    stock, mine = pair("Conv2D", 4, 3, lora_rank=2)
    for layer in (stock, mine):
        layer.build((None, 6, 6, 3))
    mine.set_weights(stock.get_weights())
    mine.lora_kernel_b.assign(torch.ones(2, 4))
    stock.lora_kernel_b.assign(torch.ones(2, 4))
    values = torch.randn(2, 6, 6, 3)
    assert torch.allclose(mine(values), stock(values), atol=1e-5)


def test_dense_agrees_with_keras(assert_same):
    assert_same(*pair("Dense", 4, "tanh"), torch.randn(5, 3))
    assert_same(*pair("Dense", 4, None, use_bias=False), torch.randn(2, 5, 3))


def test_dense_takes_whole_numbers_as_keras_does():
    stock, mine = pair("Dense", 4, None)
    values = torch.arange(6).reshape(2, 3)
    wanted = stock(values)
    mine.build((None, 3))
    mine.set_weights(stock.get_weights())
    assert torch.allclose(mine(values), wanted)
