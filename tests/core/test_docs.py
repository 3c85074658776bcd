"""What README and docs say is true."""

from __future__ import annotations

import ast
import re
import runpy
import shutil
import subprocess
import tomllib
from functools import partialmethod
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from click.testing import CliRunner
from pages import SHORT, Reader, blocks, photographs

from ganzoo import hookspecs, images, load_recipe, load_zoo
from ganzoo.cli import Commands
from ganzoo.recipe import list_recipes
from ganzoo.testing import check_component, check_loss, check_regularizer

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "examples/ganzoo-bgan/README.md",
]

pytestmark = pytest.mark.skipif(not PAGES[0].is_file(), reason="there is no checkout around the tests")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page):
    prose = re.sub(r"```.*?```|`[^`]*`", "", page.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", prose):
        assert (page.parent / target).exists() or target.startswith("http"), target


def test_the_gallery_shows_each_bundled_recipe_and_its_pictures_are_light():
    text = (ROOT / "docs/gallery.md").read_text()
    sections = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", text, re.DOTALL | re.MULTILINE))
    assert set(sections) == set(list_recipes())
    for name, section in sections.items():
        assert f"](pictures/{name}." in section or "No picture: " in section, name
    sizes = {path.name: path.stat().st_size for path in (ROOT / "docs/pictures").iterdir()}
    assert {name: size for name, size in sizes.items() if size > (500_000 if name.endswith(".gif") else 300_000)} == {}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_named_exists(page):
    known = Commands().list_commands(None)
    for line in "\n".join(blocks(page, "sh")).splitlines():
        for name in re.findall(r"(?:^|/|&& )ganzoo ([a-z-]+)", line):
            assert name in known, line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_in_the_docs_is_python(page):
    for code in blocks(page, "python"):
        ast.parse(code)  # what a page shows as a whole plugin is run by test_doc_examples.py


@pytest.mark.parametrize("page", [PAGES[0], ROOT / "docs/python.md", *(ROOT / "docs/tutorials").glob("*.md")])
def test_pages_import_ganzoo_before_keras_so_that_it_chooses_the_backend(page):
    imported = re.findall(r"^(?:import|from) (ganzoo|keras)\b", "\n".join(blocks(page, "python")), re.MULTILINE)
    assert imported[:1] != ["keras"]


def test_the_component_of_the_plugin_page_keeps_its_contract():
    found = {"__name__": "shake"}
    [code] = blocks(ROOT / "docs/plugins.md", "python")
    exec(compile(code, "plugins.md", "exec", dont_inherit=True), found)
    check_component(found["Shake"])
    check_regularizer(found["Shake"]())


#: What makes the trainings in Python short, by what a page has.
SHORT_PYTHON = {
    '"phases.train.steps": 600': '"phases.train.steps": 3, "validation.count": 64',
    '"data.tile": 96': '"data.tile": 96, "phases.content.steps": 2, "phases.gan.steps": 2, "train.batch_size": 2',
    'profile="smoke",\n    data=source': 'profile="smoke",\n    overrides={"phases.train.steps": 3},\n    data=source',
}


def test_the_python_of_the_docs_runs_as_printed(tmp_path, monkeypatch):
    """One block of docs/python.md after the other, with fewer steps."""
    monkeypatch.chdir(tmp_path)
    known = {"__name__": "notebook"}
    code = "\n".join(blocks(ROOT / "docs" / "python.md", "python"))
    for long, short in SHORT_PYTHON.items():
        assert long in code
        code = code.replace(long, short)
    exec(compile(code, "python.md", "exec", dont_inherit=True), known)
    assert (tmp_path / "generator.keras").is_file()
    assert known["points"].shape == (1000, 2)
    assert known["losses"].shape == (1,)
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {"cubic", "enlarger", "my_digits"}


def test_the_commands_and_the_python_of_the_readme_do_what_it_says(tmp_path, monkeypatch, ganzoo):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(keras.Model, "fit", partialmethod(keras.Model.fit, verbose=0))
    photographs(Path("my_photos"), count=2)
    shutil.copy("my_photos/0.png", "photo.jpg")
    Reader(ganzoo, monkeypatch).follow(PAGES[0])
    assert {path.name for path in Path("runs").iterdir()} >= {"srgan_photos-smoke", "mine", "plain", "hinge"}
    assert len(list(Path("enlarged").iterdir())) == 3
    assert Path("generator.keras").is_file()


def test_the_loss_of_the_readme_keeps_the_contract():
    written = {"__name__": "readme"}
    exec(compile(blocks(PAGES[0], "python")[-1], "README.md", "exec"), written)
    check_loss(written["Wasserstein"]())
    assert load_zoo({"mine": SimpleNamespace(**written)}).find("loss", "my_wasserstein") is written["Wasserstein"]


def test_the_page_of_errors_is_what_the_code_raises():
    generated = runpy.run_path(str(ROOT / "docs" / "generate.py"))
    assert generated["errors_page"]() == (ROOT / "docs" / "errors.md").read_text(), "run python docs/generate.py"
    codes = [cls.exit_code for cls in generated["families"]().values()]
    assert len(codes) == len(set(codes))
    assert all(cls.safe and cls.remedy for cls in generated["families"]().values())
    assert all(generated["messages"]().values()), "every family has a message"


def test_the_reference_is_what_the_code_offers():
    generated = runpy.run_path(str(ROOT / "docs" / "generate.py"))
    assert generated["reference_page"]() == (ROOT / "docs" / "reference.md").read_text(), "run python docs/generate.py"


def test_the_readme_has_the_table_of_the_bundled_recipes():
    generated = runpy.run_path(str(ROOT / "docs" / "generate.py"))
    assert generated["readme"]() == PAGES[0].read_text(), "run python docs/generate.py"
    assert all(f"`{name}`" in generated["recipe_table"]() for name in list_recipes())


def test_changelog_fragments_have_a_known_type_and_render(tmp_path):
    """Each change is one file, so that parallel changes do not collide in CHANGELOG.md."""
    towncrier = pytest.importorskip("towncrier.build")
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["towncrier"]
    types = {entry["directory"] for entry in settings["type"]}
    fragments = [path for path in (ROOT / "changelog").iterdir() if path.name != "README.md"]
    assert [path.name for path in fragments if path.suffix != ".md" or path.suffixes[-2][1:] not in types] == []
    for path in [ROOT / "pyproject.toml", ROOT / "CHANGELOG.md", *fragments, ROOT / "changelog" / "README.md"]:
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(path.read_text())
    rendered = CliRunner().invoke(
        towncrier._main, ["--dir", str(tmp_path), "--draft", "--version", "1.0", "--date", "2026-01-01"]
    )
    assert rendered.exit_code == 0, rendered.output
    for path in fragments:
        assert path.read_text().split()[0] in rendered.output
    assert settings["start_string"] in (ROOT / "CHANGELOG.md").read_text()


def test_the_script_of_the_pictures_makes_them_of_runs_and_always_the_same(tmp_path, monkeypatch, ganzoo):
    monkeypatch.chdir(tmp_path)
    for name in ("srgan_photos", "adain_style", "multi_task_style"):
        short = [f"--set={each}" for each in SHORT[name]]
        assert ganzoo("run", name, "--name", name, "--profile", "smoke", *short).code == 0
    for name in ("srresnet_bsds", "srgan_bsds"):
        shutil.copytree("runs/srgan_photos", f"runs/{name}")
    script = runpy.run_path(str(ROOT / "docs/pictures.py"))
    for number, name in enumerate(script["PAINTINGS"]):
        images.write_image(Path(f"data/paintings/{name}.jpg"), np.full((64, 80, 3), 50 * number, np.uint8))
    for name in ("gaussians_ring", *script["GRIDS"]):
        for step in (0, 100):
            images.write_image(Path(f"runs/{name}/samples/step-{step:09}.png"), np.full((40, 90, 3), step, np.uint8))
        Path(f"runs/{name}/generator.keras").touch()
    Path("srgan_photos.terminal").write_bytes(b"training\r\n\x1b[?25l 1/2\r\x1b[2K 2/2\r\n\x1b[?25hdone")
    made = []
    for folder in (tmp_path / "once", tmp_path / "again"):
        folder.mkdir()
        monkeypatch.setitem(script["main"].__globals__, "PICTURES", folder)
        script["main"](tmp_path)
        made.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert made[0] == made[1]
    assert set(made[0]) == {path.name for path in (ROOT / "docs/pictures").iterdir()}
    svg = made[0]["first-run.svg"].decode()
    assert "2/2" in svg
    assert "1/2" not in svg
    assert "url(http" not in svg


def test_every_hook_is_documented():
    text = (ROOT / "docs/plugins.md").read_text()
    hooks = [name for name in dir(hookspecs) if name.startswith("ganzoo_register_")]
    assert len(hooks) == 10
    assert [name for name in hooks if name not in text] == []


def test_the_recipe_in_the_docs_is_a_recipe(tmp_path):
    (tmp_path / "documented.toml").write_text(blocks(ROOT / "docs/recipes.md", "toml")[0])
    recipe = load_recipe(tmp_path / "documented.toml", zoo=load_zoo())
    assert recipe.phases[0].name == "gan"


def test_every_key_of_the_core_is_in_the_recipe_of_the_docs():
    table = tomllib.loads(blocks(ROOT / "docs/recipes.md", "toml")[0])
    assert set(table) >= {
        "task",
        "data",
        "validation",
        "losses",
        "regularizers",
        "metrics",
        "callbacks",
        "optimizers",
        "train",
        "ema",
        "phases",
    }


def test_exit_codes_in_the_docs_are_those_of_the_errors():
    from ganzoo import errors

    documented = {
        int(code) for code in re.findall(r"^\| (\d+) \|", (ROOT / "docs/errors.md").read_text(), re.MULTILINE)
    }
    raised = {
        cls.exit_code for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, errors.GanzooError)
    }
    assert raised | {0, 130} == documented


def test_the_ci_runs_the_test_command_of_the_readme():
    command = next(line for line in blocks(PAGES[0], "sh")[-1].splitlines() if "tox" in line)
    ci = (ROOT / ".ci/run").read_text()
    assert command.endswith(".venv/bin/tox")
    assert all(step in ci for step in ("python3 -m venv .venv", "-c constraints.txt tox", ".venv/bin/tox"))
    assert subprocess.run(["bash", "-n", str(ROOT / ".ci/run")], check=False).returncode == 0


def test_the_thirty_line_example_is_thirty_lines():
    lines = (ROOT / "examples/ganzoo-bgan/ganzoo_bgan.py").read_text().splitlines()
    assert sum(bool(line.strip()) for line in lines) < 30
