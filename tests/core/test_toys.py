"""Methods that are wide apart run through the same contracts, and each resumes to the byte."""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from ganzoo import RecipeError, assemble, load_recipe, load_zoo
from ganzoo.runs.environment import describe_plugins, environment
from ganzoo.runs.folder import RunFolder
from ganzoo.training.launch import launch, prepare, write_manifest

RECIPE = """
[task]
name = "toy"

[data]
name = "blobs"

[generator]
name = "{generator}"

[discriminator]
name = "toy_discriminator"

{more}

[optimizers.generator]
name = "adam"
learning_rate = 1e-2

[optimizers.discriminator]
name = "adam"
learning_rate = 1e-2

[train]
batch_size = 16
log_every = 1
sample_every = 20
checkpoint_every = 20
samples = 4

[ema]
decay = 0.9

[[phases]]
name = "first"
steps = 10

[[phases]]
name = "second"
steps = 10
"""

ADVERSARIAL = '[[losses]]\nname = "non_saturating"\n'
PAIRS = "".join(
    f'[[losses]]\nname = "l1"\non = "{pair}"\nlabel = "{pair}"\n'
    for pair in ("cycle_a", "cycle_b", "identity_a", "identity_b")
)
BUFFER = '[[regularizers]]\nname = "replay_buffer"\nsize = 20\n'
TERMS = "".join(f'[[losses]]\nterm = "{term}"\n' for term in ("labelled", "unlabelled", "feature_matching"))
READER = '[networks.reader]\nname = "toy_encoder"\n'

TOYS = {
    "unpaired": ADVERSARIAL + PAIRS + BUFFER,
    "semi_supervised": TERMS,
    "conditional": ADVERSARIAL + '[[losses]]\nterm = "classification"\n',
    "information": ADVERSARIAL + '[[losses]]\nterm = "mutual_information"\n' + READER,
    "growing": ADVERSARIAL,
    "discrete": ADVERSARIAL + '[[losses]]\nterm = "policy"\n',
    "adaptive": ADVERSARIAL + '[[regularizers]]\nname = "adaptive_shift"\nevery = 2\nrate = 0.2\n',
}


class Quiet:
    def begin(self, *, first, total): ...

    def step(self, number, phase, waiting): ...

    def losses(self, record): ...

    def note(self, message): ...


@dataclass
class Toy:
    path: Path
    zoo: object

    def __post_init__(self):
        self.recipe = load_recipe(self.path, zoo=self.zoo)
        self.source = self.recipe.data.open()

    def anew(self):
        """Read the recipe again: components that hold state start as in a fresh process."""
        return Toy(self.path, self.zoo)

    def trainer(self, folder):
        run = RunFolder(folder)
        with run.working():
            here = environment(describe_plugins(self.zoo.plugins, self.recipe.used))
            trainer = prepare(self.recipe, run, Quiet(), self.source, None, environment=here)
            write_manifest(trainer, "strict", None)
        return trainer

    def train(self, folder):
        run = RunFolder(folder)
        with run.working():
            launch(self.recipe, run, Quiet(), source=self.source, held_out=None, plugins=self.zoo.plugins)
        return state_of(folder)

    def train_in_two(self, folder, first, forget=()):
        """Train `first` steps, write a checkpoint, and let a fresh model go on from it, without what is forgotten."""
        trainer = self.trainer(folder)
        for number in range(first):
            trainer.model.train_step(trainer.batches.tensors(number))
        values = trainer.model.state()
        fresh = self.anew().trainer(folder).model.state()
        arrays = {
            name: (fresh[name] if name in forget else variable).value.detach().numpy().copy()
            for name, variable in values.items()
        }
        trainer.checkpoints.save(first, arrays, recipe=trainer.digest)
        return self.anew().train(folder)


@pytest.fixture
def toy(tmp_path, request):
    name = request.param
    zoo = load_zoo({name: importlib.import_module(name)})
    assert next(plugin for plugin in zoo.plugins if plugin.name == name).error is None
    generator = "growing" if name == "growing" else "toy_generator"
    path = tmp_path / "toy.toml"
    path.write_text(RECIPE.format(generator=generator, more=TOYS[name]))
    return Toy(path, zoo)


def state_of(folder):
    newest = sorted((folder / "checkpoints").iterdir())[-1]
    with np.load(newest / "state.npz") as archive:
        return {name: archive[name] for name in archive.files}


def journal(folder):
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def differing(one, other):
    return [name for name in one if not np.array_equal(one[name], other[name])]


every_toy = pytest.mark.parametrize("toy", TOYS, indirect=True)


def only(name):
    return pytest.mark.parametrize("toy", [name], indirect=True)


