"""Training steps as a person writes them in PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as bce
from torch.nn.functional import l1_loss, mse_loss

from ganzoo.execution.keras_internals import get_device

Batch = Mapping[str, torch.Tensor]


@dataclass(frozen=True, kw_only=True)
class Style:
    """`usual`: as public repositories have it. `tuned`: channels-last memory, fused Adam, no gradient for nothing.

    The others are tuned and compiled, in bfloat16 by torch's autocast, or both.
    """

    channels_last: bool
    fused: bool
    spares_gradients: bool
    compiled: bool = False
    bfloat16: bool = False


USUAL = Style(channels_last=False, fused=False, spares_gradients=False)
TUNED = Style(channels_last=True, fused=True, spares_gradients=True)
COMPILED = replace(TUNED, compiled=True)
BFLOAT16 = replace(TUNED, bfloat16=True)
BFLOAT16_COMPILED = replace(TUNED, bfloat16=True, compiled=True)


class Pair:
    """A generator and a discriminator with their optimizers."""

    def __init__(self, generator: nn.Module, discriminator: nn.Module, style: Style, **adam: Any) -> None:
        layout = torch.channels_last if style.channels_last else torch.contiguous_format
        self.style = style
        self.generator = generator.to(get_device(), memory_format=layout).train()
        self.discriminator = discriminator.to(get_device(), memory_format=layout).train()
        self.optimizers = {
            part: torch.optim.Adam(part.parameters(), fused=style.fused or None, **adam)
            for part in (self.generator, self.discriminator)
        }
        self._play: Callable[..., torch.Tensor] = self.generator
        self._judge: Callable[..., torch.Tensor] = self.discriminator
        if style.compiled:
            self._play, self._judge = torch.compile(self.generator), torch.compile(self.discriminator)

    def play(self, *inputs: Any) -> torch.Tensor:
        """Return what the generator makes, as float32; of several, the name of one comes first."""
        with torch.autocast(get_device(), torch.bfloat16, enabled=self.style.bfloat16):
            return self._play(*inputs).float()

    def judge(self, *images: Any) -> torch.Tensor:
        """Return logits, as float32; of several discriminators, the name of one comes first."""
        with torch.autocast(get_device(), torch.bfloat16, enabled=self.style.bfloat16):
            return self._judge(*images).float()

    def images(self, batch: torch.Tensor) -> torch.Tensor:
        """Return images (n, h, w, c) as this style wants them: (n, c, h, w); points as they are."""
        if batch.ndim != 4:
            return batch
        view = batch.permute(0, 3, 1, 2)
        return view if self.style.channels_last else view.contiguous()

    def descend(self, part: nn.Module, loss: torch.Tensor) -> None:
        """Take one optimizer step."""
        self.optimizers[part].zero_grad(set_to_none=True)
        loss.backward()
        self.optimizers[part].step()

    def hold(self, still: bool) -> None:
        """Compute no gradient for the discriminator's weights while the generator moves."""
        if self.style.spares_gradients:
            for parameter in self.discriminator.parameters():
                parameter.requires_grad_(not still)


def srgan_step(pair: Pair, batch: Batch) -> None:
    """Update the discriminator, then the generator by MSE and adversarial loss."""
    low, high = pair.images(batch["lr"]), pair.images(batch["hr"])
    fake = pair.play(low)
    real_logits, fake_logits = pair.judge(high), pair.judge(fake.detach())
    pair.descend(
        pair.discriminator,
        bce(real_logits, torch.ones_like(real_logits)) + bce(fake_logits, torch.zeros_like(fake_logits)),
    )
    pair.hold(True)
    logits = pair.judge(fake)
    pair.descend(pair.generator, mse_loss(fake, high) + 1e-3 * bce(logits, torch.ones_like(logits)))
    pair.hold(False)


def esrgan_step(pair: Pair, batch: Batch) -> None:
    """Update the discriminator, then the generator by L1 and the relativistic average loss."""

    def loss(above: torch.Tensor, below: torch.Tensor) -> torch.Tensor:
        ones, zeros = torch.ones_like(above), torch.zeros_like(below)
        return (bce(above - below.mean(), ones) + bce(below - above.mean(), zeros)) / 2

    low, high = pair.images(batch["lr"]), pair.images(batch["hr"])
    fake = pair.play(low)
    pair.descend(pair.discriminator, loss(pair.judge(high), pair.judge(fake.detach())))
    pair.hold(True)
    fake_logits = pair.judge(fake)
    adversarial = loss(fake_logits, pair.judge(high).detach())
    pair.descend(pair.generator, 1e-2 * l1_loss(fake, high) + 5e-3 * adversarial)
    pair.hold(False)


