from __future__ import annotations

import gzip
import json
import os
import pickle
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from ganzoo.errors import CheckpointError
from ganzoo.runs import foreign
from ganzoo.runs.foreign import read_foreign
from ganzoo.training.foreign import import_weights

KERNEL, BIAS = "layers/dense/vars/0", "layers/dense/vars/1"
VALUES = {KERNEL: np.arange(12, dtype=np.float32).reshape(4, 3) / 7, BIAS: np.array([1, -2, 3], np.float32)}
TYPES = {"float64": "F64", "float32": "F32", "float16": "F16", "int64": "I64", "int32": "I32", "bool": "BOOL"}


def h5(path, values=VALUES):
    with h5py.File(path, "w") as file:
        for name, value in values.items():
            file[name] = value
    return path


def safetensors(path, values=VALUES, *, spoil=lambda header: None, pad=0):
    """Write the format by hand: the length of the header, the header, the bytes one after another."""
    header, data = {"__metadata__": {"format": "np"}}, b""
    for name, value in values.items():
        offsets = [len(data), len(data) + value.nbytes]
        header[name] = {"dtype": TYPES[str(value.dtype)], "shape": list(value.shape), "data_offsets": offsets}
        data += value.tobytes()
    spoil(header)
    text = json.dumps(header).encode().ljust(pad)
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


def archive(path, members, **options):
    with zipfile.ZipFile(path, "w", **options) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def in_keras(path, content):
    return archive(path, {"config.json": b"never looked at", "model.weights.h5": content})


def as_keras(path, values=VALUES):
    return in_keras(path, h5(path.with_suffix(".part"), values).read_bytes())


WRITERS = {".weights.h5": h5, ".keras": as_keras, ".safetensors": safetensors}
each_format = pytest.mark.parametrize(("suffix", "write"), WRITERS.items(), ids=WRITERS)


def refused(path, message, expected=VALUES):
    with pytest.raises(CheckpointError, match=message) as caught:
        read_foreign(path, expected)
    assert str(caught.value).startswith(f"{path}: ")


class Gain(keras.layers.Layer):
    """A layer of its own, with a list of layers, a nested list, and a weight."""

    def __init__(self, **options):
        super().__init__(**options)
        self.parts = [keras.layers.Dense(3), keras.layers.Dense(3), [keras.layers.Dense(3)]]
        self.noise = keras.layers.GaussianNoise(0.5, seed=4)

    def build(self, shape):
        self.gain = self.add_weight(shape=(shape[-1],), initializer="random_normal", name="gain")
        for part in (*self.parts[:2], *self.parts[2]):
            part.build(shape)

    def call(self, x):
        return self.parts[2][0](self.parts[1](self.parts[0](self.noise(x)))) * self.gain


def network():
    """Sequential in functional, a wrapper, a custom layer, one layer used twice, batch statistics, seed generators."""
    inner = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3), keras.layers.Dropout(0.5, seed=1), Gain()])
    twice = keras.layers.Dense(3)
    x = start = keras.Input((3,))
    x = keras.layers.BatchNormalization()(twice(inner(twice(x))))
    x = keras.layers.SpectralNormalization(keras.layers.Dense(2))(x)
    built = keras.Model(start, x)
    for index, variable in enumerate(built.weights):  # also the batch statistics, which start alike in each network
        variable.assign(np.random.default_rng(index).uniform(0.5, 1.5, variable.shape))
    return built


def fresh():
    built = network()
    for variable in built.weights:
        variable.assign(np.full(variable.shape, 0.25))
    return built


def output(built):
    return np.asarray(built(np.linspace(-1, 1, 15, dtype=np.float32).reshape(5, 3), training=False).detach())


