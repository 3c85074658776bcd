"""Finds plugins, and keeps working when one of them is broken.

Entry points are registered one by one, so that a failed import, a duplicate name, a misspelt hook or another API
version is an error that names plugin, distribution and version. A plugin that nothing uses never stops anything.
"""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import entry_points
from typing import Any

import pluggy

from ganzoo import hookspecs
from ganzoo.contracts.architecture import Architecture, Features
from ganzoo.contracts.component import Component
from ganzoo.contracts.dataset import Dataset
from ganzoo.contracts.loss import Loss
from ganzoo.contracts.metric import Metric
from ganzoo.contracts.regularizer import Regularizer
from ganzoo.contracts.task import Task
from ganzoo.errors import PluginError, RecipeError, listing, nearest
from ganzoo.schema.options import options


@dataclass(frozen=True)
class Kind:
    """How a kind of component is offered, and what its classes must be subclasses of."""

    hook: str
    contracts: tuple[type[Any], ...]


KINDS: Mapping[str, Kind] = {
    "architecture": Kind("ganzoo_register_architectures", (Architecture, Features)),
    "loss": Kind("ganzoo_register_losses", (Loss,)),
    "regularizer": Kind("ganzoo_register_regularizers", (Regularizer,)),
    "task": Kind("ganzoo_register_tasks", (Task,)),
    "dataset": Kind("ganzoo_register_datasets", (Dataset,)),
    "metric": Kind("ganzoo_register_metrics", (Metric,)),
}
_HOOKS = [kind.hook for kind in KINDS.values()]
_PREFIX = "ganzoo_register_"
#: A name is a bare TOML key: '.' and '/' mean something in overrides and qualified names.
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_GROUP = "ganzoo"
DISABLE_VARIABLE = "GANZOO_DISABLE_PLUGINS"


@dataclass
class Plugin:
    """One plugin and what it offers, or why it offers nothing."""

    name: str
    module: str
    distribution: str = "(in process)"
    version: str = ""
    components: dict[str, dict[str, type[Component]]] = field(default_factory=dict)
    error: str | None = None
    disabled: bool = False

    @property
    def label(self) -> str:
        """Plugin, distribution and version, as messages name it."""
        return f"plugin '{self.name}' ({' '.join(filter(None, (self.distribution, self.version)))})"


class Zoo:
    """Every component that is installed, by kind and name."""

    def __init__(self, plugins: list[Plugin]) -> None:
        self.plugins = plugins

    def names(self, kind: str) -> list[str]:
        """Return the names of one kind, sorted."""
        return sorted({name for plugin in self.plugins for name in plugin.components.get(kind, {})})

    def find(self, kind: str, name: str) -> type[Component]:
        """Return the component class of this name, or `plugin/name`; RecipeError with the nearest name otherwise."""
        found = list(self._offers(kind, name))
        if not found:
            raise RecipeError(self._missing(kind, name))
        if len(found) > 1:
            choices = " or ".join(f"'{plugin.name}/{name}' ({plugin.distribution})" for plugin, _ in found)
            raise RecipeError(f"{kind} '{name}' is offered by several plugins; write {choices}")
        return found[0][1]

    def owner(self, kind: str, name: str) -> Plugin:
        """Return the plugin that offers a component."""
        self.find(kind, name)
        return next(plugin for plugin, _ in self._offers(kind, name))

    def kinds_of(self, name: str) -> list[str]:
        """Return the kinds under which a name, or `plugin/name`, is offered."""
        return [kind for kind in KINDS if any(self._offers(kind, name))]

    def components(self) -> Iterator[tuple[str, str, type[Component]]]:
        """Yield (kind, name, class) of everything; `plugin/name` where several plugins offer the same name."""
        for kind in KINDS:
            for name in self.names(kind):
                offers = list(self._offers(kind, name))
                for plugin, cls in offers:
                    yield kind, name if len(offers) == 1 else f"{plugin.name}/{name}", cls

    def _offers(self, kind: str, name: str) -> Iterator[tuple[Plugin, type[Component]]]:
        wanted, slash, bare = name.partition("/")
        for plugin in self.plugins:
            offered = plugin.components.get(kind, {})
            if slash and plugin.name == wanted and bare in offered:
                yield plugin, offered[bare]
            elif not slash and name in offered:
                yield plugin, offered[name]

    def _missing(self, kind: str, name: str) -> str:
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
    """Return the zoo of all installed plugins, and of the modules or objects in `extra` by plugin name.

    Never raises for a plugin: what is wrong with one stands in its `error`.
    """
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    disabled = {name.strip() for name in os.environ.get(DISABLE_VARIABLE, "").split(",")} - {""}
    plugins: list[Plugin] = []
    for plugin, load in [*_installed(), *_in_process(extra or {})]:
        if plugin.name in disabled:
            plugin.disabled = True
        else:
            _guarded(plugin, partial(_register, manager, plugin, load, list(plugins)))
        plugins.append(plugin)
    return Zoo(plugins)


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


def _guarded(plugin: Plugin, work: Callable[[], None]) -> None:
    """Run a plugin's import and hooks; whatever goes wrong becomes its `error`."""
    try:
        work()
    except KeyboardInterrupt:
        raise
    except PluginError as error:
        plugin.error = str(error)
    except BaseException as error:
        plugin.error = f"{type(error).__name__}: {error}".strip().splitlines()[0]
    if plugin.error:
        plugin.components = {}


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
    version = getattr(namespace, "GANZOO_API", None)
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
        raise PluginError(f"{hook}: {name!r} is no name; use letters, digits, '_' and '-'")
    if not (inspect.isclass(cls) and issubclass(cls, Component) and issubclass(cls, contracts)):
        expected = " or ".join(contract.__name__ for contract in contracts)
        raise PluginError(f"{hook}: '{name}' is {cls!r}, expected a subclass of ganzoo.{expected}")
    if inspect.isabstract(cls):
        raise PluginError(f"{hook}: '{name}' lacks {', '.join(sorted(getattr(cls, '__abstractmethods__', ())))}")
    if kind == "architecture" and not isinstance(getattr(cls, "role", None), str):
        raise PluginError(f"{hook}: '{name}' lacks a role, such as role = 'generator'")
    options(cls)
    return cls
