"""Whatever a recipe, an override or a profile's name holds: a recipe comes out, or a RecipeError that tells where."""

from __future__ import annotations

import copy
import functools
import random
import re
import tempfile
import time
import tomllib
from datetime import date, datetime
from datetime import time as clock
from pathlib import Path

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir

from ganzoo import RecipeError, load_recipe, load_zoo
from ganzoo.recipe import limits, list_recipes
from ganzoo.recipe import settings as sections
from ganzoo.recipe.read import _KNOWN
from ganzoo.schema.build import construct
from ganzoo.schema.options import options

# hypothesis keeps tables of its own beside its examples; not in a checkout
set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "ganzoo-hypothesis")

ZOO = load_zoo()
TEXTS = {name: path.read_text() for name, path in list_recipes().items()}
RECIPES = st.sampled_from(sorted(TEXTS))
POSITION = st.integers(0, 2**20)
NAMES = sorted({name for _, name, _ in ZOO.components()})


def fuzzed(examples):
    return settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


@functools.cache
def folder():
    return Path(tempfile.mkdtemp(prefix="ganzoo-fuzz-"))


@pytest.fixture(scope="module", autouse=True)
def swept():
    yield
    for path in folder().iterdir():
        path.unlink()
    folder().rmdir()


def holds(content, **options):
    """Load what may be a recipe; check that it is one, or that the answer is a good RecipeError. Return the recipe."""
    path = folder() / "mine.toml"
    path.write_bytes(content)
    try:
        recipe = load_recipe(path, zoo=ZOO, **options)
    except RecipeError as error:
        is_good(error, path)
        return None
    again = folder() / "again.toml"
    again.write_bytes(tomli_w.dumps(dict(recipe.resolved)).encode())
    assert load_recipe(again, zoo=ZOO).digest() == recipe.digest(), "what is written out is the same recipe"
    return recipe


def is_good(error, path):
    is_printable(error)
    place = re.compile(rf"{re.escape(str(path))}(:[1-9]\d*)?|--(set|profile) ")
    assert all(place.match(problem.place) for problem in error.problems), error.problems


def is_printable(error):
    assert error.problems
    assert all(problem.message for problem in error.problems)
    lines = str(error).encode().decode().split("\n")
    assert len(lines) == len(error.problems)
    assert all(char.isprintable() or char.isspace() for line in lines for char in line)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", "".join(lines))


# -- values of every type ----------------------------------------------------------------------------------------------

KEYS = st.one_of(
    st.sampled_from(["", "a.b", "name", "on", "train", "phases", "1", "__class__", "\x1b[2J", "ключ", '"', "k" * 500]),
    st.text(st.characters(exclude_categories=("Cs",)), max_size=8),
    st.sampled_from(NAMES),
)


def deep(depth, in_tables):
    value = 1
    for _ in range(depth):
        value = {"a": value} if in_tables else [value]
    return value


VALUES = st.one_of(
    st.integers(),
    st.integers(0, 9),
    st.sampled_from([-1, 0, 2**31, 2**63 - 1, 2**63, -(2**63) - 1, 10**30, 10**400, 10**4200]),
    st.floats(),
    st.booleans(),
    st.dates(date(1, 1, 1)),
    st.datetimes(datetime(1, 1, 1)),
    st.just(clock(7, 32)),
    st.text(st.characters(exclude_categories=("Cs",)), max_size=20),
    st.sampled_from(["", "\x00", "\x1b]0;title\x07", "\u202eevil", "a\nb", "ß" * 70, "l" * 10_000, "../../etc/passwd"]),
    st.sampled_from(NAMES),
    st.lists(st.one_of(st.integers(), st.text(max_size=3), st.just({"name": "l1"})), max_size=4),
    st.dictionaries(st.sampled_from(["name", "start", "end", "steps", "values", "at", "a"]), st.integers(), max_size=4),
    st.builds(deep, st.integers(1, 60), st.booleans()),
    st.sampled_from([0, 1.5, "x", {"name": "hinge"}, {}]).flatmap(
        lambda item: st.integers(0, 500).map(lambda count: [copy.copy(item) for _ in range(count)])
    ),
)


def containers(table):
    """Return every table and array of a recipe."""
    found = [table]
    for one in found:
        inner = one.values() if isinstance(one, dict) else one
        found += [part for part in inner if isinstance(part, dict | list)]
    return [one for one in found if one]


