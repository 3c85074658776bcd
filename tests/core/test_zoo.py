from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from ganzoo import AdversarialLoss, Dataset, RecipeError, hookimpl, load_zoo
from ganzoo.zoo import KINDS


@dataclass(frozen=True, kw_only=True)
class Loss(AdversarialLoss):
    """A loss."""

    def discriminator_loss(self, real_logits, fake_logits):
        return fake_logits.mean() - real_logits.mean()

    def generator_loss(self, fake_logits):
        return -fake_logits.mean()


def plugin(**members):
    return SimpleNamespace(**{"GANZOO_API": "1", **members})


def losses(offered):
    @hookimpl
    def ganzoo_register_losses():
        return offered

    return plugin(ganzoo_register_losses=ganzoo_register_losses)


def error_of(namespace):
    zoo = load_zoo({"mine": namespace})
    assert "r1" in zoo.names("regularizer"), "the others must stay usable"
    return next(found for found in zoo.plugins if found.name == "mine").error


def test_every_bundled_plugin_is_found_and_whole():
    broken = {found.name: found.error for found in load_zoo().plugins if found.error}
    assert broken == {}


def test_every_kind_has_a_bundled_component():
    zoo = load_zoo()
    assert all(zoo.names(kind) for kind in KINDS)


def test_a_component_of_another_plugin_is_found_by_name():
    assert load_zoo({"mine": losses({"my_loss": Loss})}).find("loss", "my_loss") is Loss


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(RecipeError, match=r"there is no loss 'hing' \(did you mean 'hinge'\?\)"):
        load_zoo().find("loss", "hing")


def test_a_name_of_another_kind_says_so():
    with pytest.raises(RecipeError, match=r"'r1' is a regularizer"):
        load_zoo().find("loss", "r1")


def test_a_name_that_two_plugins_offer_must_be_qualified_and_names_both():
    zoo = load_zoo({"mine": losses({"my_loss": Loss}), "yours": losses({"my_loss": Loss})})
    with pytest.raises(RecipeError, match=r"'mine/my_loss' .* or 'yours/my_loss'"):
        zoo.find("loss", "my_loss")


def test_a_plain_name_means_the_bundled_component():
    zoo = load_zoo({"a": losses({"hinge": Loss})})
    assert zoo.owner("loss", "hinge").distribution == "keras-ganzoo"
    assert zoo.find("loss", "a/hinge") is Loss
    assert {name for _, name, _ in zoo.components() if name.endswith("hinge")} == {"hinge", "a/hinge"}


def test_a_qualified_name_of_a_plugin_that_is_not_installed_says_so():
    with pytest.raises(RecipeError, match=r"there is no plugin 'lossess' \(did you mean 'losses'\?\)"):
        load_zoo().find("loss", "lossess/hinge")


def test_an_unknown_name_points_to_broken_plugins():
    zoo = load_zoo({"mine": plugin(GANZOO_API="7")})
    with pytest.raises(RecipeError, match=r"plugin 'mine'.*cannot be used"):
        zoo.find("loss", "my_loss")


@pytest.mark.parametrize(
    ("namespace", "cause"),
    [
        (SimpleNamespace(), 'lacks GANZOO_API = "1"'),
        (plugin(GANZOO_API="7"), "GANZOO_API = '7', but this ganzoo offers API '1'"),
        (
            plugin(ganzoo_register_loses=dict),
            "no hook 'ganzoo_register_loses' (did you mean 'ganzoo_register_losses'",
        ),
        (plugin(ganzoo_register_losses=dict), "lacks the decorator @hookimpl"),
        (losses(["my_loss"]), "expected a mapping"),
        (losses({"my_loss": "text"}), "expected a subclass of ganzoo.Loss"),
        (losses({"my_loss": AdversarialLoss}), "lacks discriminator_loss, generator_loss"),
    ],
)
def test_a_plugin_that_breaks_the_rules_is_reported_with_its_cause(namespace, cause):
    assert cause in error_of(namespace)


@pytest.mark.parametrize("failure", [ValueError("no"), SystemExit(3), ImportError("no libfoo")])
def test_a_plugin_whose_hook_raises_is_reported_and_stops_nothing(failure):
    @hookimpl
    def ganzoo_register_losses():
        raise failure

    assert type(failure).__name__ in error_of(plugin(ganzoo_register_losses=ganzoo_register_losses))


def test_a_hook_with_wrong_arguments_is_reported():
    @hookimpl
    def ganzoo_register_losses(surprise):
        return {}

    assert "surprise" in error_of(plugin(ganzoo_register_losses=ganzoo_register_losses))


def test_a_constructor_that_is_no_schema_is_reported():
    class Untyped(Loss):
        """No annotation."""

        def __init__(self, *, strength=1.0):
            self.strength = strength

    class Reserved(Loss):
        """Takes a key of the core."""

        def __init__(self, *, weight: float = 1.0):
            self.weight = weight

    class Positional(Loss):
        """Not keyword-only."""

        def __init__(self, strength: float = 1.0):
            self.strength = strength

    assert "needs an annotation" in error_of(losses({"my_loss": Untyped}))
    assert "is a key of the core" in error_of(losses({"my_loss": Reserved}))
    assert "must be keyword-only" in error_of(losses({"my_loss": Positional}))


def test_a_key_of_the_core_is_reserved_only_where_the_core_reads_it():
    @dataclass(frozen=True, kw_only=True)
    class Table(Dataset):
        """Has columns."""

        label: str = "label"
        weight: float = 1.0

        def open(self):
            return None

    @hookimpl
    def ganzoo_register_datasets():
        return {"table": Table}

    assert error_of(plugin(ganzoo_register_datasets=ganzoo_register_datasets)) is None


def test_a_disabled_plugin_is_not_imported(monkeypatch):
    monkeypatch.setenv("GANZOO_DISABLE_PLUGINS", "losses, srgan")
    zoo = load_zoo()
    assert [found.name for found in zoo.plugins if found.disabled] == ["losses", "srgan"]
    assert "hinge" not in zoo.names("loss")


def test_a_disabled_plugin_of_this_process_offers_nothing_either(monkeypatch):
    monkeypatch.setenv("GANZOO_DISABLE_PLUGINS", "mine")
    assert "my_loss" not in load_zoo({"mine": losses({"my_loss": Loss})}).names("loss")


@pytest.mark.parametrize("name", ["my.loss", "my/loss", "", 3])
def test_a_name_that_a_recipe_could_not_write_is_reported(name):
    assert "is not a valid name" in error_of(losses({name: Loss}))


def test_an_annotation_that_no_recipe_can_fill_is_reported():
    class Callback(Loss):
        """Wants code."""

        def __init__(self, *, transform: Callable[[int], int] | None = None):
            self.transform = transform

    assert "'transform' has an annotation that no recipe can fill" in error_of(losses({"my_loss": Callback}))


def test_two_plugins_of_one_name_are_told_apart():
    zoo = load_zoo({"losses": losses({"my_loss": Loss})})
    error = next(found.error for found in zoo.plugins if found.distribution == "(in process)")
    assert "plugin 'losses' (keras-ganzoo" in error
    assert "has the same name" in error
    assert "hinge" in zoo.names("loss")


def test_a_qualified_name_is_listed_and_known():
    zoo = load_zoo({"one": losses({"my_loss": Loss}), "two": losses({"my_loss": Loss})})
    assert {name for _, name, cls in zoo.components() if cls is Loss} == {"one/my_loss", "two/my_loss"}
    assert zoo.kinds_of("two/my_loss") == ["loss"]
