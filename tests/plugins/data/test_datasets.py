from __future__ import annotations

import tracemalloc
from pathlib import Path

import h5py
import numpy as np
import pytest
from ganzoo_data.digits import Digits
from ganzoo_data.folder import Folder
from ganzoo_data.gaussians import Gaussians
from ganzoo_data.hdf5 import Hdf5
from ganzoo_data.npz import Npz
from ganzoo_data.paired_folder import PairedFolder
from ganzoo_data.photos import Photos
from ganzoo_data.stacked import Stacked

from ganzoo import DataError, images
from ganzoo.testing import check_dataset

GREY = np.full((4, 4, 3), 128, np.uint8)


def test_a_folder_is_read_in_a_stable_order_at_any_depth(tmp_path):
    for name in ("b.PNG", "a.jpg", "deep/er/c.webp", ".hidden.png", ".hidden/d.png"):
        images.write_image(tmp_path / name.lower(), GREY)
    (tmp_path / "b.png").rename(tmp_path / "b.PNG")
    (tmp_path / "notes.txt").write_text("no image")
    source = Folder(path=str(tmp_path)).open()
    assert [source.name_of(index).removeprefix(f"{tmp_path}/") for index in range(3)] == [
        "a.jpg",
        "b.PNG",
        "deep/er/c.webp",
    ]
    assert len(source) == 3
    check_dataset(Folder(path=str(tmp_path)))


def test_a_loop_of_links_is_not_followed(tmp_path):
    images.write_image(tmp_path / "a.png", GREY)
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "link.png").symlink_to(tmp_path / "a.png")
    assert len(Folder(path=str(tmp_path)).open()) == 2


def test_the_fingerprint_of_a_folder_follows_names_and_sizes(tmp_path):
    images.write_image(tmp_path / "a.png", GREY)
    before = Folder(path=str(tmp_path)).open().fingerprint()
    images.write_image(tmp_path / "b.png", GREY)
    assert Folder(path=str(tmp_path)).open().fingerprint() != before


def test_bad_images_are_left_out_when_asked_and_listed(tmp_path):
    images.write_image(tmp_path / "a.png", GREY)
    (tmp_path / "b.png").write_bytes(b"no image")
    source = Folder(path=str(tmp_path), on_bad_image="skip").open()
    assert (len(source), source.skipped) == (1, ("b.png",))
    (tmp_path / "a.png").write_bytes(b"no image either")
    with pytest.raises(DataError, match="none of its 2 images"):
        Folder(path=str(tmp_path), on_bad_image="skip").open()