@each_format
def test_what_was_written_is_read(tmp_path, suffix, write):
    values = {**VALUES, "vars/0": np.array(3, np.int64), "vars/1": np.zeros((0, 2), np.float32)}
    read = read_foreign(write(tmp_path / f"w{suffix}", values), values)
    assert read.keys() == values.keys()
    for name, value in values.items():
        assert read[name].dtype == value.dtype
        assert read[name].shape == value.shape
        assert np.array_equal(read[name], value)


@each_format
def test_other_types_are_read_where_they_are_expected(tmp_path, suffix, write):
    values = {f"vars/{dtype}": np.array([0, 1, 1]).astype(dtype) for dtype in ("float64", "float16", "int32")}
    read = read_foreign(write(tmp_path / f"w{suffix}", values), values)
    assert all(read[name].dtype == value.dtype for name, value in values.items())


@pytest.mark.parametrize("trained", [False, True], ids=["weights", "with an optimizer"])
@pytest.mark.parametrize("suffix", [".weights.h5", ".keras"])
def test_what_keras_saved_gives_equal_outputs(tmp_path, suffix, trained):
    source, path = network(), tmp_path / f"w{suffix}"
    if trained:
        source.compile("adam", "mse")
        source.optimizer.build(source.trainable_variables)
    source.save_weights(path) if suffix == ".weights.h5" else source.save(path)
    target = fresh()
    assert not np.array_equal(output(target), output(source))
    assert import_weights(target, path) == sha256(path.read_bytes()).hexdigest()
    assert np.array_equal(output(target), output(source))
    assert all(np.array_equal(a.numpy(), b.numpy()) for a, b in zip(source.weights, target.weights, strict=True))


def test_a_safetensors_file_with_the_names_that_keras_gives_does_too(tmp_path):
    source, found = network(), {}
    source.save_weights(tmp_path / "names.weights.h5")
    with h5py.File(tmp_path / "names.weights.h5") as file:
        file.visititems(lambda name, item: found.update({name: item[()]} if isinstance(item, h5py.Dataset) else {}))
    target = fresh()
    import_weights(target, safetensors(tmp_path / "w.safetensors", found))
    assert np.array_equal(output(target), output(source))


def test_a_network_with_other_shapes_is_refused_and_the_first_difference_told(tmp_path):
    wide, narrow = (keras.Sequential([keras.Input((4,)), keras.layers.Dense(units)]) for units in (8, 5))
    wide.save_weights(tmp_path / "w.weights.h5")
    before = [value.numpy().copy() for value in narrow.weights]
    message = r"layers/dense/vars/0 is float32 \(4, 8\), expected float32 \(4, 5\); nothing is converted"
    with pytest.raises(CheckpointError, match=message):
        import_weights(narrow, tmp_path / "w.weights.h5")
    assert all(np.array_equal(a, b.numpy()) for a, b in zip(before, narrow.weights, strict=True))


def test_another_network_is_refused_and_the_names_told(tmp_path):
    deep = keras.Sequential([keras.Input((4,)), *(keras.layers.Dense(4) for _ in range(3))])
    flat = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4), keras.layers.BatchNormalization()])
    flat.save_weights(tmp_path / "w.weights.h5")
    with pytest.raises(CheckpointError) as caught:
        import_weights(deep, tmp_path / "w.weights.h5")
    assert "lacks 4 of the network's arrays: 'layers/dense_1/vars/0', 'layers/dense_1/vars/1'" in str(caught.value)
    assert "has 4 that the network has not: 'layers/batch_normalization/vars/0'" in str(caught.value)


def test_the_nearest_name_in_the_file_is_told(tmp_path):
    path = h5(tmp_path / "w.h5", {name.replace("dense", "dense_1"): value for name, value in VALUES.items()})
    refused(path, rf"'{KERNEL}' \(nearest in the file: 'layers/dense_1/vars/0'\)")


def test_a_network_without_weights_yet_is_told(tmp_path):
    with pytest.raises(CheckpointError, match="has none yet; call it or build it first"):
        import_weights(keras.Sequential([keras.layers.Dense(2)]), h5(tmp_path / "w.weights.h5"))


