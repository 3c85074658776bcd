"""What is timed: one training step by ganzoo, by plain Keras, and by hand-written PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import keras
import torch
from torch import nn

from benchmarks import networks
from benchmarks.steps import (
    BFLOAT16,
    BFLOAT16_COMPILED,
    COMPILED,
    TUNED,
    USUAL,
    Batch,
    Pair,
    Style,
    cyclegan_step,
    dcgan_step,
    esrgan_step,
    pix2pix_step,
    srgan_step,
    wgan_gp_step,
)
from ganzoo import layers, load_recipe, load_zoo
from ganzoo.assembly import assemble
from ganzoo.data.loader import StepBatches
from ganzoo.data.opening import open_data
from ganzoo.execution.keras_internals import get_device
from ganzoo.training.model import AdversarialModel
from ganzoo.training.setup import build_model

#: The variants by name; ratios are taken to each of the hand-written ones.
VARIANTS = ("ganzoo", "stock_keras", "torch_usual", "torch_tuned")
STYLES: Mapping[str, Style] = {
    "torch_usual": USUAL,
    "torch_tuned": TUNED,
    "torch_compiled": COMPILED,
    "torch_bfloat16": BFLOAT16,
    "torch_bfloat16_compiled": BFLOAT16_COMPILED,
}
#: What ganzoo is told for `ganzoo_MODE`, the counterpart of `torch_MODE`.
MODES: Mapping[str, tuple[str, ...]] = {
    "compiled": ("train.compile=true",),
    "bfloat16": ("train.precision='bfloat16'",),
    "bfloat16_compiled": ("train.precision='bfloat16'", "train.compile=true"),
}

_PHOTOS = """
[data]
name = "photos"
tile = 128
"""

_PHASE = """
[[phases]]
name = "gan"
steps = 1000000
"""

_ADAM = """
[optimizers.{player}]
name = "adam"
learning_rate = {rate}
beta_1 = {beta_1}
epsilon = {epsilon}
"""

_SRGAN = """
[task]
name = "super_resolution"
scale = 4
crop = {side}

[generator]
name = "srresnet"
filters = {filters}
blocks = {blocks}

[discriminator]
name = "srgan_discriminator"
filters = {filters}

[[losses]]
name = "mse"

[[losses]]
name = "non_saturating"
weight = 1e-3

[train]
batch_size = {batch}
"""

_ESRGAN = """
[task]
name = "super_resolution"
scale = 4
crop = {side}

[generator]
name = "rrdb"
filters = {filters}
blocks = {blocks}
growth = {growth}

[discriminator]
name = "vgg_discriminator"
filters = {filters}

[[losses]]
name = "l1"
weight = 1e-2

[[losses]]
name = "relativistic_average"
weight = 5e-3

[train]
batch_size = {batch}
"""

_PIX2PIX = """
[task]
name = "paired_translation"
crop = {side}

[data]
name = "edge_pairs"
of = {{ name = "photos", tile = 128 }}

[generator]
name = "unet_generator"
filters = {filters}
depth = {depth}
dropout = {dropout}

[discriminator]
name = "patchgan_discriminator"
filters = {filters}

[[losses]]
name = "non_saturating"

[[losses]]
name = "l1"
weight = 100.0

[train]
batch_size = {batch}
"""

_CYCLEGAN = """
[task]
name = "unpaired_translation"
crop = {side}

[data.a]
name = "photos"
tile = 128

[data.b]
name = "photos"
more = true
tile = 128

[generator]
name = "resnet_generator"
filters = {filters}
blocks = {blocks}

[discriminator]
name = "patchgan_discriminator"
filters = {filters}
normalization = "instance"

[[losses]]
name = "least_squares"
weight = 2.0

[[losses]]
name = "l1"
on = "cycle_a"
label = "cycle_a"
weight = 10.0

[[losses]]
name = "l1"
on = "cycle_b"
label = "cycle_b"
weight = 10.0

[[losses]]
name = "l1"
on = "identity_a"
label = "identity_a"
weight = 5.0

[[losses]]
name = "l1"
on = "identity_b"
label = "identity_b"
weight = 5.0

[train]
batch_size = {batch}
first = "generator"
"""

_POINTS = """
[task]
name = "generation"
field = "point"
latent_dim = {latent}

[data]
name = "gaussians"

[generator]
name = "mlp_generator"
hidden = {filters}
layers = {layers}

[discriminator]
name = "mlp_discriminator"
hidden = {filters}
layers = {layers}

[[losses]]
name = "non_saturating"

[train]
batch_size = {batch}
"""

_DCGAN = """
[task]
name = "generation"
latent_dim = 100

[generator]
name = "dcgan_generator"
filters = {filters}

[discriminator]
name = "dcgan_discriminator"
filters = {filters}
normalization = "{normalization}"

