"""What becomes of the files of photographs: nothing is lost, and what can be kept is kept."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image, ImageCms, ImageOps

from ganzoo import DataError, Random, RecipeError, SampleReport, SampleRequest, images, sampling
from ganzoo.sampling import PhotographOptions

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def twice(values, training):
    """Stand in for a network that enlarges by two: every pixel four times."""
    return torch.from_numpy(values.repeat(2, axis=1).repeat(2, axis=2))


class Told(SampleReport):
    def __init__(self):
        self.lines = []

    def begin(self, name, size, place):
        self.lines.append(f"{place} {name} {size}")

    def tiles(self, done, total):
        self.lines.append(f"{done}/{total}")

    def wrote(self, path):
        self.lines.append(f"wrote {path.name}")

    def note(self, message):
        self.lines.append(message)


def enlarged(inputs, output, *, report=None, format=None, sheet=False, network=None, how=None, **more):  # noqa: A002
    request = SampleRequest(
        inputs=inputs if isinstance(inputs, list) else [inputs],
        output=output,
        rng=Random(0, "sample"),
        options=PhotographOptions(format=format, sheet=sheet),
        report=report or Told(),
        **more,
    )
    tiles = {"scale": 2, "tile": 16, "overlap": 2}
    return sampling.process_in_tiles(request, network or twice, suffix="_x2", **tiles, **(how or {}))


def noise(*shape, dtype=np.uint8):
    return np.random.default_rng(0).integers(0, np.iinfo(dtype).max + 1, shape, dtype=dtype)


def photo(path, array=None, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(noise(20, 30, 3) if array is None else array).save(path, **options)
    return path


def opened(path):
    with Image.open(path) as image:
        image.load()
        return image


def doubled(values):
    return values.repeat(2, axis=0).repeat(2, axis=1)


def files_of(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# -- names -------------------------------------------------------------------------------------------------------------


def test_a_folder_is_taken_with_its_subfolders_and_what_is_ignored_is_counted(tmp_path):
    album, told = tmp_path / "album", Told()
    photo(album / "a.PNG"), photo(album / "summer" / "a.jpg"), photo(album / "b.webp")
    photo(album / ".hidden.png"), photo(album / ".thumbnails" / "c.png")
    (album / "notes.txt").write_text("x")
    (album / "clip.mp4").write_bytes(b"x")
    written = enlarged(album, tmp_path / "big", report=told)
    names = {str(path.relative_to(tmp_path / "big")) for path in written}
    assert names == {"a_x2.PNG", "b_x2.webp", "summer/a_x2.jpg"}
    assert any("ignored: 1 .mp4, 1 .txt" in line for line in told.lines)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no photographs there"):
        enlarged(tmp_path / "empty", tmp_path / "nothing")


def test_the_folder_to_be_written_to_may_lie_in_the_folder_of_photographs(tmp_path):
    photo(tmp_path / "a.png")
    assert len(enlarged(tmp_path, tmp_path / "big")) == 1
    assert len(enlarged(tmp_path, tmp_path / "big", overwrite=True)) == 1


def test_an_output_without_the_suffix_of_an_image_is_a_folder(tmp_path):
    source = photo(tmp_path / "a.png")
    (tmp_path / "old.png").mkdir()
    assert enlarged(source, tmp_path / "my.folder") == [tmp_path / "my.folder" / "a_x2.png"]
    assert enlarged(source, tmp_path / "old.png") == [tmp_path / "old.png" / "a_x2.png"]
    assert enlarged(source, tmp_path / "new.png", into_folder=True) == [tmp_path / "new.png" / "a_x2.png"]
    assert enlarged(source, tmp_path / "big.jpg") == [tmp_path / "big.jpg"]


@pytest.mark.parametrize("name", ["big.tiff", "big.gif", "big.heic"])
def test_a_format_that_cannot_be_written_is_refused_before_any_work(tmp_path, name):
    with pytest.raises(RecipeError, match=r"cannot write '\.\w+'; expected one of \.png"):
        enlarged(tmp_path / "never_opened.png", tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_the_format_is_that_of_the_output_the_option_or_the_input(tmp_path):
    jpeg, tiff = photo(tmp_path / "a.jpg"), photo(tmp_path / "b.tif")
    kept = enlarged([jpeg, tiff], tmp_path / "kept")
    assert [path.name for path in kept] == ["a_x2.jpg", "b_x2.png"]
    chosen = enlarged([jpeg, tiff], tmp_path / "chosen", format="webp")
    assert [opened(path).format for path in chosen] == ["WEBP", "WEBP"]
    with pytest.raises(RecipeError, match="not format=jpg"):
        enlarged(jpeg, tmp_path / "big.png", format="jpg")


# -- nothing is lost ---------------------------------------------------------------------------------------------------


def test_existing_files_are_overwritten_only_when_asked_and_told_all_together(tmp_path):
    inputs = [photo(tmp_path / "a.png"), photo(tmp_path / "b.png"), photo(tmp_path / "c.png")]
    photo(tmp_path / "big" / "a_x2.png"), photo(tmp_path / "big" / "c_x2.png")
    before = files_of(tmp_path)
    with pytest.raises(RecipeError) as refused:
        enlarged(inputs, tmp_path / "big")
    assert [problem.message.rpartition("/")[2] for problem in refused.value.problems] == [
        "a_x2.png: exists; name another output, or overwrite it with --overwrite",
        "c_x2.png: exists; name another output, or overwrite it with --overwrite",
    ]
    assert files_of(tmp_path) == before
    assert len(enlarged(inputs, tmp_path / "big", overwrite=True)) == 3


def test_an_input_is_never_overwritten(tmp_path):
    source = photo(tmp_path / "a.png")
    other = photo(tmp_path / "a_x2.png")
    (tmp_path / "link.png").symlink_to(source)
    before = files_of(tmp_path)
    for inputs, output in (
        (source, source),
        (source, tmp_path / "link.png"),
        ([source, other], tmp_path),
    ):
        with pytest.raises(RecipeError, match="is one of the photographs, which are never overwritten"):
            enlarged(inputs, output, overwrite=True)
    assert files_of(tmp_path) == before


def test_two_photographs_of_one_name_are_not_written_to_one_file(tmp_path):
    inputs = [photo(tmp_path / "one" / "a.jpg"), photo(tmp_path / "two" / "a.jpg")]
    with pytest.raises(RecipeError, match=r"would be written twice, from .*one/a\.jpg and .*two/a\.jpg"):
        enlarged(inputs, tmp_path / "big", overwrite=True)
    assert not (tmp_path / "big").exists()
    assert len(enlarged([inputs[0], inputs[0]], tmp_path / "big")) == 1


def test_a_bad_file_is_passed_over_and_told_at_the_end(tmp_path):
    told = Told()
    good, bad, last = photo(tmp_path / "a.png"), tmp_path / "b.png", photo(tmp_path / "c.png")
    bad.write_bytes(good.read_bytes()[:200])
    noise_file = tmp_path / "d.png"
    noise_file.write_bytes(b"nothing of an image")
    with pytest.raises(DataError) as failed:
        enlarged([good, bad, noise_file, last], tmp_path / "big", report=told)
    lines = str(failed.value).splitlines()
    assert lines[0] == "2 of 4 photographs were passed over"
    assert "b.png: cannot be read" in lines[1]
    assert "d.png: is not a PNG, JPEG, WEBP, TIFF or BMP image" in lines[2]
    assert [line for line in told.lines if line.startswith("wrote")] == ["wrote a_x2.png", "wrote c_x2.png"]
    assert sorted(path.name for path in (tmp_path / "big").iterdir()) == ["a_x2.png", "c_x2.png"]


def test_what_stops_in_the_middle_leaves_no_part_of_a_file(tmp_path):
    source = photo(tmp_path / "a.png")

    def broken(photograph):
        yield doubled(photograph)[:10]
        raise KeyboardInterrupt

    for name in ("big.png", "big.jpg"):
        request = SampleRequest(inputs=[source], output=tmp_path / name, rng=Random(0, "sample"))
        with pytest.raises(KeyboardInterrupt):
            sampling.process_photographs(request, broken, scale=2)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_a_photograph_that_its_format_cannot_hold_is_passed_over_before_it_is_enlarged(tmp_path):
    told = Told()
    with pytest.raises(DataError, match="would be 18000x2, but WEBP holds at most 16383 pixels a side; use --set"):
        enlarged(photo(tmp_path / "a.webp", noise(1, 9000, 3)), tmp_path / "big", report=told)
    assert not any("/" in line and line.endswith("9000x1") for line in told.lines)


def test_each_photograph_is_told_with_size_and_tiles(tmp_path):
    told = Told()
    enlarged(photo(tmp_path / "a.png"), tmp_path / "big", report=told)
    assert told.lines == ["1/1 a.png 30x20", "1/4", "2/4", "3/4", "4/4", "wrote a_x2.png"]


# -- what the file holds -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_exif_is_kept_with_the_orientation_applied_and_reset(tmp_path, suffix, order):
    exif = Image.Exif()
    exif.endian = order
    exif[0x0112], exif[0x010F] = 6, "A maker"
    exif[0x8769] = {0x9003: "2024:01:02 03:04:05", 0xA002: 30, 0xA003: 20, 0x927C: b"maker's note"}
    exif[0x8825] = {1: "N", 2: (52.0, 31.0, 12.0)}
    smooth = images.resize_bicubic(noise(3, 4, 3), (20, 30))
    source = photo(tmp_path / f"a{suffix}", smooth, exif=exif, quality=100)
    (written,) = enlarged(source, tmp_path / "big")
    with Image.open(written) as image:
        kept = image.getexif()
        camera = kept.get_ifd(0x8769)
        assert image.size == (40, 60)
        assert kept[0x0112] == 1
        assert kept[0x010F] == "A maker"
        assert camera[0x9003] == "2024:01:02 03:04:05"
        assert camera[0x927C] == b"maker's note"
        assert (camera[0xA002], camera[0xA003]) == (40, 60)
        assert kept.get_ifd(0x8825)[2] == (52.0, 31.0, 12.0)
        upright = doubled(np.rot90(smooth, 3)).astype(int)
        assert np.abs(np.asarray(image.convert("RGB")).astype(int) - upright).mean() < 8


@pytest.mark.parametrize("orientation", range(2, 9))
def test_every_orientation_is_turned_as_pillow_turns_it(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    source = photo(tmp_path / "a.png", exif=exif)
    (written,) = enlarged(source, tmp_path / "big")
    with Image.open(source) as image:
        assert np.array_equal(np.asarray(opened(written)), doubled(np.asarray(ImageOps.exif_transpose(image))))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_tiff_of_every_orientation_is_turned_once(tmp_path, orientation, dtype):
    values = noise(20, 30, dtype=dtype)
    source = tmp_path / "a.tif"
    tifffile.imwrite(source, values, photometric="minisblack", extratags=[(274, 3, 1, orientation, True)])
    (written,) = enlarged(source, tmp_path / "big")
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(values.astype(np.uint8)).save(tmp_path / "b.png", exif=exif)
    upright = np.asarray(ImageOps.exif_transpose(opened(tmp_path / "b.png")))
    assert np.array_equal(read_png(written)[..., 0].astype(np.uint8), doubled(upright))


def test_exif_of_a_tiff_is_kept_without_what_describes_the_file(tmp_path):
    source = photo(tmp_path / "a.tif", tiffinfo={0x010F: "A maker", 0x0112: 3})
    (written,) = enlarged(source, tmp_path / "big")
    with Image.open(written) as image:
        assert dict(image.getexif()) == {0x010F: "A maker"}
        assert np.array_equal(np.asarray(image), doubled(np.rot90(noise(20, 30, 3), 2)))


def test_damaged_exif_is_no_reason_to_refuse(tmp_path):
    source = photo(tmp_path / "a.jpg", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01")
    assert len(enlarged(source, tmp_path / "big")) == 1


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
def test_the_colour_profile_is_kept(tmp_path, suffix):
    (written,) = enlarged(photo(tmp_path / f"a{suffix}", icc_profile=SRGB), tmp_path / "big")
    assert opened(written).info["icc_profile"] == SRGB


def test_the_profile_of_other_colours_is_left_out_and_told(tmp_path):
    told = Told()
    source = tmp_path / "a.jpg"
    Image.fromarray(noise(20, 30, 4), "CMYK").save(source, icc_profile=SRGB)
    (written,) = enlarged(source, tmp_path / "big", report=told)
    assert "icc_profile" not in opened(written).info
    assert any("converted from CMYK to RGB, without its colour profile" in line for line in told.lines)


def test_bytes_are_kept_as_they_are(tmp_path):
    (written,) = enlarged(photo(tmp_path / "a.png"), tmp_path / "big")
    assert np.array_equal(np.asarray(opened(written)), doubled(noise(20, 30, 3)))


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_greyscale_stays_greyscale(tmp_path, suffix):
    (written,) = enlarged(photo(tmp_path / f"a{suffix}", noise(20, 30)), tmp_path / "big")
    with Image.open(written) as image:
        assert image.mode == "L"
        if suffix == ".png":
            assert np.array_equal(np.asarray(image), doubled(noise(20, 30)))


def test_a_network_from_grey_to_colour_sees_brightness_and_its_colours_are_kept_when_asked(tmp_path):
    def coloured(values, training):
        assert values.shape[3] == 1
        return twice(np.concatenate([values, np.zeros_like(values), -values], axis=3), training)

    grey = noise(20, 30)
    photo(tmp_path / "colours.png")
    photo(tmp_path / "grey.png", grey)
    how = {"channels": 1, "keep_grey": False}
    (made,) = enlarged(tmp_path / "grey.png", tmp_path / "made.png", network=coloured, how=how)
    expected = np.stack([grey, np.full_like(grey, 128), 255 - grey], axis=2).repeat(2, axis=0).repeat(2, axis=1)
    assert np.array_equal(np.asarray(Image.open(made)), expected)
    (other,) = enlarged(tmp_path / "colours.png", tmp_path / "other.png", network=coloured, how=how)
    assert np.array_equal(np.asarray(Image.open(other))[::2, ::2, :1], images.grey(noise(20, 30, 3)))


@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_alpha_is_enlarged_by_bicubic_interpolation_and_kept(tmp_path, channels, dtype):
    values = noise(40, 50, channels, dtype=dtype)
    values[..., -1] = np.linspace(0, np.iinfo(dtype).max, 50).astype(dtype)
    source = save_png(tmp_path / "a.png", values)
    (written,) = enlarged(source, tmp_path / "big")
    found = read_png(written)
    assert (found.shape, found.dtype) == ((80, 100, channels), dtype)
    assert np.array_equal(found[..., :-1], doubled(values[..., :-1]))
    smooth = Image.fromarray(values[..., -1].astype(np.float32)).resize((100, 80), Image.Resampling.BICUBIC)
    expected = np.clip(np.asarray(smooth), 0, np.iinfo(dtype).max)
    assert np.abs(found[..., -1].astype(float) - expected).max() <= 1


def test_a_jpeg_gets_transparency_on_white_and_says_so(tmp_path):
    told = Told()
    values = noise(20, 30, 4)
    values[..., 3] = 0
    (written,) = enlarged(photo(tmp_path / "a.png", values), tmp_path / "big.jpg", report=told)
    assert np.asarray(opened(written)).min() == 255
    assert any("JPEG has no transparency: put on white" in line for line in told.lines)


def test_one_transparent_colour_and_a_palette_keep_their_transparency(tmp_path):
    values = noise(20, 30, 3)
    values[:10] = (1, 2, 3)
    photo(tmp_path / "a.png", values, transparency=(1, 2, 3))
    palette = Image.fromarray(values).quantize(16)
    palette.save(tmp_path / "b.png", transparency=0)
    for name in ("a.png", "b.png"):
        (written,) = enlarged(tmp_path / name, tmp_path / "big")
        clear = np.asarray(opened(tmp_path / name).convert("RGBA"))[..., 3] == 0
        found = np.asarray(opened(written))
        assert found.shape == (40, 60, 4)
        assert clear.any()
        assert (found[..., 3] < 128).mean() == pytest.approx(clear.mean(), abs=0.1)


def save_png(path, values):
    """Write a PNG of 8 or 16 bits by ganzoo's own encoder, of which other tests ask another reader."""
    from ganzoo.sampling.png import write_png

    with path.open("wb") as file:
        write_png(file, values.shape[:2], [values[:5], values[5:]])
    return path