def halves(width, height):
    """Return an image whose left half is black and whose right half is white."""
    image = np.zeros((height, width, 3), np.uint8)
    image[:, width // 2 :] = 255
    return image


@pytest.mark.parametrize(("size", "shape"), [(8, (8, 8, 3)), ((4, 12), (4, 12, 3))])
@pytest.mark.parametrize("resize", ["crop", "fit", "stretch"])
def test_images_of_any_size_are_brought_to_one(tmp_path, size, shape, resize):
    for index, sides in enumerate([(40, 20), (3, 50), (8, 8), (1, 1)]):
        images.write_image(tmp_path / f"{index}.png", halves(*sides))
    dataset = Folder(path=str(tmp_path), size=size, resize=resize)
    check_dataset(dataset)
    source = dataset.open()
    assert source.fields["image"].shape == shape
    assert [source[index]["image"].shape for index in range(4)] == [shape] * 4
    assert list(source.headers()) == [{"image": shape}] * 4


def test_crop_keeps_the_centre_fit_pads_with_white_and_stretch_keeps_all(tmp_path):
    images.write_image(tmp_path / "wide.png", np.zeros((10, 30, 3), np.uint8))
    images.write_image(tmp_path / "wide_halves.png", halves(30, 10))
    made = {how: Folder(path=str(tmp_path), size=10, resize=how).open() for how in ("crop", "fit", "stretch")}
    fitted = made["fit"][0]["image"][:, :, 0]
    assert (fitted[:3] == 255).all()
    assert (fitted[3:6] == 0).all()
    assert (fitted[7:] == 255).all()
    cropped, stretched = made["crop"][1]["image"], made["stretch"][1]["image"]
    assert np.array_equal(cropped, halves(30, 10)[:, 10:20])
    assert (stretched[:, 0].max(), stretched[:, -1].min()) == (0, 255)


def test_a_long_narrow_image_takes_no_memory_when_it_is_cropped(tmp_path):
    images.write_image(tmp_path / "line.png", np.zeros((1, 1_000_000, 3), np.uint8))
    tracemalloc.start()
    Folder(path=str(tmp_path), size=64).open()[0]
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()


def test_images_can_be_grey(tmp_path):
    images.write_image(tmp_path / "a.png", halves(6, 4))
    for options, shape in [({}, (4, 6, 1)), ({"size": 2}, (2, 2, 1))]:
        source = Folder(path=str(tmp_path), channels=1, **options).open()
        assert source[0]["image"].shape == shape
        assert source.fields["image"].accepts(shape)


def test_the_first_by_name_can_be_taken_alone(tmp_path):
    for name in ("c", "a", "b"):
        images.write_image(tmp_path / f"{name}.png", GREY)
    source = Folder(path=str(tmp_path), limit=2).open()
    assert names_of(source) == {"a.png", "b.png"}


def names_of(source):
    return {source.name_of(index).rpartition("/")[2] for index in range(len(source))}


def sides_of(folder, **options):
    return [names_of(Folder(path=str(folder), split=split, **options).open()) for split in ("train", "validation")]


def test_a_split_covers_the_folder_and_another_image_moves_none(tmp_path):
    for index in range(200):
        images.write_image(tmp_path / f"{index}.png", GREY)
    train, held_out = sides_of(tmp_path, fraction=0.2)
    assert not train & held_out
    assert len(train | held_out) == 200
    assert 25 < len(held_out) < 55
    for index in range(200, 220):
        images.write_image(tmp_path / f"{index}.png", GREY)
    after = sides_of(tmp_path, fraction=0.2)
    assert train <= after[0]
    assert held_out <= after[1]
    assert held_out <= sides_of(tmp_path, fraction=0.4)[1]


@pytest.mark.parametrize("fraction", [1e-9, 1 - 1e-9])
def test_each_side_of_a_split_has_one_image_at_least(tmp_path, fraction):
    images.write_image(tmp_path / "a.png", GREY)
    with pytest.raises(DataError, match="holds 1 image; 2 at least are needed to hold a part out"):
        Folder(path=str(tmp_path), split="train").open()
    images.write_image(tmp_path / "b.png", GREY)
    assert [len(side) for side in sides_of(tmp_path, fraction=fraction)] == [1, 1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"resize": "fit"}, "resize has no effect without size"),
        ({"fraction": 0.3}, "fraction has no effect while split is 'all'"),
    ],
)
def test_options_of_a_folder_without_an_effect_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Folder(path="photos", **options)


def test_what_is_no_image_is_counted_by_kind(tmp_path):
    images.write_image(tmp_path / "a.png", GREY)
    images.write_image(tmp_path / "@eaDir" / "a.png", GREY)
    for name in ("b.heic", "c.HEIC", "notes.txt", "README", ".DS_Store"):
        (tmp_path / name).write_bytes(b"?")
    source = Folder(path=str(tmp_path)).open()
    assert source.notes == (
        f"{tmp_path}: ignored: 2 .heic, 1 without suffix, 1 .txt, 2 hidden; convert .heic to .jpg first",
    )
    (tmp_path / "a.png").unlink()
    with pytest.raises(DataError, match=r"holds no images; .* \(ignored: 2 \.heic"):
        Folder(path=str(tmp_path)).open()


def test_headers_tell_shapes_and_what_cannot_be_read(tmp_path):
    images.write_image(tmp_path / "a.png", GREY)
    (tmp_path / "b.png").write_bytes(b"no image")
    good, bad = Folder(path=str(tmp_path)).open().headers()
    assert good == {"image": (4, 4, 3)}
    assert str(bad).startswith(f"{tmp_path / 'b.png'}: is not a PNG")


