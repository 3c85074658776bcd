"""`ganzoo export` as a user types it, and what becomes of its files elsewhere."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import onnxruntime
import pytest
import safetensors
import torch
from enlarging import enlarging, folder

from ganzoo import Field, Signature, images, layers, load_zoo
from ganzoo.cli import main
from ganzoo.errors import BackendError, CheckpointError, GanzooError, PluginError, RecipeError
from ganzoo.exporting import SUFFIXES, TOLERANCE, Product, export, product_of_file
from ganzoo.exporting.product import facts_about
from ganzoo.exporting.safetensors_file import export_safetensors

PAGE = Path(__file__).parents[3] / "docs" / "exporting.md"
STEPS = 2


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    """A folder with a finished run of super-resolution, and its generator in every format.

    Two are made of the run, and two of the `.safetensors` file.
    """
    base = tmp_path_factory.mktemp("exports")
    (base / "photographs").mkdir()
    for index in range(4):
        coarse = np.random.default_rng(index).integers(0, 256, (5, 6, 3), dtype=np.uint8)
        images.write_image(base / "photographs" / f"{index}.png", images.resize_bicubic(coarse, (40, 48)))
    recipe = 'title = "Tiny enlarger"\n' + enlarging(folder(base / "photographs"), scale=2, steps=STEPS)
    (base / "tiny.toml").write_text(recipe)
    command(["run", base / "tiny.toml", "--runs", base])
    file = base / "generator.safetensors"
    sources = {"safetensors": base / "tiny", "keras": base / "tiny", "onnx": file, "torch": file}
    for to, source in sources.items():
        command(["export", source, "--to", to, "-o", base / f"generator{SUFFIXES[to]}"])
    return base


def command(arguments):
    """Run a command line in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["ganzoo", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
    assert not end.value.code


def pictures():
    """Return random images of a size that nothing was traced or compared at."""
    return np.random.default_rng(5).uniform(-1, 1, (4, 9, 5, 3)).astype(np.float32)


def wanted(exports):
    network = product_of_file(exports / "generator.safetensors", load_zoo()).network
    return keras.ops.convert_to_numpy(network(pictures(), training=False))


def stated(facts):
    """Compare what a file of the run says about it."""
    ranges = {"image": {"shape": [None, None, 3], "dtype": "float32", "low": -1, "high": 1}}
    assert json.loads(facts["inputs"]) == json.loads(facts["outputs"]) == ranges
    assert facts["task"].endswith("super_resolution")
    assert {"recipe": "Tiny enlarger", "steps": "2", "scale": "2", "network": "generator"}.items() <= facts.items()
    assert re.fullmatch(r"\d+\.\d+\.\d+", facts["ganzoo_version"])


def test_an_onnx_file_runs_at_any_size_and_states_its_facts(exports):
    session = onnxruntime.InferenceSession(exports / "generator.onnx", providers=["CPUExecutionProvider"])
    [found] = session.run(["image_output"], {"image": pictures()})
    assert np.allclose(found, wanted(exports), atol=1e-5)
    stated(session.get_modelmeta().custom_metadata_map)


def test_a_torch_file_runs_at_any_size_and_states_its_facts(exports):
    extra = {"facts.json": ""}
    program = torch.export.load(exports / "generator.pt2", extra_files=extra).module()
    assert np.allclose(program(torch.from_numpy(pictures())).detach().numpy(), wanted(exports), atol=1e-5)
    stated(json.loads(extra["facts.json"]))


def test_a_safetensors_file_states_its_facts(exports):
    with safetensors.safe_open(exports / "generator.safetensors", "numpy") as file:
        stated(file.metadata())


def test_a_keras_file_enlarges_photographs_as_the_run_does(exports, ganzoo, tmp_path):
    photo = exports / "photographs" / "0.png"
    for source in ("tiny", "generator.keras", "generator.safetensors"):
        done = ganzoo("enlarge", exports / source, photo, "-o", tmp_path / f"{source}.png")
        assert done.code == 0, done.err
    run, file, same = (
        images.read_image(tmp_path / f"{name}.png").astype(int)
        for name in ("tiny", "generator.keras", "generator.safetensors")
    )
    assert np.array_equal(run, same)
    assert abs(run - file).max() <= 1  # rounding


@pytest.mark.skipif(not PAGE.is_file(), reason="there is no checkout around the tests")
def test_the_scripts_of_the_page_do_what_they_say_without_ganzoo(exports, ganzoo, tmp_path):
    scripts = [code for code in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL) if "class " not in code]
    assert len(scripts) == len(set(SUFFIXES.values()))
    photo = tmp_path / "photo.png"
    photo.write_bytes((exports / "photographs" / "1.png").read_bytes())
    for suffix in SUFFIXES.values():
        (tmp_path / f"generator{suffix}").write_bytes((exports / f"generator{suffix}").read_bytes())
    assert ganzoo("enlarge", exports / "tiny", photo, "-o", tmp_path / "wanted.png").code == 0
    expected = images.read_image(tmp_path / "wanted.png").astype(int)
    for code in scripts:
        (tmp_path / "big.png").unlink(missing_ok=True)
        check = "\nimport sys\nassert 'ganzoo' not in sys.modules\n"
        subprocess.run([sys.executable, "-c", code + check], check=True, cwd=tmp_path)
        if "big.png" in code:
            assert abs(images.read_image(tmp_path / "big.png").astype(int) - expected).max() <= 1


