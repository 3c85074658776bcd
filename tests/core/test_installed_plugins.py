"""What other people's packages do when they are installed beside ganzoo: to recipes, runs, commands and signals."""

from __future__ import annotations

import json
import signal
import time

import pytest
from packages import install, loss_named
from tiny_runs import TINY, finish, manifest, process, tiny

SLEEP = """
import pathlib, time
pathlib.Path({mark!r}).touch()
{before}
    time.sleep(30)
{after}
"""


def resolved(run):
    return (run / "recipe.toml").read_text()


def test_a_plugin_with_the_name_of_a_bundled_component_disables_nothing(tmp_path):
    found = install(tmp_path / "site", "rival", loss_named("wasserstein"))
    code, _, err = finish(["check", "gaussians_ring", *TINY, "--set=losses.0.name=wasserstein"], **found)
    assert code == 0, err
    assert err.count("'wasserstein' means the bundled loss; write 'rival/wasserstein' for that of plugin 'rival'") == 1


def test_a_run_keeps_its_components_whatever_is_installed_or_uninstalled_later(tmp_path):
    found = install(tmp_path / "site", "rival", loss_named("theirs"))
    change = "--set=losses.0.name=theirs"
    assert finish(tiny(tmp_path, "run", change), **found)[0] == 0
    assert 'name = "rival/theirs"' in resolved(tmp_path / "run")
    assert 'name = "generation/generation"' in resolved(tmp_path / "run")

    other = install(tmp_path / "site", "another", loss_named("theirs"))
    code, out, err = finish(["run", tmp_path / "run"], **other)
    assert code == 0, err
    assert "finished already" in out

    code, _, err = finish(["run", tmp_path / "run"])
    assert code == 2
    assert "the run uses plugin 'rival', which was ganzoo-rival 1.2" in err
    assert "pip install ganzoo-rival==1.2" in err
    code, _, err = finish(["sample", tmp_path / "run", "-o", tmp_path / "x.png"])
    assert code == 2
    assert "pip install ganzoo-rival==1.2" in err


def test_a_plugin_that_the_recipe_does_not_use_is_in_the_manifest_and_told_when_it_changes(tmp_path):
    found = install(tmp_path / "site", "rival", loss_named("theirs"))
    run = tmp_path / "run"
    assert finish(tiny(tmp_path, "run"), **found)[0] == 0
    plugins = manifest(run)["environment"]["plugins"]
    assert plugins["losses"]["used"]
    assert plugins["rival"]["distribution"] == "ganzoo-rival"
    assert len(plugins["rival"]["code"]) == 16
    assert not plugins["rival"]["used"]

    unfinished = {**manifest(run), "status": "running"}
    (run / "manifest.json").write_text(json.dumps(unfinished))
    install(tmp_path / "site", "rival", loss_named("theirs") + "# changed\n")
    code, out, err = finish(["run", run], **found)
    assert code == 0, err
    assert "environment.plugins.rival.code" in out
    assert any("rival.code" in line for line in manifest(run)["drift"][0]["changes"])


def test_what_a_plugin_replaces_in_torch_or_keras_is_named(tmp_path):
    source = (
        loss_named("theirs") + "import keras, torch\nkeras.Model.fit = None\n"
        "torch.nn.functional.softplus = lambda x: x\n"
    )
    found = install(tmp_path / "site", "rival", source)
    code, out, err = finish(["list-plugins", "--json"], **found)
    assert code == 0, err
    listed = {plugin["name"]: plugin for plugin in json.loads(out)}
    assert listed["rival"]["changes"] == ["torch.nn.functional.softplus", "keras.Model.fit"]
    assert [name for name, plugin in listed.items() if plugin["changes"]] == ["rival"]
    assert "plugin 'rival' (ganzoo-rival 1.2) changes torch.nn.functional.softplus, keras.Model.fit" in err


def test_what_plugins_print_is_not_in_the_output_of_commands(tmp_path):
    source = loss_named("theirs") + "import os\nprint('hello')\nos.write(1, b'from C\\n')\n"
    code, out, err = finish(["schema"], **install(tmp_path / "site", "rival", source))
    assert code == 0
    assert json.loads(out)["title"] == "ganzoo recipe"
    assert "hello" in err
    assert "from C" in err


def test_slow_silent_empty_and_unstated_plugins_are_named(tmp_path):
    site = tmp_path / "site"
    install(site, "slow", loss_named("theirs") + "import time\ntime.sleep(1.1)\n")
    install(site, "empty", 'GANZOO_API = "1"\n')
    found = install(site, "unstated", "")
    code, out, err = finish(["list-plugins"], **found, GANZOO_DISABLE_PLUGINS="loses")
    assert code == 0
    assert "ganzoo-slow 1.2, 1." in out
    assert "plugin 'slow' (ganzoo-slow 1.2) takes 1." in err
    assert "empty  ganzoo-empty 1.2\n  offers nothing" in out
    assert 'lacks GANZOO_API = "1"' in out
    assert "GANZOO_DISABLE_PLUGINS: there is no plugin 'loses' (did you mean 'losses'?)" in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("before", "after"),
    [("if True:", ""), ("try:", "except Exception as error:\n    raise ImportError('no time') from error")],
)
def test_an_interrupt_while_plugins_are_imported_is_an_interrupt(tmp_path, number, before, after):
    mark = tmp_path / "importing"
    found = install(tmp_path / "site", "sleepy", SLEEP.format(mark=str(mark), before=before, after=after))
    with process(tiny(tmp_path, "run", "--set=losses.0.name=sleepy/theirs"), **found) as started:
        while not mark.exists() and started.poll() is None:
            time.sleep(0.02)
        started.send_signal(number)
        _, err = started.communicate(timeout=60)
    assert started.returncode == 75, err
    assert "there is no" not in err
    assert not (tmp_path / "run").exists()
