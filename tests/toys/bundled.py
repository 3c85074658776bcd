"""Bundled components by name, for tests of the core that need one of them."""

from __future__ import annotations

from functools import cache

from ganzoo import load_zoo
from ganzoo.training.optimizers import make_optimizer

bundled_zoo = cache(load_zoo)


def bundled_optimizer(name, learning_rate, options, *, precision="float32"):
    """Return a Keras optimizer as a recipe with these options gets it."""
    component = bundled_zoo().find("optimizer", name)(**options)
    return make_optimizer(component, learning_rate, precision=precision)