def test_weights_that_keras_would_not_store_are_told(tmp_path):
    class Secret(keras.layers.Layer):
        def build(self, shape):
            self.gain = self.add_weight(shape=(1,))

        def save_own_variables(self, store):
            """Store nothing."""

        def call(self, x):
            return x * self.gain

    class Computed(Secret):
        def save_own_variables(self, store):
            store["0"] = self.gain * 2

    for layer, message in ((Secret(), "do not hold .*secret"), (Computed(), "is computed when it is saved")):
        built = keras.Sequential([keras.Input((1,)), layer])
        with pytest.raises(CheckpointError, match=message):
            import_weights(built, tmp_path / "w.weights.h5")


@pytest.mark.parametrize(
    "name", ["w.pt", "w.pth", "w.pkl", "w.pickle", "w.CKPT", "w.bin", "w.joblib", "w.npy", "w.npz"]
)
def test_names_of_pickles_are_refused_unread(tmp_path, name):
    refused(tmp_path / name, "a pickle, which can run code when it is opened; convert it to .safetensors or .weights")


@pytest.mark.parametrize("name", ["w.onnx", "w", "w.weights.json"])
def test_other_names_are_unsupported(tmp_path, name):
    refused(tmp_path / name, "is unsupported; weights are read from .weights.h5, .keras, .safetensors")


class Bomb:
    def __reduce__(self):
        return (Path.touch, (Path("exploded"),))


@pytest.mark.parametrize(("suffix", "protocol"), [*zip(WRITERS, (2, 5, 4), strict=True)])
def test_a_renamed_pickle_is_told_and_not_opened(tmp_path, monkeypatch, suffix, protocol):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / f"w{suffix}"
    path.write_bytes(pickle.dumps(Bomb(), protocol=protocol))
    refused(path, "is a pickle, which can run code")
    assert not Path("exploded").exists()


@pytest.mark.parametrize("suffix", WRITERS)
def test_what_torch_saved_is_told_under_any_name(tmp_path, suffix):
    members = {"archive/data.pkl": pickle.dumps(Bomb()), "archive/data/0": b"0000", "model.weights.h5": b""}
    refused(archive(tmp_path / f"w{suffix}", members), r"torch\.save: it is a pickle, which can run code")


def test_a_safetensors_header_that_starts_like_a_pickle_is_read(tmp_path):
    path = safetensors(tmp_path / "w.safetensors", pad=0x0280)
    assert path.read_bytes()[:2] == b"\x80\x02"
    assert read_foreign(path, VALUES).keys() == VALUES.keys()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("w.weights.h5", gzip.compress(b"x", mtime=0), "compressed with gzip; unpack it first"),
        ("w.weights.h5", b"", "is not an HDF5 file"),
        ("w.h5", b"<html>", "is not an HDF5 file"),
        ("w.keras", b"<html>", "is not a .keras archive"),
        ("w.weights.h5", b"\x93NUMPY\1\0", "can hold a pickle"),
        ("w.safetensors", b"", "claims a header of 0 bytes"),
        ("w.safetensors", (2**60).to_bytes(8, "little") + b"{}", f"claims a header of {2**60} bytes"),
        ("w.safetensors", (2).to_bytes(8, "little") + b"[]", "not a JSON object"),
        ("w.safetensors", (60000).to_bytes(8, "little") + b"[" * 60000, "RecursionError"),
        ("w.safetensors", (16).to_bytes(8, "little") + b'{"a":{},"a":{}}'.ljust(16), "something twice"),
    ],
)
def test_content_of_another_kind_is_refused(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    refused(tmp_path / name, message)


@each_format
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({KERNEL: np.zeros((3, 4), np.float32)}, r"is float32 \(3, 4\), expected float32 \(4, 3\)"),
        ({KERNEL: np.zeros((4, 3), np.float64)}, "is float64"),
        ({BIAS: np.array([0, np.nan, 0], np.float32)}, f"{BIAS} has numbers that are not finite"),
        ({"layers/dense/vars/2": np.zeros(1, np.float32)}, "has 1 that the network has not: 'layers/dense/vars/2'"),
        ({BIAS: None}, f"lacks 1 of the network's arrays: '{BIAS}'"),
    ],
    ids=["shape", "type", "nan", "extra", "missing"],
)
def test_anything_but_the_expected_arrays_is_refused(tmp_path, suffix, write, change, message):
    values = {name: value for name, value in {**VALUES, **change}.items() if value is not None}
    refused(write(tmp_path / f"w{suffix}", values), message)


