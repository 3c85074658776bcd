"""The same networks as a person writes them in PyTorch, and how to give them the weights of the Keras ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    import keras


class Shuffle(nn.Module):
    """Turns channels into pixels."""

    def __init__(self, factor: int) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return nn.functional.pixel_shuffle(values, self.factor)


class Block(nn.Module):
    """A residual block of SRResNet."""

    def __init__(self, filters: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(filters, filters, 3, padding=1),
            nn.BatchNorm2d(filters),
            nn.PReLU(filters),
            nn.Conv2d(filters, filters, 3, padding=1),
            nn.BatchNorm2d(filters),
        )

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return values + self.body(values)


class SRResNet(nn.Module):
    """The generator of SRGAN."""

    def __init__(self, filters: int, blocks: int) -> None:
        super().__init__()
        self.head = nn.Sequential(nn.Conv2d(3, filters, 9, padding=4), nn.PReLU(filters))
        self.blocks = nn.Sequential(
            *(Block(filters) for _ in range(blocks)), nn.Conv2d(filters, filters, 3, padding=1), nn.BatchNorm2d(filters)
        )
        stages = (
            layer
            for _ in range(2)
            for layer in (nn.Conv2d(filters, filters * 4, 3, padding=1), Shuffle(2), nn.PReLU(filters))
        )
        self.tail = nn.Sequential(*stages, nn.Conv2d(filters, 3, 9, padding=4))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        start = self.head(image)
        result: torch.Tensor = self.tail(start + self.blocks(start))
        return result


class DenseBlock(nn.Module):
    """Five convolutions that see all before them, and a fifth of the last added to the input."""

    def __init__(self, filters: int, growth: int) -> None:
        super().__init__()
        self.grow = nn.ModuleList(nn.Conv2d(filters + index * growth, growth, 3, padding=1) for index in range(4))
        self.last = nn.Conv2d(filters + 4 * growth, filters, 3, padding=1)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        seen = [values]
        for convolution in self.grow:
            seen.append(nn.functional.leaky_relu(convolution(torch.cat(seen, 1)), 0.2, inplace=True))
        return values + 0.2 * self.last(torch.cat(seen, 1))


class RRDB(nn.Module):
    """Three dense blocks, and a fifth of the last added to the input."""

    def __init__(self, filters: int, growth: int) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*(DenseBlock(filters, growth) for _ in range(3)))

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return values + 0.2 * self.blocks(values)


class RRDBNet(nn.Module):
    """The generator of ESRGAN, for images in [-1, 1]."""

    def __init__(self, filters: int, blocks: int, growth: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, filters, 3, padding=1)
        self.body = nn.Sequential(
            *(RRDB(filters, growth) for _ in range(blocks)), nn.Conv2d(filters, filters, 3, padding=1)
        )
        self.ups = nn.ModuleList(nn.Conv2d(filters, filters, 3, padding=1) for _ in range(2))
        self.high = nn.Conv2d(filters, filters, 3, padding=1)
        self.last = nn.Conv2d(filters, 3, 3, padding=1)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        start = self.first((image + 1) / 2)
        values = start + self.body(start)
        for convolution in self.ups:
            larger = nn.functional.interpolate(values, scale_factor=2, mode="nearest")
            values = nn.functional.leaky_relu(convolution(larger), 0.2, inplace=True)
        result: torch.Tensor = self.last(nn.functional.leaky_relu(self.high(values), 0.2, inplace=True))
        return 2 * result - 1


class SamePadding(nn.Module):
    """Pads as Keras' padding "same" does at stride 2 on even sides; public repositories pad by 1 all around instead."""

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return nn.functional.pad(values, (0, 1, 0, 1))


