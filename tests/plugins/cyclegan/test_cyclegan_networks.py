"""The generator of CycleGAN against the authors' network, written in plain torch."""

import numpy as np
import pytest
import torch
from ganzoo_cyclegan import ganzoo_register_architectures
from torch import nn

from ganzoo import Field, Signature

ResNet = ganzoo_register_architectures()["resnet_generator"]


def built(given=3, made=3, side=16, **options):
    image, output = (Field(shape=(side, side, channels), low=-1, high=1) for channels in (given, made))
    return ResNet(**options).build(Signature(inputs={"input": image}, outputs={"image": output}))


@pytest.mark.parametrize(("blocks", "weights"), [(9, 11_378_179), (6, 7_837_699)])
def test_the_networks_have_the_weights_of_the_authors_code(blocks, weights):
    network = built(side=256, blocks=blocks)
    assert sum(int(np.prod(weight.shape)) for weight in network.trainable_variables) == weights


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.body = nn.Sequential(
            *(nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3), nn.InstanceNorm2d(width), nn.ReLU()),
            *(nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3), nn.InstanceNorm2d(width)),
        )

    def forward(self, values):
        return values + self.body(values)


def twin(given, made, width, blocks):
    return nn.Sequential(
        *(nn.ReflectionPad2d(3), nn.Conv2d(given, width, 7), nn.InstanceNorm2d(width), nn.ReLU()),
        *(nn.Conv2d(width, 2 * width, 3, 2, 1), nn.InstanceNorm2d(2 * width), nn.ReLU()),
        *(nn.Conv2d(2 * width, 4 * width, 3, 2, 1), nn.InstanceNorm2d(4 * width), nn.ReLU()),
        *(Residual(4 * width) for _ in range(blocks)),
        *(nn.ConvTranspose2d(4 * width, 2 * width, 3, 2, 1, 1), nn.InstanceNorm2d(2 * width), nn.ReLU()),
        *(nn.ConvTranspose2d(2 * width, width, 3, 2, 1, 1), nn.InstanceNorm2d(width), nn.ReLU()),
        *(nn.ReflectionPad2d(3), nn.Conv2d(width, made, 7), nn.Tanh()),
    )


def test_the_network_is_that_of_the_authors():
    network, by_hand = built(1, 3, filters=4, blocks=2), twin(1, 3, 4, 2)
    for target, variable in zip(by_hand.parameters(), network.trainable_variables, strict=True):
        value = torch.randn(tuple(variable.shape)) * 0.1
        variable.assign(value)
        target.data = value.permute(3, 2, 0, 1) if value.ndim == 4 else value
    images = torch.randn(2, 16, 24, 1, requires_grad=True)
    found, wanted = network(images, training=True), by_hand(images.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    assert torch.allclose(found, wanted, atol=1e-4)
    mine, theirs = (torch.autograd.grad(each.square().sum(), images)[0] for each in (found, wanted))
    assert torch.allclose(mine, theirs, rtol=1e-3, atol=1e-5 * float(theirs.abs().max()))


def test_weights_start_from_a_narrow_normal_distribution():
    kernels = [weight for weight in built(filters=16, blocks=1).trainable_variables if weight.name == "kernel"]
    assert all(abs(float(kernel.value.detach().std()) - 0.02) < 0.003 for kernel in kernels)


def test_sides_that_cannot_be_halved_are_refused():
    with pytest.raises(ValueError, match="needs sides that are multiples of 4, received 18x18x3"):
        built(side=18)


def test_input_and_output_have_one_size():
    image, output = (Field(shape=(side, side, 3), low=-1, high=1) for side in (16, 32))
    with pytest.raises(ValueError, match=r"gives images of the size that it is given, received 16x16x3.* and 32x32x3"):
        ResNet().build(Signature(inputs={"input": image}, outputs={"image": output}))