def pick(table, position):
    """Return a container and the key or index of one of its parts."""
    every = [
        (one, key) for one in containers(table) for key in (list(one) if isinstance(one, dict) else range(len(one)))
    ]
    return every[position % len(every)] if every else (table, None)


def mutated(table, change, position, other, key, value):
    one, place = pick(table, position)
    another, there = pick(table, other)
    if place is None:
        return
    if change == "delete":
        del one[place]
    elif change == "replace":
        one[place] = value
    elif change == "swap":
        if not inside(one[place], another) and not inside(another[there], one):
            one[place], another[there] = another[there], one[place]
    elif isinstance(one, list):
        one.insert(place, copy.deepcopy(one[place]) if change == "repeat" else value)
    elif change == "rename":
        one[key] = one.pop(place)
    elif change == "repeat":
        one[key] = copy.deepcopy(one[place])
    else:
        one[key] = value


def inside(outer, one):
    return isinstance(outer, dict | list) and any(part is one for part in containers(outer))


CHANGES = st.sampled_from(["delete", "replace", "replace", "swap", "rename", "repeat", "insert"])
MUTATIONS = st.lists(st.tuples(CHANGES, POSITION, POSITION, KEYS, VALUES), min_size=1, max_size=3)


@fuzzed(900)
@given(RECIPES, MUTATIONS, st.sampled_from([None, None, "smoke"]))
def test_a_recipe_with_wrong_parts_is_read_or_refused_with_places(name, mutations, profile):
    table = tomllib.loads(TEXTS[name])
    for mutation in mutations:
        mutated(table, *mutation)
    holds(tomli_w.dumps(table).encode(), profile=profile)


# -- texts and bytes ---------------------------------------------------------------------------------------------------

SIGNS = "\"'[]{}=.,#\\\n\r\t\0_\ufeff\u2028\x85é"
PIECES = ["[train]", "[[losses]]", "[[", "]]", "a.b.c = 1\n", "= =", '"""', "'''", "\r\n", "1e", "0x", "nan"]
SCRAPS = st.one_of(
    st.sampled_from([*SIGNS, *PIECES]).map(str.encode),
    st.sampled_from([b"\xff", b"\xe9", b"\xed\xa0\x80", b"[" * 3000, b"a." * 3000, b"9" * 5000]),
)


def damaged(content, how, position, scrap):
    position %= len(content) + 1
    if how == "flip" and position < len(content):
        return content[:position] + bytes([content[position] ^ (1 << len(scrap) % 8)]) + content[position + 1 :]
    if how == "cut":
        return content[:position]
    if how == "drop":
        return content[:position] + content[position + len(scrap) :]
    return content[:position] + scrap + content[position:]


DAMAGES = st.lists(
    st.tuples(st.sampled_from(["flip", "flip", "insert", "insert", "drop", "cut"]), POSITION, SCRAPS),
    min_size=1,
    max_size=3,
)


@fuzzed(1300)
@given(RECIPES, DAMAGES)
def test_a_damaged_text_is_read_or_refused_with_places(name, damages):
    content = TEXTS[name].encode()
    for damage in damages:
        content = damaged(content, *damage)
    holds(content)


@fuzzed(300)
@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode(errors="replace")))
def test_no_bytes_are_a_recipe(content):
    assert holds(content) is None


# -- overrides, profiles and names -------------------------------------------------------------------------------------

COUNTED = ["phases.0.steps", "phases.train.steps", "losses.0.weight", "losses.0.0", "losses.-1.name", "metrics.0"]
PLAIN = ["train.seed", "generator.name", "networks.x.name", "optimizers.generator", "losses", "data", "title", "name"]
LONG_PATHS = [f"phases.{'9' * 5000}.steps", "a:" + "9" * 5000, "a" + ".a" * 5000, "train." + "x" * 5000]
#: What a shell can hand over; undecodable bytes arrive as lone surrogates.
ANYTHING = st.text(max_size=20)
SHORT_VALUES = ["nan", "-inf", "1e999", "1979-05-27", "true", "'x", '"""', "1\nb = 2", "1 # no", "", "  7  ", "\udcff"]
LONG_VALUES = ["0x" + "f" * 9000, "9" * 9000, "[" * 400 + "]" * 400, "{a" + ".a" * 900 + "=1}"]
LITERALS = st.sampled_from([*SHORT_VALUES, *LONG_VALUES, "{name='hinge'}", "[{name='hinge'}]"])
ASSIGNMENTS = st.one_of(
    ANYTHING,
    st.builds(
        "{}={}".format, st.sampled_from([*COUNTED, *PLAIN, *LONG_PATHS]), LITERALS | ANYTHING | st.integers().map(str)
    ),
    st.builds("{}={}".format, st.lists(ANYTHING, max_size=4).map(".".join), LITERALS),
)