def srgan_discriminator(filters: int, side: int, *, as_keras: bool = False) -> nn.Module:
    """Return the discriminator of SRGAN; `as_keras` pads its strided convolutions as Keras does."""
    layers: list[nn.Module] = []
    before = 3
    for index, (width, stride) in enumerate(((1, 1), (1, 2), (2, 1), (2, 2), (4, 1), (4, 2), (8, 1), (8, 2))):
        exact = as_keras and stride == 2
        layers += [SamePadding()] if exact else []
        layers += [nn.Conv2d(before, width * filters, 3, stride, padding=0 if exact else 1)]
        layers += [nn.BatchNorm2d(width * filters)] if index else []
        layers += [nn.LeakyReLU(0.2)]
        before = width * filters
    flat = before * (side // 16) ** 2
    return nn.Sequential(
        *layers, nn.Flatten(), nn.Linear(flat, 16 * filters), nn.LeakyReLU(0.2), nn.Linear(16 * filters, 1)
    )


def vgg_discriminator(filters: int, side: int) -> nn.Module:
    """Return the discriminator of ESRGAN."""
    layers: list[nn.Module] = [nn.Conv2d(3, filters, 3, padding=1), nn.LeakyReLU(0.2, inplace=True)]
    before = filters
    for stage, factor in enumerate((1, 2, 4, 8, 8)):
        for size in (3, 4) if stage else (4,):
            layers += [nn.Conv2d(before, factor * filters, size, size - 2, padding=1, bias=False)]
            layers += [nn.BatchNorm2d(factor * filters), nn.LeakyReLU(0.2, inplace=True)]
            before = factor * filters
    flat = before * (side // 32) ** 2
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(flat, 100), nn.LeakyReLU(0.2), nn.Linear(100, 1))


class UNet(nn.Module):
    """The generator of pix2pix; what is skipped is activated in place, which the ReLU behind the skip undoes."""

    def __init__(self, given: int, made: int, filters: int, depth: int, dropout: float) -> None:
        super().__init__()
        widths = [filters * min(2**power, 8) for power in range(depth)]
        self.downs = nn.ModuleList([nn.Conv2d(given, filters, 4, 2, 1, bias=False)])
        for before, after in pairwise(widths):
            self.downs.append(
                nn.Sequential(nn.LeakyReLU(0.2, inplace=True), nn.Conv2d(before, after, 4, 2, 1, bias=False))
            )
        for down, width in zip(list(self.downs)[1:-1], widths[1:], strict=False):
            down.append(nn.BatchNorm2d(width))
        self.ups = nn.ModuleList()
        before = widths[-1]
        for number, width in enumerate(reversed(widths[:-1])):
            layers: list[nn.Module] = [nn.ReLU(inplace=True), nn.ConvTranspose2d(before, width, 4, 2, 1, bias=False)]
            layers += [nn.BatchNorm2d(width)]
            layers += [nn.Dropout(dropout)] if number and width == 8 * filters else []
            self.ups.append(nn.Sequential(*layers))
            before = 2 * width
        self.last = nn.Sequential(nn.ReLU(inplace=True), nn.ConvTranspose2d(before, made, 4, 2, 1), nn.Tanh())

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        skips = []
        for down in self.downs:
            values = down(values)
            skips.append(values)
        values = skips.pop()
        for up in self.ups:
            values = torch.cat([skips.pop(), up(values)], 1)
        result: torch.Tensor = self.last(values)
        return result


class ReflectedBlock(nn.Module):
    """A residual block of CycleGAN."""

    def __init__(self, filters: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(filters, filters, 3),
            nn.InstanceNorm2d(filters),
            nn.ReLU(inplace=True),
            nn.ReflectionPad2d(1),
            nn.Conv2d(filters, filters, 3),
            nn.InstanceNorm2d(filters),
        )

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return values + self.body(values)


class Several(nn.ModuleDict):
    """Networks of one side, called by name."""

    def forward(self, name: str, values: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = self[name](values)
        return result


def resnet_generator(filters: int, blocks: int) -> nn.Module:
    """Return a generator of CycleGAN."""

    def stage(width: int) -> list[nn.Module]:
        return [nn.InstanceNorm2d(width), nn.ReLU(inplace=True)]

    layers: list[nn.Module] = [nn.ReflectionPad2d(3), nn.Conv2d(3, filters, 7), *stage(filters)]
    for width in (filters, 2 * filters):
        layers += [nn.Conv2d(width, 2 * width, 3, 2, 1), *stage(2 * width)]
    layers += [ReflectedBlock(4 * filters) for _ in range(blocks)]
    for width in (4 * filters, 2 * filters):
        layers += [nn.ConvTranspose2d(width, width // 2, 3, 2, 1, output_padding=1), *stage(width // 2)]
    return nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(filters, 3, 7), nn.Tanh())


def patchgan_discriminator(channels: int, filters: int, *, by_instance: bool) -> nn.Module:
    """Return the 70 px PatchGAN with batch or instance normalization."""
    layers: list[nn.Module] = [nn.Conv2d(channels, filters, 4, 2, 1), nn.LeakyReLU(0.2, inplace=True)]
    normalization = nn.InstanceNorm2d if by_instance else nn.BatchNorm2d
    for width, stride in ((filters, 2), (2 * filters, 2), (4 * filters, 1)):
        layers += [nn.Conv2d(width, 2 * width, 4, stride, 1, bias=by_instance)]
        layers += [normalization(2 * width), nn.LeakyReLU(0.2, inplace=True)]
    return nn.Sequential(*layers, nn.Conv2d(8 * filters, 1, 4, 1, 1))


def dcgan_generator(filters: int, side: int, latents: int, channels: int = 3) -> nn.Module:
    """Return the generator of DCGAN."""
    doublings = (side // 4).bit_length() - 1
    widths = [filters * 2**power for power in reversed(range(doublings))]
    layers: list[nn.Module] = [
        nn.Linear(latents, 16 * widths[0], bias=False),
        nn.Unflatten(1, (widths[0], 4, 4)),
        nn.BatchNorm2d(widths[0]),
        nn.ReLU(),
    ]
    for before, after in pairwise(widths):
        layers += [nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(*layers, nn.ConvTranspose2d(widths[-1], channels, 4, 2, 1), nn.Tanh())


def dcgan_discriminator(filters: int, side: int, *, normalized: bool = True, channels: int = 3) -> nn.Module:
    """Return the discriminator of DCGAN."""
    layers: list[nn.Module] = [nn.Conv2d(channels, filters, 4, 2, 1), nn.LeakyReLU(0.2)]
    width = filters
    for _ in range((side // 4).bit_length() - 2):
        layers += [nn.Conv2d(width, 2 * width, 4, 2, 1, bias=not normalized)]
        layers += [nn.BatchNorm2d(2 * width)] if normalized else []
        layers += [nn.LeakyReLU(0.2)]
        width *= 2
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(16 * width, 1))


def mlp(inputs: int, width: int, count: int, outputs: int, activation: Callable[[], nn.Module]) -> nn.Module:
    """Return `count` fully connected layers of `width` units and one of `outputs`."""
    widths = [inputs, *[width] * count]
    hidden = [part for pair in pairwise(widths) for part in (nn.Linear(*pair), activation())]
    return nn.Sequential(*hidden, nn.Linear(width, outputs))


# -- weights -----------------------------------------------------------------------------------------------------------


def copy_weights(network: keras.Model, module: nn.Module) -> None:
    """Give a hand-written network the weights of its Keras twin; ValueError where they are not twins."""
    theirs = [layer for layer in network.layers if layer.weights]
    mine = list(_weighted(module))
    if len(theirs) != len(mine):
        raise ValueError(f"{len(theirs)} layers with weights, expected {len(mine)}")
    channels = 0
    for layer, (part, following, flat) in zip(theirs, mine, strict=True):
        values = [torch.tensor(weight.numpy()) for weight in layer.weights]
        if isinstance(part, nn.Linear):
            values[0] = _linear(values[0], channels if flat else 0, projects=isinstance(following, nn.Unflatten))
        elif isinstance(part, nn.Conv2d | nn.ConvTranspose2d):
            values[0] = values[0].permute(3, 2, 0, 1)
            channels = part.out_channels
            if isinstance(following, Shuffle):
                values = [_shuffle_order(value) for value in values]
        targets = [*part.parameters(recurse=False), *(b for b in part.buffers(recurse=False) if b.ndim)]
        for target, value in zip(targets, values, strict=True):
            target.data.copy_(value.reshape(target.shape))


def _weighted(module: nn.Module) -> Iterator[tuple[nn.Module, nn.Module | None, bool]]:
    """Yield each part with weights, what follows it, and whether it works on a flattened map."""
    parts = [part for part in module.modules() if not list(part.children())]
    for before, part, after in zip([None, *parts], parts, [*parts[1:], None], strict=False):
        if next(part.parameters(recurse=False), None) is not None:
            yield part, after, isinstance(before, nn.Flatten)


def _shuffle_order(value: torch.Tensor) -> torch.Tensor:
    """Reorder output channels from depth_to_space's order (i, j, c) to torch's (c, i, j)."""
    return value.reshape(2, 2, -1, *value.shape[1:]).permute(2, 0, 1, *range(3, value.ndim + 2)).reshape(value.shape)


def _linear(value: torch.Tensor, channels: int, *, projects: bool) -> torch.Tensor:
    """Return a dense kernel for torch, whose maps have their channels first."""
    inputs, outputs = value.shape
    if channels:
        side = round((inputs // channels) ** 0.5)
        return value.reshape(side, side, channels, outputs).permute(3, 2, 0, 1).reshape(outputs, inputs)
    if projects:
        return value.reshape(inputs, 4, 4, outputs // 16).permute(3, 1, 2, 0).reshape(outputs, inputs)
    return value.T
