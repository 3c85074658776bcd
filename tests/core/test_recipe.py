from __future__ import annotations

import importlib
import tomllib

import pytest
import tomli_w

from ganzoo import RecipeError, load_recipe, load_zoo
from ganzoo.contracts.schedule import Ramp, Staircase
from ganzoo.recipe import list_recipes
from ganzoo.recipe.places import find_places

ZOO = load_zoo()
GOOD = """
title = "points"

[task]
name = "generation"
field = "point"

[data]
name = "gaussians"

[generator]
name = "mlp_generator"

[discriminator]
name = "mlp_discriminator"

[[losses]]
name = "hinge"

[[regularizers]]
name = "r1"
interval = 4

[optimizers.generator]
name = "adam"
learning_rate = 1e-3

[optimizers.discriminator]
name = "adam"
learning_rate = {start = 1e-3, end = 1e-5, steps = 100}

[train]
batch_size = 8

[[phases]]
name = "first"
steps = 10

[[phases]]
name = "second"
steps = 5

[profiles.smoke]
"phases.first.steps" = 2
"train.batch_size" = 4
"""


def load(tmp_path, text=GOOD, **options):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return load_recipe(path, zoo=ZOO, **options)


def mistakes(tmp_path, text, **options):
    with pytest.raises(RecipeError) as caught:
        load(tmp_path, text, **options)
    return [str(problem).replace(str(tmp_path) + "/", "") for problem in caught.value.problems]


def test_a_good_recipe_is_resolved_with_every_default_written_out(tmp_path):
    recipe = load(tmp_path)
    assert recipe.name == "mine"
    assert recipe.resolved["regularizers"] == [{"name": "regularizers/r1", "gamma": 10.0, "weight": 1.0, "interval": 4}]
    assert recipe.optimizers["discriminator"].rate(100) == pytest.approx(1e-5)


def test_the_resolved_recipe_is_the_same_recipe(tmp_path):
    recipe = load(tmp_path)
    again = load(tmp_path, tomli_w.dumps(dict(recipe.resolved)))
    assert again.digest() == recipe.digest()
    assert again.resolved == recipe.resolved


def test_plain_and_qualified_names_are_the_same_recipe(tmp_path):
    qualified = GOOD.replace('"hinge"', '"losses/hinge"').replace('"gaussians"', '"data/gaussians"')
    assert load(tmp_path, qualified).digest() == load(tmp_path).digest()
    assert [loss.key for loss in load(tmp_path, qualified).losses] == ["hinge"]


def test_a_resolved_recipe_is_changed_by_the_same_names(tmp_path):
    resolved = tomli_w.dumps(dict(load(tmp_path).resolved))
    changed = load(tmp_path, resolved, overrides=["regularizers.r1.name=r1", "regularizers.r1.gamma=3.0"])
    assert changed.resolved["regularizers"][0] == {
        "name": "regularizers/r1",
        "gamma": 3.0,
        "weight": 1.0,
        "interval": 4,
    }


