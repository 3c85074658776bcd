"""Tasks: what is learned, and how results are shown."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from ganzoo.contracts.component import Component
from ganzoo.contracts.results import SamplingOptions
from ganzoo.errors import RecipeError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from ganzoo.contracts.comparison import Comparison, Verdict
    from ganzoo.contracts.field import Field, Signature
    from ganzoo.contracts.metric import Identity
    from ganzoo.contracts.regularizer import PlayerName
    from ganzoo.contracts.results import Picture, Result, SampleRequest, Samples, Sources, Trained
    from ganzoo.contracts.step import Step
    from ganzoo.contracts.tensor import Array, Example, Network, Tensor
    from ganzoo.randomness import Random


@dataclass(frozen=True, kw_only=True)
class NetworkSpec:
    """One network to train: its name, the role of its architecture, its player, its inputs and outputs.

    A *product* is a network for which the training is done: a generator, a classifier, an encoder. Products are
    averaged, exported, sampled and scored. The networks on the generator's side are products unless they say otherwise.
    """

    name: str
    role: str
    player: PlayerName
    signature: Signature
    product: bool | None = None

    @property
    def is_product(self) -> bool:
        """Whether this network is a product."""
        return self.player == "generator" if self.product is None else self.product


@dataclass(frozen=True, kw_only=True)
class LossTargets:
    """The names that a recipe can wire losses to."""

    comparisons: tuple[str, ...] = ()
    pairs: tuple[str, ...] = ()
    #: The task's own scalars, by name, and the players they train.
    terms: Mapping[str, tuple[PlayerName, ...]] = field(default_factory=dict)


class RowContext:
    """The context of `prepare`: the stream of the example, the step, random numbers, and what `fit` returned.

    `rng` may be given as a function that makes the generator, which costs more than most examples: it is made when it
    is first used.
    """

    def __init__(
        self,
        *,
        step: Step,
        rng: np.random.Generator | Callable[[], np.random.Generator],
        stream: str = "data",
        fitted: Example | None = None,
    ) -> None:
        self.step = step
        self.stream = stream
        self.fitted: Example = {} if fitted is None else fitted
        self._rng = rng

    @property
    def rng(self) -> np.random.Generator:
        """The random numbers of this example at this step."""
        if callable(self._rng):
            self._rng = self._rng()
        return self._rng


@dataclass(frozen=True, kw_only=True)
class View:
    """The state of one update, as a task sees it.

    `batch` holds tensors by name as `prepare` made them (`stream/name` where there are several streams), `count` is
    the number of rows of the largest stream, and of the fakes to generate. `fakes` is what `generate` returned (empty
    inside `generate`), `judged` holds the comparisons after the discriminator (empty before it), `rng` is the task's
    stream of random numbers, `fitted` what `fit` returned.
    """

    networks: Mapping[str, Network]
    batch: Mapping[str, Tensor]
    count: int
    step: Step
    rng: Random
    training: bool = True
    fakes: Mapping[str, Tensor] = field(default_factory=dict)
    judged: Mapping[str, Verdict] = field(default_factory=dict)
    fitted: Example = field(default_factory=dict)


class Task(Component, ABC):
    """Defines what is learned from which data, the networks, and how results are shown and measured.

    Required are `exposes`, `networks`, `prepare` and `generate`, and those of `compare`, `pair` and `term` for which it
    exposes names. Pictures, scores and samples have defaults, which use what `generate` returns.
    """

    kind = "task"

    #: The streams of examples that the task needs. A recipe gives one `[data]`, or one `[data.NAME]` for each of
    #: several; each stream is read in its own order.
    streams: ClassVar[tuple[str, ...]] = ("data",)

    #: The options of `ganzoo sample RUN --set KEY=VALUE`.
    sampling: ClassVar[type[SamplingOptions]] = SamplingOptions

    # -- learning -----------------------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def exposes(self) -> LossTargets:
        """The comparisons, pairs and terms that a recipe can name."""

    def offers(self, step: Step) -> LossTargets:
        """Return the part of `exposes` that is available at this step; everything by default.

        A task that alternates between jobs offers one of them at a time. Losses on what is not offered are left out,
        and a player for whom no loss remains is not updated.
        """
        return self.exposes

    def rows(self, batch_size: int) -> Mapping[str, int]:
        """Return how many rows of each stream a batch has; `batch_size` of each by default."""
        return dict.fromkeys(self.streams, batch_size)

    def fit(self, sources: Sources) -> Example:
        """Return statistics of the data as a whole (scalers, vocabularies, means), as arrays by name.

        Called once per run, before the first step, and saved with it; every other method receives them as `fitted`.
        """
        return {}

    def unusable(self, shapes: Mapping[str, tuple[int, ...]], *, stream: str, held_out: bool) -> str | None:
        """Return why an example whose fields have these shapes cannot be used, and how it could; None where it can.

        Asked of each example before the first step, as far as its source knows shapes without decoding.
        """
        return None

    @abstractmethod
    def networks(self, fields: Mapping[str, Field], fitted: Example) -> Sequence[NetworkSpec]:
        """Return the networks for data with these fields; DataError when a field is missing or does not fit.

        With several streams, fields are named `stream/field`. A recipe configures the networks by role
        (`[generator]`, `[discriminator]`) or by name (`[networks.NAME]`).
        """

    @abstractmethod
    def prepare(self, example: Example, context: RowContext) -> Example:
        """Turn one example into one row of a batch (crop, degrade, normalise, hide labels); fixed shapes per phase.

        Runs in worker processes; all randomness comes from `context.rng`. Floats are float32.
        """

    @abstractmethod
    def generate(self, view: View) -> Mapping[str, Tensor]:
        """Return fakes, and their latents or codes, by name. The core decides about gradients."""

    def compare(self, view: View) -> Mapping[str, Comparison]:
        """Return the comparisons that `offers` names at this step, from `view.batch` and `view.fakes`."""
        return {}

    def pair(self, name: str, view: View) -> tuple[Tensor, Tensor]:
        """Return (output, target) of one pair named in `exposes`."""
        raise KeyError(name)

    def term(self, name: str, player: PlayerName, view: View) -> Tensor:
        """Return one scalar named in `exposes` for this player's update, from `view.judged` and the rest."""
        raise KeyError(name)

    # -- showing -------------------------------------------------------------------------------------------------------

    def fixed_inputs(self, sources: Sources, *, count: int, rng: np.random.Generator, fitted: Example) -> Example:
        """Return the inputs of the pictures that are drawn repeatedly during the run, as arrays by name.

        By default prepared rows of the first examples, as many of each stream as `rows` has for `count`.
        """
        from ganzoo.sampling import first_rows

        return first_rows(self, sources, count=count, rng=rng, fitted=fitted)

    def picture(self, trained: Trained, inputs: Example, *, rng: Random) -> Picture:
        """Return a picture of the networks' outputs for the fixed inputs; `rng` is the same every time.

        By default a drawing of the first of the fakes that can be drawn: images in a grid, points in a scatter plot.
        """
        from ganzoo.sampling import draw_fakes

        return draw_fakes(self, trained, inputs, rng=rng)

    def evaluate(self, trained: Trained, sources: Sources, *, rng: Random) -> Iterator[Result]:
        """Yield results on held-out data, and those of a baseline as another method where one exists.

        By default the fakes for each batch of prepared held-out rows, as the method of the first product.
        """
        from ganzoo.sampling import results_by_batch

        return results_by_batch(self, trained, sources, rng=rng)

    def identity(self) -> Identity:
        """Return how `evaluate` makes its results, where scores of another way do not compare: a scale, a degradation.

        Options that only decide how networks are trained do not belong here.
        """
        return {}

    def draw_samples(self, trained: Trained, *, count: int, rng: Random, options: Any) -> Samples:
        """Return `count` new examples as the data have them: images as uint8; or the columns of a table of them.

        `options` is an instance of `sampling`. RecipeError when the task has nothing to draw. By default the first of
        the fakes from random latents that can be drawn.
        """
        from ganzoo.sampling import fakes_at_random

        return fakes_at_random(self, trained, count=count, rng=rng)

    def enlarge(self, trained: Trained, photograph: Array) -> Array:
        """Return one photograph (height x width x 3) enlarged: uint8 gives uint8, floats in [-1, 1] give floats.

        RecipeError when the task enlarges nothing, as by default.
        """
        raise RecipeError("the task does not enlarge photographs")

    def sample(self, trained: Trained, request: SampleRequest) -> Sequence[Path]:
        """Use the trained networks, write the result to `request.output`, and return the written files.

        RecipeError when the task cannot do what is asked. By default what `draw_samples` returns.
        """
        from ganzoo.sampling import write_fakes

        return write_fakes(self, trained, request)