def test_pairs_are_found_by_name_with_the_suffix_of_div2k(tmp_path):
    for name in ("0001", "0002"):
        images.write_image(tmp_path / "hr" / f"{name}.png", GREY)
        images.write_image(tmp_path / "lr" / f"{name}x4.png", GREY[:1, :1])
    pairs = PairedFolder(hr_path=str(tmp_path / "hr"), lr_path=str(tmp_path / "lr"))
    check_dataset(pairs)
    assert pairs.open()[1]["lr"].shape == (1, 1, 3)
    assert list(pairs.open().headers()) == [{"lr": (1, 1, 3), "hr": (4, 4, 3)}] * 2
    images.write_image(tmp_path / "hr" / "0003.png", GREY)
    with pytest.raises(DataError, match="1 images lack a partner, '0003' first"):
        pairs.open()


def test_names_that_look_like_a_scale_stay_whole_where_the_partner_has_them(tmp_path):
    images.write_image(tmp_path / "hr" / "box2.png", GREY)
    images.write_image(tmp_path / "hr" / "max3.png", GREY)
    images.write_image(tmp_path / "lr" / "box2x4.png", GREY[:1, :1])
    images.write_image(tmp_path / "lr" / "max3.png", GREY[:1, :1])
    assert len(PairedFolder(hr_path=str(tmp_path / "hr"), lr_path=str(tmp_path / "lr")).open()) == 2


@pytest.mark.parametrize("read", [lambda source: source[0], lambda source: source.fingerprint()])
def test_a_link_to_nothing_is_named(tmp_path, read):
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere.png")
    with pytest.raises(DataError, match=r"gone\.png"):
        read(Folder(path=str(tmp_path)).open())


@pytest.mark.parametrize(("make", "message"), [(False, "there is no such folder"), (True, "holds no images")])
def test_a_missing_or_empty_folder_is_told(tmp_path, make, message):
    if make:
        (tmp_path / "mine").mkdir()
    with pytest.raises(DataError, match=rf"mine: {message}"):
        Folder(path=str(tmp_path / "mine")).open()


def test_hdf5_rows_have_fields_by_name(tmp_path):
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["image"] = np.arange(24, dtype=np.uint8).reshape(2, 2, 2, 3)
        file["label"] = np.array([3, 1])
        file["group/vector"] = np.ones((2, 5))
    dataset = Hdf5(path=str(tmp_path / "data.h5"), fields=("image", "label", "group/vector"))
    check_dataset(dataset)
    source = dataset.open()
    assert source.fields["label"].num_classes == 4
    assert source[1]["image"][0, 0].tolist() == [12, 13, 14]
    with pytest.raises(DataError, match="has no array 'labels' of its own; it has group, image, label"):
        Hdf5(path=str(tmp_path / "data.h5"), fields=("labels",)).open()


def test_hdf5_links_to_elsewhere_are_refused(tmp_path):
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["image"] = np.zeros((2, 2))
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["image"] = h5py.ExternalLink(str(tmp_path / "secret.h5"), "/image")
        file["soft"] = h5py.SoftLink("/image")
    for name in ("image", "soft"):
        with pytest.raises(DataError, match="of its own"):
            Hdf5(path=str(tmp_path / "data.h5"), fields=(name,)).open()


def test_negative_whole_numbers_of_hdf5_are_no_labels(tmp_path):
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["offset"] = np.array([-1, 2])
        file["single"] = 3
    source = Hdf5(path=str(tmp_path / "data.h5"), fields=("offset",)).open()
    assert (source.fields["offset"].high, source[0]["offset"]) == (None, -1)
    with pytest.raises(DataError, match="'single' is a single number"):
        Hdf5(path=str(tmp_path / "data.h5"), fields=("single",)).open()


