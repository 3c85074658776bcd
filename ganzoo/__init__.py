"""ganzoo: a GAN zoo in which everything is a plugin, on Keras 3 with the torch backend.

What `__all__` lists is public; everything else may change. Importing this module loads neither keras nor torch:
names are imported when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ganzoo.backend import choose_backend, require_torch_backend

if TYPE_CHECKING:
    from ganzoo import blocks as blocks
    from ganzoo import downloads as downloads
    from ganzoo import images as images
    from ganzoo import layers as layers
    from ganzoo import sampling as sampling
    from ganzoo import sources as sources
    from ganzoo import testing as testing
    from ganzoo.api.network import ExportedNetwork as ExportedNetwork
    from ganzoo.api.network import open_network as open_network
    from ganzoo.api.run import Run as Run
    from ganzoo.api.run import open_run as open_run
    from ganzoo.api.training import train as train
    from ganzoo.assembly import assemble as assemble
    from ganzoo.blocks import discriminator_model as discriminator_model
    from ganzoo.contracts.architecture import Architecture as Architecture
    from ganzoo.contracts.architecture import Features as Features
    from ganzoo.contracts.callback import Callback as Callback
    from ganzoo.contracts.callback import Watched as Watched
    from ganzoo.contracts.comparison import Comparison as Comparison
    from ganzoo.contracts.comparison import Verdict as Verdict
    from ganzoo.contracts.comparison import logit_maps as logit_maps
    from ganzoo.contracts.component import Component as Component
    from ganzoo.contracts.dataset import Dataset as Dataset
    from ganzoo.contracts.dataset import Source as Source
    from ganzoo.contracts.degradation import Degradation as Degradation
    from ganzoo.contracts.extractor import Embedding as Embedding
    from ganzoo.contracts.extractor import Extractor as Extractor
    from ganzoo.contracts.extractor import weights_sha256 as weights_sha256
    from ganzoo.contracts.field import LOGITS as LOGITS
    from ganzoo.contracts.field import Field as Field
    from ganzoo.contracts.field import Signature as Signature
    from ganzoo.contracts.loss import AdversarialLoss as AdversarialLoss
    from ganzoo.contracts.loss import Loss as Loss
    from ganzoo.contracts.loss import PairLoss as PairLoss
    from ganzoo.contracts.loss import RelativisticLoss as RelativisticLoss
    from ganzoo.contracts.metric import Fact as Fact
    from ganzoo.contracts.metric import Identity as Identity
    from ganzoo.contracts.metric import Metric as Metric
    from ganzoo.contracts.notice import tell as tell
    from ganzoo.contracts.optimizer import Optimizer as Optimizer
    from ganzoo.contracts.preparable import Preparable as Preparable
    from ganzoo.contracts.preparable import Report as Report
    from ganzoo.contracts.regularizer import Player as Player
    from ganzoo.contracts.regularizer import PlayerName as PlayerName
    from ganzoo.contracts.regularizer import Regularizer as Regularizer
    from ganzoo.contracts.results import OpenTraining as OpenTraining
    from ganzoo.contracts.results import Picture as Picture
    from ganzoo.contracts.results import Result as Result
    from ganzoo.contracts.results import SampleReport as SampleReport
    from ganzoo.contracts.results import SampleRequest as SampleRequest
    from ganzoo.contracts.results import Samples as Samples
    from ganzoo.contracts.results import SamplingOptions as SamplingOptions
    from ganzoo.contracts.results import Sources as Sources
    from ganzoo.contracts.results import Trained as Trained
    from ganzoo.contracts.schedule import Constant as Constant
    from ganzoo.contracts.schedule import Ramp as Ramp
    from ganzoo.contracts.schedule import Schedule as Schedule
    from ganzoo.contracts.schedule import Staircase as Staircase
    from ganzoo.contracts.step import Step as Step
    from ganzoo.contracts.task import LossTargets as LossTargets
    from ganzoo.contracts.task import NetworkSpec as NetworkSpec
    from ganzoo.contracts.task import RowContext as RowContext
    from ganzoo.contracts.task import Task as Task
    from ganzoo.contracts.task import View as View
    from ganzoo.contracts.tensor import Array as Array
    from ganzoo.contracts.tensor import Example as Example
    from ganzoo.contracts.tensor import Network as Network
    from ganzoo.contracts.tensor import Tensor as Tensor
    from ganzoo.contracts.tensor import Variable as Variable
    from ganzoo.contracts.wiring import WiredCallback as WiredCallback
    from ganzoo.contracts.wiring import WiredLoss as WiredLoss
    from ganzoo.contracts.wiring import WiredOptimizer as WiredOptimizer
    from ganzoo.contracts.wiring import WiredRegularizer as WiredRegularizer
    from ganzoo.data.loader import batches as batches
    from ganzoo.data.opening import TrainingData as TrainingData
    from ganzoo.data.opening import open_data as open_data
    from ganzoo.errors import BackendError as BackendError
    from ganzoo.errors import CheckpointError as CheckpointError
    from ganzoo.errors import DataError as DataError
    from ganzoo.errors import GanzooError as GanzooError
    from ganzoo.errors import LockedError as LockedError
    from ganzoo.errors import NumericError as NumericError
    from ganzoo.errors import PluginError as PluginError
    from ganzoo.errors import RecipeError as RecipeError
    from ganzoo.errors import ResourceError as ResourceError
    from ganzoo.errors import Stopped as Stopped
    from ganzoo.hookspecs import hookimpl as hookimpl
    from ganzoo.host_value import HostValue as HostValue
    from ganzoo.randomness import Random as Random
    from ganzoo.recipe import Recipe as Recipe
    from ganzoo.recipe import load_recipe as load_recipe
    from ganzoo.training.averaging import WeightAverage as WeightAverage
    from ganzoo.training.fused import FusedAdam as FusedAdam
    from ganzoo.training.fused import FusedAdamW as FusedAdamW
    from ganzoo.training.model import AdversarialModel as AdversarialModel
    from ganzoo.training.setup import build_model as build_model
    from ganzoo.zoo import load_zoo as load_zoo

choose_backend()

__version__ = "0.1.0"

_NAMES_BY_MODULE = {
    "ganzoo.api.network": ("ExportedNetwork", "open_network"),
    "ganzoo.api.run": ("Run", "open_run"),
    "ganzoo.api.training": ("train",),
    "ganzoo.assembly": ("assemble",),
    "ganzoo.contracts.architecture": ("Architecture", "Features"),
    "ganzoo.contracts.callback": ("Callback", "Watched"),
    "ganzoo.contracts.comparison": ("Comparison", "Verdict", "logit_maps"),
    "ganzoo.contracts.component": ("Component",),
    "ganzoo.contracts.dataset": ("Dataset", "Source"),
    "ganzoo.contracts.degradation": ("Degradation",),
    "ganzoo.contracts.extractor": ("Embedding", "Extractor", "weights_sha256"),
    "ganzoo.contracts.field": ("Field", "LOGITS", "Signature"),
    "ganzoo.contracts.loss": ("AdversarialLoss", "Loss", "PairLoss", "RelativisticLoss"),
    "ganzoo.contracts.metric": ("Fact", "Identity", "Metric"),
    "ganzoo.contracts.notice": ("tell",),
    "ganzoo.contracts.optimizer": ("Optimizer",),
    "ganzoo.contracts.preparable": ("Preparable", "Report"),
    "ganzoo.contracts.regularizer": ("Player", "PlayerName", "Regularizer"),
    "ganzoo.contracts.results": (
        "OpenTraining",
        "Picture",
        "Result",
        "SampleReport",
        "SampleRequest",
        "Samples",
        "SamplingOptions",
        "Sources",
        "Trained",
    ),
    "ganzoo.contracts.schedule": ("Constant", "Ramp", "Schedule", "Staircase"),
    "ganzoo.contracts.step": ("Step",),
    "ganzoo.contracts.task": ("LossTargets", "NetworkSpec", "RowContext", "Task", "View"),
    "ganzoo.contracts.tensor": ("Array", "Example", "Network", "Tensor", "Variable"),
    "ganzoo.data.loader": ("batches",),
    "ganzoo.data.opening": ("TrainingData", "open_data"),
    "ganzoo.errors": (
        "BackendError",
        "CheckpointError",
        "DataError",
        "GanzooError",
        "LockedError",
        "NumericError",
        "PluginError",
        "RecipeError",
        "ResourceError",
        "Stopped",
    ),
    "ganzoo.blocks": ("discriminator_model",),
    "ganzoo.hookspecs": ("hookimpl",),
    "ganzoo.host_value": ("HostValue",),
    "ganzoo.recipe": ("Recipe", "load_recipe"),
    "ganzoo.randomness": ("Random",),
    "ganzoo.training.averaging": ("WeightAverage",),
    "ganzoo.training.fused": ("FusedAdam", "FusedAdamW"),
    "ganzoo.training.setup": ("build_model",),
    "ganzoo.training.model": ("AdversarialModel",),
    "ganzoo.contracts.wiring": ("WiredCallback", "WiredLoss", "WiredOptimizer", "WiredRegularizer"),
    "ganzoo.zoo": ("load_zoo",),
}
_HOMES = {name: module for module, names in _NAMES_BY_MODULE.items() for name in names}

#: Modules that are public as a whole.
_MODULES = ("blocks", "downloads", "images", "layers", "sampling", "sources", "testing")

__all__ = ["__version__", *_MODULES, *sorted(_HOMES)]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        require_torch_backend()
        return import_module(f"ganzoo.{name}")
    if name in _HOMES:
        if _HOMES[name] != "ganzoo.errors":
            require_torch_backend()  # keras would end in an error of another package
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'ganzoo' has no attribute '{name}'")


def __dir__() -> list[str]:
    return __all__
