"""Who may import whom, read from the syntax trees."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import ganzoo

ROOT = Path(__file__).parents[2]
CORE = Path(ganzoo.__file__).parent
PLUGINS = ROOT / "plugins"

#: From left to right: a module imports from its own layer and those before it.
LAYERS = [
    [
        "ganzoo.synonyms",
        "ganzoo.errors",
        "ganzoo.blame",
        "ganzoo.hookspecs",
        "ganzoo.contracts",
        "ganzoo.randomness",
        "ganzoo.backend",
        "ganzoo.images",
        "ganzoo.downloads",
        "ganzoo.bundled",
        "ganzoo.pretrained",
    ],
    ["ganzoo.execution"],
    [
        "ganzoo.schema",
        "ganzoo.diagnosis",
        "ganzoo.patching",
        "ganzoo.zoo",
        "ganzoo.layers",
        "ganzoo.blocks",
        "ganzoo.host_value",
        "ganzoo.sampling",
        "ganzoo.sources",
    ],
    ["ganzoo.recipe"],
    ["ganzoo.assembly"],
    ["ganzoo.training", "ganzoo.data", "ganzoo.runs", "ganzoo.reporting"],
    ["ganzoo.exporting"],
    ["ganzoo.testing", "ganzoo.pytest_plugin"],
    ["ganzoo.api"],
    ["ganzoo.commands", "ganzoo.cli", "ganzoo.proving", "ganzoo.__main__"],
]
#: These may import keras and torch when they are imported themselves.
HEAVY = (
    "ganzoo.assembly",
    "ganzoo.training",
    "ganzoo.data",
    "ganzoo.runs",
    "ganzoo.layers",
    "ganzoo.blocks",
    "ganzoo.host_value",
    "ganzoo.execution",
    "ganzoo.exporting",
    "ganzoo.proving",
)
FORBIDDEN_MODULES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "tensorflow", "torchvision"}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
#: A source travels to worker processes by pickle; the check does the same to one it has just made.
MAY_PICKLE = {"ganzoo.testing.sources"}


def modules(folder, prefix=""):
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder.parent).with_suffix("").parts
        yield prefix + ".".join(part for part in parts if part != "__init__"), ast.parse(path.read_text())


def imports(tree, *, top_level):
    """Yield the modules that a file imports; at the top level only, outside `if TYPE_CHECKING:`."""
    body = tree.body if top_level else list(ast.walk(tree))
    for node in body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def layer_of(module):
    found = [
        index
        for index, names in enumerate(LAYERS)
        if any(module == name or module.startswith(name + ".") for name in names)
    ]
    assert found or module == "ganzoo", f"{module} belongs to no layer"
    return found[0] if found else -1


CORE_MODULES = list(modules(CORE))
PLUGIN_MODULES = [found for folder in sorted(PLUGINS.glob("*")) if folder.is_dir() for found in modules(folder)]


@pytest.mark.parametrize(("name", "tree"), CORE_MODULES, ids=lambda value: value if isinstance(value, str) else "")
def test_imports_point_to_the_left(name, tree):
    for imported in imports(tree, top_level=True):
        if imported.startswith("ganzoo.") and name != "ganzoo":
            assert layer_of(imported) <= layer_of(name), f"{name} imports {imported}"


@pytest.mark.parametrize(("name", "tree"), CORE_MODULES, ids=lambda value: value if isinstance(value, str) else "")
def test_the_core_imports_no_plugin(name, tree):
    assert not [found for found in imports(tree, top_level=False) if found.startswith("ganzoo_")]


@pytest.mark.parametrize(("name", "tree"), CORE_MODULES, ids=lambda value: value if isinstance(value, str) else "")
def test_light_modules_import_neither_keras_nor_torch(name, tree):
    if not name.startswith(HEAVY):
        heavy = {found.partition(".")[0] for found in imports(tree, top_level=True)} & {"keras", "torch"}
        assert not heavy


@pytest.mark.parametrize(("name", "tree"), PLUGIN_MODULES, ids=lambda value: value if isinstance(value, str) else "")
def test_plugins_use_the_public_api_and_themselves_only(name, tree):
    own = name.partition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "ganzoo":
            assert {alias.name for alias in node.names} <= set(ganzoo.__all__)
    for found in imports(tree, top_level=False):
        root = found.partition(".")[0]
        assert not found.startswith("ganzoo."), f"{name} imports the private {found}"
        assert not root.startswith("ganzoo_") or root == own, f"{name} imports another plugin: {found}"


@pytest.mark.parametrize(
    ("name", "tree"), [*CORE_MODULES, *PLUGIN_MODULES], ids=lambda value: value if isinstance(value, str) else ""
)
def test_nothing_can_run_code_from_files(name, tree):
    roots = {found.partition(".")[0] for found in imports(tree, top_level=False)}
    assert not roots & (FORBIDDEN_MODULES - ({"pickle"} if name in MAY_PICKLE else set()))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            assert not (isinstance(function, ast.Name) and function.id in FORBIDDEN_CALLS)
            is_load = isinstance(function, ast.Attribute) and function.attr == "load"
            assert not (is_load and isinstance(function.value, ast.Name) and function.value.id == "torch")


def test_each_plugin_folder_is_an_entry_point_and_nothing_else_lies_there():
    if not PLUGINS.is_dir():
        pytest.skip("there is no checkout around the tests")
    entries = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["ganzoo"]
    found = {path.name for path in PLUGINS.iterdir() if path.name != "__pycache__"}
    assert all((PLUGINS / name).is_dir() for name in found), "a file here would be installed at the top level"
    assert found == set(entries.values()), "run pip install -e . again after adding a plugin"
    assert all((PLUGINS / name / "py.typed").is_file() for name in found)


WATCHED = ("keras", "torch", "pydantic", "tensorflow", "torchvision", "tensorflow_datasets")


def loaded_after(code):
    """Return which heavy packages a fresh process has loaded after running the code."""
    report = f"{code}\nimport sys\nprint(sorted(sys.modules.keys() & set({WATCHED})))"
    result = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True)
    return result.stdout.splitlines()[-1]


def test_importing_ganzoo_loads_nothing_heavy():
    assert loaded_after("import ganzoo") == "[]"


def test_help_loads_nothing_heavy():
    assert loaded_after("import ganzoo.cli\nganzoo.cli.cli(['--help'], standalone_mode=False)") == "[]"


def test_finding_plugins_and_reading_a_recipe_loads_neither_keras_nor_torch():
    code = "import ganzoo; z = ganzoo.load_zoo(); ganzoo.load_recipe('srgan_photos', zoo=z)"
    assert "keras" not in loaded_after(code)
    assert "torch" not in loaded_after(code)


def test_a_plugin_has_its_networks_in_one_file_that_imports_keras_at_the_top():
    trees = dict(PLUGIN_MODULES)
    plugins_with_networks = {name.partition(".")[0] for name in trees if name.endswith(".networks")}
    assert len(plugins_with_networks) >= 4
    assert [name for name in trees if name.endswith((".layers", ".network"))] == []
    for plugin in plugins_with_networks:
        assert "keras" in imports(trees[f"{plugin}.networks"], top_level=True)
        own = {name: tree for name, tree in trees.items() if name.startswith(f"{plugin}.")}
        late = [name for name, tree in own.items() if "keras" in set(imports(tree, top_level=False))]
        assert all("keras" in imports(trees[name], top_level=True) for name in late), late


def test_bundled_plugins_name_arrays_tensors_and_networks_alike():
    """`Array`, `Example`, `Tensor` and `Network` of ganzoo, not the names of numpy, torch and keras for them."""
    for path in sorted(PLUGINS.rglob("*.py")):
        text = path.read_text()
        assert "numpy.typing" not in text, path
        assert "torch.Tensor" not in text, path
        assert "keras.Model]" not in text, path
        assert "-> keras.Model" not in text, path


def test_no_module_imports_itself_through_others():
    """At the top level; what a function imports when it is called closes no circle."""
    known = dict([*CORE_MODULES, *PLUGIN_MODULES])
    graph = {name: {each for each in imported_modules(tree) if each in known} for name, tree in known.items()}
    while free := [name for name, targets in graph.items() if not targets & graph.keys()]:
        for name in free:
            del graph[name]
    circles = {name for name in graph if name in reachable(graph, name)}
    assert circles == set()


def imported_modules(tree):
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def reachable(graph, start):
    """Return the modules that a module comes to by imports."""
    found, left = set(), list(graph[start])
    while left:
        name = left.pop()
        if name in graph and name not in found:
            found.add(name)
            left += graph[name]
    return found