def test_a_damaged_row_of_hdf5_is_named(tmp_path):
    with h5py.File(tmp_path / "data.h5", "w") as file:
        noise = np.random.default_rng(0).integers(0, 256, (2, 9, 9), dtype=np.uint8)
        where = file.create_dataset("image", data=noise, chunks=(1, 9, 9), fletcher32=True).id.get_chunk_info(1)
    content = bytearray((tmp_path / "data.h5").read_bytes())
    content[where.byte_offset] ^= 1
    (tmp_path / "data.h5").write_bytes(content)
    source = Hdf5(path=str(tmp_path / "data.h5"), fields=("image",)).open()
    assert source[0]["image"].shape == (9, 9)
    with pytest.raises(DataError, match=r"data\.h5 row 1: cannot be read"):
        source[1]


def test_what_is_no_hdf5_is_named(tmp_path):
    (tmp_path / "data.h5").write_bytes(b"nothing of the kind")
    with pytest.raises(DataError, match=r"data\.h5: cannot be read as HDF5"):
        Hdf5(path=str(tmp_path / "data.h5"), fields=("image",)).open()


def test_photographs_are_held_out_and_never_on_both_sides():
    pytest.importorskip("skimage", reason="needs the extra 'samples'")
    train, held_out = Photos().open(), Photos(split="validation").open()
    names = [{source.name_of(index) for index in range(len(source))} for source in (train, held_out)]
    assert len(held_out) == 2
    assert not names[0] & names[1]
    check_dataset(Photos(split="validation"))


def test_more_photographs_join_those_to_train_on_and_no_others():
    pytest.importorskip("skimage", reason="needs the extra 'samples'")
    pytest.importorskip("sklearn", reason="needs the extra 'samples'")
    few, more = Photos().open(), Photos(more=True).open()
    names = [Path(more.name_of(index)).name for index in range(len(more))]
    assert names[: len(few)] == [Path(few.name_of(index)).name for index in range(len(few))]
    assert {"china.jpg", "grass.png"} < set(names)
    assert not {"chelsea.png", "coffee.png"} & set(names)
    assert more.fingerprint() != few.fingerprint()
    assert len(Photos(split="validation", more=True).open()) == 2


def test_photographs_can_be_cut_into_tiles():
    pytest.importorskip("skimage", reason="needs the extra 'samples'")
    source = Photos(tile=128).open()
    assert len(source) > 100
    assert source[5]["image"].shape == (128, 128, 3)
    with pytest.raises(DataError, match="no image is as large as a tile"):
        Photos(tile=4000).open()


def test_digits_are_split_without_overlap():
    pytest.importorskip("sklearn", reason="needs the extra 'samples'")
    check_dataset(Digits())
    assert (len(Digits().open()), len(Digits(split="validation").open())) == (1497, 300)
    assert Digits().open()[0]["image"].max() == 255


def test_gaussians_lie_around_their_centres():
    check_dataset(Gaussians(count=80))
    source = Gaussians(count=800, std=0.01).open()
    points = np.stack([source[index]["point"] for index in range(800)])
    assert np.linalg.norm(points, axis=1) == pytest.approx(2.0, abs=0.05)
    grid = Gaussians(count=90, modes=9, layout="grid", std=1e-6).open()
    corners = {tuple(np.round(grid[index]["point"]).tolist()) for index in range(90)}
    assert corners == {(x, y) for x in (-2, 0, 2) for y in (-2, 0, 2)}
    with pytest.raises(DataError, match="cannot show 8 modes"):
        Gaussians(count=3).open()


def test_arrays_of_an_npz_file_are_examples(tmp_path):
    path = tmp_path / "digits.npz"
    np.savez(path, image=np.zeros((4, 8, 8), np.uint8), label=np.arange(4), other=np.zeros(3))
    dataset = Npz(path=str(path), fields=("image", "label"))
    source = dataset.open()
    assert source.fields["image"].shape == (8, 8, 1)
    assert source.fields["label"].num_classes == 4
    check_dataset(dataset)
    np.savez_compressed(path, image=np.zeros((4, 8, 8), np.uint8))
    assert list(Npz(path=str(path)).open().fields) == ["image"]