def read_png(path):
    """Read a PNG with 8 or 16 bits by other means than ganzoo's."""
    content, place, packed = path.read_bytes(), 8, b""
    while place < len(content):
        (length,), kind = struct.unpack_from(">I", content, place), content[place + 4 : place + 8]
        body = content[place + 8 : place + 8 + length]
        assert zlib.crc32(kind + body) == struct.unpack_from(">I", content, place + 8 + length)[0]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack_from(">IIBB", body)
        packed += body if kind == b"IDAT" else b""
        place += 12 + length
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[colour]
    step, stride = channels * depth // 8, width * channels * depth // 8
    raw, rows, above = zlib.decompress(packed), [], bytes(stride)
    for row in range(height):
        kind, line = raw[row * (stride + 1)], bytearray(raw[row * (stride + 1) + 1 : (row + 1) * (stride + 1)])
        for index in range(stride):
            left = line[index - step] if index >= step else 0
            line[index] = (line[index] + (0, left, above[index], (left + above[index]) // 2)[kind]) % 256
        rows.append(bytes(line))
        above = rows[-1]
    values = np.frombuffer(b"".join(rows), f">u{depth // 8}").astype(f"u{depth // 8}")
    return values.reshape(height, width, channels)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"byteorder": ">"},
        {"compression": "zlib", "predictor": True},
        {"extratags": [(274, 3, 1, 6, True)]},
    ],
    ids=str,
)
def test_sixteen_bits_of_a_tiff_become_sixteen_bits_of_a_png(tmp_path, options):
    for name, values in (("rgb", noise(20, 30, 3, dtype=np.uint16)), ("grey", noise(20, 30, dtype=np.uint16))):
        source = tmp_path / f"{name}.tif"
        tifffile.imwrite(source, values, photometric="rgb" if values.ndim == 3 else "minisblack", **options)
        (written,) = enlarged(source, tmp_path / f"{name}")
        assert written.suffix == ".png"
        upright = np.rot90(values, 3) if "extratags" in options else values
        assert np.array_equal(read_png(written).squeeze(), doubled(upright))


