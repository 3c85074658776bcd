"""Names the component, the plugin and the step in which an error was raised."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint, entry_points, packages_distributions, version
from typing import Any

from ganzoo.errors import ComponentError, GanzooError, PluginError, ResourceError

_GROUP = "ganzoo"
#: torch's error for a CPU allocation that failed is a plain RuntimeError with this name in its text.
_ALLOCATOR = "DefaultCPUAllocator"


class blaming:  # noqa: N801 - read as a function, like contextlib.suppress
    """Turn every error of the component inside this block into a ComponentError that names it.

    `component` may be its class, where there is no instance yet. `what` is the component as the user knows it: its kind
    and its key in the recipe, as `loss 'gan'`, or a function that returns this, where the block runs for each example.
    `step` counts from 0; messages count from 1, as logs do: after how many steps its line is written. Errors that
    ganzoo explains itself, errors for lack of memory, and those of the types `passing`, pass unchanged.
    """

    __slots__ = ("_component", "_passing", "_step", "_what")

    def __init__(
        self,
        component: object,
        what: str | Callable[[], str],
        *,
        step: int | None = None,
        passing: tuple[type[Exception], ...] = (),
    ) -> None:
        self._component = component
        self._what = what
        self._step = step
        self._passing = passing

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, Exception | SystemExit) or isinstance(error, (GanzooError, *self._passing)):
            return
        if is_out_of_memory(error):
            return
        what = self._what if isinstance(self._what, str) else self._what()
        raise ComponentError(
            f"{_place(self._component, what, self._step)}: {one_line(error)}",
            trace="".join(traceback.format_exception(error)),
            original=error,
        ) from error


def broken_contract(component: object, what: str, problem: str, *, step: int | None = None) -> PluginError:
    """Return the error of a component that broke its contract: which one, of which plugin, at which step, and how."""
    return PluginError(f"{_place(component, what, step)}: {problem}")


def _place(component: object, what: str, step: int | None) -> str:
    cls = component if isinstance(component, type) else type(component)
    return f"{what} of {origin_of(cls)}{'' if step is None else f', step {step + 1}'}"


def one_line(error: BaseException) -> str:
    """Return an error's type and the first line of its text."""
    return f"{type(error).__name__}: {error}".strip().rstrip(":").splitlines()[0]


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an allocation failed, on the host or on a GPU."""
    torch = sys.modules.get("torch")
    if isinstance(error, MemoryError) or (torch is not None and isinstance(error, torch.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and _ALLOCATOR in str(error)


def origin_of(cls: type[Any]) -> str:
    """Return the plugin and the distribution that a class comes from, or its module where no plugin is installed."""
    points = [point for point in entry_points(group=_GROUP) if _is_inside(cls.__module__, point.module)]
    if points:
        return _plugin_text(max(points, key=lambda point: len(point.module)))
    package = cls.__module__.partition(".")[0]
    for distribution in packages_distributions().get(package, ())[:1]:
        return f"package '{package}' ({distribution} {version(distribution)})"
    return f"module '{cls.__module__}'"


def _is_inside(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def _plugin_text(point: EntryPoint) -> str:
    distribution = "" if point.dist is None else f" ({point.dist.name} {point.dist.version})"
    return f"plugin '{point.name}'{distribution}"


@contextmanager
def explaining_memory(what: str, remedy: str) -> Iterator[None]:
    """Turn an allocation that fails inside this block into a ResourceError that says what to lower."""
    try:
        yield
    except Exception as error:
        if is_out_of_memory(error):
            raise ResourceError(f"{what}: memory does not suffice ({one_line(error)}); {remedy}") from error
        raise