def test_npz_files_that_are_missing_damaged_or_hold_objects_are_refused(tmp_path):
    path = tmp_path / "x.npz"

    def refused(message, **options):
        with pytest.raises(DataError, match=message):
            Npz(path=str(path), **options).open()

    refused("there is no such file")
    np.savez(path, image=np.array([object()]))
    refused("cannot be read as .npz: Object arrays cannot be loaded")
    np.savez(path, image=np.zeros((2, 3)), label=np.zeros(3))
    refused("x.npz: arrays need the same number of rows")
    refused("has no array 'labels'; it has image, label", fields=("labels",))
    path.write_bytes(path.read_bytes()[:50])
    refused("cannot be read as .npz")
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    refused("holds a single array")


def test_the_folder_of_an_image_is_its_class(tmp_path):
    for name in ("dogs/a.png", "cats/deep/b.png", "cats/c.png"):
        images.write_image(tmp_path / name, GREY)
    source = Folder(path=str(tmp_path), classes=True).open()
    assert source.fields["label"].names == ("cats", "dogs")
    assert [int(source[index]["label"]) for index in range(3)] == [0, 0, 1]
    check_dataset(Folder(path=str(tmp_path), classes=True))


def test_classes_are_the_same_on_both_sides_of_a_split(tmp_path):
    for name in ("a", "b", "c"):
        images.write_image(tmp_path / name / "1.png", GREY)
    sides = [Folder(path=str(tmp_path), classes=True, split=split).open() for split in ("train", "validation")]
    assert sides[0].fields["label"] == sides[1].fields["label"]
    assert sides[0].fields["label"].names == ("a", "b", "c")


def test_images_without_a_class_are_named(tmp_path):
    images.write_image(tmp_path / "cats" / "a.png", GREY)
    with pytest.raises(DataError, match="holds one folder of images, 'cats'; classes need two or more"):
        Folder(path=str(tmp_path), classes=True).open()
    images.write_image(tmp_path / "lost.png", GREY)
    with pytest.raises(DataError, match=r"lost\.png: has no class; with data\.classes each image lies in a folder"):
        Folder(path=str(tmp_path), classes=True).open()


def test_stacked_images_are_three_of_another_data_set_and_their_label_tells_which():
    pytest.importorskip("sklearn")
    plain, stacked = Digits().open(), Stacked(of=Digits(), count=50).open()
    assert (len(stacked), stacked.fields["image"].shape, stacked.fields["label"].high) == (50, (8, 8, 3), 999)
    by_class = {int(label): set() for label in range(10)}
    for index in range(len(plain)):
        by_class[int(plain[index]["label"])].add(plain[index]["image"].tobytes())
    for index in range(50):
        image, label = stacked[index]["image"], int(stacked[index]["label"])
        for channel, digit in enumerate((*divmod(label // 10, 10), label % 10)):
            assert np.ascontiguousarray(image[..., channel]).tobytes() in by_class[digit]
    assert len({int(stacked[index]["label"]) for index in range(50)}) > 40


def test_stacked_images_derive_from_the_seed_and_the_index_alone():
    pytest.importorskip("sklearn")
    first, again, other = (
        Stacked(of=Digits(), count=count, seed=seed).open() for count, seed in [(9, 0), (5, 0), (9, 1)]
    )
    assert np.array_equal(first[4]["image"], again[4]["image"])
    assert not np.array_equal(first[4]["image"], other[4]["image"])
    assert len({source.fingerprint() for source in (first, again, other)}) == 3


def test_only_grey_images_of_one_size_are_stacked(tmp_path):
    images.write_image(tmp_path / "a.png", GREY)
    with pytest.raises(DataError, match="stacked: needs grey images of one size in field 'image'"):
        Stacked(of=Folder(path=str(tmp_path)), count=2).open()
    unlabelled = Stacked(of=Folder(path=str(tmp_path), size=4, channels=1), count=2)
    assert set(unlabelled.open().fields) == {"image"}
