"""Finds plugins, and keeps working when one of them is broken.

Entry points are registered one by one, so that a failed import, a duplicate name, a misspelt hook or another API
version is an error that names plugin, distribution and version. A plugin that nothing uses never stops anything.
"""

from __future__ import annotations

import inspect
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import entry_points
from typing import Any

import pluggy

from ganzoo import hookspecs, patching
from ganzoo.contracts.architecture import Architecture, Features
from ganzoo.contracts.callback import Callback
from ganzoo.contracts.component import Component
from ganzoo.contracts.dataset import Dataset
from ganzoo.contracts.degradation import Degradation
from ganzoo.contracts.extractor import Extractor
from ganzoo.contracts.loss import Loss
from ganzoo.contracts.metric import Metric
from ganzoo.contracts.optimizer import Optimizer
from ganzoo.contracts.regularizer import Regularizer
from ganzoo.contracts.schedule import Schedule
from ganzoo.contracts.task import Task
from ganzoo.errors import PluginError, RecipeError, Stopped, listing, nearest
from ganzoo.schema.options import options


@dataclass(frozen=True)
class Kind:
    """How a kind of component is offered, and what its classes must be subclasses of."""

    hook: str
    contracts: tuple[type[Any], ...]


KINDS: Mapping[str, Kind] = {
    "architecture": Kind("ganzoo_register_architectures", (Architecture, Features, Extractor)),
    "loss": Kind("ganzoo_register_losses", (Loss,)),
    "regularizer": Kind("ganzoo_register_regularizers", (Regularizer,)),
    "task": Kind("ganzoo_register_tasks", (Task,)),
    "dataset": Kind("ganzoo_register_datasets", (Dataset,)),
    "metric": Kind("ganzoo_register_metrics", (Metric,)),
    "optimizer": Kind("ganzoo_register_optimizers", (Optimizer,)),
    "schedule": Kind("ganzoo_register_schedules", (Schedule,)),
    "callback": Kind("ganzoo_register_callbacks", (Callback,)),
    "degradation": Kind("ganzoo_register_degradations", (Degradation,)),
}
_HOOKS = [kind.hook for kind in KINDS.values()]
_PREFIX = "ganzoo_register_"
#: A name is a bare TOML key: '.' and '/' mean something in overrides and qualified names.
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_GROUP = "ganzoo"
DISABLE_VARIABLE = "GANZOO_DISABLE_PLUGINS"
#: Of several components of one name, a plain name means the one of this distribution.
BUNDLED = "keras-ganzoo"
#: The distribution of what is given to `load_zoo`.
IN_PROCESS = "(in process)"
#: The plugin of the classes that are given to `load_zoo`.
CLASSES = "python"
#: A plugin that takes longer to import is named: every command waits for it.
SLOW_SECONDS = 1.0


@dataclass
class Plugin:
    """One plugin and what it offers, or why it offers nothing."""

    name: str
    module: str
    distribution: str = IN_PROCESS
    version: str = ""
    components: dict[str, dict[str, type[Component]]] = field(default_factory=dict)
    error: str | None = None
    disabled: bool = False
    #: How long its import took.
    seconds: float = 0.0
    #: Attributes of keras, torch and numpy that it replaced.
    changes: list[str] = field(default_factory=list)

    @property
    def label(self) -> str:
        """Plugin, distribution and version, as messages name it."""
        return f"plugin '{self.name}' ({' '.join(filter(None, (self.distribution, self.version)))})"


@dataclass(frozen=True)
class Offer:
    """One component of a plugin."""

    plugin: Plugin
    name: str
    cls: type[Component]

    @property
    def qualified(self) -> str:
        """The name that means this component independently of other plugins."""
        return f"{self.plugin.name}/{self.name}"


