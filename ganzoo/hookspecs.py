"""The hooks by which a plugin offers components; each returns a mapping from the name used in recipes to a class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from ganzoo.contracts.architecture import Architecture
    from ganzoo.contracts.callback import Callback
    from ganzoo.contracts.dataset import Dataset
    from ganzoo.contracts.degradation import Degradation
    from ganzoo.contracts.loss import Loss
    from ganzoo.contracts.metric import Metric
    from ganzoo.contracts.optimizer import Optimizer
    from ganzoo.contracts.regularizer import Regularizer
    from ganzoo.contracts.schedule import Schedule
    from ganzoo.contracts.task import Task

PROJECT = "ganzoo"

#: The version of hooks and contracts. A plugin states the one it was written for as `GANZOO_API = "1"`.
API_VERSION = "1"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def ganzoo_register_architectures() -> Mapping[str, type[Architecture]]:  # type: ignore[empty-body]
    """Offer networks, each with a role: generator, discriminator, features or one that a task names."""


@hookspec
def ganzoo_register_losses() -> Mapping[str, type[Loss]]:  # type: ignore[empty-body]
    """Offer adversarial losses (on logits) and pair losses (on output and target)."""


@hookspec
def ganzoo_register_regularizers() -> Mapping[str, type[Regularizer]]:  # type: ignore[empty-body]
    """Offer regularizers: penalties, noise, clipping, augmentation, replay, balance."""


@hookspec
def ganzoo_register_tasks() -> Mapping[str, type[Task]]:  # type: ignore[empty-body]
    """Offer tasks: what is learned from which fields, and how it is scored and sampled."""


@hookspec
def ganzoo_register_datasets() -> Mapping[str, type[Dataset]]:  # type: ignore[empty-body]
    """Offer random-access sources of examples."""


@hookspec
def ganzoo_register_metrics() -> Mapping[str, type[Metric]]:  # type: ignore[empty-body]
    """Offer scores on held-out data."""


@hookspec
def ganzoo_register_optimizers() -> Mapping[str, type[Optimizer]]:  # type: ignore[empty-body]
    """Offer optimizers."""


@hookspec
def ganzoo_register_schedules() -> Mapping[str, type[Schedule]]:  # type: ignore[empty-body]
    """Offer numbers as functions of the step, for learning rates, weights and strengths."""


@hookspec
def ganzoo_register_callbacks() -> Mapping[str, type[Callback]]:  # type: ignore[empty-body]
    """Offer callbacks that watch a run."""


@hookspec
def ganzoo_register_degradations() -> Mapping[str, type[Degradation]]:  # type: ignore[empty-body]
    """Offer ways in which a good image becomes a small, damaged one."""