def test_numbers_in_another_byte_order_are_refused(tmp_path):
    refused(h5(tmp_path / "w.h5", {**VALUES, KERNEL: VALUES[KERNEL].astype(">f4")}), "is >f4")


def test_what_no_file_can_hold_is_told(tmp_path):
    expected = {"vars/0": keras.Variable(np.zeros(2), dtype="bfloat16")}
    refused(h5(tmp_path / "w.h5"), "vars/0 of the network is bfloat16", expected)


def test_an_optimizer_is_only_passed_over_where_that_is_asked_for(tmp_path):
    path = h5(tmp_path / "w.h5", {**VALUES, "optimizer/vars/0": np.zeros(3)})
    refused(path, "has 1 that the network has not")
    read = foreign.open_foreign(path, VALUES, ignored=["optimizer"])
    assert read.values.keys() == VALUES.keys()
    assert read.sha256 == sha256(path.read_bytes()).hexdigest()


# what HDF5 can do besides holding arrays


def soft_link(file, folder):
    file[KERNEL] = h5py.SoftLink("/elsewhere")


def external_link(file, folder):
    file[KERNEL] = h5py.ExternalLink(h5(folder / "other.h5"), KERNEL)


def virtual_data_set(file, folder):
    layout = h5py.VirtualLayout((4, 3), np.float32)
    layout[:] = h5py.VirtualSource(h5(folder / "other.h5"), KERNEL, (4, 3))
    file.create_virtual_dataset(KERNEL, layout)


def external_storage(file, folder):
    (folder / "secret").write_bytes(bytes(48))
    file.create_dataset(KERNEL, (4, 3), np.float32, external=[(folder / "secret", 0, 48)])


def gzip_filter(file, folder):
    file.create_dataset(KERNEL, data=VALUES[KERNEL], compression="gzip")


def checksum_filter(file, folder):
    file.create_dataset(KERNEL, data=VALUES[KERNEL], fletcher32=True)


def chunks(file, folder):
    file.create_dataset(KERNEL, data=VALUES[KERNEL], chunks=(2, 3))


def huge(file, folder):
    file.create_dataset(KERNEL, (2**40,), np.float32)


def unwritten(file, folder):
    file.create_dataset(KERNEL, (4, 3), np.float32)


def empty(file, folder):
    file[KERNEL] = h5py.Empty("f4")


def named_type(file, folder):
    file[KERNEL] = np.dtype("f4")


def second_link(file, folder):
    file[KERNEL] = VALUES[KERNEL]
    file["again"] = file[KERNEL]


def circle(file, folder):
    file["layers/circle"] = file["layers"]


def words(file, folder):
    file[KERNEL] = np.full((4, 3), "x", dtype=h5py.string_dtype())


def records(file, folder):
    file[KERNEL] = np.zeros((4, 3), [("a", "f4")])


def references(file, folder):
    file.create_dataset(KERNEL, data=np.full((4, 3), file.ref, h5py.ref_dtype))


def whole_model(file, folder):
    file.attrs["model_config"] = "{}"


def a_thousand(file, folder):
    for index in range(1100):
        file[f"more/{index}"] = np.float32(0)