{losses}

[train]
batch_size = {batch}
n_critic = {n_critic}
"""
_GP = '[[losses]]\nname = "wasserstein"\n\n[[regularizers]]\nname = "gradient_penalty"\nweight = 10.0\n'


@dataclass(frozen=True, kw_only=True)
class Case:
    """One kind of training step and its sizes."""

    title: str
    recipe: str
    sizes: Mapping[str, Any]
    adam: Mapping[str, float]
    #: How many steps make one round: all that happens at different steps happens in each.
    steps: int = 1
    #: Of the images in the data, where it is not the recipe's 128.
    side: int = 0

    def toml(self) -> str:
        """Return the recipe."""
        optimizers = "".join(_ADAM.format(player=player, **self.adam) for player in ("generator", "discriminator"))
        data = "" if "[data" in self.recipe else _PHOTOS
        return self.recipe.format(**self.sizes) + data + _PHASE + optimizers


CASES: Mapping[str, Case] = {
    "srgan": Case(
        title="SRGAN, 8 blocks of 64, 24 -> 96 px, batch 4",
        recipe=_SRGAN,
        sizes={"side": 96, "filters": 64, "blocks": 8, "batch": 4},
        adam={"rate": 1e-4, "beta_1": 0.9, "epsilon": 1e-8},
    ),
    "esrgan": Case(
        title="ESRGAN, 4 RRDBs of 64, 24 -> 96 px, batch 4",
        recipe=_ESRGAN,
        sizes={"side": 96, "filters": 64, "blocks": 4, "growth": 32, "batch": 4},
        adam={"rate": 1e-4, "beta_1": 0.9, "epsilon": 1e-8},
    ),
    "pix2pix": Case(
        title="pix2pix, U-Net of 64 and 70 px PatchGAN, 128 px, batch 1",
        recipe=_PIX2PIX,
        sizes={"side": 128, "filters": 64, "depth": 7, "dropout": 0.5, "batch": 1},
        adam={"rate": 2e-4, "beta_1": 0.5, "epsilon": 1e-8},
    ),
    "cyclegan": Case(
        title="CycleGAN, 6 blocks and 70 px PatchGANs of 32, 128 px, batch 1",
        recipe=_CYCLEGAN,
        sizes={"side": 128, "filters": 32, "blocks": 6, "batch": 1},
        adam={"rate": 2e-4, "beta_1": 0.5, "epsilon": 1e-8},
    ),
    "dcgan": Case(
        title="DCGAN, 64 px, 64 filters, batch 32",
        recipe=_DCGAN,
        sizes={
            "filters": 64,
            "normalization": "batch",
            "losses": '[[losses]]\nname = "non_saturating"\n',
            "batch": 32,
            "n_critic": 1,
        },
        adam={"rate": 2e-4, "beta_1": 0.5, "epsilon": 1e-8},
        side=64,
    ),
    "wgan_gp": Case(
        title="WGAN-GP, 32 px, 64 filters, batch 32, n_critic 5",
        recipe=_DCGAN,
        sizes={"filters": 64, "normalization": "none", "losses": _GP, "batch": 32, "n_critic": 5},
        adam={"rate": 1e-4, "beta_1": 0.0, "epsilon": 1e-8},
        side=32,
        steps=5,
    ),
    "points": Case(
        title="points, 3 layers of 128, batch 128",
        recipe=_POINTS,
        sizes={"filters": 128, "layers": 3, "latent": 16, "batch": 128},
        adam={"rate": 1e-3, "beta_1": 0.0, "epsilon": 1e-8},
        steps=20,
    ),
}


#: The steps by hand that need no random numbers, by recipe.
STEPS: Mapping[str, Callable[[Pair, Batch], None]] = {
    _SRGAN: srgan_step,
    _ESRGAN: esrgan_step,
    _PIX2PIX: pix2pix_step,
    _CYCLEGAN: cyclegan_step,
}


@dataclass
class Prepared:
    """A model of ganzoo and a batch for it."""

    model: AdversarialModel
    batch: Mapping[str, torch.Tensor]


def prepare(case: Case, *overrides: str) -> Prepared:
    """Build a case's model and its first batch, on the device."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "case.toml"
        path.write_text(case.toml(), encoding="utf-8")
        sides = [f"data.tile={case.side}"] if case.side else []
        recipe = load_recipe(path, zoo=load_zoo(), overrides=[*sides, *overrides])
    data = open_data(recipe)
    model = build_model(recipe, assemble(recipe, data.fields))
    batches = StepBatches.of(recipe, data)
    batch = {name: values.to(get_device()) for name, values in batches.tensors(0).items()}
    model.prepare(batch)
    return Prepared(model, batch)


