"""The hand-written networks that ganzoo is timed against are the same networks."""

from __future__ import annotations

import gc
import sys
import weakref
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ganzoo.randomness import Random
from ganzoo.training.fused import FusedAdam
from ganzoo.training.model import AdversarialModel

ROOT = Path(__file__).parents[2]

if not (ROOT / "benchmarks").is_dir():
    pytest.skip("there is no checkout around the tests", allow_module_level=True)
sys.path.append(str(ROOT))

from benchmarks.cases import CASES, STEPS, prepare, stock_keras, twins, variant  # noqa: E402
from benchmarks.steps import TUNED, USUAL, dcgan_step, wgan_gp_step  # noqa: E402
from benchmarks.timing import in_turns, ratio  # noqa: E402

SMALL = {
    "srgan": {"side": 32, "filters": 8, "blocks": 2, "batch": 2},
    "esrgan": {"side": 64, "filters": 8, "blocks": 1, "growth": 4, "batch": 2},
    "pix2pix": {"side": 32, "filters": 4, "depth": 5, "dropout": 0.0, "batch": 2},
    "cyclegan": {"side": 32, "filters": 4, "blocks": 1, "batch": 2},
    "dcgan": {"filters": 4, "batch": 4},
    "wgan_gp": {"filters": 4, "batch": 4, "n_critic": 1},
    "points": {"filters": 8, "layers": 2, "latent": 100, "batch": 8},
}


def small(name):
    """A case small enough for a test, with a step that is continuous in the gradient: Adam's own is a sign at first."""
    case = CASES[name]
    return replace(
        case, sizes={**case.sizes, **SMALL[name]}, adam={"rate": 1.0, "beta_1": 0.0, "epsilon": 1.0}, steps=1
    )


def by_hand(name, case, pair, batch):
    latents = Random(0, "task", 0).normal((case.sizes["batch"], 100))
    if case.recipe in STEPS:
        STEPS[case.recipe](pair, batch)
    elif name in ("dcgan", "points"):
        dcgan_step(pair, batch, latents)
    else:
        rng = Random(0, "regularizers/gradient_penalty/penalty/discriminator", 0).child("sample")
        share = rng.uniform((case.sizes["batch"], 1, 1, 1))
        wgan_gp_step(pair, batch, latents, share, generator=True)


@pytest.mark.parametrize("style", [USUAL, TUNED], ids=["usual", "tuned"])
@pytest.mark.parametrize("name", CASES)
def test_one_step_by_hand_is_the_step_of_ganzoo(name, style):
    case = small(name)
    prepared = prepare(case)
    pair = twins(case, prepared.model, style, as_keras=True)
    before = [value.clone() for value in pair.generator.state_dict().values()]
    by_hand(name, case, pair, prepared.batch)
    prepared.model.train_step(prepared.batch)
    after = twins(case, prepared.model, style, as_keras=True)
    for mine, theirs in ((after.generator, pair.generator), (after.discriminator, pair.discriminator)):
        for key, value in mine.state_dict().items():
            if "running_var" not in key and "num_batches" not in key:  # Keras' is biased, torch's is not
                # instances that are normalized in channels-last memory round more than in the other
                tolerance = 5e-4 if name == "cyclegan" else 1e-4
                # means of activations around 1 round with their size
                relative = 1e-4 if "running_mean" in key else 1e-5
                assert torch.allclose(value, theirs.state_dict()[key], rtol=relative, atol=tolerance), key
    moved = [(a - b).abs().max() for a, b in zip(pair.generator.state_dict().values(), before, strict=True)]
    assert max(float(value) for value in moved) > 1e-3


def test_stock_keras_is_stock_and_only_for_a_while():
    import keras

    def parts(prepared):
        networks = prepared.model.networks.values()
        optimizers = [each for group in prepared.model.optimizer_groups.values() for each in group.optimizers.values()]
        return [*(layer for network in networks for layer in network.layers), *optimizers]

    with stock_keras():
        stock = prepare(small("wgan_gp"))
    ours = prepare(small("wgan_gp"))
    assert {type(part).__module__.split(".")[0] for part in parts(stock)} == {"keras"}
    assert {type(part).__module__.split(".")[0] for part in parts(ours)} > {"ganzoo"}
    for network, other in zip(stock.model.networks.values(), ours.model.networks.values(), strict=True):
        assert "call" not in vars(network)
        assert "call" in vars(other)
    assert not isinstance(stock.model.optimizer_groups["generator"].optimizers["generator"], FusedAdam)
    assert isinstance(keras.optimizers.Adam(), type(stock.model.optimizer_groups["generator"].optimizers["generator"]))
    assert judged(stock) == judged(ours) + 1  # real and fake, each by itself


def judged(prepared):
    """Return how often one step goes through the discriminator."""
    network, calls = prepared.model.networks["discriminator"], []
    call = network.call
    network.call = lambda *given, **options: calls.append(1) or call(*given, **options)
    prepared.model.train_step(prepared.batch)
    return len(calls)


@pytest.mark.parametrize("name", CASES)
def test_stock_keras_has_the_same_losses(name):
    case = small(name)
    ours = prepare(case)
    with stock_keras():
        stock = prepare(case)
    for network, other in zip(stock.model.networks.values(), ours.model.networks.values(), strict=True):
        network.set_weights(other.get_weights())
    logs = [prepared.model.train_step(prepared.batch) for prepared in (ours, stock)]
    for key in (key for key in logs[0] if key.startswith("discriminator/")):  # later ones follow Keras' Adam
        assert torch.allclose(logs[0][key], logs[1][key], rtol=1e-4), key


@pytest.mark.parametrize("style", ["torch_usual", "torch_tuned"])
def test_a_variant_by_hand_keeps_no_model_of_ganzoo(style):
    models = [weakref.ref(each) for each in gc.get_objects() if type(each) is AdversarialModel]
    take = variant(small("wgan_gp"), style)
    gc.collect()
    known = {id(model()) for model in models}
    assert all(id(each) in known for each in gc.get_objects() if type(each) is AdversarialModel)
    take()


def test_variants_take_turns_and_are_compared_round_by_round():
    order = []
    seconds = in_turns({name: lambda name=name: order.append(name) for name in "ab"}, rounds=3, warm_up=1)
    assert "".join(order) == "ab" + "abbaab"
    assert ratio({"a": [1.0, 4.0, 9.0], "b": [1.0, 2.0, 3.0]}, "a", "b") == 2.0
    assert {name: len(found) for name, found in seconds.items()} == {"a": 3, "b": 3}
