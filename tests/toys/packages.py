"""Plugins as installed packages, in a folder that a process finds by PYTHONPATH."""

from __future__ import annotations

LOSS = '''
import ganzoo
from dataclasses import dataclass

GANZOO_API = "1"


@dataclass(frozen=True, kw_only=True)
class Theirs(ganzoo.AdversarialLoss):
    """Another loss."""

    def discriminator_loss(self, real_logits, fake_logits):
        return fake_logits.mean() - real_logits.mean() + 0.1 * (fake_logits**2).mean()

    def generator_loss(self, fake_logits):
        return -fake_logits.mean()


@ganzoo.hookimpl
def ganzoo_register_losses():
    return {"NAME": Theirs}
'''


def loss_named(name):
    """Return the source of a plugin that offers one loss."""
    return LOSS.replace("NAME", name)


def install(folder, name, source, version="1.2"):
    """Install the plugin `name` of the distribution `ganzoo-<name>`; return the environment that finds it."""
    info = folder / f"ganzoo_{name}-{version}.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (folder / f"ganzoo_{name}.py").write_text(source)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: ganzoo-{name}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(f"[ganzoo]\n{name} = ganzoo_{name}\n")
    return {"PYTHONPATH": str(folder)}