class Zoo:
    """Every component that is installed, by kind and name; `notices` are what a user should know about the plugins."""

    def __init__(self, plugins: list[Plugin], notices: Sequence[str] = ()) -> None:
        self.plugins = plugins
        self.notices = tuple(notices)

    def __repr__(self) -> str:
        kinds = ", ".join(f"{kind} {len(self.names(kind))}" for kind in KINDS)
        unusable = [plugin.label for plugin in self.plugins if plugin.error or plugin.disabled]
        rest = f"\n  unusable: {', '.join(unusable)}" if unusable else ""
        return f"Zoo of {len(self.plugins)} plugins\n  components: {kinds}{rest}"

    @property
    def packages(self) -> set[str]:
        """The import packages of the plugins that work."""
        return {each.module.partition(".")[0] for each in self.plugins if not each.error and not each.disabled}

    def names(self, kind: str) -> list[str]:
        """Return the names of one kind, sorted."""
        return sorted({name for plugin in self.plugins for name in plugin.components.get(kind, {})})

    def offers(self, kind: str, name: str) -> list[Offer]:
        """Return all components of this name, or `plugin/name`; first the one that the name means."""
        wanted, slash, bare = name.rpartition("/")
        found = [
            Offer(plugin, bare, plugin.components[kind][bare])
            for plugin in self.plugins
            if bare in plugin.components.get(kind, {}) and (not slash or plugin.name == wanted)
        ]
        return sorted(found, key=lambda offer: offer.plugin.distribution != BUNDLED)

    def offer(self, kind: str, name: str) -> Offer:
        """Return the component that a name means; RecipeError with the nearest name when there is none.

        A plain name means the bundled component where there is one. Other components of one name must be qualified.
        """
        found = self.offers(kind, name)
        if not found:
            raise RecipeError(self._missing(kind, name))
        bundled = [offer for offer in found if offer.plugin.distribution == BUNDLED]
        if len(found) > 1 and len(bundled) != 1:
            choices = " or ".join(f"'{offer.qualified}' ({offer.plugin.distribution})" for offer in found)
            raise RecipeError(f"{kind} '{name}' is offered by several plugins; write {choices}")
        return found[0]

    def find(self, kind: str, name: str) -> type[Component]:
        """Return the component class of this name, or `plugin/name`; RecipeError with the nearest name otherwise."""
        return self.offer(kind, name).cls

    def owner(self, kind: str, name: str) -> Plugin:
        """Return the plugin that offers a component."""
        return self.offer(kind, name).plugin

    def kinds_of(self, name: str) -> list[str]:
        """Return the kinds under which a name, or `plugin/name`, is offered."""
        return [kind for kind in KINDS if self.offers(kind, name)]

    def components(self) -> Iterator[tuple[str, str, type[Component]]]:
        """Yield (kind, name, class) of everything; `plugin/name` where the plain name means another one, or several."""
        for kind in KINDS:
            for name in self.names(kind):
                found = self.offers(kind, name)
                bundled = [offer for offer in found if offer.plugin.distribution == BUNDLED]
                plain = found if len(found) == 1 else bundled if len(bundled) == 1 else []
                for offer in found:
                    yield kind, name if offer in plain else offer.qualified, offer.cls

    def _missing(self, kind: str, name: str) -> str:
        plugin, slash, _ = name.rpartition("/")
        if slash and plugin not in [other.name for other in self.plugins]:
            known = [other.name for other in self.plugins]
            return f"there is no plugin '{plugin}'{nearest(plugin, known)}; ganzoo list-plugins shows all"
        known = self.names(kind)
        message = f"there is no {kind} '{name}'{nearest(name, known)}; known are {listing(known)}"
        other = [found for found in self.kinds_of(name) if found != kind]
        if other:
            message += f"; '{name}' is a {' and a '.join(other)}"
        broken = [plugin.label for plugin in self.plugins if plugin.error]
        if broken:
            message += f"; {', '.join(broken)} cannot be used: see ganzoo list-plugins"
        return message


