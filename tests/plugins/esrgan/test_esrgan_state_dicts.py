"""Weights of ESRGAN's generator in the files of other programs, both ways."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from enlarging import enlarging, folder
from ganzoo_esrgan.rrdb import RRDB
from rrdb_twin import RRDBNet
from safetensors.torch import load_file, save_file

from ganzoo import CheckpointError, Field, PluginError, RecipeError, Signature, images, load_zoo, open_network
from ganzoo.exporting import Product, export, product_of_file
from ganzoo.training.foreign import import_weights
from ganzoo.training.state_dict import state_dict_names

TINY = {"filters": 4, "blocks": 1, "growth": 3}


def enlarging_by(scale, side=16):
    small, large = (Field(shape=(each, each, 3), low=-1, high=1) for each in (side, side * scale))
    return Signature(inputs={"image": small}, outputs={"image": large})


def exported(architecture, scale, path):
    """Write a state dict of a new network; return the network."""
    signature = enlarging_by(scale)
    network = architecture.build(signature)
    export(Product("generator", network, signature, {"steps": "3"}, architecture), path, to="state_dict")
    return network


def named_as_the_first_esrgan(key, blocks=1):
    """Return a key of BasicSR, for x4, as the first code of ESRGAN has it."""
    key = re.sub(r"body\.(\d+)\.rdb(\d)\.conv(\d)", r"model.1.sub.\1.RDB\2.conv\3.0", key)
    places = {"first": "0", "body": f"1.sub.{blocks}", "up1": "3", "up2": "6", "hr": "8", "last": "10"}
    return re.sub(r"conv_(\w+)", lambda found: f"model.{places[found[1]]}", key)


def named_as_bsrgan(key):
    key = re.sub(r"body\.(\d+)\.rdb(\d)", r"RRDB_trunk.\1.RDB\2", key)
    return key.replace("conv_body", "trunk_conv").replace("conv_up", "upconv").replace("conv_hr", "HRconv")


NAMINGS = {"basicsr": lambda key: key, "first": named_as_the_first_esrgan, "bsrgan": named_as_bsrgan}


def written(path, *, scale=4, unshuffle=1, name=lambda key: key, dtype=torch.float32):
    """Write the state dict of a torch network; return the network."""
    torch.manual_seed(0)
    twin = RRDBNet(**TINY, scale=scale, unshuffle=unshuffle)
    save_file({name(key): value.to(dtype) for key, value in twin.state_dict().items()}, path)
    return twin


@pytest.mark.parametrize(("scale", "unshuffle"), [(2, 1), (8, 1), (2, 2)])
def test_a_torch_network_takes_the_file_as_it_is(tmp_path, scale, unshuffle):
    network = exported(RRDB(**TINY, unshuffle=unshuffle), scale, tmp_path / "net.safetensors")
    twin = RRDBNet(**TINY, scale=scale, unshuffle=unshuffle)
    twin.load_state_dict(load_file(tmp_path / "net.safetensors"))
    given = torch.rand(1, 9, 12, 3) * 2 - 1
    assert torch.allclose(network(given), twin.on_images(given), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("scale", [2, 4])
def test_spandrel_loads_the_file(tmp_path, scale):
    spandrel = pytest.importorskip("spandrel")
    network = exported(RRDB(filters=4, blocks=2, unshuffle=4 // scale), scale, tmp_path / "net.safetensors")
    found = spandrel.ModelLoader().load_from_file(tmp_path / "net.safetensors")
    assert (found.architecture.id, found.scale) == ("ESRGAN", scale)
    given = torch.rand(1, 3, 9, 12)
    wanted = (network(given.permute(0, 2, 3, 1) * 2 - 1) + 1) / 2
    assert torch.allclose(found.model(given).permute(0, 2, 3, 1), wanted, atol=1e-5)


@pytest.mark.parametrize("naming", NAMINGS)
def test_files_are_read_in_every_way_of_naming(tmp_path, naming):
    twin = written(tmp_path / "net.safetensors", name=NAMINGS[naming])
    network = RRDB(**TINY).build(enlarging_by(4))
    import_weights(network, tmp_path / "net.safetensors", RRDB(**TINY))
    given = torch.rand(1, 6, 5, 3) * 2 - 1
    assert torch.allclose(network(given), twin.on_images(given), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("naming", "scale", "unshuffle"), [("basicsr", 2, 2), ("first", 4, 1), ("bsrgan", 1, 4)])
def test_a_published_file_is_a_network_without_a_run(tmp_path, naming, scale, unshuffle):
    twin = written(tmp_path / "net.safetensors", scale=scale, unshuffle=unshuffle, name=NAMINGS[naming])
    found = open_network(tmp_path / "net.safetensors")
    assert found.scale == scale
    photo = np.random.default_rng(0).uniform(-1, 1, (9, 11, 3)).astype(np.float32)
    wanted = twin.on_images(torch.from_numpy(photo)[None])[0].detach().numpy()
    assert np.allclose(found.enlarge(photo), wanted, rtol=1e-4, atol=1e-5)
    product = product_of_file(tmp_path / "net.safetensors", load_zoo())
    assert product.architecture == RRDB(**TINY, unshuffle=unshuffle)
    assert product.facts["scale"] == str(scale)


def test_runs_start_from_published_files_and_write_them(tmp_path, photographs, ganzoo):
    written(tmp_path / "theirs.safetensors")
    options = 'name = "rrdb"\nfilters = 4\nblocks = 1\ngrowth = 3'
    recipe = enlarging(folder(photographs), steps=1).replace(
        'name = "subpixel_resnet"\nfilters = 4\nblocks = 1', options
    )
    (tmp_path / "mine.toml").write_text(recipe.replace("1e-3", "1e-30"))
    given = f"generator={tmp_path / 'theirs.safetensors'}"
    done = ganzoo("run", tmp_path / "mine.toml", "--runs", tmp_path, "--weights", given)
    assert done.code == 0, done.err
    assert "starting from" in done.out
    done = ganzoo("export", tmp_path / "mine", "--to", "state_dict", "-o", tmp_path / "ours.safetensors")
    assert done.code == 0, done.err
    ours, theirs = (load_file(tmp_path / f"{name}.safetensors") for name in ("ours", "theirs"))
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)
    mixed = ("--interpolate", tmp_path / "theirs.safetensors")
    for source in ("mine", "theirs.safetensors"):
        done = ganzoo("enlarge", tmp_path / source, photographs / "0.png", "-o", tmp_path / f"{source}.png", *mixed)
        assert done.code == 0, done.err
    pictures = [images.read_image(tmp_path / f"{name}.png") for name in ("mine", "theirs.safetensors")]
    assert np.array_equal(*pictures)
    assert pictures[0].shape == (160, 192, 3)


# -- what is refused ---------------------------------------------------------------------------------------------------


def test_a_file_of_other_sizes_is_refused_with_what_differs(tmp_path):
    written(tmp_path / "net.safetensors")
    network, wide = (RRDB(**{**TINY, **more}) for more in ({"blocks": 2}, {"filters": 5}))
    with pytest.raises(CheckpointError, match=r"lacks 30 of the network's arrays: 'body\.1\.rdb1\.conv1\.weight'"):
        import_weights(network.build(enlarging_by(4)), tmp_path / "net.safetensors", network)
    with pytest.raises(
        CheckpointError, match=r"conv_first.weight is float32 \(4, 3, 3, 3\), expected float32 \(5, 3, 3, 3"
    ):
        import_weights(wide.build(enlarging_by(4)), tmp_path / "net.safetensors", wide)


def test_half_precision_is_not_converted(tmp_path):
    written(tmp_path / "net.safetensors", dtype=torch.float16)
    with pytest.raises(CheckpointError, match=r"is float16 .*, expected float32 .*; nothing is converted"):
        open_network(tmp_path / "net.safetensors")


def changed(path, change):
    written(path)
    values = load_file(path)
    change(values)
    save_file(values, path)


@pytest.mark.parametrize(
    "change",
    [
        lambda values: values.pop("conv_hr.bias"),
        lambda values: values.update(extra=torch.zeros(3)),
        lambda values: values.update({"conv_last.bias": torch.zeros(4)}),
        lambda values: values.update({"conv_first.weight": torch.zeros(4, 7, 3, 3)}),
        lambda values: values.update({"body.0.rdb1.conv1.weight": torch.zeros(())}),
        lambda values: values.clear(),
    ],
)
def test_other_state_dicts_are_networks_of_nobody(tmp_path, change):
    changed(tmp_path / "net.safetensors", change)
    with pytest.raises(
        CheckpointError, match=r"holds weights, but does not say of which network; .* that a plugin knows"
    ):
        open_network(tmp_path / "net.safetensors")


def test_a_pickle_is_refused_with_the_remedy(tmp_path):
    torch.save(RRDBNet(**TINY, scale=4).state_dict(), tmp_path / "net.pth")
    with pytest.raises(CheckpointError, match=r"is a pickle, which can run code .*; convert it to \.safetensors"):
        open_network(tmp_path / "net.pth")


def test_a_network_for_x3_has_no_file_that_others_read(tmp_path):
    with pytest.raises(RecipeError, match="there is no published state dict of RRDB with these options"):
        exported(RRDB(**TINY), 3, tmp_path / "net.safetensors")
    assert not list(tmp_path.iterdir())


def test_a_network_of_unknown_architecture_cannot_become_a_state_dict(tmp_path):
    signature = enlarging_by(4)
    product = Product("generator", RRDB(**TINY).build(signature), signature, {})
    with pytest.raises(RecipeError, match="does not say what it was built from; export the run that trained it"):
        export(product, tmp_path / "net.safetensors", to="state_dict")


class Forgetful(RRDB):
    def state_dict_names(self, network):
        return [{"conv_first.weight": network.get_layer("conv_first").kernel}]


def test_an_architecture_must_name_every_weight():
    architecture = Forgetful(**TINY)
    with pytest.raises(PluginError, match="does not name every weight of the network exactly once"):
        state_dict_names(architecture, architecture.build(enlarging_by(4)))
