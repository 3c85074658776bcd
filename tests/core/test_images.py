from __future__ import annotations

import io
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image

from ganzoo import DataError, images

RNG = np.random.default_rng(0)
PHOTO = RNG.integers(0, 256, (6, 9, 3), dtype=np.uint8)


def saved(path, image, **options):
    image.save(path, **options)
    return path


def read(tmp_path, image, suffix=".png", **options):
    return images.read_image(saved(tmp_path / f"image{suffix}", image, **options))


def test_a_plain_image_is_read_exactly(tmp_path):
    assert np.array_equal(read(tmp_path, Image.fromarray(PHOTO)), PHOTO)
    assert np.array_equal(read(tmp_path, Image.fromarray(PHOTO), ".webp", lossless=True), PHOTO)


def test_grey_and_black_and_white_become_three_equal_channels(tmp_path):
    grey = PHOTO[:, :, 0]
    assert np.array_equal(read(tmp_path, Image.fromarray(grey)), np.repeat(grey[:, :, None], 3, axis=2))
    bits = Image.fromarray((grey > 128).astype(np.uint8) * 255).convert("1")
    assert set(np.unique(read(tmp_path, bits))) <= {0, 255}


def test_transparency_is_composited_on_white(tmp_path):
    clear = np.dstack([PHOTO, np.zeros((6, 9), np.uint8)])
    assert (read(tmp_path, Image.fromarray(clear)) == 255).all()
    solid = np.dstack([PHOTO, np.full((6, 9), 255, np.uint8)])
    assert np.array_equal(read(tmp_path, Image.fromarray(solid)), PHOTO)
    grey_and_alpha = np.dstack([PHOTO[:, :, 0], np.zeros((6, 9), np.uint8)])
    assert (read(tmp_path, Image.fromarray(grey_and_alpha, "LA")) == 255).all()


def test_a_transparent_colour_of_a_palette_is_composited_on_white(tmp_path):
    palette = Image.fromarray(np.zeros((2, 2), np.uint8)).convert("P")
    assert (read(tmp_path, palette, transparency=0) == 255).all()


def test_sixteen_bits_are_scaled_not_clipped(tmp_path):
    deep = np.array([[0, 257, 32896, 65535]], np.uint16)
    assert read(tmp_path, Image.fromarray(deep))[0, :, 0].tolist() == [0, 1, 128, 255]


def test_a_transparent_colour_of_a_grey_image_is_white(tmp_path):
    grey = np.array([[7, 100]], np.uint8)
    assert read(tmp_path, Image.fromarray(grey), transparency=7)[0, :, 0].tolist() == [255, 100]
    deep = np.array([[500, 25700]], np.uint16)
    assert read(tmp_path, Image.fromarray(deep), transparency=500)[0, :, 0].tolist() == [255, 100]


def test_the_first_frame_of_an_animation_counts(tmp_path):
    frames = [Image.fromarray(PHOTO), Image.fromarray(PHOTO[::-1].copy())]
    found = read(tmp_path, frames[0], ".webp", save_all=True, append_images=frames[1:], lossless=True)
    assert np.array_equal(found, PHOTO)


def test_the_first_page_of_several_counts(tmp_path):
    pages = [Image.fromarray(PHOTO), Image.fromarray(PHOTO[::-1].copy())]
    assert np.array_equal(read(tmp_path, pages[0], ".tiff", save_all=True, append_images=pages[1:]), PHOTO)


@pytest.mark.parametrize("suffix", [".tif", ".tiff", ".bmp"])
def test_tiff_and_bmp_are_read_exactly(tmp_path, suffix):
    assert suffix in images.SUFFIXES
    assert np.array_equal(read(tmp_path, Image.fromarray(PHOTO), suffix), PHOTO)


def test_sixteen_bits_of_tiff_are_scaled_also_where_zero_is_white(tmp_path):
    deep = Image.fromarray(np.array([[0, 257, 32896, 65535]], np.uint16))
    assert read(tmp_path, deep, ".tiff")[0, :, 0].tolist() == [0, 1, 128, 255]
    assert read(tmp_path, deep, ".tiff", tiffinfo={262: 0})[0, :, 0].tolist() == [255, 254, 127, 0]


