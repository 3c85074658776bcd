"""The private parts of Keras that ganzoo stands on: each is named here, and each fast path is seen to be taken."""

import ast
import inspect
from importlib import import_module
from pathlib import Path

import keras
import pytest
import torch
from bundled import bundled_optimizer

import ganzoo
from ganzoo import layers
from ganzoo.execution import keras_internals
from ganzoo.execution.prepare import prepare_execution

#: What ganzoo imports from inside Keras, and may use of objects that Keras makes.
SYMBOLS = {
    "keras.src.backend.common.global_state": ("get_global_attribute", "set_global_attribute"),
    "keras.src.backend.common.variables": ("AutocastScope", "get_autocast_scope"),
    "keras.src.backend.torch.core": ("get_device",),
    "keras.src.backend.torch.optimizers.torch_adam": ("Adam",),
    "keras.src.backend.torch.optimizers.torch_adamw": ("AdamW",),
    "keras.src.models.functional": ("Functional",),
    "keras.src.random.seed_generator": ("SeedGenerator", "global_seed_generator"),
    "keras.src.saving": ("saving_lib",),
}
ATTRIBUTES = {
    "network": (
        "_clear_losses",
        "_flatten_layers",
        "_nodes_by_depth",
        "_inputs_struct",
        "_outputs_struct",
        "_run_through_graph",
    ),
    "layer": ("_seed_generators", "_call_has_training_arg", "_layers", "_losses"),
    "optimizer": ("_parallel_update_step", "_momentums", "_velocities", "_get_variable_index"),
    "saving_lib": ("_save_state", "_serialize_model_as_json", "H5IOStore", "save_model"),
}


@pytest.fixture
def network():
    image = keras.Input((8, 8, 3))
    return keras.Model(image, layers.Dense(1)(keras.layers.Flatten()(layers.Conv2D(4, 3)(image))))


@pytest.mark.parametrize(("module", "name"), [(module, name) for module in SYMBOLS for name in SYMBOLS[module]])
def test_keras_still_has_each_private_symbol(module, name):
    assert hasattr(import_module(module), name)


def test_keras_still_has_each_private_attribute(network):
    optimizer = bundled_optimizer("adam", 1e-3, {})
    optimizer.build(network.trainable_variables)
    owners = {
        "network": network,
        "layer": network.layers[1],
        "optimizer": optimizer,
        "saving_lib": import_module("keras.src.saving.saving_lib"),
    }
    assert [
        f"{owner}.{name}" for owner, names in ATTRIBUTES.items() for name in names if not hasattr(owners[owner], name)
    ] == []


def test_no_other_module_imports_from_inside_keras():
    root = Path(ganzoo.__file__).parent
    guilty = []
    for path in [*root.rglob("*.py"), *(root.parent / "plugins").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if any(name.startswith("keras.src") for name in names):
                guilty.append(path.name)
    assert set(guilty) == {Path(inspect.getfile(keras_internals)).name}


def test_the_direct_call_is_taken_and_gives_the_bits_of_keras(network):
    images = torch.randn(2, 8, 8, 3)
    wanted = network(images)
    called = []
    dense = network.layers[-1]
    original = type(dense).__call__
    type(dense).__call__ = lambda self, *values, **options: called.append(self) or original(self, *values, **options)
    try:
        assert torch.equal(prepare_execution(network)(images), wanted)
    finally:
        type(dense).__call__ = original
    assert called == [], "Keras' own call of a layer was not needed"


def test_the_fused_step_is_taken(network, monkeypatch):
    taken = []
    fused = torch._fused_adam_
    monkeypatch.setattr(torch, "_fused_adam_", lambda *values, **options: taken.append(1) or fused(*values, **options))
    optimizer = bundled_optimizer("adam", 1e-3, {})
    optimizer.build(network.trainable_variables)
    gradients = [torch.ones_like(variable.value) for variable in network.trainable_variables]
    with torch.no_grad():
        optimizer.apply(gradients, network.trainable_variables)
    assert taken == [1]
