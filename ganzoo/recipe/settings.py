"""The core's own sections of a recipe. Unknown keys are errors; numbers are finite and in range."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationInfo

from ganzoo.contracts.regularizer import PlayerName
from ganzoo.contracts.schedule import Constant, Ramp, Schedule, Staircase
from ganzoo.schema.values import ScheduleValue


def stated_values(schedule: Schedule) -> tuple[float, ...]:
    """Return the numbers that a recipe states for a schedule of the core; what plugins' schedules give is not known."""
    if isinstance(schedule, Constant):
        return (schedule.value,)
    if isinstance(schedule, Ramp):
        return schedule.start, schedule.end
    return schedule.values if isinstance(schedule, Staircase) else ()


def _whole_updates(schedule: Schedule) -> Schedule:
    """Refuse what is not a number of updates; between whole numbers, a ramp is rounded at each step."""
    if any(value < 1 or value != round(value) for value in stated_values(schedule)):
        raise ValueError("expected a whole number >= 1, or a schedule of such numbers")
    return schedule


def _rates(schedule: Schedule) -> Schedule:
    """Refuse rates below 0, which would climb what is to be descended."""
    if any(value < 0 for value in stated_values(schedule)):
        raise ValueError("expected a number >= 0, or a schedule of such numbers")
    return schedule


def _with_scores(patience: int, settings: ValidationInfo) -> int:
    """Refuse patience where nothing says what to wait for."""
    missing = [name for name in ("best", "evaluate_every") if settings.data.get(name) is None]
    if missing:
        raise ValueError(f"needs train.{' and train.'.join(missing)}")
    return patience


def _with_doctor(follows: str, settings: ValidationInfo) -> str:
    """Refuse to act on what nobody looks for."""
    if follows != "warn" and settings.data.get("doctor") is False:
        raise ValueError("needs train.doctor")
    return follows


def _device(given: Any) -> Any:
    """Explain what other programs call a device."""
    if given == "gpu":
        raise ValueError("expected 'cuda' for a GPU of NVIDIA, 'mps' for that of a Mac, or 'auto'")
    if isinstance(given, str) and given.startswith("cuda:"):
        number = given.partition(":")[2]
        raise ValueError(f"expected 'cuda', the first GPU; CUDA_VISIBLE_DEVICES={number} makes another one the first")
    return given


PositiveInt = Annotated[int, Ge(1)]
Fraction = Annotated[float, Ge(0), Lt(1)]
LearningRate = Annotated[ScheduleValue, AfterValidator(_rates)]


class Section(BaseModel):
    """The base of all sections: strict types, no unknown keys."""

    model_config = ConfigDict(
        strict=True, extra="forbid", allow_inf_nan=False, arbitrary_types_allowed=True, frozen=True
    )
    #: The keys that take schedules, those of plugins too.
    schedules: ClassVar[frozenset[str]] = frozenset()


class TrainSettings(Section):
    """[train]: the run as a whole."""

    schedules = frozenset({"n_critic"})

    seed: Annotated[int, Ge(0)] = 0
    batch_size: PositiveInt
    #: Discriminator updates for each update of the generator.
    n_critic: Annotated[ScheduleValue, AfterValidator(_whole_updates)] = Constant(1.0)
    #: The player that is updated first in a step; both are updated on the same fakes.
    first: PlayerName = "discriminator"
    clip_norm: Annotated[float, Gt(0)] | None = None
    workers: Annotated[int, Ge(0), Le(64)] = 0
    log_every: PositiveInt = 50
    sample_every: PositiveInt = 500
    checkpoint_every: PositiveInt = 500
    keep_checkpoints: Annotated[int, Ge(2)] = 2
    samples: PositiveInt = 16
    #: Look for what goes wrong while training, and say it.
    doctor: bool = True
    #: What follows when the doctor finds a failure. warn: nothing but the message. stop: the end of the run, saved and
    #: scored. rollback: the run goes back to the checkpoint before the failure with half the learning rates, at most
    #: three times, and then stops.
    on_collapse: Annotated[Literal["warn", "stop", "rollback"], AfterValidator(_with_doctor)] = "warn"
    #: Score the networks on held-out data every so many steps; absent: at the end only.
    evaluate_every: PositiveInt | None = None
    #: The score by which the best checkpoint is kept beside the newest.
    best: Annotated[str, MinLen(1)] | None = None
    #: Stop early after so many evaluations in a row without a better score than the best.
    patience: Annotated[int, Ge(1), AfterValidator(_with_scores)] | None = None
    device: Annotated[Literal["auto", "cpu", "cuda", "mps"], BeforeValidator(_device)] = "auto"
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
    #: So many updates are left out: until then the average is the newest weights.
    start: Annotated[int, Ge(0)] = 0


class PhaseSettings(Section):
    """[[phases]]: one stretch of training; `learning_rate` counts its steps from the start of the phase."""

    schedules = frozenset({"learning_rate"})

    name: Annotated[str, MinLen(1)]
    steps: PositiveInt
    learning_rate: LearningRate | None = None
    #: That of [train] when left out.
    batch_size: PositiveInt | None = None
    #: Let the optimizers forget their momenta when the phase begins.
    reset_optimizers: bool = False


class OptimizerSettings(Section):
    """The core's keys of [optimizers.NAME], which is a player or a network."""

    schedules = frozenset({"learning_rate"})

    learning_rate: LearningRate


class NetworkSettings(Section):
    """The core's keys of [generator], [discriminator] and [networks.NAME]."""

    #: In which the network is trained; all when left out.
    phases: tuple[str, ...] | None = None


class _WiredSettings(Section):
    """The common keys of [[losses]] and [[regularizers]]."""

    schedules = frozenset({"weight"})

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


class CallbackSettings(Section):
    """The core's keys of [[callbacks]]."""

    #: Whenever losses are logged when left out.
    every: PositiveInt | None = None
    label: Annotated[str, MinLen(1)] | None = None