def depths(file, folder):
    file["/".join("a" * 200)] = np.float32(0)


TRICKS = {
    soft_link: f"{KERNEL} is a soft link, which is not followed",
    external_link: f"{KERNEL} is a link to another file, which is not followed",
    virtual_data_set: "is a virtual data set, which reads other files",
    external_storage: "is stored in other files",
    gzip_filter: "is compressed or filtered",
    checksum_filter: "is compressed or filtered",
    chunks: "is stored in chunks",
    huge: r"declares float32 \(1099511627776,\) but does not store that much",
    unwritten: r"declares float32 \(4, 3\) but does not store that much",
    empty: "is without a shape",
    named_type: "is neither a group nor an array",
    second_link: "is a second link to the same object",
    circle: "is a second link to the same object",
    words: r"object \(4, 3\)",
    records: r"is \[\('a', '<f4'\)\] \(4, 3\)",
    references: r"is object \(4, 3\)",
    whole_model: "is of Keras 2",
    a_thousand: "more than .* objects",
    depths: "deeper than 64 groups",
}


@pytest.mark.parametrize(("trick", "message"), TRICKS.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_hdf5_that_is_more_than_plain_arrays_is_refused(tmp_path, trick, message):
    path = tmp_path / "w.weights.h5"
    with h5py.File(path, "w") as file:
        file[BIAS] = VALUES[BIAS]
        trick(file, tmp_path)
    refused(path, message)


def test_a_trick_inside_an_archive_is_refused_too(tmp_path):
    with h5py.File(tmp_path / "inner", "w") as file:
        file[BIAS] = VALUES[BIAS]
        external_link(file, tmp_path)
    refused(in_keras(tmp_path / "w.keras", (tmp_path / "inner").read_bytes()), "is a link to another file")


@pytest.mark.parametrize(
    ("members", "options", "message"),
    [
        ({"config.json": b""}, {}, r"has 0 members model\.weights\.h5"),
        ({"model.weights.h5": b"0" * 99}, {"compression": zipfile.ZIP_DEFLATED}, "compressed or encrypted"),
        ({"model.weights.h5": b"0" * 99}, {}, "is not an HDF5 file"),
    ],
)
def test_archives_with_another_content_are_refused(tmp_path, members, options, message):
    refused(archive(tmp_path / "w.keras", members, **options), message)


def test_an_archive_under_the_name_of_its_member_is_told(tmp_path):
    refused(as_keras(tmp_path / "w.keras").rename(tmp_path / "w.weights.h5"), "is a zip archive.*; name it .keras")


# what a .safetensors header can claim


def placed(name, *offsets):
    return lambda header: header[name].update(data_offsets=list(offsets))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (placed(BIAS, 40, 52), f"{BIAS} overlaps another array: it starts at byte 40, expected 48"),
        (placed(BIAS, 52, 64), f"{BIAS} leaves a gap before it"),
        (placed(BIAS, 48, 56), r"declares float32 \(3,\) but bytes 48 to 56"),
        (placed(BIAS, 60, 48), "but bytes 60 to 48"),
        (placed(BIAS, -12, 0), "not whole numbers"),
        (placed(BIAS, 48.0, 60.0), "not whole numbers"),
        (placed(BIAS, 48, 2**70), "not whole numbers"),
        (lambda header: header.pop(BIAS), "holds 60 bytes of data, its header describes 48; it is cut off or damaged"),
        (lambda header: header[KERNEL].update(shape=[2**40]), rf"declares float32 \({2**40},\) but bytes 0 to 48"),
        (lambda header: header[KERNEL].update(shape=[True, 12]), "not whole numbers"),
        (lambda header: header[KERNEL].update(shape="43"), "not whole numbers"),
        (
            lambda header: header[KERNEL].update(dtype="BF16"),
            "is of type BF16, which is not supported .*; save it as F32",
        ),
        (lambda header: header[KERNEL].update(dtype=["F32"]), "is of type"),
        (lambda header: header[KERNEL].pop("shape"), "without exactly dtype, shape and data_offsets"),
        (lambda header: header.update({KERNEL: 5}), "without exactly dtype, shape and data_offsets"),
        (lambda header: header.update({"\x1b[2J\n": header.pop(BIAS)}), r"has not: '\?\[2J\?'"),
    ],
)
def test_a_header_that_claims_anything_else_is_refused(tmp_path, spoil, message):
    refused(safetensors(tmp_path / "w.safetensors", spoil=spoil), message)


