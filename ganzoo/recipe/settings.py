"""The core's own sections of a recipe. Unknown keys are errors; numbers are finite and in range."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic import AfterValidator, BaseModel, ConfigDict

from ganzoo.contracts.schedule import Constant, Ramp, Schedule, Staircase
from ganzoo.schema.values import ScheduleValue


def _whole_updates(schedule: Schedule) -> Schedule:
    """Refuse what is not a number of updates; between whole numbers, a ramp is rounded at each step."""
    if isinstance(schedule, Constant):
        stated: tuple[float, ...] = (schedule.value,)
    elif isinstance(schedule, Ramp):
        stated = (schedule.start, schedule.end)
    else:
        stated = schedule.values if isinstance(schedule, Staircase) else ()
    if any(value < 1 or value != round(value) for value in stated):
        raise ValueError("expected a whole number >= 1, or a schedule of such numbers")
    return schedule


PositiveInt = Annotated[int, Ge(1)]
Fraction = Annotated[float, Ge(0), Lt(1)]


class Section(BaseModel):
    """What all sections share: strict types, no unknown keys."""

    model_config = ConfigDict(
        strict=True, extra="forbid", allow_inf_nan=False, arbitrary_types_allowed=True, frozen=True
    )


class TrainSettings(Section):
    """[train]: the run as a whole."""

    seed: Annotated[int, Ge(0)] = 0
    batch_size: PositiveInt
    #: Discriminator updates for each update of the generator.
    n_critic: Annotated[ScheduleValue, AfterValidator(_whole_updates)] = Constant(1.0)
    clip_norm: Annotated[float, Gt(0)] | None = None
    workers: Annotated[int, Ge(0), Le(64)] = 0
    log_every: PositiveInt = 50
    sample_every: PositiveInt = 500
    checkpoint_every: PositiveInt = 500
    keep_checkpoints: Annotated[int, Ge(2)] = 2
    samples: PositiveInt = 16
    #: Score the networks on held-out data every so many steps; absent: at the end only.
    evaluate_every: PositiveInt | None = None
    #: The score by which the best checkpoint is kept beside the newest.
    best: Annotated[str, MinLen(1)] | None = None
    device: Literal["auto", "cpu", "cuda"] = "auto"
    #: What networks compute in while they train; weights, losses, penalties, scores and exports are float32 always.
    precision: Literal["float32", "bfloat16", "float16"] = "float32"
    #: Let torch compile the networks' training; costs minutes at the start.
    compile: bool = False
    #: On a GPU, let float32 convolutions and products round their inputs to 10 bits, as torch does for the former.
    tf32: bool = True
    #: strict: every operation gives the same bits again, or the run refuses to start. auto: strict on a CPU.
    determinism: Literal["auto", "strict", "seeded"] = "auto"


class EmaSettings(Section):
    """[ema]: the average of the generator's weights that samples are drawn from."""

    decay: Fraction = 0.999
    ramp_up: bool = True


class PhaseSettings(Section):
    """[[phases]]: one stretch of training; `learning_rate` counts its steps from the start of the phase."""

    name: Annotated[str, MinLen(1)]
    steps: PositiveInt
    learning_rate: ScheduleValue | None = None
    #: The batch size in this phase; that of [train] when left out.
    batch_size: PositiveInt | None = None


class OptimizerSettings(Section):
    """[optimizers.PLAYER]: what is common to all optimizers."""

    name: str
    learning_rate: ScheduleValue
    weight_decay: Annotated[float, Ge(0)] | None = None

    @property
    def options(self) -> dict[str, Any]:
        """The arguments of the Keras optimizer beside its learning rate."""
        return self.model_dump(exclude={"name", "learning_rate"}, exclude_none=True)

    @property
    def rate(self) -> Schedule:
        """The learning rate as a function of the step."""
        rate: Schedule = self.learning_rate
        return rate


class AdamSettings(OptimizerSettings):
    """Adam and AdamW. Epsilon is added to the bias-corrected root, as in the paper and in torch."""

    name: Literal["adam", "adamw"]
    beta_1: Fraction = 0.9
    beta_2: Fraction = 0.999
    epsilon: Annotated[float, Gt(0)] = 1e-8


class RmspropSettings(OptimizerSettings):
    """RMSprop; torch's `alpha` is `rho` here."""

    name: Literal["rmsprop"]
    rho: Fraction = 0.99
    momentum: Fraction = 0.0
    epsilon: Annotated[float, Gt(0)] = 1e-8


class SgdSettings(OptimizerSettings):
    """Stochastic gradient descent."""

    name: Literal["sgd"]
    momentum: Fraction = 0.0


OPTIMIZERS: dict[str, type[OptimizerSettings]] = {
    "adam": AdamSettings,
    "adamw": AdamSettings,
    "rmsprop": RmspropSettings,
    "sgd": SgdSettings,
}


class _WiredSettings(Section):
    """What [[losses]] and [[regularizers]] have in common."""

    on: str | None = None
    weight: ScheduleValue = Constant(1.0)
    phases: tuple[str, ...] | None = None
    label: Annotated[str, MinLen(1)] | None = None

    @property
    def wiring(self) -> dict[str, Any]:
        """The arguments of the wired loss or regularizer beside its key and its component."""
        values = {name: getattr(self, name) for name in type(self).model_fields if name != "label"}
        return {**values, "phases": None if self.phases is None else frozenset(self.phases)}


class LossSettings(_WiredSettings):
    """The core's keys of [[losses]]."""

    term: str | None = None


class RegularizerSettings(_WiredSettings):
    """The core's keys of [[regularizers]]."""

    interval: PositiveInt = 1


class MetricSettings(Section):
    """The core's keys of [[metrics]]."""

    label: Annotated[str, MinLen(1)] | None = None
