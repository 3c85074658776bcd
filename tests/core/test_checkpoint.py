from __future__ import annotations

import io
import json
import warnings
import zipfile

import numpy as np
import pytest

from ganzoo.errors import CheckpointError
from ganzoo.runs.checkpoint import CheckpointStore, load, step_of

VALUES = {"networks/g/0000": np.arange(6, dtype=np.float32).reshape(2, 3), "optimizers/g/0000": np.array(3, np.int64)}


@pytest.fixture
def store(tmp_path):
    return CheckpointStore(tmp_path / "checkpoints")


def saved(store, step=5, values=VALUES):
    return store.save(step, values, recipe="r")


def rewritten(path, values, *, pack=np.savez):
    """Replace the arrays and make the manifest agree with them, as an attacker or a bug could."""
    import hashlib

    buffer = io.BytesIO()
    pack(buffer, **values)
    (path / "state.npz").write_bytes(buffer.getvalue())
    manifest = json.loads((path / "manifest.json").read_text())
    manifest["sha256"] = hashlib.sha256(buffer.getvalue()).hexdigest()
    (path / "manifest.json").write_text(json.dumps(manifest))


def test_what_was_saved_is_loaded(store):
    loaded = load(saved(store), VALUES, recipe="r")
    assert loaded.step == 5
    assert all(np.array_equal(loaded.values[name], value) for name, value in VALUES.items())


def test_every_flipped_bit_and_every_truncation_is_noticed(store):
    path = saved(store)
    content = (path / "state.npz").read_bytes()
    for position in range(len(content) * 8):
        hurt = bytearray(content)
        hurt[position // 8] ^= 1 << position % 8
        (path / "state.npz").write_bytes(hurt)
        with pytest.raises(CheckpointError):
            load(path, VALUES, recipe="r")
    for length in range(len(content)):
        (path / "state.npz").write_bytes(content[:length])
        with pytest.raises(CheckpointError):
            load(path, VALUES, recipe="r")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"format": 1, "step": "5"}', b"\xff", b"[" * 10**5])
def test_a_damaged_manifest_is_noticed(store, content):
    path = saved(store)
    (path / "manifest.json").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"manifest\.json"):
        load(path, VALUES, recipe="r")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"networks/g/0000": VALUES["networks/g/0000"]}, "lacks 1 of the arrays, optimizers/g/0000"),
        ({**VALUES, "extra": np.zeros(1)}, "has unexpected 1 of the arrays, extra"),
        (
            {**VALUES, "networks/g/0000": np.zeros((3, 2), np.float32)},
            r"is float32 \(3, 2\), expected float32 \(2, 3\)",
        ),
        ({**VALUES, "networks/g/0000": np.zeros((2, 3))}, "is float64"),
        ({**VALUES, "networks/g/0000": np.full((2, 3), np.nan, np.float32)}, "not finite"),
    ],
)
def test_other_arrays_than_the_model_has_are_refused(store, values, expected):
    path = saved(store)
    rewritten(path, values)
    with pytest.raises(CheckpointError, match=expected):
        load(path, VALUES, recipe="r")


def test_objects_are_never_unpickled(store):
    path = saved(store)
    rewritten(path, {**VALUES, "networks/g/0000": np.array([{"code": 1}], dtype=object)})
    with pytest.raises(CheckpointError, match="cannot be read"):
        load(path, VALUES, recipe="r")


def test_an_array_that_is_there_twice_is_refused(store):
    path = saved(store)
    content = io.BytesIO((path / "state.npz").read_bytes())
    with zipfile.ZipFile(content, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("networks/g/0000.npy", archive.read("networks/g/0000.npy"))
    rewritten(path, {}, pack=lambda buffer: buffer.write(content.getvalue()))
    with pytest.raises(CheckpointError, match="two arrays of one name"):
        load(path, VALUES, recipe="r")


def test_a_compressed_array_is_refused_unread(store):
    path = saved(store)
    rewritten(path, VALUES, pack=np.savez_compressed)
    with pytest.raises(CheckpointError, match="bytes, expected"):
        load(path, VALUES, recipe="r")


def test_another_recipe_is_refused(store):
    with pytest.raises(CheckpointError, match="belongs to another recipe"):
        load(saved(store), VALUES, recipe="other")


def test_the_newest_that_verifies_is_loaded_and_the_others_are_told(store):
    saved(store, 5)
    newest = saved(store, 9)
    (newest / "state.npz").write_bytes(b"")
    loaded, refusals = store.load_newest(VALUES, recipe="r")
    assert loaded is not None
    assert loaded.step == 5
    assert "step-000000009" in refusals[0]


def test_when_all_are_damaged_that_is_an_error(store):
    (saved(store) / "state.npz").write_bytes(b"")
    with pytest.raises(CheckpointError, match="no checkpoint can be loaded"):
        store.load_newest(VALUES, recipe="r")


def test_where_there_is_none_none_is_returned(store):
    assert store.load_newest(VALUES, recipe="r") == (None, [])


def test_the_newest_are_kept_and_leftovers_swept(store):
    for step in (1, 2, 3):
        saved(store, step)
    (store.folder / ".step-000000004.part").mkdir()
    saved(store, 5)
    assert [path.name for path in sorted(store.folder.iterdir())] == ["step-000000003", "step-000000005"]


def test_half_a_checkpoint_is_not_seen(store):
    path = saved(store)
    path.rename(store.folder / ".step-000000005.part")
    assert store.paths() == []


def test_part_of_a_checkpoint_can_be_asked_for(store):
    only = {"networks/g/0000": VALUES["networks/g/0000"]}
    assert set(load(saved(store), only, below="networks/").values) == set(only)


def test_arrays_are_stored_plainly(store):
    with zipfile.ZipFile(saved(store) / "state.npz") as archive:
        assert {item.compress_type for item in archive.infolist()} == {zipfile.ZIP_STORED}


def test_a_checkpoint_where_a_run_was_stopped_takes_no_other_ones_place(tmp_path):
    store = CheckpointStore(tmp_path, keep=2, every=10)
    kept = {}
    for step in (3, 5, 7, 10, 20, 25, 30):
        store.save(step, {}, recipe="")
        kept[step] = [step_of(path) for path in store.paths()]
    assert kept == {3: [3], 5: [3, 5], 7: [5, 7], 10: [7, 10], 20: [10, 20], 25: [10, 20, 25], 30: [20, 30]}