# damage


@each_format
def test_each_eighth_of_a_file_is_refused(tmp_path, suffix, write):
    path = write(tmp_path / f"w{suffix}")
    content = path.read_bytes()

    def cut(eighths):
        path = tmp_path / f"{eighths}{suffix}"
        path.write_bytes(content[: len(content) * eighths // 8])
        refused(path, "damaged|cannot be read|does not start")

    with ThreadPoolExecutor(2) as threads:
        assert len(list(threads.map(cut, range(8)))) == 8


@pytest.mark.parametrize(("suffix", "flips"), [(".weights.h5", 30), (".keras", 10), (".safetensors", 10)])
def test_a_flipped_bit_is_refused_or_changes_numbers_only(tmp_path, suffix, flips):
    content = WRITERS[suffix](tmp_path / f"w{suffix}").read_bytes()
    headers = {name: (value.shape, value.dtype) for name, value in VALUES.items()}

    def read_with(position):
        hurt = bytearray(content)
        hurt[position // 8] ^= 1 << position % 8
        path = tmp_path / f"{position}{suffix}"
        path.write_bytes(hurt)
        try:
            return read_foreign(path, VALUES)
        except CheckpointError:
            return None

    positions = np.random.default_rng(7).choice(len(content) * 8, size=flips, replace=False)
    with ThreadPoolExecutor(2) as threads:
        for read in filter(None, threads.map(read_with, positions.tolist())):
            assert {name: (value.shape, value.dtype) for name, value in read.items()} == headers
            assert all(np.isfinite(value).all() for value in read.values())
            # an archive has a checksum
            assert suffix != ".keras" or all(np.array_equal(read[name], value) for name, value in VALUES.items())


# files that are none, and a reader that fails


def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe.h5")
    (tmp_path / "folder.h5").mkdir()
    (tmp_path / "device.h5").symlink_to("/dev/zero")
    for name in ("pipe.h5", "folder.h5", "device.h5"):
        refused(tmp_path / name, "it is not a regular file; expected a file of weights")


def test_a_file_that_is_not_there_or_has_an_impossible_name_is_told(tmp_path):
    refused(tmp_path / "w.h5", "cannot be read: No such file")
    refused(tmp_path / "w\0.h5", "cannot be read: embedded null")


def test_a_file_far_too_large_is_refused_before_anything(tmp_path, monkeypatch):
    monkeypatch.setattr(subprocess, "run", None)
    with (tmp_path / "w.h5").open("wb") as file:
        file.truncate(2**33)
    refused(tmp_path / "w.h5", f"is {2**33} bytes long, expected at most")


def test_a_reader_without_memory_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(foreign, "ALLOWANCE", 1)
    values = {"vars/0": np.zeros(2**22, np.float32)}
    refused(safetensors(tmp_path / "w.safetensors", values), "needs more memory to read", values)


#: Stands for a reader that a crafted file has taken over, after the limits are set.
TAKEN_OVER = """
import io, json, os, runpy, signal, zipfile
from pathlib import Path
import numpy as np
request = json.loads(Path("request.json").read_text())
runpy.run_path({reader!r})["lower_limits"](request["limits"])
Path("answer.json").write_text("{{}}")
{code}
"""


@pytest.fixture
def taken_over(tmp_path, monkeypatch):
    def replace(code):
        script = tmp_path / "reader.py"
        script.write_text(TAKEN_OVER.format(reader=str(foreign.READER), code=code))
        monkeypatch.setattr(foreign, "READER", script)
        return h5(tmp_path / "w.h5")

    return replace


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "was ended by signal 11; the file is damaged"),
        ("bytearray(2**31)", "ended with code 1"),
        ("Path('big').write_bytes(bytes(2**22))", "ended with code 1"),
        ("files = [open('request.json') for _ in range(100)]", "ended with code 1"),
        ("Path('answer.json').unlink()", "left no answer"),
        ("Path('answer.json').write_text('[' * 100000)", "left no answer"),
        ("Path('answer.json').write_text('5')", "left another answer"),
        (
            "Path('answer.json').write_text(json.dumps(dict(missing=5, unexpected=[[7, '\\n']])))",
            "has None that .* '.7, ",
        ),
        ("Path('answer.json').unlink(); os.mkfifo('answer.json')", "left no answer"),
        ("Path('answer.json').unlink(); os.symlink('/dev/zero', 'answer.json')", "left no answer"),
        ("", "handed back something else"),
        ("os.symlink('/etc/passwd', 'arrays.npz')", "handed back something else"),
        ("Path('arrays.npz').write_bytes(b'PK')", "handed back something else"),
        ("np.savez('arrays.npz', a=np.zeros(3))", r"something else \(other names\)"),
        ("np.savez('arrays.npz', **{n: np.zeros(2) for n in request['expected']})", "another (size|shape)"),
        ("np.savez('arrays.npz', **{n: np.zeros(s, t) for n, (t, s) in request['expected'].items()})", None),
        ("np.savez('arrays.npz', **{n: np.zeros(s, '>f4') for n, (t, s) in request['expected'].items()})", "or type"),
        (
            "np.savez_compressed('arrays.npz', **{n: np.zeros(s, t) for n, (t, s) in request['expected'].items()})",
            "size",
        ),
        (
            "np.savez('arrays.npz', **{n: np.full(s, None) for n, (t, s) in request['expected'].items()})",
            "something else",
        ),
    ],
)
def test_a_reader_that_was_taken_over_gets_no_further(taken_over, code, message):
    path = taken_over(code)
    if message is None:  # the one that hands back what was asked for
        assert read_foreign(path, VALUES).keys() == VALUES.keys()
    else:
        refused(path, message)


