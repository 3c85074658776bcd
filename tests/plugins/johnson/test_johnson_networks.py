import pytest
import torch
from ganzoo_johnson.johnson_generator import JohnsonGenerator
from torch import nn
from torch.nn import functional

from ganzoo import Field, Signature

IMAGE = Field(shape=(48, 48, 3), low=-1, high=1)
SIGNATURE = Signature(inputs={"content": IMAGE}, outputs={"image": IMAGE})


def test_the_generator_has_as_many_weights_as_that_of_the_authors():
    assert JohnsonGenerator().build(SIGNATURE).count_params() == 1_679_235


class Cut(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.inner = nn.Sequential(nn.Conv2d(width, width, 3), *norm(width), nn.Conv2d(width, width, 3), norm(width)[0])

    def forward(self, values):
        return values[:, :, 2:-2, 2:-2] + self.inner(values)


def norm(width):
    return nn.InstanceNorm2d(width, affine=True), nn.ReLU()


def twin(filters, blocks):
    """The network of the authors' code in plain torch, channels first."""
    one, two, four = filters, 2 * filters, 4 * filters
    return nn.Sequential(
        nn.ReflectionPad2d(8 * blocks),
        nn.Conv2d(3, one, 9, padding=4),
        *norm(one),
        nn.Conv2d(one, two, 3, 2, padding=1),
        *norm(two),
        nn.Conv2d(two, four, 3, 2, padding=1),
        *norm(four),
        *(Cut(four) for _ in range(blocks)),
        nn.ConvTranspose2d(four, two, 3, 2, padding=1, output_padding=1),
        *norm(two),
        nn.ConvTranspose2d(two, one, 3, 2, padding=1, output_padding=1),
        *norm(one),
        nn.Conv2d(one, 3, 9, padding=4),
    )


def test_the_generator_is_that_of_the_authors_code():
    made = JohnsonGenerator(filters=3, blocks=2).build(SIGNATURE)
    for variable in made.trainable_variables:
        variable.assign(0.2 * torch.randn(variable.shape))
    other = twin(3, 2)
    for mine, its in zip(made.trainable_variables, other.parameters(), strict=True):
        value = mine.value.detach()
        its.data.copy_(value.permute(3, 2, 0, 1) if value.ndim == 4 else value)
    image = torch.rand(2, 24, 20, 3) * 2 - 1
    with torch.no_grad():
        wanted = 150 / 127.5 * functional.tanh(other(image.permute(0, 3, 1, 2))).permute(0, 2, 3, 1)
        found = made(image)
    assert found.shape == (2, 24, 20, 3)
    assert torch.allclose(found, wanted, atol=1e-4)


def test_a_generator_that_is_given_a_painting_is_another_one():
    given = Signature(inputs={"content": IMAGE, "style": IMAGE}, outputs={"image": IMAGE})
    with pytest.raises(ValueError, match="makes an RGB image of one RGB image, received 'content'"):
        JohnsonGenerator(filters=2).build(given)
