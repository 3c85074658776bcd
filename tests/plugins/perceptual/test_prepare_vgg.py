import hashlib
import socket

import pytest
from ganzoo_perceptual import ganzoo_register_architectures
from ganzoo_perceptual.published_file import PublishedFile

from ganzoo import DataError

FEATURES = ganzoo_register_architectures()
CONTENT = b"weights of a very small network"
TINY = PublishedFile("tiny", hashlib.md5(CONTENT).hexdigest())
NAME = "tiny_weights_tf_dim_ordering_tf_kernels_notop.h5"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty Keras cache, and no network."""

    def refuse(*_arguments, **_options):
        raise OSError("no network here")

    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(socket, "create_connection", refuse)
    return tmp_path / "keras" / "models"


def silent(*_progress):
    pass


def prepare(name, **places):
    return FEATURES[name].prepare_files(name, **{"origin": None, "directory": None, "report": silent, **places})


@pytest.mark.parametrize("name", ["vgg16", "vgg19"])
def test_missing_weights_are_told_with_the_command_that_fetches_them(name, cache):
    with pytest.raises(DataError, match=f"not on this machine .*models.*; run: ganzoo data prepare {name}"):
        FEATURES[name]().build(("block1_conv1",))
    assert not cache.exists()


def test_another_file_under_the_name_of_the_weights_is_refused(cache):
    cache.mkdir(parents=True)
    (cache / "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5").write_bytes(b"something else")
    with pytest.raises(DataError, match="is not the file that Keras publishes; run: ganzoo data prepare vgg19"):
        FEATURES["vgg19"]().build(("block1_conv1",))


@pytest.mark.parametrize("name", ["vgg16", "vgg19"])
def test_networks_can_be_prepared_by_their_names(name):
    assert FEATURES[name].preparable() == (name,)


def test_preparing_offline_tells_what_to_fetch_and_how_to_hand_it_over():
    with pytest.raises(DataError, match=r"no network here.*fetch vgg19_weights.*ganzoo data prepare vgg19 --from FILE"):
        prepare("vgg19")


def test_a_file_of_another_content_is_not_taken(tmp_path, cache):
    (tmp_path / "vgg.h5").write_bytes(b"something else")
    with pytest.raises(DataError, match=r"vgg.h5: is not the published file: its md5 is not 253f8cb5"):
        prepare("vgg19", origin=tmp_path / "vgg.h5")
    assert not cache.exists()


def test_a_folder_without_the_file_is_told(tmp_path):
    with pytest.raises(DataError, match=r"vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5: there is no such file"):
        prepare("vgg16", origin=tmp_path)


@pytest.mark.parametrize("from_folder", [True, False])
def test_the_right_file_is_taken_and_then_found(from_folder, tmp_path, cache):
    (tmp_path / NAME).write_bytes(CONTENT)
    taken = TINY.take(tmp_path if from_folder else tmp_path / NAME, None)
    assert taken == TINY.find() == cache / NAME
    assert taken.read_bytes() == CONTENT
    assert [path.name for path in cache.iterdir()] == [NAME]


def test_the_right_file_in_another_folder_needs_no_network(tmp_path):
    (tmp_path / NAME).write_bytes(CONTENT)
    assert TINY.fetch(tmp_path, silent) == tmp_path / NAME


def test_a_damaged_file_is_fetched_again(tmp_path):
    (tmp_path / NAME).write_bytes(CONTENT[:-1])
    with pytest.raises(DataError, match="no network here"):
        TINY.fetch(tmp_path, silent)