def test_all_mistakes_are_told_at_once_with_line_and_nearest_name(tmp_path):
    text = GOOD.replace('name = "hinge"', 'name = "hing"').replace("batch_size = 8", 'batch_sise = 8\nseed = "one"')
    text = text.replace("[[regularizers]]", "[[regularisers]]").replace(
        'name = "mlp_generator"', 'name = "mlp_discriminator"'
    )
    found = mistakes(tmp_path, text)
    assert any(m.startswith("mine.toml:12: generator.name: 'mlp_discriminator' is a discriminator") for m in found)
    assert any(
        m.startswith("mine.toml:18: losses.0.name: there is no loss 'hing' (did you mean 'hinge'?)") for m in found
    )
    assert any("unknown section (did you mean 'regularizers'?)" in m for m in found)
    assert any(
        m.startswith("mine.toml:33: train.batch_sise: unknown key 'batch_sise' (did you mean 'batch_size'?)")
        for m in found
    )
    assert any("train.seed: is 'one'" in m for m in found)
    assert any("train.batch_size: is required" in m for m in found)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("interval = 4", "interval = true", "is True"),
        ("interval = 4", "interval = 0", "greater than or equal to 1"),
        ("interval = 4", "gamma = nan", "finite"),
        ("interval = 4", "gamma = 1979-05-27", "expected float >= 0"),
        ("interval = 4", "gama = 2.0", "unknown key 'gama' (did you mean 'gamma'?)"),
        ("interval = 4", 'on = "imge"', "the task has no comparison 'imge'"),
        ("interval = 4", 'phases = ["frist"]', "there is no phase 'frist' (did you mean 'first'?)"),
        ("steps = 5", "steps = -5", "greater than or equal to 1"),
        ('name = "second"', 'name = "first"', "another phase is called 'first' too"),
        ("learning_rate = 1e-3\n", "learning_rate = {start = 1.0}\n", "end: field required"),
        ("learning_rate = 1e-3\n", "learning_rate = inf\n", "finite"),
        ("learning_rate = 1e-3\n", "learning_rate = -1.0\n", "optimizers.generator.learning_rate: is -1.0: expected a"),
        ("start = 1e-3, end = 1e-5", "start = 1e-3, end = -1e-5", "expected a number >= 0, or a schedule of such"),
        ("steps = 5", "steps = 5\nlearning_rate = -0.5", "phases.1.learning_rate: is -0.5: expected a number >= 0"),
        ('name = "hinge"', 'name = "mse"', "needs 'on', the name of a pair; the task has (none)"),
        ('name = "hinge"', 'term = "classification"', "the task has no term 'classification'"),
        ('name = "gaussians"', 'name = "gaussians"\nlayout = "circle"', "expected 'ring' or 'grid'"),
        ('name = "gaussians"', 'name = "gaussians"\nlayout = "grid"', "a grid needs a square number of modes, not 8"),
        ('name = "gaussians"', "modes = 8", "needs a name"),
        (
            '[optimizers.discriminator]\nname = "adam"\nlearning_rate = {start = 1e-3, end = 1e-5, steps = 100}\n',
            "",
            "the section is missing; add [optimizers.discriminator]",
        ),
        ("[optimizers.discriminator]", "[optimizers.discriminatr]", "unknown player (did you mean 'discriminator'?)"),
        ('name = "adam"\nlearning_rate = 1e-3', 'name = "adamm"\nlearning_rate = 1e-3', "did you mean 'adam'?"),
        ("[data]", "[dataa]", "the section [data] is missing"),
        ("batch_size = 8", "batch_size = 8\nn_critic = 0.5", "train.n_critic: is 0.5: expected a whole number >= 1"),
        ("batch_size = 8", "batch_size = 8\nn_critic = 0", "expected a whole number >= 1"),
        ("batch_size = 8", "batch_size = 8\nn_critic = {start = 1, end = 2.5, steps = 9}", "or a schedule of such"),
        ("batch_size = 8", "batch_size = 8\nn_critic = {values = [5, 0], at = [9]}", "or a schedule of such"),
        ("interval = 4", "phases = []", "regularizers.0.phases: is empty, so that it never acts"),
        ('name = "hinge"', 'name = "hinge"\nphases = []', "losses.0.phases: is empty, so that it never acts"),
        ('name = "hinge"', 'name = "hinge"\nphases = ["first"]', "phases.1: no loss acts in the phase 'second'"),
        ('name = "r1"', 'name = "weight_clipping"', "regularizers.0.interval: has no effect: this regularizer has no"),
        ('name = "r1"\ninterval = 4', 'name = "instance_noise"\nweight = 2.0', "regularizers.0.weight: has no effect"),
        ('name = "hinge"', 'name = "hinge"\nwieght = 2.0', "unknown key 'wieght' (did you mean 'weight'?)"),
        ('name = "hinge"', 'term = "t"\nwieght = 2.0', "unknown key 'wieght' (did you mean 'weight'?); a term has no"),
        (
            "[[losses]]",
            '[networks.generator]\nname = "mlp_generator"\n[[losses]]',
            "[generator] configures this network",
        ),
        ('name = "mlp_generator"', 'name = "mlp_generator"\nhidden = 100_000', "expected int >= 1 <= 16384"),
        ('name = "mlp_generator"', 'name = "mlp_generator"\nlayers = 100_000', "expected int >= 1 <= 256"),
        ('field = "point"', 'field = "point"\nlatent_dim = 300_000_000', "expected int >= 1 <= 1000000"),
    ],
)
def test_each_mistake_has_its_message(tmp_path, old, new, expected):
    assert old in GOOD
    assert any(expected in mistake for mistake in mistakes(tmp_path, GOOD.replace(old, new, 1)))


def test_a_number_of_critic_updates_may_change_in_whole_numbers(tmp_path):
    for value in ("5", "5.0", "{start = 5, end = 1, steps = 9}", "{values = [100, 5], at = [25]}"):
        text = GOOD.replace("batch_size = 8", f"batch_size = 8\nn_critic = {value}")
        assert load(tmp_path, text).train.n_critic(0) >= 5