@contextmanager
def stock_keras() -> Iterator[None]:
    """Let models be built as plain Keras has them.

    Keras' own layers in the place of ganzoo's of the same name, its own Adam, its own way through a network, and a call
    of the discriminator for each of real and fake.
    """
    ours = {name for name in vars(layers) if name[0].isupper() and hasattr(keras.layers, name)}
    with ExitStack() as stack:
        stack.enter_context(patch.multiple(layers, **{name: getattr(keras.layers, name) for name in ours}))
        stack.enter_context(patch("ganzoo.training.fused.FusedAdam", keras.optimizers.Adam))
        stack.enter_context(patch("ganzoo.execution.prepare.direct_call", lambda _network: None))
        stack.enter_context(patch("ganzoo.training.model.is_per_sample", lambda _network: False))
        yield


def variant(case: Case, name: str) -> Callable[[], None]:
    """Return what takes one round of steps, and holds nothing that it does not need for them."""
    if name == "stock_keras":
        with stock_keras():
            return _by_ganzoo(case, prepare(case))
    maker, _, mode = name.partition("_")
    if maker == "ganzoo":
        return _by_ganzoo(case, prepare(case, *MODES.get(mode, ())))
    return _by_hand(case, prepare(case), STYLES[name])


def warm_up(case: Case, variants: Iterable[str] = VARIANTS) -> None:
    """Take steps of a tiny case of the same kind by each variant, so that all that they load is loaded."""
    tiny = replace(case, sizes={**case.sizes, "filters": 2, "batch": 2})
    for name in variants:
        variant(tiny, name)()


def _by_ganzoo(case: Case, prepared: Prepared) -> Callable[[], None]:
    def take() -> None:
        for _ in range(case.steps):
            prepared.model.train_step(prepared.batch)

    return take


def _by_hand(case: Case, prepared: Prepared, style: Style) -> Callable[[], None]:
    pair = twins(case, prepared.model, style)
    batch = prepared.batch
    if case.recipe in STEPS:
        return lambda: STEPS[case.recipe](pair, batch)

    def take() -> None:
        for number in range(case.steps):
            latents = torch.randn(case.sizes["batch"], case.sizes.get("latent", 100), device=get_device())
            if case.sizes.get("n_critic", 1) == 1:
                dcgan_step(pair, batch, latents)
            else:
                share = torch.rand(case.sizes["batch"], 1, 1, 1, device=get_device())
                wgan_gp_step(pair, batch, latents, share, generator=number == case.steps - 1)

    return take


def twins(case: Case, model: AdversarialModel, style: Style, *, as_keras: bool = False) -> Pair:
    """Return the hand-written networks of a case with the weights of a model."""
    generator, discriminator = _modules(case, as_keras=as_keras)
    for role, module in (("generator", generator), ("discriminator", discriminator)):
        for name, part in module.items() if isinstance(module, networks.Several) else [(role, module)]:
            networks.copy_weights(model.networks[name], part)
    adam = {"lr": case.adam["rate"], "betas": (case.adam["beta_1"], 0.999), "eps": case.adam["epsilon"]}
    return Pair(generator, discriminator, style, **adam)


def _modules(case: Case, *, as_keras: bool) -> tuple[nn.Module, nn.Module]:
    """Return both sides of a case as hand-written networks."""
    sizes, filters = case.sizes, case.sizes["filters"]
    if case.recipe == _SRGAN:
        judge = networks.srgan_discriminator(filters, sizes["side"], as_keras=as_keras)
        return networks.SRResNet(filters, sizes["blocks"]), judge
    if case.recipe == _ESRGAN:
        judge = networks.vgg_discriminator(filters, sizes["side"])
        return networks.RRDBNet(filters, sizes["blocks"], sizes["growth"]), judge
    if case.recipe == _PIX2PIX:
        judge = networks.patchgan_discriminator(4, filters, by_instance=False)
        return networks.UNet(1, 3, filters, sizes["depth"], sizes["dropout"]), judge
    if case.recipe == _CYCLEGAN:
        players = {name: networks.resnet_generator(filters, sizes["blocks"]) for name in ("a_to_b", "b_to_a")}
        judges = {
            f"discriminator_{stream}": networks.patchgan_discriminator(3, filters, by_instance=True) for stream in "ab"
        }
        return networks.Several(players), networks.Several(judges)
    if case.recipe == _POINTS:
        judge = networks.mlp(2, filters, sizes["layers"], 1, partial(nn.LeakyReLU, 0.2))
        return networks.mlp(sizes["latent"], filters, sizes["layers"], 2, nn.ReLU), judge
    judge = networks.dcgan_discriminator(filters, case.side, normalized=sizes["normalization"] == "batch")
    return networks.dcgan_generator(filters, case.side, 100), judge