def load_zoo(extra: Mapping[str, Any] | None = None) -> Zoo:
    """Return the zoo of all installed plugins, and of what is in `extra`.

    `extra` has component classes by the name that recipes use, and modules or objects with hooks by plugin name. Never
    raises for a plugin: what is wrong with one stands in its `error`. PluginError for what is wrong with a class.
    """
    given = dict(extra or {})
    classes = {name: given.pop(name) for name, each in [*given.items()] if _is_single(each)}
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    disabled = {name.strip() for name in os.environ.get(DISABLE_VARIABLE, "").split(",")} - {""}
    plugins: list[Plugin] = []
    with _output_as_errors():
        for plugin, load in [*_installed(), *_in_process(given)]:
            if plugin.name in disabled:
                plugin.disabled = True
            else:
                _guarded(plugin, partial(_register, manager, plugin, load, list(plugins)))
            plugins.append(plugin)
    if classes:
        plugins.append(_of_classes(classes))
        _check_name(plugins[-1], plugins[:-1])
    return Zoo(plugins, list(_notices(plugins, disabled)))


@contextmanager
def _output_as_errors() -> Iterator[None]:
    """Lead what plugins print to standard error, that of their libraries in C too: standard output is data."""
    with suppress(AttributeError, OSError, ValueError):
        sys.stdout.flush()
    try:
        kept = os.dup(1)
        os.dup2(2, 1)
    except OSError:
        kept = None
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        if kept is not None:
            with suppress(AttributeError, OSError, ValueError):
                sys.stdout.flush()
            os.dup2(kept, 1)
            os.close(kept)


def _notices(plugins: Sequence[Plugin], disabled: set[str]) -> Iterator[str]:
    known = [plugin.name for plugin in plugins]
    for name in sorted(disabled - set(known)):
        yield f"{DISABLE_VARIABLE}: there is no plugin '{name}'{nearest(name, known)}"
    for plugin in plugins:
        if plugin.seconds > SLOW_SECONDS and plugin.distribution != BUNDLED:
            yield f"{plugin.label} takes {plugin.seconds:.1f} s to import, and every command waits for it"
        if plugin.changes:
            yield f"{plugin.label} changes {', '.join(plugin.changes)}, for every recipe"


def _installed() -> list[tuple[Plugin, Callable[[], Any]]]:
    """Return the plugins of all entry points and how to import each, in an order that no installer decides."""
    found = []
    for point in entry_points(group=_GROUP):
        plugin = Plugin(name=point.name, module=point.value)
        if point.dist is not None:
            plugin.distribution, plugin.version = point.dist.name, point.dist.version
        found.append((plugin, point.load))
    return sorted(found, key=lambda item: (item[0].name, item[0].module, item[0].distribution))


def _in_process(extra: Mapping[str, Any]) -> list[tuple[Plugin, Callable[[], Any]]]:
    def returning(namespace: Any) -> Callable[[], Any]:
        return lambda: namespace

    return [
        (Plugin(name=name, module=getattr(namespace, "__name__", type(namespace).__name__)), returning(namespace))
        for name, namespace in extra.items()
    ]


def _of_classes(classes: Mapping[str, Any]) -> Plugin:
    """Return the plugin that offers single classes; PluginError with the first that is not a component."""
    plugin = Plugin(name=CLASSES, module="")
    for name, cls in classes.items():
        kind = next((kind for kind, each in KINDS.items() if _is_subclass(cls, each.contracts)), None)
        if kind is None:
            raise PluginError(f"load_zoo: '{name}' is {cls!r}, expected a component class, as of a ganzoo.PairLoss")
        plugin.components.setdefault(kind, {})[name] = _checked("load_zoo", kind, name, cls)
    return plugin


