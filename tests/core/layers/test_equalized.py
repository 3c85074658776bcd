import keras
import numpy as np
import pytest
import torch

from ganzoo import layers


def test_the_kernel_is_scaled_where_it_is_used():
    layer = layers.EqualizedDense(1, gain=3.0)
    layer.build((None, 4))
    layer.set_weights([np.array([[1.0], [2.0], [3.0], [4.0]]), np.array([0.5])])
    # 3 / sqrt(4) = 1.5; the bias is not scaled
    assert layer(torch.ones(1, 4)).item() == pytest.approx(1.5 * 10 + 0.5)


def test_the_gradient_carries_the_scale():
    layer = layers.EqualizedDense(1, gain=3.0)
    layer.build((None, 4))
    [gradient] = torch.autograd.grad(layer(torch.ones(1, 4)).sum(), [layer.kernel.value])
    assert gradient.flatten().tolist() == pytest.approx([1.5] * 4)


def test_a_convolution_scales_by_all_that_a_pixel_sees():
    layer = layers.EqualizedConv2D(2, 3, padding="same")
    stock = keras.layers.Conv2D(2, 3, padding="same")
    values = torch.randn(2, 6, 6, 5)
    stock(values)
    layer.build(values.shape)
    kernel, bias = layer.get_weights()
    stock.set_weights([kernel * np.sqrt(2 / (3 * 3 * 5)), bias])
    assert torch.allclose(layer(values), stock(values), atol=1e-5)


@pytest.mark.parametrize("make", [lambda: layers.EqualizedConv2D(64, 3), lambda: layers.EqualizedDense(512)])
def test_outputs_keep_their_size_from_the_start(make):
    layer = make()
    output = layer(torch.randn(16, 8, 8, 64))
    assert layer.kernel.value.std().item() == pytest.approx(1, rel=0.05)
    assert output.std().item() == pytest.approx(np.sqrt(2), rel=0.1)


def test_what_is_saved_is_the_kernel_before_scaling(tmp_path):
    network = keras.Sequential([keras.Input((6, 6, 5)), layers.EqualizedConv2D(2, 3), layers.EqualizedDense(4)])
    values = torch.randn(2, 6, 6, 5)
    network.save(tmp_path / "network.keras")
    assert torch.allclose(keras.saving.load_model(tmp_path / "network.keras")(values), network(values), atol=1e-6)
