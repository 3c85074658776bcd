"""Rules that keep one player from winning too clearly, by skipping updates."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Regularizer, hookimpl
from ganzoo_balance.accuracy_limit import AccuracyLimit
from ganzoo_balance.vae_gan_margins import VAEGANMargins

GANZOO_API = "1"


@hookimpl
def ganzoo_register_regularizers() -> Mapping[str, type[Regularizer]]:
    return {"accuracy_limit": AccuracyLimit, "vae_gan_margins": VAEGANMargins}