@fuzzed(1000)
@given(RECIPES, st.lists(ASSIGNMENTS, min_size=1, max_size=3))
def test_an_override_changes_the_recipe_or_is_refused_by_name(name, assignments):
    holds(TEXTS[name].encode(), overrides=assignments)


@fuzzed(300)
@given(RECIPES, ANYTHING | KEYS)
def test_no_other_name_is_a_profile(name, profile):
    if profile and profile != "smoke":
        assert holds(TEXTS[name].encode(), profile=profile) is None


@fuzzed(300)
@given(ANYTHING | KEYS | st.sampled_from(["x" * 300, "a/" * 3000, "\0", "/dev/null", ".", "..", "/", "/proc/self/mem"]))
def test_no_other_name_is_a_recipe(name):
    with pytest.raises(RecipeError) as caught:
        load_recipe(name, zoo=ZOO)
    is_printable(caught.value)


# -- what the fuzzing found --------------------------------------------------------------------------------------------

GOOD = TEXTS["gaussians_ring"]


def refused(text, **options):
    path = folder() / "mine.toml"
    path.write_text(text)
    with pytest.raises(RecipeError) as caught:
        load_recipe(path, zoo=ZOO, **options)
    return str(caught.value).replace(f"{folder()}/", "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a." * 900 + "a = 1\n" + GOOD, "mine.toml:1: has a key of more than 32 parts"),
        ("\n[" + "a." * 900 + "a]\n", "mine.toml:2: has a key of more than 32 parts"),
        ("x = " + "[" * 50 + "]" * 50, "mine.toml: is nested too deeply"),
        ("x = " + "{a = " * 50 + "1" + "}" * 50, "mine.toml: is nested too deeply"),
        ("k" * 201 + " = 1", "mine.toml: has a key of 201 characters, at most 200"),
        ("[[losses]]\n" * 201, "mine.toml: has an array of 201 tables, at most 200"),
        ("x = 9223372036854775808\n", "mine.toml:1: x: is an integer of more than 64 bits"),
        ("x = 0x" + "f" * 9000, "mine.toml:1: x: is an integer of more than 64 bits"),
        (
            "[optimizers.generator]\nname = ['adam']",
            "mine.toml:2: optimizers.generator.name: is ['adam'], expected the name of a",
        ),
        (
            '[networks."a.b"]\nname = "mlp_generator"',
            "networks.a.b: 'a.b' is not a valid name; use letters, digits, '_' and '-'",
        ),
        (
            '[optimizers."a.b"]\nname = "adam"\nlearning_rate = 1.0',
            "optimizers.a.b: 'a.b' is not a valid name; use letters, digits, '_' and '-'",
        ),
        ("".join(f"a{index} = 1\n" for index in range(1001)), "has a table of 1001 keys, at most 1000"),
        (f"a = [{'1,' * 10_001}]", "has an array of 10001 items, at most 10000"),
        ('"\\u001b[2J\\n" = 1', r"mine.toml: \x1b[2J\n: unknown section"),
    ],
)
def test_what_no_recipe_needs_is_refused(text, expected):
    assert expected in refused(text)


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        (f"phases.{'9' * 5000}.steps=1", "there is no item '999"),
        (f"train.a:{'9' * 5000}=1", "unknown key 'a:999"),
        ("a" + ".a" * 32 + "=1", "has a key of more than 32 parts"),
        ("train.seed={a." + "a." * 900 + "a=1}", "--set train.seed: is nested too deeply"),
        ("train.seed=9223372036854775808", "--set train.seed: is an integer of more than 64 bits"),
        ("title=\udcff", "--set title: is not UTF-8 text"),
    ],
)
def test_what_no_override_needs_is_refused(override, expected):
    assert expected in refused(GOOD, overrides=[override])


def test_a_network_with_a_number_for_a_name_is_written_out_too():
    recipe = holds((GOOD + '\n[networks.1]\nname = "mlp_generator"\n').encode())
    assert recipe.resolved["networks"]["1"]["name"] == "mlp/mlp_generator"