@pytest.mark.parametrize("channels", [1, 3])
def test_sixteen_bits_of_a_png_are_kept(tmp_path, channels):
    values = noise(20, 30, channels, dtype=np.uint16)
    (written,) = enlarged(save_png(tmp_path / "a.png", values), tmp_path / "big")
    assert np.array_equal(read_png(written), doubled(values))


def test_sixteen_bits_in_a_format_of_eight_are_rounded_and_told(tmp_path):
    told = Told()
    values = np.full((20, 30, 3), 257 * 100, np.uint16)
    (written,) = enlarged(save_png(tmp_path / "a.png", values), tmp_path / "big.jpg", report=told)
    assert np.abs(np.asarray(opened(written)).astype(int) - 100).max() <= 1
    assert any("JPEG holds 8 bits of its 16" in line for line in told.lines)


def test_floating_point_values_are_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((4, 5), np.float32))
    with pytest.raises(DataError, match="holds floating-point values; convert it to 16 bits first"):
        enlarged(tmp_path / "a.tif", tmp_path / "big")


@pytest.mark.parametrize("shape", [(65, 31, 1), (7, 9, 2), (40, 50, 3), (33, 20, 4)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_pillow_reads_what_the_png_encoder_writes(tmp_path, shape, dtype):
    values = noise(*shape, dtype=dtype)
    save_png(tmp_path / "a.png", values)
    with Image.open(tmp_path / "a.png") as image:
        image.load()
        assert image.size == (shape[1], shape[0])
        if dtype == np.uint8:
            assert np.array_equal(np.asarray(image).reshape(shape), values)
    assert np.array_equal(read_png(tmp_path / "a.png"), values)


def test_an_animation_gives_its_first_picture_and_says_so(tmp_path):
    told = Told()
    first, second = Image.fromarray(noise(20, 30, 3)), Image.fromarray(255 - noise(20, 30, 3))
    first.save(tmp_path / "a.png", save_all=True, append_images=[second])
    (written,) = enlarged(tmp_path / "a.png", tmp_path / "big", report=told)
    assert np.array_equal(np.asarray(opened(written).convert("RGB")), doubled(noise(20, 30, 3)))
    assert any("holds more than one picture: the first was taken" in line for line in told.lines)


def test_a_sheet_shows_the_centres_of_photographs_before_and_after(tmp_path):
    large, small = noise(300, 200, 3), noise(20, 30)
    photo(tmp_path / "in" / "a.png", large)
    photo(tmp_path / "in" / "b.png", small)
    *_, sheet = enlarged(tmp_path / "in", tmp_path / "out", sheet=True)
    assert sheet == tmp_path / "out" / "before_after.png"
    shown = images.read_image(sheet)
    first = shown[22 : 22 + 256]
    after = large[86:214, 36:164].repeat(2, axis=0).repeat(2, axis=1)
    assert np.array_equal(first[:, -256:], after)
    assert np.array_equal(first[:, :256], images.resize_bicubic(large[86:214, 36:164], (256, 256)))
    second = shown[-256:, -256:]
    assert np.array_equal(second[:40, :60, 0], small.repeat(2, axis=0).repeat(2, axis=1))
    assert (second[40:] == 255).all()


def test_a_sheet_of_one_file_is_called_like_it_and_replaces_nothing(tmp_path):
    photo(tmp_path / "a.png")
    _, sheet = enlarged(tmp_path / "a.png", tmp_path / "big.jpg", sheet=True)
    assert sheet.name == "big_before_after.png"
    (tmp_path / "big.jpg").unlink()
    with pytest.raises(RecipeError, match=r"big_before_after\.png: exists; name another output"):
        enlarged(tmp_path / "a.png", tmp_path / "big.jpg", sheet=True)
    enlarged(tmp_path / "a.png", tmp_path / "big.jpg", sheet=True, overwrite=True)
