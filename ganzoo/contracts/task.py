"""What is learned, and how its results are shown."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from ganzoo.contracts.component import Component
from ganzoo.contracts.results import SamplingOptions

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from ganzoo.contracts.comparison import Comparison, Verdict
    from ganzoo.contracts.field import Field, Signature
    from ganzoo.contracts.regularizer import PlayerName
    from ganzoo.contracts.results import Picture, Result, SampleRequest, Sources, Trained
    from ganzoo.contracts.step import Step
    from ganzoo.contracts.tensor import Example, Network, Tensor
    from ganzoo.streams import Random


@dataclass(frozen=True, kw_only=True)
class NetworkSpec:
    """One network to train: its name, the role an architecture must have, whose side it is on, what it takes.

    A *product* is what the training is for: a generator, a classifier, an encoder. Products are averaged, exported,
    sampled and scored. The networks on the generator's side are products unless they say otherwise.
    """

    name: str
    role: str
    player: PlayerName
    signature: Signature
    product: bool | None = None

    @property
    def is_product(self) -> bool:
        """Whether the training is for this network."""
        return self.player == "generator" if self.product is None else self.product


@dataclass(frozen=True, kw_only=True)
class LossTargets:
    """The names that a recipe can wire losses to."""

    comparisons: tuple[str, ...] = ()
    pairs: tuple[str, ...] = ()
    #: The task's own scalars, by name, and the players they train.
    terms: Mapping[str, tuple[PlayerName, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RowContext:
    """What `prepare` knows beside the example: its stream, the step, its own randomness, what `fit` returned."""

    step: Step
    rng: np.random.Generator
    stream: str = "data"
    fitted: Example = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class View:
    """What a task sees during one update.

    `batch` holds tensors by name as `prepare` made them (`stream/name` where there are several streams), `count` is
    how many rows the largest stream has: as many fakes are wanted. `fakes` is what `generate` returned (empty while it
    is being made), `judged` holds the comparisons after the discriminator (empty before), `rng` is the task's stream of
    random numbers, `fitted` what `fit` returned.
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
    """Says what is learned from which data, which networks play, and how results are shown and measured.

    A task must have `exposes`, `networks`, `prepare` and `generate`, and whichever of `compare`, `pair` and `term` it
    exposes something for. What it shows has defaults, which draw, score and sample what `generate` returns.
    """

    kind = "task"

    #: The streams of examples that the task needs. A recipe gives one `[data]`, or one `[data.NAME]` for each of
    #: several; each stream is walked in an order of its own.
    streams: ClassVar[tuple[str, ...]] = ("data",)

    #: What `ganzoo sample RUN --set KEY=VALUE` takes.
    sampling: ClassVar[type[SamplingOptions]] = SamplingOptions

    # -- what is learned -----------------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def exposes(self) -> LossTargets:
        """The comparisons, pairs and terms that a recipe can name."""

    def offers(self, step: Step) -> LossTargets:
        """Return what there is at this step, a part of `exposes`; everything by default.

        A task that alternates between jobs offers one of them at a time. Losses on what is not offered are left out,
        and a player for whom no loss remains is not updated.
        """
        return self.exposes

    def rows(self, batch_size: int) -> Mapping[str, int]:
        """Return how many rows of each stream a batch has; `batch_size` of each by default."""
        return dict.fromkeys(self.streams, batch_size)

    def fit(self, sources: Sources) -> Example:
        """Return what the task must know of the data as a whole (scalers, vocabularies, means), as arrays by name.

        Called once per run, before the first step, and saved with the run; every other method is handed it as `fitted`.
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
        """Make fakes, and what belongs to them (latents, codes), by name. The core decides about gradients."""

    def compare(self, view: View) -> Mapping[str, Comparison]:
        """Return the comparisons that `offers` names at this step, from `view.batch` and `view.fakes`."""
        return {}

    def pair(self, name: str, view: View) -> tuple[Tensor, Tensor]:
        """Return (output, target) of one pair named in `exposes`."""
        raise KeyError(name)

    def term(self, name: str, player: PlayerName, view: View) -> Tensor:
        """Return one scalar named in `exposes` for this player's update, from `view.judged` and the rest."""
        raise KeyError(name)

    # -- what is shown -------------------------------------------------------------------------------------------------

    def fixed_inputs(self, sources: Sources, *, count: int, rng: np.random.Generator, fitted: Example) -> Example:
        """Choose the inputs whose pictures are drawn again and again over the run, as arrays by name.

        By default prepared rows of the first examples, as many of each stream as `rows` has for `count`.
        """
        from ganzoo.sampling import first_rows

        return first_rows(self, sources, count=count, rng=rng, fitted=fitted)

    def picture(self, trained: Trained, inputs: Example, *, rng: Random) -> Picture:
        """Return what the networks make of the fixed inputs, to look at; the same `rng` every time.

        By default a drawing of the first of the fakes that can be drawn: images in a grid, points in a scatter plot.
        """
        from ganzoo.sampling import draw_fakes

        return draw_fakes(self, trained, inputs, rng=rng)

    def evaluate(self, trained: Trained, sources: Sources, *, rng: Random) -> Iterator[Result]:
        """Yield results on held-out data, with a baseline as its own method where one exists.

        By default the fakes for each batch of prepared held-out rows, as the method of the first product.
        """
        from ganzoo.sampling import results_by_batch

        return results_by_batch(self, trained, sources, rng=rng)

    def sample(self, trained: Trained, request: SampleRequest) -> Sequence[Path]:
        """Do what the trained networks are for, write the result to `request.output`, return the files written.

        RecipeError when the task cannot do what is asked. By default `request.count` fakes from random latents.
        """
        from ganzoo.sampling import write_fakes

        return write_fakes(self, trained, request)