def pix2pix_step(pair: Pair, batch: Batch) -> None:
    """Update the discriminator of pairs, then the generator by L1 and the non-saturating loss."""
    given, target = pair.images(batch["input"]), pair.images(batch["target"])
    fake = pair.play(given)
    fake_logits = pair.judge(torch.cat([given, fake.detach()], 1))
    real_logits = pair.judge(torch.cat([given, target], 1))
    pair.descend(
        pair.discriminator,
        bce(real_logits, torch.ones_like(real_logits)) + bce(fake_logits, torch.zeros_like(fake_logits)),
    )
    pair.hold(True)
    logits = pair.judge(torch.cat([given, fake], 1))
    pair.descend(pair.generator, bce(logits, torch.ones_like(logits)) + 100 * l1_loss(fake, target))
    pair.hold(False)


def cyclegan_step(pair: Pair, batch: Batch) -> None:
    """Update both generators by least squares, cycles and identities, then both discriminators."""
    real = {stream: pair.images(batch[f"{stream}/image"]) for stream in "ab"}
    fake = {"b": pair.play("a_to_b", real["a"]), "a": pair.play("b_to_a", real["b"])}
    pair.hold(True)
    total = torch.zeros((), device=real["a"].device)
    for stream, other in ("ab", "ba"):
        logits = pair.judge(f"discriminator_{stream}", fake[stream])
        cycle = l1_loss(pair.play(f"{other}_to_{stream}", fake[other]), real[stream])
        identity = l1_loss(pair.play(f"{other}_to_{stream}", real[stream]), real[stream])
        total = total + mse_loss(logits, torch.ones_like(logits)) + 10 * cycle + 5 * identity
    pair.descend(pair.generator, total)
    pair.hold(False)
    judged = [
        (pair.judge(name, real[stream]), pair.judge(name, fake[stream].detach()))
        for stream, name in (("a", "discriminator_a"), ("b", "discriminator_b"))
    ]
    errors = [mse_loss(real, torch.ones_like(real)) + mse_loss(fake, torch.zeros_like(fake)) for real, fake in judged]
    pair.descend(pair.discriminator, sum(errors, torch.zeros((), device=errors[0].device)) / 2)


def dcgan_step(pair: Pair, batch: Batch, latents: torch.Tensor) -> None:
    """Update the discriminator, then the generator, by the non-saturating loss."""
    real = pair.images(batch["sample"])
    fake = pair.play(latents)
    real_logits, fake_logits = pair.judge(real), pair.judge(fake.detach())
    pair.descend(
        pair.discriminator,
        bce(real_logits, torch.ones_like(real_logits)) + bce(fake_logits, torch.zeros_like(fake_logits)),
    )
    pair.hold(True)
    logits = pair.judge(fake)
    pair.descend(pair.generator, bce(logits, torch.ones_like(logits)))
    pair.hold(False)


def wgan_gp_step(pair: Pair, batch: Batch, latents: torch.Tensor, share: torch.Tensor, *, generator: bool) -> None:
    """Update the discriminator by the Wasserstein loss and its gradient penalty, and the generator when it is due."""
    real = pair.images(batch["sample"])
    with torch.set_grad_enabled(generator):
        fake = pair.play(latents)
    mixed = (real + share * (fake.detach() - real)).requires_grad_(True)
    (slope,) = torch.autograd.grad(pair.discriminator(mixed).sum(), mixed, create_graph=True)
    norms = (slope.flatten(1).square().sum(1) + 1e-12).sqrt()
    loss = pair.judge(fake.detach()).mean() - pair.judge(real).mean() + 10 * (norms - 1).square().mean()
    pair.descend(pair.discriminator, loss)
    if generator:
        pair.hold(True)
        pair.descend(pair.generator, -pair.judge(fake).mean())
        pair.hold(False)