@pytest.mark.parametrize("kind", [np.float32, np.int32])
def test_numbers_that_have_no_stated_range_are_refused(tmp_path, kind):
    with pytest.raises(DataError, match=r"image\.tiff: holds 32-bit numbers, expected 16 bits or fewer"):
        read(tmp_path, Image.fromarray(np.array([[0, 1]], kind)), ".tiff")


def test_the_size_of_an_image_is_read_from_its_header(tmp_path):
    for suffix in images.SUFFIXES:
        path = saved(tmp_path / f"image{suffix}", Image.fromarray(PHOTO))
        assert images.read_size(path) == (6, 9)
    exif = Image.Exif()
    exif[0x0112] = 6
    assert images.read_size(saved(tmp_path / "turned.jpg", Image.fromarray(PHOTO), exif=exif)) == (9, 6)
    cut = saved(tmp_path / "cut.png", Image.fromarray(PHOTO))
    cut.write_bytes(cut.read_bytes()[:50])
    assert images.read_size(cut) == (6, 9), "nothing is decoded"
    cut.write_bytes(b"no image")
    with pytest.raises(DataError, match=r"cut\.png: is not a PNG, JPEG, WEBP, TIFF or BMP image"):
        images.read_size(cut)


def test_cmyk_is_converted(tmp_path):
    assert read(tmp_path, Image.new("CMYK", (4, 4), (0, 0, 0, 0)), ".jpg").min() > 250


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path, orientation, suffix):
    exif = Image.Exif()
    exif[0x0112] = orientation
    found = read(tmp_path, Image.fromarray(PHOTO), suffix, exif=exif)
    turned = {1: PHOTO, 2: PHOTO[:, ::-1], 3: PHOTO[::-1, ::-1], 4: PHOTO[::-1], 5: PHOTO.transpose(1, 0, 2)}
    turned |= {6: np.rot90(PHOTO, -1), 7: PHOTO[::-1, ::-1].transpose(1, 0, 2), 8: np.rot90(PHOTO, 1)}
    assert np.array_equal(found, turned[orientation])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_of_a_grey_uncompressed_tiff_is_applied(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    grey = np.repeat(PHOTO[..., :1], 3, axis=2)
    upright = read(tmp_path, Image.fromarray(grey), ".png", exif=exif)
    assert np.array_equal(read(tmp_path, Image.fromarray(PHOTO[..., 0]), ".tiff", exif=exif), upright)


def test_other_entries_of_exif_do_not_matter(tmp_path):
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 3, "a camera"
    path = saved(tmp_path / "image.png", Image.fromarray(PHOTO), exif=exif)
    broken = exif.tobytes()[6:].replace(b"a camera", b"\xff" * 8)
    content = path.read_bytes().replace(exif.tobytes()[6:], broken)
    chunk = content.index(b"eXIf")
    checksum = zlib.crc32(content[chunk : chunk + 4 + len(broken)]).to_bytes(4, "big")
    path.write_bytes(content[: chunk + 4 + len(broken)] + checksum + content[chunk + 8 + len(broken) :])
    assert np.array_equal(images.read_image(path), PHOTO[::-1, ::-1])


def test_pillow_is_silenced_without_touching_the_filters_of_other_threads(tmp_path, monkeypatch):
    path = saved(tmp_path / "image.png", Image.fromarray(PHOTO))
    monkeypatch.setattr(warnings, "catch_warnings", lambda: pytest.fail("sets the filters of all threads"))
    images.read_image(path)
    warnings.warn_explicit("odd metadata", UserWarning, "Image.py", 1, module="PIL.Image")
    filters = list(warnings.filters)
    images.read_image(path)
    assert warnings.filters == filters
    with pytest.raises(UserWarning, match="mine"):
        warnings.warn("mine", stacklevel=1)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>no image</html>",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a" + b"\0" * 20,
        b"\xff\xd8\xff\xe0" + b"\0" * 9,
        b"II*\0" + b"\xff" * 20,
    ],
)
def test_what_is_no_image_is_named(tmp_path, content):
    path = tmp_path / "holiday.jpg"
    path.write_bytes(content)
    with pytest.raises(DataError) as refused:
        images.read_image(path)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tiff", ".bmp"])