def test_a_reader_that_hangs_is_ended(taken_over, monkeypatch):
    monkeypatch.setattr(foreign, "CLOCK_SECONDS", 1)
    refused(taken_over("signal.pause()"), "could not be read within 1 seconds")


def test_a_reader_that_computes_for_ever_is_ended(taken_over, monkeypatch):
    monkeypatch.setattr(foreign, "CPU_SECONDS", 1)
    refused(taken_over("while True: pass"), "took more than 1 seconds of processor time")


def test_the_reader_sees_nothing_of_the_environment(taken_over, monkeypatch):
    monkeypatch.setenv("SECRET", "1")
    refused(taken_over("assert 'SECRET' in os.environ"), "ended with code 1")


def test_a_reader_that_cannot_be_started_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere"))
    refused(h5(tmp_path / "w.h5"), "no process could be started to read it")


def test_nothing_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    refused(h5(tmp_path / "w.h5"), "cannot be copied into .*; make room or set TMPDIR")
    (tmp_path / "temporary").mkdir()
    read_foreign(tmp_path / "w.h5", VALUES)
    refused(tmp_path / "w.h5", "lacks 1", {**VALUES, "more": VALUES[BIAS]})
    assert not list((tmp_path / "temporary").iterdir())


def test_importing_the_module_loads_nothing_heavy():
    code = "import ganzoo.runs.foreign, sys; print(sorted({'keras', 'torch', 'h5py'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
