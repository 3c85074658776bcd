"""The hand-written networks that ganzoo is timed against are the same networks."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ganzoo.streams import Random

ROOT = Path(__file__).parents[2]

if not (ROOT / "benchmarks").is_dir():
    pytest.skip("there is no checkout around the tests", allow_module_level=True)
sys.path.append(str(ROOT))

from benchmarks.cases import CASES, prepare, stock_layers, twins  # noqa: E402
from benchmarks.steps import TUNED, USUAL, dcgan_step, srgan_step, wgan_gp_step  # noqa: E402
from benchmarks.timing import in_turns, ratio  # noqa: E402

SMALL = {
    "srgan": {"side": 32, "filters": 8, "blocks": 2, "batch": 2},
    "dcgan": {"filters": 4, "batch": 4},
    "wgan_gp": {"filters": 4, "batch": 4, "n_critic": 1},
}


def small(name):
    """A case small enough for a test, with a step that is continuous in the gradient: Adam's own is a sign at first."""
    case = CASES[name]
    return replace(
        case, sizes={**case.sizes, **SMALL[name]}, adam={"rate": 1.0, "beta_1": 0.0, "epsilon": 1.0}, steps=1
    )


def by_hand(name, case, pair, batch):
    latents = Random(0, "task", 0).normal((case.sizes["batch"], 100))
    if name == "srgan":
        srgan_step(pair, batch)
    elif name == "dcgan":
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
                assert torch.allclose(value, theirs.state_dict()[key], atol=1e-4), key
    moved = [(a - b).abs().max() for a, b in zip(pair.generator.state_dict().values(), before, strict=True)]
    assert max(float(value) for value in moved) > 1e-3


def test_stock_layers_are_stock_and_only_for_a_while():
    import keras

    from ganzoo import layers

    ours = layers.Conv2D
    with stock_layers():
        assert layers.Conv2D is keras.layers.Conv2D
    assert layers.Conv2D is ours


def test_variants_take_turns_and_are_compared_round_by_round():
    order = []
    seconds = in_turns({name: lambda name=name: order.append(name) for name in "ab"}, rounds=3, warm_up=1)
    assert "".join(order) == "ab" + "abbaab"
    assert ratio({"a": [1.0, 4.0, 9.0], "b": [1.0, 2.0, 3.0]}, "a", "b") == 2.0
    assert {name: len(found) for name, found in seconds.items()} == {"a": 3, "b": 3}
