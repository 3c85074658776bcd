"""What is public is stated once for people and tools, and means the same to both."""

from __future__ import annotations

import ast
import inspect
from importlib import import_module
from pathlib import Path

import keras
import pytest

import ganzoo

WHOLE_MODULES = ("blocks", "downloads", "images", "layers", "sampling", "sources", "testing")


def names_for_type_checkers():
    """Return what `ganzoo/__init__.py` imports under `if TYPE_CHECKING:`, by name, with its module."""
    tree = ast.parse(Path(ganzoo.__file__).read_text())
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    return {alias.asname: node.module for node in block.body for alias in node.names}


def test_type_checkers_see_the_public_names_and_no_others():
    assert {*names_for_type_checkers(), "__version__"} == set(ganzoo.__all__)


def test_each_public_name_is_what_type_checkers_take_it_for():
    for name, module in names_for_type_checkers().items():
        expected = import_module(f"ganzoo.{name}") if module == "ganzoo" else getattr(import_module(module), name)
        assert getattr(ganzoo, name) is expected, name


@pytest.mark.parametrize("name", WHOLE_MODULES)
def test_a_public_module_lists_what_is_public_in_it(name):
    module = getattr(ganzoo, name)
    assert [missing for missing in module.__all__ if not hasattr(module, missing)] == []
    assert name in ganzoo.__all__


def test_the_module_of_layers_lists_layers_only():
    for name in ganzoo.layers.__all__:
        assert inspect.isclass(getattr(ganzoo.layers, name)), name
        assert issubclass(getattr(ganzoo.layers, name), keras.Layer), name


def test_discriminator_model_is_the_block_of_that_name():
    assert ganzoo.discriminator_model is ganzoo.blocks.discriminator_model
