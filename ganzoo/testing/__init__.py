"""Checks that a plugin's author calls with a component made of tiny options; each failure names the contract.

from ganzoo.testing import check_component, check_loss

def test_my_loss_keeps_the_contract():
    check_component(MyLoss)
    check_loss(MyLoss())
"""

from __future__ import annotations

from ganzoo.testing.components import check_component, check_loss, check_metric
from ganzoo.testing.degradations import check_degradation
from ganzoo.testing.networks import call, check_architecture
from ganzoo.testing.regularizers import check_regularizer, judged
from ganzoo.testing.sources import check_dataset, check_source
from ganzoo.testing.tasks import check_task

__all__ = [
    "call",
    "check_architecture",
    "check_component",
    "check_dataset",
    "check_degradation",
    "check_loss",
    "check_metric",
    "check_regularizer",
    "check_source",
    "check_task",
    "judged",
]
