"""Training in half precision and compiled: what is faster must not be less right."""

from __future__ import annotations

import zipfile
from dataclasses import replace

import keras
import numpy as np
import pytest
import torch
from bundled import bundled_optimizer
from prepared import prepared
from tiny_runs import each_recipe, finish, forked, last_state, tiny

import ganzoo
from ganzoo.training.compilation import CompileWatch
from ganzoo.training.optimizers import descend
from ganzoo.training.state import to_arrays


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
@pytest.mark.parametrize("name", ["srgan_photos", "dcgan_digits", "gaussians_ring"])
def test_steps_in_half_precision_follow_those_in_float32(name, precision):
    (exact, batch), (rounded, _) = prepared(name), prepared(name, f"train.precision='{precision}'")
    for _ in range(3):
        wanted, found = exact.train_step(batch), rounded.train_step(batch)
    for key, value in wanted.items():
        assert found[key].dtype is torch.float32
        # sums over all weights round more than losses do
        allowed = 0.2 if key.startswith("gradient_norm/") else 0.02
        assert float(found[key]) == pytest.approx(float(value), rel=allowed, abs=0.02)
    assert any(float(found[key]) != float(wanted[key]) for key in wanted)


@pytest.mark.parametrize(("precision", "expected"), [("bfloat16", "bfloat16"), ("float16", "float32")])
def test_features_compute_in_bfloat16_where_the_run_does_and_their_losses_in_float32(precision, expected):
    losses = {}
    for each in (precision, "float32"):
        model, batch = prepared("srgan_bsds", f"train.precision='{each}'")
        losses[each] = next(wired.loss for wired in model.objective.losses if hasattr(wired.loss, "features"))
    network = losses[precision]._network
    assert {layer.compute_dtype for layer in network.layers if layer.weights} == {expected}
    images = batch["hr"].flip(1), batch["hr"]
    found, wanted = losses[precision](*images), losses["float32"](*images)
    assert found.dtype == torch.float32
    assert float(found) == pytest.approx(float(wanted), rel=0.01)


def test_the_gradient_penalty_is_float32_to_the_bit():
    (exact, batch), (rounded, _) = prepared("wgan_gp_digits"), prepared("wgan_gp_digits", "train.precision='bfloat16'")
    fakes = torch.zeros_like(batch["sample"])
    values = []
    for model in (exact, rounded):
        generate = model.task.generate
        object.__setattr__(
            model.task, "generate", lambda view, generate=generate: {**generate(view), "sample": fakes.clone()}
        )
        values.append(model.train_step(batch)["discriminator/gradient_penalty"])
    assert torch.equal(*values)


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_what_a_run_leaves_is_float32_and_needs_nothing_of_its_precision(tmp_path, precision):
    option = f"--set=train.precision='{precision}'"
    code, said = forked(tiny(tmp_path, "run", option), tmp_path / "out")
    assert code == 0, said
    assert {array.dtype.name for array in last_state(tmp_path / "run").values()} <= {"float32", "int32", "int64"}
    with zipfile.ZipFile(tmp_path / "run" / "generator.keras") as exported:
        assert b"float16" not in exported.read("config.json")
    assert forked(["evaluate", tmp_path / "run"], tmp_path / "out")[0] == 0


# -- float16 -----------------------------------------------------------------------------------------------------------


def optimizer_of(*values):
    optimizer = bundled_optimizer("sgd", 0.1, {}, precision="float16")
    weight = keras.Variable(np.array(values, np.float32))
    optimizer.build([weight])
    return optimizer, weight


def test_the_scale_of_the_loss_changes_no_update():
    optimizer, weight = optimizer_of(1.0, 2.0)
    descend(weight.value.square().sum(), [weight], optimizer)
    assert weight.numpy().tolist() == pytest.approx([0.8, 1.6])


def test_clipping_looks_at_gradients_without_the_scale():
    optimizer, weight = optimizer_of(3.0, 4.0)
    descend(weight.value.square().sum(), [weight], optimizer, clip_norm=1.0)
    assert weight.numpy().tolist() == pytest.approx([3 - 0.06, 4 - 0.08], rel=1e-5)


def test_an_update_that_overflows_is_left_out_and_the_scale_halved():
    optimizer, weight = optimizer_of(1.0)
    before = float(optimizer.dynamic_scale.value)
    descend((weight.value * 1e35).sum(), [weight], optimizer)
    assert weight.numpy().tolist() == [1.0]
    assert float(optimizer.dynamic_scale.value) == before / 2


