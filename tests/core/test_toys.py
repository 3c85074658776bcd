"""Methods that are wide apart run through the same contracts, and each resumes to the byte."""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from in_process import InProcess, differing, journal
from jobs import JOBS

from ganzoo import RecipeError, Step, assemble, images, load_recipe, load_zoo
from ganzoo.data.opening import joined_fields, open_sources
from ganzoo.sampling import stack_examples

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
{second}
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
    second: str = ""


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
        + item("regularizers", name="toy_unpaired/replay_buffer", size=20),
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
        networks=section("generator", name="growing") + section("discriminator", name="toy_discriminator"),
        second="batch_size = 8",
    ),
    "discrete": Method(ADVERSARIAL + terms("policy")),
    "adaptive": Method(ADVERSARIAL + item("regularizers", name="adaptive_shift", every=2, rate=0.2)),
    "turns": Method(ADVERSARIAL + terms("classification") + item("regularizers", name="rest_while_winning", above=0.3)),
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
        ADVERSARIAL + item("regularizers", name="toy_many_scales/feature_matching", weight=2.0),
        data=section("data", name="waves"),
        networks=section("generator", name="toy_generator") + section("discriminator", name="periods"),
    ),
}
#: Networks that a phase of the toy leaves alone.
RESTING = {"two_stages": {"fine", "judge_fine"}}


@dataclass
class Toy(InProcess):
    name: str


@pytest.fixture
def toy(tmp_path, request):
    name = request.param
    plugin_name = f"toy_{name}"
    zoo = load_zoo({plugin_name: importlib.import_module(name)})
    assert next(plugin for plugin in zoo.plugins if plugin.name == plugin_name).error is None
    path = tmp_path / "toy.toml"
    folders = pictures_in(tmp_path / "folders") if name == "unpaired" else tmp_path
    path.write_text(RECIPE.format(**vars(TOYS[name])).replace("FOLDER", str(folders)))
    return Toy(path, zoo, name)


def pictures_in(folder):
    """Write two folders of tiny pictures: bright ones and dark ones, of different number."""
    rng = np.random.default_rng(0)
    for side, count, low in (("photos", 10, 128), ("paintings", 7, 0)):
        for number in range(count):
            images.write_image(
                folder / side / f"{number}.png", rng.integers(low, low + 128, (9, 11, 3)).astype(np.uint8)
            )
    return folder


every_toy = pytest.mark.parametrize("toy", TOYS, indirect=True)


def only(name):
    return pytest.mark.parametrize("toy", [name], indirect=True)


@every_toy
@pytest.mark.parametrize(
    "first", [pytest.param(1, marks=pytest.mark.slow), 7, pytest.param(10, marks=pytest.mark.slow)]
)
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
    kinds = {key.partition("/")[0] for key in logs}
    assert kinds - {"logits"} == {"discriminator", "generator", "gradient_norm", "learning_rate"}
    assert all(np.isfinite(float(value)) for value in logs.values())
    assert trainer.model.step_number == 1


