"""What is learned."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ganzoo.contracts.component import Component

if TYPE_CHECKING:
    import numpy as np

    from ganzoo.contracts.comparison import Comparison, Verdict
    from ganzoo.contracts.dataset import Source
    from ganzoo.contracts.field import Field, Signature
    from ganzoo.contracts.regularizer import PlayerName
    from ganzoo.contracts.step import Step
    from ganzoo.contracts.tensor import Array, Example, Network, Tensor
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
class View:
    """What a task sees during one update.

    `batch` holds tensors by field name as `prepare` made them, `fakes` what `generate` returned (empty while it is
    being made), `judged` the comparisons after the discriminator (empty before), `rng` this task's stream.
    """

    networks: Mapping[str, Network]
    batch: Mapping[str, Tensor]
    step: Step
    rng: Random
    training: bool = True
    fakes: Mapping[str, Tensor] = field(default_factory=dict)
    judged: Mapping[str, Verdict] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Scored:
    """One held-out result: by which method (a row of the table), what came out, what was wanted.

    The row of the trained networks is called `generator`; baselines have names of their own.
    Where a person would look at it, `picture` shows the result (uint8, H x W x 3) and `name` tells which example it is.
    """

    method: str
    output: Example
    target: Example
    name: str = ""
    picture: Array | None = None
    #: How many held-out examples this result stands for.
    examples: int = 1


class Task(Component, ABC):
    """Says what is learned from which fields, which networks play, and how results are shown and measured."""

    kind = "task"

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

    @abstractmethod
    def networks(self, fields: Mapping[str, Field]) -> Sequence[NetworkSpec]:
        """Return the networks for data with these fields; DataError when a field is missing or does not fit.

        A recipe configures them by role (`[generator]`, `[discriminator]`) or by name (`[networks.NAME]`).
        """

    @abstractmethod
    def prepare(self, example: Example, *, rng: np.random.Generator, step: Step) -> Example:
        """Turn one example into one row of a batch (crop, degrade, normalise, hide labels); fixed shapes per phase.

        Runs in worker processes; all randomness comes from `rng`.
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

    @abstractmethod
    def fixed_inputs(self, source: Source, *, count: int, rng: np.random.Generator) -> Example:
        """Choose the inputs whose pictures are drawn again and again over the run."""

    @abstractmethod
    def picture(self, networks: Mapping[str, Network], inputs: Example) -> Array:
        """Draw one uint8 image (H x W x 3) of what the networks make of the fixed inputs."""

    @abstractmethod
    def evaluate(self, networks: Mapping[str, Network], source: Source, *, rng: Random) -> Iterator[Scored]:
        """Yield results on held-out data, with a baseline as its own method where one exists."""

    @abstractmethod
    def sample(
        self, networks: Mapping[str, Network], inputs: Sequence[Path], output: Path, *, count: int, rng: Random
    ) -> Sequence[Path]:
        """Do what the trained networks are for, write the result to `output`, return the files written.

        `inputs` are the files given on the command line (photographs to enlarge, say; none for generation). RecipeError
        when the task cannot use them.
        """
