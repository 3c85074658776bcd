"""Methods that are wide apart run through the same contracts, and each resumes to the byte."""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from jobs import JOBS

from ganzoo import RecipeError, assemble, images, load_recipe, load_zoo
from ganzoo.data.opening import joined_fields, open_sources
from ganzoo.runs.environment import describe_plugins, environment
from ganzoo.runs.folder import RunFolder
from ganzoo.training.launch import launch, prepare, write_manifest

RECIPE = """
[task]
name = "toy"

{data}
{networks}
{more}
{optimizers}

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


def section(title, /, **keys):
    return f"[{title}]\n" + "".join(f"{key} = {value!r}\n" for key, value in keys.items())


def adam(*names):
    return "".join(section(f"optimizers.{name}", name="adam", learning_rate=0.01) for name in names)


def item(kind, /, **keys):
    return f"[{section(kind, **keys)[:-1]}".replace(f"[{kind}]", f"[{kind}]]", 1) + "\n"


BLOBS = section("data", name="blobs")
PAIR = section("generator", name="toy_generator") + section("discriminator", name="toy_discriminator")
BOTH = adam("generator", "discriminator")
ADVERSARIAL = item("losses", name="non_saturating")


@dataclass(frozen=True)
class Method:
    """The parts of a recipe in which a method differs from the others."""

    more: str = ADVERSARIAL
    data: str = BLOBS
    networks: str = PAIR
    optimizers: str = BOTH


def terms(*names):
    return "".join(item("losses", term=name) for name in names)


TOYS = {
    "unpaired": Method(
        ADVERSARIAL
        + "".join(
            item("losses", name="l1", on=f"{kind}_{side}", label=f"{kind}_{side}")
            for kind in ("cycle", "identity")
            for side in ("photos", "paintings")
        )
        + item("regularizers", name="replay_buffer", size=20),
        data="".join(section(f"data.{side}", name="folder", path=f"FOLDER/{side}") for side in ("photos", "paintings")),
    ),
    "semi_supervised": Method(
        terms("labelled", "unlabelled", "feature_matching") + item("metrics", name="accuracy"),
        data=BLOBS + section("validation", name="blobs", count=30),
    ),
    "conditional": Method(ADVERSARIAL + terms("classification")),
    "projection": Method(
        networks=section("generator", name="toy_generator") + section("discriminator", name="projection")
    ),
    "information": Method(
        ADVERSARIAL + terms("mutual_information"), networks=PAIR + section("networks.reader", name="toy_encoder")
    ),
    "growing": Method(
        networks=section("generator", name="growing") + section("discriminator", name="toy_discriminator")
    ),
    "discrete": Method(ADVERSARIAL + terms("policy")),
    "adaptive": Method(ADVERSARIAL + item("regularizers", name="adaptive_shift", every=2, rate=0.2)),
    "turns": Method(ADVERSARIAL + terms("classification") + item("regularizers", name="rest_while_winning", above=0.6)),
    "tabular": Method(data=section("data", name="people")),
    "jobs": Method(
        ADVERSARIAL + "".join(item("losses", name="l1", on=job, label=job) for job in ("mirror", "shift", "shrink")),
        data="".join(section(f"data.{job}", name="blobs", count=40 + place) for place, job in enumerate(JOBS)),
    ),
    "vae_gan": Method(
        ADVERSARIAL + item("losses", name="mse") + terms("divergence"),
        networks=PAIR + section("networks.encoder", name="toy_encoder"),
    ),
    "two_stages": Method(),
    "adaptive_weight": Method(
        item("losses", name="non_saturating", label="gan")
        + item("losses", name="l1", label="distance")
        + item(
            "regularizers",
            name="adaptive_weight",
            adversarial="gan",
            reconstruction="distance",
            layer="point_head",
        )
    ),
    "many_scales": Method(
        ADVERSARIAL + item("regularizers", name="feature_matching", weight=2.0),
        data=section("data", name="waves"),
        networks=section("generator", name="toy_generator") + section("discriminator", name="periods"),
    ),
}
#: Networks that a phase of the toy leaves alone.
RESTING = {"two_stages": {"fine", "judge_fine"}}


class Quiet:
    def begin(self, *, first, total): ...

    def step(self, number, phase, waiting): ...

    def losses(self, record): ...

    def note(self, message): ...


@dataclass
class Toy:
    name: str
    path: Path
    zoo: object

    def __post_init__(self):
        self.recipe = load_recipe(self.path, zoo=self.zoo)
        self.sources = open_sources(self.recipe.data)
        self.held_out = open_sources(self.recipe.validation) if self.recipe.validation else None

    def anew(self):
        """Read the recipe again: components that hold state start as in a fresh process."""
        return Toy(self.name, self.path, self.zoo)

    def trainer(self, folder):
        run = RunFolder(folder)
        with run.working():
            here = environment(describe_plugins(self.zoo.plugins, self.recipe.used))
            trainer = prepare(self.recipe, run, Quiet(), self.sources, self.held_out, environment=here)
            write_manifest(trainer, "strict", None)
        return trainer

    def train(self, folder):
        run = RunFolder(folder)
        with run.working():
            launch(self.recipe, run, Quiet(), sources=self.sources, held_out=self.held_out, plugins=self.zoo.plugins)
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
    path = tmp_path / "toy.toml"
    folders = pictures_in(tmp_path / "folders") if name == "unpaired" else tmp_path
    path.write_text(RECIPE.format(**vars(TOYS[name])).replace("FOLDER", str(folders)))
    return Toy(name, path, zoo)


def pictures_in(folder):
    """Write two folders of tiny pictures: bright ones and dark ones, of different number."""
    rng = np.random.default_rng(0)
    for side, count, low in (("photos", 10, 128), ("paintings", 7, 0)):
        for number in range(count):
            images.write_image(
                folder / side / f"{number}.png", rng.integers(low, low + 128, (9, 11, 3)).astype(np.uint8)
            )
    return folder


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
    assert all(
        any(name.startswith(f"networks/{spec}/") for name in moved) or spec in RESTING.get(toy.name, ())
        for spec in trainer.model.networks
    )
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

    text = RECIPE.format(**vars(TOYS["unpaired"])).replace("FOLDER", str(pictures_in(tmp_path)))
    path = tmp_path / "mine.toml"
    path.write_text(text + section("networks.judge_photos", name="srresnet"))
    recipe = load_recipe(path, zoo=load_zoo({"unpaired": unpaired}))
    with pytest.raises(RecipeError, match=r"networks\.judge_photos: "):
        assemble(recipe, joined_fields(open_sources(recipe.data)))