def test_only_the_first_of_many_wrong_phases_are_told_and_each_once():
    names = ", ".join(f'"p{index // 2}"' for index in range(100))
    found = refused(GOOD.replace("[[losses]]\n", f"[[losses]]\nphases = [{names}]\n", 1)).splitlines()
    assert len(found) == len(set(found)) == limits.MOST_TOLD


LINE = 2**20 - 5000
PHASES = "".join(f'[[phases]]\nname = "p{index}"\nsteps = 1\n' for index in range(190))


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace('title = "', 'title = "' + "a" * LINE, 1),
        GOOD + "[" + " " * LINE + '"x]y"]\n',
        "a." * (LINE // 2) + "a = 1\n" + GOOD,
        GOOD + '[[losses]]\nname = "hinge"\n' * 20_000,
        GOOD + "[x]\ny = [" + '"' + "'" * (LINE // 2) + '"' + ", []" * (LINE // 16) + "]\n",
        GOOD.replace("[[losses]]\n", "[[losses]]\nphases = [" + '"b", ' * 100_000 + "]\n", 1) + PHASES,
        GOOD + PHASES + "[profiles.many]\n" + "".join(f'"phases.q{index}.steps" = 1\n' for index in range(20_000)),
    ],
    ids=["text", "header", "key", "losses", "array", "phases", "profile"],
)
def test_the_largest_recipe_takes_seconds_not_hours(text):
    began = time.perf_counter()
    holds(text.encode(), profile="many" if "profiles.many" in text else None)
    assert time.perf_counter() - began < 20


# -- did you mean ------------------------------------------------------------------------------------------------------

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_"


def slips(name, rng):
    """Return the name with one letter dropped, swapped with the next, inserted, replaced."""
    index = rng.randrange(len(name))
    letter = rng.choice(LETTERS)
    left = rng.randrange(len(name) - 1) if len(name) > 1 else 0
    return [
        name[:index] + name[index + 1 :],
        name[:left] + name[left : left + 2][::-1] + name[left + 2 :],
        name[:index] + letter + name[index:],
        name[:index] + letter + name[index + 1 :],
    ]


def missed_slips(meant, known, ask):
    """Return the slips for which the name that was meant is not suggested, and how many were tried."""
    rng = random.Random(0)
    cases = [
        (name, wrong) for name in meant for _ in range(3) for wrong in slips(name, rng) if wrong and wrong not in known
    ]
    return [(name, wrong) for name, wrong in cases if f"did you mean '{name}'?" not in ask(wrong)], len(cases)


@pytest.mark.parametrize("kind", sorted({kind for kind, _, _ in ZOO.components()}))
def test_a_component_with_one_wrong_letter_is_recognized(kind):
    def ask(wrong):
        with pytest.raises(RecipeError) as caught:
            ZOO.find(kind, wrong)
        return str(caught.value)

    missed, cases = missed_slips(ZOO.names(kind), ZOO.names(kind), ask)
    assert len(missed) / cases <= 0.05, missed


def test_a_section_with_one_wrong_letter_is_recognized():
    missed, cases = missed_slips(_KNOWN, _KNOWN, lambda wrong: refused(f'"{wrong}" = 1\n'))
    assert len(missed) / cases <= 0.05, missed


@pytest.mark.parametrize(
    ("table", "cls"),
    [
        ("[train]", sections.TrainSettings),
        ("[ema]", sections.EmaSettings),
        ("[[phases]]", sections.PhaseSettings),
        ('[optimizers.generator]\nname = "adam"', sections.OptimizerSettings),
    ],
)
def test_a_core_key_with_one_wrong_letter_is_recognized(table, cls):
    missed, cases = missed_slips(cls.model_fields, cls.model_fields, lambda wrong: refused(f'{table}\n"{wrong}" = 1\n'))
    assert len(missed) / cases <= 0.05, missed


def test_each_option_of_each_component_is_recognized_with_one_wrong_letter():
    cases = missed = 0
    for cls in {cls for _, _, cls in ZOO.components()}:
        known = [option.name for option in options(cls)]

        def ask(wrong, cls=cls):
            with pytest.raises(RecipeError) as caught:
                construct(cls, {wrong: 1}, zoo=ZOO)
            return str(caught.value)

        if known:
            wrong, asked = missed_slips(known, known, ask)
            missed, cases = missed + len(wrong), cases + asked
    assert missed / cases <= 0.05
