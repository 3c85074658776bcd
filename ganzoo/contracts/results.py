"""Pictures, results and samples of a trained run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ganzoo.contracts.component import Component

if TYPE_CHECKING:
    from ganzoo.contracts.dataset import Source
    from ganzoo.contracts.field import Field
    from ganzoo.contracts.tensor import Array, Example, Network
    from ganzoo.randomness import Random

#: A picture: an image (uint8, H x W x 3), a text, or the columns of a table by name.
Picture: TypeAlias = "Array | str | Mapping[str, Array]"

#: Sources by stream name; the single stream of most tasks is called `data`.
Sources: TypeAlias = "Mapping[str, Source]"


@dataclass(frozen=True, kw_only=True)
class Trained:
    """The trained networks of a run, and what the task knows about the data.

    `networks` holds the averaged copy of a product where there is one. `fields` are those of the training data (named
    `stream/field` where there are several streams), `fitted` is what the task's `fit` returned. `training()` opens the
    training data, by stream, for a task whose results compare with them; it is given where results are scored only.
    """

    networks: Mapping[str, Network]
    fields: Mapping[str, Field] = field(default_factory=dict)
    fitted: Example = field(default_factory=dict)
    training: OpenTraining | None = None


@dataclass(frozen=True, kw_only=True)
class Result:
    """One result on held-out data: method, output and target.

    `method` is the row of the table of scores: the name of the product that made it (`generator`), or the name of
    a baseline. `picture`, if any, displays the result, and `name` says which example it is.
    """

    method: str
    output: Example
    target: Example
    name: str = ""
    picture: Picture | None = None
    #: How many held-out examples this result stands for.
    examples: int = 1


class SamplingOptions(Component):
    """Options of `ganzoo sample RUN --set KEY=VALUE`; a task with options defines a subclass."""

    kind = "sampling"


class SampleReport:
    """Where `Task.sample` tells how far it is. This one tells nobody; a command has one that prints."""

    def begin(self, name: str, size: str, place: str) -> None:
        """Tell that work on one input begins: its name, its size and which one of how many it is, as `3/20`."""

    def tiles(self, done: int, total: int) -> None:
        """Tell how much of this input is done."""

    def wrote(self, path: Path) -> None:
        """Tell that a file is complete."""

    def note(self, message: str) -> None:
        """Tell what the user should know: a file that was passed over, what could not be kept."""


@dataclass(frozen=True, kw_only=True)
class SampleRequest:
    """A request of `ganzoo sample`.

    `inputs` are files and folders given on the command line, `output` the file or folder to write (`into_folder` where
    it ends in a slash), `count` the number of samples of a generation task, `options` an instance of the task's
    `sampling`. `origin` are texts by keyword for PNG files: what made them. A file that exists is replaced only with
    `overwrite`; `ganzoo.sampling` has what checks that.
    """

    output: Path
    inputs: Sequence[Path] = ()
    count: int = 1
    rng: Random
    options: Any = field(default_factory=SamplingOptions)
    into_folder: bool = False
    overwrite: bool = False
    origin: Mapping[str, str] = field(default_factory=dict)
    report: SampleReport = field(default_factory=SampleReport)


#: New examples along a first axis (images are uint8), or the columns of a table of them.
Samples: TypeAlias = "Array | Mapping[str, Array]"

#: Opens the training data; a metric that compares with them calls it.
OpenTraining: TypeAlias = "Callable[[], Sources]"
