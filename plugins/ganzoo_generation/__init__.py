"""Generation: new examples from latents alone, and of a wanted class."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Task, hookimpl
from ganzoo_generation.augmented_classification import AugmentedClassification
from ganzoo_generation.conditional import ConditionalGeneration
from ganzoo_generation.generation import Generation

GANZOO_API = "1"


@hookimpl
def ganzoo_register_tasks() -> Mapping[str, type[Task]]:
    return {
        "augmented_classification": AugmentedClassification,
        "conditional_generation": ConditionalGeneration,
        "generation": Generation,
    }
