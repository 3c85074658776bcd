"""The plugins that the pages in docs/plugins show: each is tested, trained, stopped, resumed and sampled as printed."""

from __future__ import annotations

import inspect
import re
import sys
import tomllib
import types
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import tomli_w
from in_process import InProcess, differing, journal, state_of

from ganzoo import images, load_zoo
from ganzoo.recipe import find_recipe

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "plugins"
STEPS = 6
#: What a run logs because a component reports it, by module.
REPORTS = {"ganzoo_adaptive": "regularizers/adaptive_noise/p", "ganzoo_rest": "regularizers/balance/accuracy"}

pytestmark = pytest.mark.skipif(not PAGES.is_dir(), reason="there is no checkout around the tests")


@dataclass(frozen=True)
class Example:
    """A plugin as a page prints it: its module, the sections of a recipe that use it, its test."""

    page: str
    module: str
    code: str
    recipe: dict
    test: str
    files: tuple[str, ...]


def examples_of(page):
    """Yield the plugins of a page: each `# ganzoo_NAME.py` with the next TOML and the next `# test_...` after it."""
    blocks = re.findall(r"^```(python|toml|csv)\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)
    files = tuple(text for language, text in blocks if language == "csv")
    starts = [place for place, (_, text) in enumerate(blocks) if text.startswith("# ganzoo_")]
    for first, last in pairwise([*starts, len(blocks)]):
        code = blocks[first][1]
        rest = blocks[first + 1 : last]
        tables = [tomllib.loads(text) for language, text in rest if language == "toml"]
        tests = [text for language, text in rest if text.startswith("# test_")]
        assert (len(tables), len(tests)) == (1, 1), f"{page.name}: a plugin has one recipe and one test"
        module = re.match(r"# (ganzoo_\w+)\.py", code)[1]
        yield Example(page.name, module, code, tables[0], tests[0], files)


EXAMPLES = [example for page in sorted(PAGES.glob("*.md")) for example in examples_of(page)] if PAGES.is_dir() else []
every_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.module)


@pytest.fixture
def module(example, monkeypatch, tmp_path):
    """Return the module of an example, importable by its name; the current folder holds the files of its page."""
    loaded = executed(example.module, example.code)
    monkeypatch.setitem(sys.modules, example.module, loaded)
    monkeypatch.chdir(tmp_path)
    for text in example.files:
        Path("points.csv").write_text(text)
    return loaded


def executed(name, code):
    loaded = types.ModuleType(name)
    sys.modules[name] = loaded  # dataclasses look their module up while it is executed
    try:
        exec(compile(code, f"{name}.py", "exec"), loaded.__dict__)
    finally:
        del sys.modules[name]
    return loaded


def recipe_of(example):
    """Return a tiny recipe: that of gaussians_ring with the sections of the page in place of its own."""
    table = tomllib.loads(find_recipe("gaussians_ring").read_text())
    for key in ("profiles", "regularizers", "metrics"):
        table.pop(key)
    table["data"]["count"] = table["validation"]["count"] = 64
    for role in ("generator", "discriminator"):
        table[role] |= {"hidden": 8, "layers": 1}
    table |= example.recipe
    if table["task"]["name"] != "generation" and "validation" not in example.recipe:
        table.pop("validation")
    train = {"batch_size": 8, "samples": 4, "log_every": 1, "sample_every": STEPS, "checkpoint_every": STEPS}
    return table | {"train": train, "phases": [{"name": "train", "steps": STEPS}]}


@every_example
def test_the_test_of_the_page_passes(example, module):
    tests = executed(f"test_{example.module}", example.test)
    for name, test in [*vars(tests).items()]:
        if name.startswith("test_"):
            marks = getattr(test, "pytestmark", [])
            for arguments in marks[0].args[1] if marks else [None]:
                test(arguments) if inspect.signature(test).parameters else test()


@every_example
def test_the_recipe_of_the_page_trains_resumes_and_samples(example, module, tmp_path):
    zoo = load_zoo({"docs": module})
    assert next(plugin for plugin in zoo.plugins if plugin.name == "docs").error is None
    path = tmp_path / "page.toml"
    path.write_text(tomli_w.dumps(recipe_of(example)))
    run = InProcess(path, zoo)
    components = [*run.recipe.used, *(type(wired.callback) for wired in run.recipe.callbacks)]
    assert any(each.__module__ == example.module for each in components), "the recipe uses the plugin"
    folder, trained = run.finished(tmp_path / "whole")
    parts = run.anew().train_in_two(tmp_path / "parts", 3)
    assert differing(state_of(tmp_path / "whole"), parts) == []
    assert journal(tmp_path / "whole")[3:] == journal(tmp_path / "parts")
    logged = {name for line in journal(tmp_path / "whole") for name in line}
    assert REPORTS.get(example.module, "step") in logged
    assert len(list(folder.path.glob("*.keras"))) >= 1
    if example.page == "callback.md":
        assert (folder.path / "callbacks" / "spikes" / "spikes.txt").read_text() == "2\n4\n6\n"
    photographs = [tmp_path / "photo.png"] if example.page == "degradation.md" else []
    for photograph in photographs:
        images.write_image(photograph, np.zeros((8, 8, 3), np.uint8))
    is_image = photographs or "digits" in path.read_text()
    [written] = run.sample(trained, tmp_path / ("s.png" if is_image else "samples.csv"), photographs)
    assert written.stat().st_size > 0


def test_each_kind_of_component_has_a_page_with_an_example():
    from ganzoo.zoo import KINDS

    entry = (ROOT / "docs" / "plugins.md").read_text()
    linked = set(re.findall(r"\]\(plugins/([a-z-]+\.md)\)", entry))
    assert {path.name for path in PAGES.glob("*.md")} == linked
    shown = {example.page.removesuffix(".md") for example in EXAMPLES}
    assert set(KINDS) <= shown