def test_a_mistake_in_a_phase_is_one_mistake(tmp_path):
    text = GOOD.replace("interval = 4", 'phases = ["second"]').replace("steps = 5", "steps = 0")
    assert [mistake.partition(": is 0")[0] for mistake in mistakes(tmp_path, text)] == ["mine.toml:41: phases.1.steps"]


def test_weights_and_intervals_of_a_resolved_recipe_are_no_mistake(tmp_path):
    clipped = load(tmp_path, GOOD.replace('name = "r1"\ninterval = 4', 'name = "weight_clipping"'))
    assert load(tmp_path, tomli_w.dumps(dict(clipped.resolved))).resolved == clipped.resolved


CONTENT = """
[task]
name = "super_resolution"
[data]
name = "photos"
[generator]
name = "subpixel_resnet"
[[losses]]
name = "l1"
[optimizers.generator]
name = "adam"
learning_rate = 1e-3
[train]
batch_size = 4
[[phases]]
name = "content"
steps = 3
"""


def test_a_discriminator_that_nothing_trains_has_no_regularizers(tmp_path):
    found = mistakes(tmp_path, CONTENT + '[[regularizers]]\nname = "r1"\n')
    assert found == ["mine.toml:18: regularizers.0: has no effect: no loss trains a discriminator"]
    assert load(tmp_path, CONTENT + '[[regularizers]]\nname = "historical_averaging"\n').notices == ()


def test_settings_of_a_discriminator_that_nothing_trains_are_told(tmp_path):
    text = CONTENT.replace("batch_size = 4", "batch_size = 4\nn_critic = 2")
    text += '[optimizers.discriminator]\nname = "adam"\nlearning_rate = 1e-3\n'
    assert [notice.replace(f"{tmp_path}/", "") for notice in load(tmp_path, text).notices] == [
        "mine.toml:19: optimizers.discriminator: has no effect: no loss trains a discriminator",
        "mine.toml:15: train.n_critic: has no effect: no loss trains a discriminator",
    ]


def test_a_weight_below_0_is_told(tmp_path):
    text = CONTENT.replace('name = "l1"', 'name = "l1"\nweight = {start = 0.1, end = -0.1, steps = 9}')
    [notice] = load(tmp_path, text).notices
    assert notice.endswith("mine.toml:10: losses.0.weight: is negative: what it weighs is maximised")


TERMS = GOOD.replace('name = "generation"\nfield = "point"', 'name = "toy"').replace('"gaussians"', '"blobs"')
TERMS = TERMS.replace('name = "hinge"', 'term = "labelled"').replace('[[regularizers]]\nname = "r1"\ninterval = 4', "")


def test_a_discriminator_trained_by_terms_alone_needs_an_optimizer(tmp_path):
    zoo = load_zoo({"toy_semi_supervised": importlib.import_module("semi_supervised")})
    path = tmp_path / "mine.toml"
    path.write_text(TERMS)
    assert load_recipe(path, zoo=zoo).optimizers.keys() == {"generator", "discriminator"}
    path.write_text(TERMS.replace("[optimizers.discriminator]", "[optimizers.generator.discriminator]"))
    with pytest.raises(RecipeError, match=r"add \[optimizers.discriminator\] with name"):
        load_recipe(path, zoo=zoo)
    path.write_text(TERMS.replace('term = "labelled"', 'term = "labelled"\non = "sample"'))
    with pytest.raises(RecipeError, match=r"losses.0.on: has no effect beside 'term'"):
        load_recipe(path, zoo=zoo)


@pytest.mark.parametrize(
    "content",
    [
        b"title = ",
        b"\xff\xfe",
        "title = 'é'".encode("latin-1"),
        b"a = " + b"[" * 5000,
        b"a = " + b"9" * 6000,
        b"[task]\n[task]\n",
        b"x" * (2**20 + 1),
        b"",
    ],
)
def test_whatever_a_file_holds_the_answer_is_a_recipe_error(tmp_path, content):
    path = tmp_path / "mine.toml"
    path.write_bytes(content)
    with pytest.raises(RecipeError) as caught:
        load_recipe(path, zoo=ZOO)
    assert "mine.toml" in str(caught.value)


def test_a_missing_file_names_the_nearest_bundled_recipe():
    with pytest.raises(RecipeError, match="did you mean 'srgan_photos'"):
        load_recipe("srgan_photo", zoo=ZOO)


def test_set_changes_one_value_and_profiles_many(tmp_path):
    recipe = load(tmp_path, profile="smoke", overrides=["train.seed=7", "regularizers.r1.gamma=2"])
    assert (recipe.train.seed, recipe.train.batch_size) == (7, 4)
    assert recipe.resolved["regularizers"][0]["gamma"] == 2.0
    assert [phase.steps for phase in recipe.phases] == [2, 5]