def _guarded(plugin: Plugin, work: Callable[[], None]) -> None:
    """Run a plugin's import and hooks; an exception becomes its `error`, except a user's interrupt."""
    began, empty = time.monotonic(), patching.emptied()
    try:
        work()
    except (KeyboardInterrupt, Stopped):
        raise
    except PluginError as error:
        plugin.error = str(error)
    except BaseException as error:
        plugin.error = f"{type(error).__name__}: {error}".strip().splitlines()[0]
    if plugin.error:
        plugin.components = {}
    plugin.seconds = time.monotonic() - began
    if plugin.distribution != BUNDLED:
        package = plugin.module.partition(":")[0].partition(".")[0]
        plugin.changes = [*patching.replaced(package), *sorted(patching.emptied() - empty)]


def _register(manager: pluggy.PluginManager, plugin: Plugin, load: Callable[[], Any], others: Sequence[Plugin]) -> None:
    _check_name(plugin, others)
    namespace = load()
    _check_version(namespace)
    _check_hook_names(namespace)
    try:
        manager.register(namespace)
    except (pluggy.PluginValidationError, ValueError) as error:
        raise PluginError(" ".join(str(error).split())) from error
    for name, kind in KINDS.items():
        for implementation in getattr(manager.hook, kind.hook).get_hookimpls():
            if implementation.plugin is namespace:
                plugin.components[name] = _offered(implementation.function, name)


def _check_name(plugin: Plugin, others: Sequence[Plugin]) -> None:
    for other in others:
        if other.name == plugin.name and other.error is None:
            raise PluginError(f"{other.label} has the same name; one of them must be renamed or uninstalled")


def _check_version(namespace: Any) -> None:
    if not hasattr(namespace, "GANZOO_API"):
        raise PluginError(
            f'lacks GANZOO_API = "{hookspecs.API_VERSION}", the version of ganzoo that it was written for'
        )
    version = namespace.GANZOO_API
    if version != hookspecs.API_VERSION:
        raise PluginError(
            f"states GANZOO_API = {version!r}, but this ganzoo offers API '{hookspecs.API_VERSION}'; "
            "install a version of the plugin, or of ganzoo, that agrees"
        )


def _check_hook_names(namespace: Any) -> None:
    for name in dir(namespace):
        if name.startswith(_PREFIX) and name not in _HOOKS:
            raise PluginError(f"there is no hook '{name}'{nearest(name, _HOOKS)}")
        if name in _HOOKS and not hasattr(getattr(namespace, name), "ganzoo_impl"):
            raise PluginError(f"the hook '{name}' lacks the decorator @hookimpl")


def _offered(function: Callable[[], Any], kind: str) -> dict[str, type[Component]]:
    hook = KINDS[kind].hook
    offered = function()
    if not isinstance(offered, Mapping):
        raise PluginError(f"{hook} returned {type(offered).__name__}, expected a mapping from names to classes")
    return {name: _checked(hook, kind, name, cls) for name, cls in offered.items()}


def _checked(hook: str, kind: str, name: str, cls: Any) -> type[Component]:
    contracts = KINDS[kind].contracts
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise PluginError(f"{hook}: {name!r} is not a valid name; use letters, digits, '_' and '-'")
    if not _is_subclass(cls, contracts):
        expected = " or ".join(contract.__name__ for contract in contracts)
        raise PluginError(f"{hook}: '{name}' is {cls!r}, expected a subclass of ganzoo.{expected}")
    if inspect.isabstract(cls):
        raise PluginError(f"{hook}: '{name}' lacks {', '.join(sorted(getattr(cls, '__abstractmethods__', ())))}")
    if kind == "architecture" and not isinstance(getattr(cls, "role", None), str):
        raise PluginError(f"{hook}: '{name}' lacks a role, such as role = 'generator'")
    options(cls)
    found: type[Component] = cls
    return found


def _is_single(given: Any) -> bool:
    """Return whether this is meant as a component, not as a module or object with hooks."""
    return isinstance(given, type | Component) and not hasattr(given, "GANZOO_API")


def _is_subclass(cls: Any, contracts: tuple[type[Any], ...]) -> bool:
    return inspect.isclass(cls) and issubclass(cls, Component) and issubclass(cls, contracts)