@pytest.mark.parametrize(
    ("toy", "forgotten"),
    [
        ("unpaired", ("regularizers/replay_buffer/pool_photos", "regularizers/replay_buffer/filled_photos")),
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
    assert int(state["regularizers/replay_buffer/filled_photos"].value) == 20
    assert float(state["regularizers/replay_buffer/pool_photos"].value.abs().sum()) > 0


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


# -- what each method is for -------------------------------------------------------------------------------------------


@only("unpaired")
def test_partners_of_two_streams_change_from_epoch_to_epoch(toy, tmp_path):
    batches = toy.trainer(tmp_path / "run").batches
    rows = {name: [] for name in ("photos", "paintings")}
    for number in range(12):
        for name, indices in batches.indices(number).items():
            rows[name] += indices
    for name, size in (("photos", 10), ("paintings", 7)):
        epochs = [rows[name][start : start + size] for start in range(0, 12 * 16 - size, size)]
        assert all(sorted(epoch) == list(range(size)) for epoch in epochs)
    partners = list(zip(rows["photos"], rows["paintings"], strict=True))
    assert len({painting for photo, painting in partners if photo == 0}) > 3


@only("unpaired")
def test_both_directions_of_a_translation_are_sampled_and_exported(toy, tmp_path):
    run, trained = toy.finished(tmp_path / "run")
    given = [tmp_path / "folders" / "photos" / "0.png"]
    [there] = toy.sample(trained, tmp_path / "there", given)
    [back] = toy.sample(trained, tmp_path / "back", given, to="photos")
    assert there.read_bytes() != back.read_bytes()
    assert sorted(path.stem for path in run.path.glob("*.keras")) == ["to_paintings", "to_photos"]


@only("semi_supervised")
def test_the_exported_product_is_the_discriminator_and_classifies(toy, tmp_path):
    import keras

    run, _ = toy.finished(tmp_path / "run")
    assert [path.name for path in run.path.glob("*.keras")] == ["classifier.keras"]
    scores = json.loads(run.evaluation.read_text())["scores"]
    assert list(scores) == ["classifier"]
    rows = stack_examples(toy.held_out["data"], range(30), ["point", "label"])
    loaded = keras.saving.load_model(run.path / "classifier.keras", compile=False)
    said = keras.ops.convert_to_numpy(loaded(rows["point"])["classes"]).argmax(1)
    assert float((said == rows["label"]).mean()) == pytest.approx(scores["classifier"]["accuracy"])


@only("conditional")
def test_a_class_is_sampled_by_its_name_or_number(toy, tmp_path):
    _, trained = toy.finished(tmp_path / "run")
    written = {
        label: np.loadtxt(toy.sample(trained, tmp_path / f"{label}.csv", label=label)[0], delimiter=",")
        for label in ("top", 0, "left")
    }
    assert np.array_equal(written["top"], written[0])
    assert not np.allclose(written["top"], written["left"])
    with pytest.raises(RecipeError, match=r"there is no class 'rihgt' \(did you mean 'right'\?\)"):
        toy.sample(trained, tmp_path / "no.csv", label="rihgt")


@only("projection")
def test_fakes_are_judged_with_their_own_labels(toy, tmp_path):
    trainer = toy.trainer(tmp_path / "run")
    logs = trainer.model.train_step(trainer.batches.tensors(0))
    assert np.isfinite(float(logs["discriminator/non_saturating"]))
    head = trainer.model.networks["discriminator"].get_layer("logits_head")
    assert tuple(head.kernel.shape) == (8, 1)


@only("growing")
def test_each_phase_has_its_batch_size_and_no_example_is_left_out(toy, tmp_path):
    batches = toy.trainer(tmp_path / "run").batches
    assert [len(batches[number]["point"]) for number in (0, 9, 10, 19)] == [16, 16, 8, 8]
    rows = [index for number in range(20) for index in batches.indices(number)["data"]]
    assert [sorted(rows[start : start + 64]) for start in (0, 64, 128)] == [list(range(64))] * 3


@only("turns")
def test_a_controller_decides_whose_turn_it_is_and_reports_why(toy, tmp_path):
    trainer = toy.trainer(tmp_path / "run")
    for number in range(20):
        trainer.model.train_step(trainer.batches.tensors(number))
    turns = trainer.model.turns
    assert turns.count("generator") == 20
    assert 0 < turns.count("discriminator") < 20
    assert 0 <= trainer.model.report()["regularizers/rest_while_winning/accuracy"] <= 1


@only("turns")
def test_what_a_component_reports_is_in_the_log(toy, tmp_path):
    toy.train(tmp_path / "run")
    reported = [line["regularizers/rest_while_winning/accuracy"] for line in journal(tmp_path / "run")]
    assert len(reported) == 20
    assert len(set(reported)) > 2


@only("tabular")
def test_rows_of_a_table_are_sampled_in_the_units_and_words_of_the_data(toy, tmp_path):
    run, trained = toy.finished(tmp_path / "run")
    assert run.fitted.is_file()
    [table] = toy.sample(trained, tmp_path / "people.csv")
    header, *rows = table.read_text().splitlines()
    assert header == "income,colour"
    assert {row.split(",")[1] for row in rows} <= {"blue", "green", "red"}
    assert all(float(row.split(",")[0]) > 1_000 for row in rows)
    assert sorted(path.suffix for path in run.samples.iterdir()) == [".csv", ".csv"]


@only("tabular")
def test_what_was_fitted_is_kept_although_the_data_change(toy, tmp_path):
    trainer = toy.trainer(tmp_path / "run")
    trainer.save(0)
    kept = dict(trainer.run.read_fitted())
    toy.sources["data"].columns["income"] *= 2
    assert float(toy.trainer(tmp_path / "run").data.fitted["mean"]) == float(kept["mean"])
    assert float(toy.trainer(tmp_path / "other").data.fitted["mean"]) == pytest.approx(2 * float(kept["mean"]))


@only("jobs")
def test_jobs_take_turns_or_share_a_batch(toy, tmp_path):
    trainer = toy.trainer(tmp_path / "run")
    logs = [set(trainer.model.train_step(trainer.batches.tensors(number))) for number in range(3)]
    pairs = [{name.removeprefix("generator/") for name in each} & set(JOBS) for each in logs]
    assert pairs == [{job} for job in JOBS]
    mixed = replace(toy.recipe.task, alternating=False)
    assert mixed.rows(16) == dict.fromkeys(JOBS, 5)
    assert mixed.offers(Step(number=4)) == mixed.exposes


@only("vae_gan")
def test_the_adversarial_loss_does_not_reach_the_encoder(toy, tmp_path):
    trainer = toy.trainer(tmp_path / "run")
    model = trainer.model
    view = model._begin_step(trainer.batches.tensors(0))
    view = replace(view, fakes=model._generate(view, with_gradient=True))
    view = replace(view, judged=model._judge("generator", view))
    terms = model.objective.terms(model.players["generator"], view, 0)
    encoder = [variable.value for variable in model.networks["encoder"].trainable_variables]
    for key, reaches in (("non_saturating", False), ("mse", True), ("divergence", True)):
        found = torch.autograd.grad(terms[key].value, encoder, retain_graph=True, allow_unused=True)
        assert any(gradient is not None for gradient in found) is reaches, key


@only("two_stages")
def test_the_first_stage_is_frozen_in_the_second_phase(toy, tmp_path):
    trainer = toy.trainer(tmp_path / "run")
    for number in range(20):
        if number == 10:
            frozen = [weight.value.clone() for weight in trainer.model.networks["coarse"].weights]
        trainer.model.train_step(trainer.batches.tensors(number))
    for before, weight in zip(frozen, trainer.model.networks["coarse"].weights, strict=True):
        assert torch.equal(before, weight.value)


@only("adaptive_weight")
def test_the_adversarial_weight_follows_the_gradients_at_the_last_layer(toy, tmp_path):
    trainer = toy.trainer(tmp_path / "run")
    logs = {name: float(value) for name, value in trainer.model.train_step(trainer.batches.tensors(0)).items()}
    factor = float(trainer.model.report()["regularizers/adaptive_weight/factor"])
    assert logs["generator/total"] == pytest.approx(
        logs["generator/distance"] + factor * logs["generator/gan"], rel=1e-5
    )


@only("many_scales")
def test_every_map_of_logits_and_every_feature_counts(toy, tmp_path):
    trainer = toy.trainer(tmp_path / "run")
    logs = trainer.model.train_step(trainer.batches.tensors(0))
    assert float(logs["discriminator/non_saturating"]) > 2 * np.log(2), "two maps, two logarithms each"
    assert float(logs["generator/feature_matching"]) > 0


def test_one_network_of_several_is_told_by_its_own_table(tmp_path):
    import unpaired

    text = RECIPE.format(**vars(TOYS["unpaired"])).replace("FOLDER", str(pictures_in(tmp_path)))
    path = tmp_path / "mine.toml"
    path.write_text(text + section("networks.judge_photos", name="srresnet"))
    recipe = load_recipe(path, zoo=load_zoo({"toy_unpaired": unpaired}))
    with pytest.raises(RecipeError, match=r"networks\.judge_photos: "):
        assemble(recipe, joined_fields(open_sources(recipe.data)))
