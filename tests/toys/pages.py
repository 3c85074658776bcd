"""Pages of the documentation, followed as a reader would: commands, files and Python, with runs of a few steps."""

from __future__ import annotations

import importlib
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import packages

from ganzoo import images

#: What makes the runs of a page short, by bundled recipe.
SHORT = {
    "srgan_photos": ["phases.content.steps=2", "phases.gan.steps=2", "train.batch_size=2", "generator.filters=4"],
    "srgan_div2k": ["phases.pretrain.steps=1", "phases.gan.steps=1", "phases.gan_slow.steps=1", "generator.blocks=1"],
    "adain_style": ["phases.style.steps=2", "phases.gan.steps=2"],
    "fast_style": ["phases.style.steps=2", "phases.gan.steps=2"],
    "multi_task_bsds": ["phases.content.steps=2", "phases.gan.steps=2"],
    "multi_task_style": ["phases.content.steps=2", "phases.gan.steps=2"],
    "gaussians_ring": ["phases.train.steps=2", "validation.count=64"],
    "acgan_mnist": ["phases.train.steps=2", "generator.filters=4", "discriminator.filters=4", "metrics=[]"],
    "colorize_bsds": ["phases.train.steps=2", "metrics=[]"],
    "cyclegan_photo2painting": ["phases.train.steps=2", "metrics=[]"],
    "semi_supervised_mnist": ["phases.train.steps=2"],
    "restore_photos": ["phases.content.steps=2", "phases.gan.steps=2", "train.batch_size=2", "generator.filters=4"],
    "dcgan_digits": ["phases.train.steps=2", "train.batch_size=4", "generator.filters=4", "discriminator.filters=4"],
}
#: What a page may name and no test runs: a virtual environment, and what needs a network or stays open.
LEFT_OUT = ("python3", ".", ".venv/bin/pip", "tensorboard")


def blocks(page, language):
    """Return the code blocks of one language."""
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(), re.DOTALL)


def short(recipe):
    """Return what makes a run of a bundled recipe short as a dict of overrides."""
    pairs = (each.partition("=") for each in SHORT[recipe])
    return {key: int(value) for key, _, value in pairs}


def photographs(folder, count=3):
    """Write photographs that are large enough for every recipe."""
    for index in range(count):
        rng = np.random.default_rng(index)
        images.write_image(folder / f"{index}.png", rng.integers(0, 256, (130, 140, 3), dtype=np.uint8))


class Reader:
    """Follows pages in the current folder, command by command."""

    def __init__(self, ganzoo, monkeypatch):
        self._ganzoo, self._monkeypatch = ganzoo, monkeypatch
        self.names = {}
        self._recipes = {}  # the bundled recipe of which a file is a copy
        self._site = Path("site").resolve()

    def follow(self, page):
        """Do what the blocks of a page say, in their order; a block that begins with a file's name is that file."""
        for language, text in re.findall(
            r"^```(sh|python|toml)\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE
        ):
            named = re.match(r"# (\S+\.(?:py|toml))\n", text)
            if named:
                Path(named[1]).parent.mkdir(exist_ok=True)
                Path(named[1]).write_text(text)
            elif language == "sh":
                for line in text.splitlines():
                    self.command(line)
            elif language == "toml":  # belongs at the end of the recipe that was printed last
                with Path(list(self._recipes)[-1]).open("a") as recipe:
                    recipe.write(text)
            else:
                exec(compile(text, page.name, "exec", dont_inherit=True), self.names)

    def command(self, line):
        """Run one line of a shell."""
        program, *arguments = shlex.split(line, comments=True) or ["."]
        if program == "ganzoo":
            self._run(line, arguments)
        elif program == "pip":
            self._install([each for each in arguments if each.startswith("./")])
        elif program == "pytest":
            path = os.pathsep.join([str(self._site), *arguments])
            finished = subprocess.run(
                [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
                env=os.environ | {"PYTHONPATH": path},
                capture_output=True,
                text=True,
                check=False,
            )
            assert finished.returncode == 0, finished.stdout + finished.stderr
        else:
            assert program in LEFT_OUT, line

    def _run(self, line, arguments):
        if arguments[:2] == ["data", "prepare"]:
            return  # needs a network
        written = None
        if ">" in arguments:
            arguments, written = arguments[:-2], arguments[-1]
            if arguments[0] == "recipe":
                self._recipes[written] = arguments[1]
        if arguments[0] in ("run", "check"):
            arguments += ["--profile", "smoke"] if "--profile" not in arguments else []
            arguments += [f"--set={each}" for each in SHORT[self._recipes.get(arguments[1], arguments[1])]]
        finished = self._ganzoo(*arguments)
        assert finished.code == 0, f"{line}: {finished.err}"
        if written:
            Path(written).write_text(finished.out)

    def _install(self, projects):
        """Let this process find the plugins of projects as if they were installed."""
        for project in map(Path, projects):
            table = tomllib.loads((project / "pyproject.toml").read_text())["project"]
            for name, module in table["entry-points"]["ganzoo"].items():
                packages.install(self._site, name, (project / f"{module}.py").read_text(), table["version"])
                self._monkeypatch.delitem(sys.modules, module, raising=False)
        self._monkeypatch.syspath_prepend(self._site)
        importlib.invalidate_caches()