def test_setting_a_name_drops_the_options_of_the_component_before(tmp_path):
    recipe = load(tmp_path, overrides=["regularizers.r1.name=gradient_penalty"])
    assert recipe.resolved["regularizers"] == [
        {"name": "regularizers/gradient_penalty", "target": 1.0, "weight": 1.0, "interval": 4}
    ]


def test_a_table_can_be_set_as_a_whole(tmp_path):
    assert load(tmp_path, overrides=['data={name="gaussians", modes=3}']).resolved["data"]["modes"] == 3


def test_wrong_overrides_and_profiles_are_recipe_errors(tmp_path):
    assert "did you mean 'smoke'?" in mistakes(tmp_path, GOOD, profile="smok")[0]
    assert (
        "there is no item 'frist' (did you mean 'first'?)"
        in mistakes(tmp_path, GOOD, overrides=["phases.frist.steps=1"])[0]
    )
    assert "expected KEY=VALUE" in mistakes(tmp_path, GOOD, overrides=["train.seed"])[0]
    assert "unknown key 'sed'" in mistakes(tmp_path, GOOD, overrides=["train.sed=1"])[0]


def test_a_wrong_value_is_told_where_it_was_written(tmp_path):
    wrong = GOOD.replace('"train.batch_size" = 4', '"train.batch_size" = 0')
    line = wrong.splitlines().index('"train.batch_size" = 0') + 1
    assert mistakes(tmp_path, wrong, profile="smoke")[0].startswith(f"mine.toml:{line}: train.batch_size:")
    from_option = mistakes(tmp_path, GOOD, overrides=["regularizers.r1.gamma=-1"])
    assert from_option[0].startswith("--set regularizers.r1.gamma: is -1")


def test_an_override_sets_one_value_and_nothing_beside_it(tmp_path):
    assert load(tmp_path, overrides=["title=1\ntrain.seed = 9"]).train.seed == 0
    for broken in ("=1", "train.=1", "train..seed=1", ".seed=1"):
        assert "expected KEY=VALUE" in mistakes(tmp_path, GOOD, overrides=[broken])[0]


def test_two_losses_of_one_name_get_keys_of_their_own(tmp_path):
    recipe = load(tmp_path, GOOD.replace("[[regularizers]]", '[[losses]]\nname = "hinge"\n\n[[regularizers]]'))
    assert [loss.key for loss in recipe.losses] == ["hinge", "hinge_2"]


def test_schedules_are_numbers_ramps_or_staircases():
    ramp = Ramp(start=1.0, end=0.0, steps=10, delay=5)
    assert [ramp(0), ramp(5), ramp(10), ramp(99)] == [1.0, 1.0, 0.5, 0.0]
    assert Ramp(start=1.0, end=0.01, steps=2, shape="exponential")(1) == pytest.approx(0.1)
    assert Ramp(start=1.0, end=0.0, steps=2, shape="cosine")(1) == pytest.approx(0.5)
    stairs = Staircase(values=(1.0, 0.1), at=(3,))
    assert [stairs(2), stairs(3)] == [1.0, 0.1]


def test_lines_are_found_through_comments_texts_and_arrays():
    text = 'a = """\n[not.a.table]\nb = 1\n"""\n[t] # comment\nx = [\n  1, # ]\n]\n'
    text += "[[l]]\ny = {z = 1}\n[[l]]\n[l.inner]\nq = 1\n"
    places = find_places("f", text)
    assert tomllib.loads(text)
    assert [places(key) for key in ("a", "t", "t.x", "l.0.y.z", "l.1", "l.1.inner.q", "nowhere")] == [
        "f:1",
        "f:5",
        "f:6",
        "f:10",
        "f:11",
        "f:13",
        "f",
    ]


def test_escaped_quotes_end_no_text():
    text = 'a = "x \\" [t]"\nb = """\n\\"""\n[u]\n"""\nc = 1\n'
    places = find_places("f", text)
    assert list(tomllib.loads(text)) == ["a", "b", "c"]
    assert [places(key) for key in ("a", "b", "c", "t", "u")] == ["f:1", "f:2", "f:6", "f", "f"]


@pytest.mark.parametrize("name", list_recipes())
def test_every_bundled_recipe_is_right_and_has_a_smoke_profile(name):
    for profile in (None, "smoke"):
        recipe = load_recipe(name, zoo=ZOO, profile=profile)
        assert "paper says" in recipe.description
        assert "recipe does" in recipe.description
        assert recipe.paper