@every_toy
@pytest.mark.parametrize("first", [1, 7, 10])
def test_twenty_steps_in_two_parts_are_twenty_steps(toy, tmp_path, first):
    whole = toy.train(tmp_path / "whole")
    parts = toy.anew().train_in_two(tmp_path / "parts", first)
    assert differing(whole, parts) == []
    assert journal(tmp_path / "whole")[first:] == journal(tmp_path / "parts")


@every_toy
def test_both_sides_learn_and_every_loss_is_logged(toy, tmp_path):
    trainer = toy.trainer(tmp_path / "run")
    before = {name: variable.value.detach().numpy().copy() for name, variable in trainer.model.state().items()}
    logs = trainer.model.train_step(trainer.batches.tensors(0))
    after = {name: variable.value.detach().numpy() for name, variable in trainer.model.state().items()}
    moved = set(differing(before, after))
    assert all(any(name.startswith(f"networks/{spec}/") for name in moved) for spec in trainer.model.networks)
    assert {key.partition("/")[0] for key in logs} == {"discriminator", "generator"}
    assert trainer.model.step_number == 1


@pytest.mark.parametrize(
    ("toy", "forgotten"),
    [
        ("unpaired", ("regularizers/replay_buffer/pool_a", "regularizers/replay_buffer/filled_a")),
        ("discrete", ("task/baseline",)),
        ("adaptive", ("regularizers/adaptive_shift/p",)),
    ],
    indirect=["toy"],
)
def test_state_of_components_matters_and_forgetting_it_shows(toy, tmp_path, forgotten):
    whole = toy.train(tmp_path / "whole")
    parts = toy.anew().train_in_two(tmp_path / "parts", 7, forget=forgotten)
    assert differing(whole, parts)


@only("unpaired")
def test_the_replay_buffer_fills_and_shows_old_fakes_to_the_discriminator_only(toy, tmp_path):
    trainer = toy.trainer(tmp_path / "run")
    for number in range(3):
        trainer.model.train_step(trainer.batches.tensors(number))
    state = trainer.model.state()
    assert int(state["regularizers/replay_buffer/filled_a"].value) == 20
    assert float(state["regularizers/replay_buffer/pool_a"].value.abs().sum()) > 0


@only("semi_supervised")
def test_feature_matching_moves_the_generator_only(toy, tmp_path):
    model = toy.trainer(tmp_path / "run").model
    matching = next(wired for wired in model.objective.losses if wired.key == "feature_matching")
    assert matching.trains(model.task.exposes) == ("generator",)
    logs = model.train_step(toy.trainer(tmp_path / "other").batches.tensors(0))
    assert "discriminator/feature_matching" not in logs
    assert "generator/feature_matching" in logs


@only("conditional")
def test_the_discriminator_runs_once_for_each_side_of_each_update(toy, tmp_path):
    from conditional import CALLS

    trainer = toy.trainer(tmp_path / "run")
    CALLS.clear()
    trainer.model.train_step(trainer.batches.tensors(0))
    assert len(CALLS) == 3, "real and fake for the discriminator, fake for the generator"


@only("information")
def test_the_reader_of_the_code_plays_on_the_generators_side(toy, tmp_path):
    model = toy.trainer(tmp_path / "run").model
    assert set(model.players["generator"].networks) == {"generator", "reader"}


@only("growing")
def test_the_network_grows_with_the_phases_and_the_export_keeps_its_level(toy, tmp_path):
    import keras

    trainer = toy.trainer(tmp_path / "run")
    levels = []
    for number in range(20):
        trainer.model.train_step(trainer.batches.tensors(number))
        levels.append(float(trainer.model.networks["generator"].level.value))
    assert levels[:10] == [0.0] * 10
    assert levels[10:16] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    path = tmp_path / "grown.keras"
    trainer.model.networks["generator"].save(path)
    assert float(keras.saving.load_model(path).level.value) == 1.0


@only("adaptive")
def test_the_strength_follows_the_discriminator(toy, tmp_path):
    trainer = toy.trainer(tmp_path / "run")
    strengths = []
    for number in range(12):
        trainer.model.train_step(trainer.batches.tensors(number))
        strengths.append(float(trainer.model.state()["regularizers/adaptive_shift/p"].value))
    assert len(set(strengths)) > 1
    assert min(strengths) >= 0


def test_one_network_of_several_is_told_by_its_own_table(tmp_path):
    import unpaired

    text = RECIPE.format(generator="toy_generator", more=TOYS["unpaired"])
    path = tmp_path / "mine.toml"
    path.write_text(text + '[networks.judge_a]\nname = "dcgan_discriminator"\n')
    zoo = load_zoo({"unpaired": unpaired})
    recipe = load_recipe(path, zoo=zoo)
    with pytest.raises(RecipeError, match=r"networks\.judge_a: "):
        assemble(recipe, recipe.data.open().fields)
