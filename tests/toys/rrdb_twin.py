"""ESRGAN's generator in plain torch; its state dict has the keys of BasicSR's RRDBNet."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import interpolate, leaky_relu, pad, pixel_unshuffle


class DenseBlock(nn.Module):
    def __init__(self, filters, growth):
        super().__init__()
        for index in range(5):
            width = filters if index == 4 else growth
            self.add_module(f"conv{index + 1}", nn.Conv2d(filters + index * growth, width, 3, padding=1))

    def forward(self, values):
        seen = values
        for convolution in (self.conv1, self.conv2, self.conv3, self.conv4):
            seen = torch.cat([seen, leaky_relu(convolution(seen), 0.2)], 1)
        return values + 0.2 * self.conv5(seen)


class Block(nn.Module):
    def __init__(self, filters, growth):
        super().__init__()
        self.rdb1, self.rdb2, self.rdb3 = (DenseBlock(filters, growth) for _ in range(3))

    def forward(self, values):
        return values + 0.2 * self.rdb3(self.rdb2(self.rdb1(values)))


class RRDBNet(nn.Module):
    """Images are (n, 3, h, w) in [0, 1]."""

    def __init__(self, *, filters, blocks, growth, scale, unshuffle=1):
        super().__init__()
        self.scale, self.unshuffle = scale, unshuffle
        factors = {1: [], 2: [2], 3: [3], 4: [2, 2], 8: [2, 2, 2]}[scale * unshuffle]
        self.factors = factors
        self.conv_first = nn.Conv2d(3 * unshuffle**2, filters, 3, padding=1)
        self.body = nn.Sequential(*(Block(filters, growth) for _ in range(blocks)))
        self.conv_body = nn.Conv2d(filters, filters, 3, padding=1)
        for number in range(len(factors)):
            self.add_module(f"conv_up{number + 1}", nn.Conv2d(filters, filters, 3, padding=1))
        self.conv_hr = nn.Conv2d(filters, filters, 3, padding=1)
        self.conv_last = nn.Conv2d(filters, 3, 3, padding=1)

    def forward(self, image):
        height, width = image.shape[2:]
        if self.unshuffle > 1:
            missing = (0, -width % self.unshuffle, 0, -height % self.unshuffle)
            image = pixel_unshuffle(pad(image, missing, mode="reflect"), self.unshuffle)
        start = self.conv_first(image)
        values = start + self.conv_body(self.body(start))
        for number, factor in enumerate(self.factors):
            values = interpolate(values, scale_factor=factor, mode="nearest")
            values = leaky_relu(self.get_submodule(f"conv_up{number + 1}")(values), 0.2)
        values = self.conv_last(leaky_relu(self.conv_hr(values), 0.2))
        return values[:, :, : height * self.scale, : width * self.scale]

    def on_images(self, images):
        """Return what it makes of images (n, h, w, 3) in [-1, 1], in the same form."""
        return 2 * self((images.permute(0, 3, 1, 2) + 1) / 2).permute(0, 2, 3, 1) - 1