def test_weights_of_a_file_start_another_run(exports, ganzoo, tmp_path):
    weights = f"generator={exports / 'generator.safetensors'}"
    done = ganzoo("run", exports / "tiny.toml", "--runs", tmp_path, "--weights", weights)
    assert done.code == 0, done.err


def test_a_folder_gets_a_file_of_each_network_and_nothing_is_overwritten(exports, ganzoo, tmp_path):
    arguments = ["export", exports / "tiny", "--to", "safetensors", "-o", f"{tmp_path}/out/"]
    first = ganzoo(*arguments)
    path = tmp_path / "out" / "generator.safetensors"
    assert (first.code, first.out) == (0, f"wrote {path}: differs by at most 0 from the trained network\n")
    assert path.read_bytes() == (exports / "generator.safetensors").read_bytes()
    path.write_text("mine")
    refused = ganzoo(*arguments)
    assert (refused.code, path.read_text()) == (2, "mine")
    assert "exists; name another output, or overwrite it with --overwrite" in refused.err
    assert ganzoo(*arguments, "--overwrite").code == 0
    assert path.read_bytes() == (exports / "generator.safetensors").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tiny", "--to", "onnx", "-o", "x.keras"], "x.keras: expected a name that ends in .onnx"),
        (["tiny", "--to", "onnx", "-o", "x.onnx", "--network", "generater"], "did you mean 'generator'?"),
        (["tiny", "--to", "onnx", "-o", "x.onnx", "--best"], "keeps no best checkpoint"),
        (["generator.keras", "--to", "onnx", "-o", "x.onnx", "--best"], "--best chooses a checkpoint of a run"),
    ],
)
def test_a_request_that_cannot_be_met_is_refused(exports, ganzoo, monkeypatch, tmp_path, arguments, message):
    monkeypatch.chdir(tmp_path)
    refused = ganzoo("export", exports / arguments[0], *arguments[1:])
    assert refused.code
    assert message in refused.err
    assert list(tmp_path.iterdir()) == []


def test_a_run_with_two_networks_needs_a_folder_or_a_choice(ganzoo, exports, monkeypatch):
    product = product_of_file(exports / "generator.safetensors", load_zoo())
    other = Product("encoder", product.network, product.signature, product.facts)
    monkeypatch.setattr("ganzoo.exporting.products_of_run", lambda *_arguments, **_options: [product, other])
    refused = ganzoo("export", exports / "tiny", "--to", "safetensors", "-o", exports / "x.safetensors")
    assert "has 2 networks (generator, encoder); choose one with --network" in refused.err
    chosen = ["export", exports / "tiny", "--to", "safetensors", "-o", exports / "x.safetensors"]
    assert ganzoo(*chosen, "--network", "encoder").code == 0
    assert (exports / "x.safetensors").is_file()


def test_a_keras_file_becomes_another_format_with_shapes_for_facts(exports, ganzoo, tmp_path):
    path = tmp_path / "again.safetensors"
    done = ganzoo("export", exports / "tiny" / "generator.keras", "--to", "safetensors", "-o", path)
    assert done.code == 0, done.err
    facts = product_of_file(path, load_zoo()).facts
    assert json.loads(facts["outputs"])["output"] == {
        "shape": [None, None, 3],
        "dtype": "float32",
        "low": None,
        "high": None,
    }