def test_a_truncated_image_is_named(tmp_path, suffix):
    path = saved(tmp_path / f"cut{suffix}", Image.fromarray(RNG.integers(0, 256, (64, 64, 3), dtype=np.uint8)))
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(DataError, match=rf"cut\{suffix}"):
        images.read_image(path)


def test_an_enormous_image_is_refused_before_it_is_decoded(tmp_path, monkeypatch):
    monkeypatch.setattr(images, "MOST_PIXELS", 50)
    with pytest.raises(DataError, match="million pixels"):
        read(tmp_path, Image.fromarray(PHOTO))


def test_the_own_limit_is_met_before_that_of_pillow():
    assert images.MOST_PIXELS < 2 * Image.MAX_IMAGE_PIXELS


def test_a_decompression_bomb_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(DataError, match="million pixels"):
        read(tmp_path, Image.fromarray(PHOTO))


def test_an_image_is_written_whole_or_not_at_all(tmp_path):
    images.write_image(tmp_path / "new" / "image.png", PHOTO)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["image.png"]
    assert np.array_equal(images.read_image(tmp_path / "new" / "image.png"), PHOTO)
    with pytest.raises(DataError, match=r"cannot write '\.tiff'"):
        images.write_image(tmp_path / "image.tiff", PHOTO)


def test_float_and_uint8_are_the_same_values():
    every = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    assert np.array_equal(images.to_uint8(images.to_float(every)), every)
    assert images.to_float(every).min() == -1
    assert images.to_float(every).max() == 1
    assert images.to_uint8(np.array([-2.0, 2.0])).tolist() == [0, 255]


def test_luma_is_bt601_in_studio_range():
    colours = np.array([[[0, 0, 0], [255, 255, 255], [255, 0, 0]]], np.uint8)
    assert images.luma(colours)[0] == pytest.approx([16, 235, 81.481])


def test_bicubic_reduction_keeps_flat_images_and_averages():
    assert (images.resize_bicubic(np.full((8, 8, 3), 77, np.uint8), (2, 2)) == 77).all()
    assert images.resize_bicubic(PHOTO, (3, 4)).shape == (3, 4, 3)


def test_a_grid_has_gaps_and_enlarges_tiny_images():
    sheet = images.grid([np.zeros((8, 8, 1), np.uint8)] * 3, columns=2)
    assert sheet.shape == (2 * 64 + 2, 2 * 64 + 2, 3)
    assert (sheet[:64, :64] == 0).all()
    assert (sheet[66:, 66:] == 255).all(), "an empty place is white"


def test_a_grid_of_unequal_images_is_refused():
    with pytest.raises(ValueError, match=r"a grid needs images of one shape, received \(2, 2, 3\), \(3, 2, 3\)"):
        images.grid([np.zeros((2, 2, 3), np.uint8), np.zeros((3, 2, 3), np.uint8)])


def test_files_can_be_read_from_memory():
    buffer = io.BytesIO()
    Image.fromarray(PHOTO).save(buffer, "PNG")
    buffer.seek(0)
    assert np.array_equal(images.read_image(buffer, name="in memory"), PHOTO)


@pytest.mark.parametrize("part", [slice(None), slice(None, None, 3)], ids=["whole", "every third column"])
def test_large_images_are_rounded_and_clipped_value_by_value(part):
    image = np.random.default_rng(0).uniform(-1.3, 1.3, (301, 302, 3)).astype(np.float32)[:, part]
    exact = np.rint((image.astype(np.float64) + 1) * 127.5).clip(0, 255)
    made = images.to_uint8(image)
    assert made.dtype == np.uint8
    assert np.array_equal(made, exact)