def test_what_overflows_without_any_scale_is_refused():
    def refuse(_loss, norm):
        if not torch.isfinite(norm):
            raise ArithmeticError

    optimizer, weight = optimizer_of(1.0)
    optimizer.dynamic_scale.assign(1.0)
    with pytest.raises(ArithmeticError):
        descend((weight.value - 1.0).sqrt().sum(), [weight], optimizer, check=refuse)
    assert weight.numpy().tolist() == [1.0]


def test_the_scale_is_part_of_the_state():
    model, batch = prepared("gaussians_ring", "train.precision='float16'")
    model.train_step(batch)
    state = to_arrays(model.state())
    assert 2.0**15 in [float(array) for array in state.values() if array.shape == ()]


# -- compiled ----------------------------------------------------------------------------------------------------------


def test_compiled_steps_are_those_that_are_not_and_their_compilation_is_told(tmp_path):
    (eager, batch), (compiled, _) = prepared("wgan_gp_digits"), prepared("wgan_gp_digits", "train.compile=true")
    for _ in range(5):
        wanted, found = eager.train_step(batch), compiled.train_step(batch)
    assert {key: pytest.approx(float(value), rel=1e-4, abs=1e-5) for key, value in wanted.items()} == {
        key: float(value) for key, value in found.items()
    }
    code, said = forked(tiny(tmp_path, "run", "--set=train.compile=true"), tmp_path / "out")
    assert code == 0, said
    assert "step 1: torch compiled 3 pieces of the networks, 3 in all; the step took" in said
    assert said.count("torch compiled") == 1


#: Weight normalization that starts from the first batch looks at each call whether it has started, and networks that
#: grow look at their level.
SPLIT = {"semi_supervised_mnist", "progan_cifar10"}
#: One recipe of each way a network is put together: the others are compiled by the slow tests.
COMPILED = {"adain_coco", "cyclegan_horse2zebra", "dcgan_digits", "gaussians_ring", "multi_task_bsds", "srgan_photos"}


def in_turn(case):
    return case if case.id in COMPILED else pytest.param(case.id, id=case.id, marks=pytest.mark.slow)


# torch does so itself as it traces the derivative of a reflection
@pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")
@pytest.mark.parametrize("name", [in_turn(case) for case in each_recipe() if case.id not in SPLIT])
def test_the_networks_of_each_recipe_compile_in_one_piece(name):
    model, batch = prepared(name)
    view = model._begin_step(batch)
    torch._dynamo.reset()
    for network in model.networks.values():
        network.call = torch.compile(network.call, backend="eager", fullgraph=True, dynamic=False)
    view = replace(view, fakes=model._generate(view, with_gradient=True))
    comparisons = model.task.compare(view) if "discriminator" in model.networks else {}
    for comparison in comparisons.values():
        assert torch.isfinite(comparison.logits(comparison.fake)).all()


def test_what_cannot_be_compiled_is_told_once():
    watch = CompileWatch()
    counters = torch._dynamo.utils.counters
    counters["stats"]["unique_graphs"] = 2
    counters["graph_break"]["Data-dependent branching\n  Explanation: long"] = 1
    assert list(watch.news(7, 1.25)) == [
        "step 7: torch compiled 2 pieces of the networks, 2 in all; the step took 1.2 s",
        "step 7: this cannot be compiled and splits a network: Data-dependent branching",
    ]
    counters["graph_break"]["Data-dependent branching\n  Explanation: elsewhere"] = 1
    assert list(watch.news(8, 1.0)) == []


def test_a_missing_compiler_is_told_with_the_way_out(tmp_path):
    found = finish(
        tiny(tmp_path, "run", "--set=train.compile=true"),
        CXX="no-such-compiler",
        TORCHINDUCTOR_CACHE_DIR=str(tmp_path / "cache"),
    )
    assert found[0] == 9
    assert "No working C++ compiler found" in found[2]
    assert "train.compile=false" in found[2]
    assert "Traceback" not in found[2]


def test_an_unknown_precision_is_refused_with_the_known_ones():
    with pytest.raises(ganzoo.RecipeError, match="bfloat16"):
        prepared("gaussians_ring", "train.precision='bf16'")