@pytest.mark.parametrize(
    "change",
    [
        {"inputs": "{"},
        {"inputs": "[]"},
        {"inputs": "{}"},
        {"outputs": '{"image": {}}'},
        {"inputs": '{"image": {"shape": [null, 9, 3], "dtype": "float32", "low": -1, "high": 1}}'},
        {"inputs": '{"image": {"shape": [null, null, 3], "dtype": "O", "low": -1, "high": 1}}'},
        {"inputs": '{"image": {"shape": [null, null, 3], "dtype": "float32", "low": 1, "high": -1}}'},
        {"inputs": '{"image": {"shape": [null, null, 3], "dtype": "float32", "low": NaN, "high": "x"}}'},
    ],
)
def test_facts_that_do_not_fit_the_network_are_refused(exports, tmp_path, change):
    product = product_of_file(exports / "generator.safetensors", load_zoo())
    path = tmp_path / "changed.safetensors"
    path.write_bytes(export_safetensors(product.network, {**product.facts, **change}))
    with pytest.raises(CheckpointError, match="do not state the inputs and outputs"):
        product_of_file(path, load_zoo())


def test_the_name_of_a_network_in_a_file_leads_nowhere_else(exports, ganzoo, tmp_path):
    product = product_of_file(exports / "generator.safetensors", load_zoo())
    path = tmp_path / "changed.safetensors"
    path.write_bytes(export_safetensors(product.network, {**product.facts, "network": "../../evil"}))
    done = ganzoo("export", path, "--to", "safetensors", "-o", f"{tmp_path}/a/b/")
    assert done.code == 0, done.err
    assert [each.name for each in (tmp_path / "a" / "b").iterdir()] != []
    assert [each.name for each in tmp_path.iterdir()] in (["a", "changed.safetensors"], ["changed.safetensors", "a"])


def product_of(network, inputs, outputs):
    signature = Signature(inputs=inputs, outputs=outputs)
    return Product("generator", network, signature, facts_about("generator", network, signature))


def conditional():
    """Return a generator that takes latents and a label, and gives two things by name."""
    latent, label = keras.Input((3,), name="latent"), keras.Input((), dtype="int32", name="label")
    row = keras.layers.Concatenate()([latent, keras.ops.one_hot(label, 4)])
    outputs = {"point": layers.Dense(2, name="point")(row), "latent": layers.Dense(3, name="again")(row)}
    network = keras.Model({"latent": latent, "label": label}, outputs)
    labels = Field(shape=(), dtype="int32", low=0, high=3)
    given = {"latent": Field(shape=(3,)), "label": labels}
    return product_of(network, given, {"point": Field(shape=(2,)), "latent": Field(shape=(3,))})


@pytest.mark.parametrize("to", [name for name in SUFFIXES if name != "state_dict"])
def test_a_network_with_several_inputs_and_outputs_keeps_their_names(tmp_path, to):
    path = tmp_path / f"generator{SUFFIXES[to]}"
    assert export(conditional(), path, to=to) < TOLERANCE
    if to == "onnx":
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        assert [node.name for node in session.get_inputs()] == ["latent", "label"]
        assert [node.name for node in session.get_outputs()] == ["point", "latent_output"]


class Wrong(keras.layers.Layer):
    """Says of itself in Keras' layers what it is not."""

    def call(self, inputs):
        return inputs * 2

    def to_keras(self, inputs):
        return inputs * 2.01


class Sizes(keras.layers.Layer):
    """Does something else at each size."""

    def call(self, inputs):
        return inputs * float(inputs.shape[1])


@pytest.mark.parametrize(
    ("layer", "to", "message"),
    [
        (Wrong, "keras", "as a keras file it differs by .* expected at most 0.0002; nothing was written"),
        (Sizes, "torch", "torch cannot trace it at sizes that vary"),
    ],
)
def test_a_file_that_differs_from_its_network_is_not_written(tmp_path, layer, to, message):
    image = keras.Input((None, 4, 3))
    field = {"image": Field(shape=(6, 4, 3), low=-1, high=1)}
    with pytest.raises(PluginError, match=message):
        export(product_of(keras.Model(image, layer()(image)), field, field), tmp_path / f"x{SUFFIXES[to]}", to=to)
    assert list(tmp_path.iterdir()) == []


def test_a_network_with_weights_that_are_not_finite_is_not_written(tmp_path):
    product = conditional()
    product.network.weights[0].assign(np.full(product.network.weights[0].shape, np.nan))
    with pytest.raises(GanzooError, match="not finite"):
        export(product, tmp_path / "x.safetensors", to="safetensors")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(BackendError, match=r"onnxscript, which is not installed; pip install 'keras-ganzoo\[onnx\]'"):
        export(conditional(), tmp_path / "x.onnx", to="onnx")


def test_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(RecipeError, match="cannot export to 'tflite'; expected one of 'keras', 'onnx'"):
        export(conditional(), tmp_path / "x.tflite", to="tflite")
