"""Whatever an image file holds, an array or a DataError that names it comes out, and a little memory is taken.

The file is its own child process: `python test_hostile_images.py FOLDER` reads all files of a folder and prints how
much memory that took.
"""

from __future__ import annotations

import io
import random
import re
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganzoo import DataError, images
from ganzoo.sampling.photograph_files import read_photograph

RNG = np.random.default_rng(0)
PHOTO = Image.fromarray(RNG.integers(0, 256, (40, 48, 3), dtype=np.uint8))
DEEP = Image.fromarray(RNG.integers(0, 65536, (40, 48), dtype=np.uint16))


def encoded(kind, mode="RGB", **options):
    buffer = io.BytesIO()
    (DEEP if mode == "I;16" else PHOTO.convert(mode)).save(buffer, kind, **options)
    return buffer.getvalue()


IMAGES = {
    "rgb.png": encoded("PNG"),
    "palette.png": encoded("PNG", "P"),
    "alpha.png": encoded("PNG", "RGBA"),
    "deep.png": encoded("PNG", "I;16"),
    "rgb.jpg": encoded("JPEG"),
    "progressive.jpg": encoded("JPEG", progressive=True),
    "cmyk.jpeg": encoded("JPEG", "CMYK"),
    "lossy.webp": encoded("WEBP"),
    "lossless.webp": encoded("WEBP", "RGBA", lossless=True),
    "animated.webp": encoded("WEBP", save_all=True, append_images=[PHOTO.rotate(90)]),
    "rgb.tif": encoded("TIFF"),
    "packed.tiff": encoded("TIFF", compression="tiff_lzw"),
    "deflated.tiff": encoded("TIFF", "RGBA", compression="tiff_adobe_deflate"),
    "photo.tiff": encoded("TIFF", compression="jpeg"),
    "deep.tiff": encoded("TIFF", "I;16"),
    "fax.tiff": encoded("TIFF", "1", compression="group4"),
    "pages.tiff": encoded("TIFF", save_all=True, append_images=[PHOTO.rotate(90)]),
    "rgb.bmp": encoded("BMP"),
    "palette.bmp": encoded("BMP", "P"),
}


# -- headers that promise more than there is ---------------------------------------------------------------------------


def png(width, height, *, colour=2, bits=8, extra=b""):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + header + (chunk(*extra) if extra else b"") + pixels + chunk(b"IEND", b"")


def jpeg(width, height):
    content = IMAGES["rgb.jpg"]
    start = content.index(b"\xff\xc0") + 5
    return content[:start] + struct.pack(">HH", height, width) + content[start + 4 :]


def webp(*chunks):
    body = b"WEBP" + b"".join(kind + struct.pack("<I", len(content)) + content for kind, content in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def canvas(width, height, *, animated):
    size = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    return b"VP8X", bytes([2 if animated else 0, 0, 0, 0]) + size


def frame():
    """Return one small frame, as part of an animation."""
    still = encoded("WEBP", lossless=True)
    place = bytes(6) + struct.pack("<I", 47)[:3] + struct.pack("<I", 39)[:3] + bytes(4)
    return b"ANMF", place + still[12:]


def lossless(width, height):
    """Return a still of VP8L that claims a size."""
    body = IMAGES["lossless.webp"][IMAGES["lossless.webp"].index(b"VP8L") + 8 :]
    return webp((b"VP8L", body[:1] + struct.pack("<I", (width - 1) | (height - 1) << 14) + body[5:]))


def compressed(megabytes):
    press = zlib.compressobj()
    return b"".join([*(press.compress(b"a" * 10**6) for _ in range(megabytes)), press.flush()])


def tiff(width, height, *tags, compression=1, strip=b"\0" * 64):
    """Return a TIFF of one strip, or of one tile where the tags say so, whose header claims a size."""
    entries = [(256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, compression), (262, 3, 1), (277, 3, 1)]
    start = 8 + 2 + 12 * (len(entries) + len(tags or PLAIN_STRIP)) + 4
    content = b"II*\0" + struct.pack("<I", 8)
    table = sorted(
        [*entries, *((tag, kind, start if value is None else value) for tag, kind, value in tags or PLAIN_STRIP)]
    )
    content += struct.pack("<H", len(table))
    for tag, kind, value in table:
        content += struct.pack("<HHII", tag, kind, 1, value)
    return content + bytes(4) + strip


PLAIN_STRIP = ((273, 4, None), (278, 4, 2**32 - 1), (279, 4, 64))


def bmp(width, height, bits=24):
    content = IMAGES["rgb.bmp"]
    return content[:18] + struct.pack("<ii", width, height) + content[26:28] + struct.pack("<H", bits) + content[30:]


LONG_TEXT = compressed(100)
BOMBS = {
    "pixels.png": png(60_000, 60_000),
    "row.png": png(140_000_000, 1),
    "column.png": png(1, 2**31 - 1),
    "nothing.png": png(0, 5),
    "deep.png": png(60_000, 60_000, colour=0, bits=16),
    "text.png": png(4, 4, extra=(b"zTXt", b"x\0\0" + LONG_TEXT)),
    "profile.png": png(4, 4, extra=(b"iCCP", b"x\0\0" + LONG_TEXT)),
    "pixels.jpg": jpeg(60_000, 60_000),
    "column.jpg": jpeg(3000, 65_535),
    "pixels.webp": webp(canvas(60_000, 60_000, animated=False), (b"VP8L", lossless(48, 40)[20:])),
    "animation.webp": webp(canvas(60_000, 60_000, animated=True), (b"ANIM", bytes(6)), frame()),
    "lossless.webp": lossless(2**14, 2**14),
    "pixels.tiff": tiff(60_000, 60_000),
    "packed.tiff": tiff(60_000, 60_000, compression=8, strip=compressed(1)),
    "tile.tiff": tiff(
        48, 40, (322, 4, 40_000), (323, 4, 40_000), (324, 4, None), (325, 4, 64), compression=8, strip=compressed(1)
    ),
    "strip.tiff": tiff(4000, 4000, compression=8, strip=compressed(1)[:64]),
    "samples.tiff": IMAGES["rgb.tif"].replace(
        struct.pack("<HHII", 277, 3, 1, 3), struct.pack("<HHII", 277, 3, 1, 60_000)
    ),
    "loop.tiff": b"II*\0" + struct.pack("<IHI", 8, 0, 8),
    "pixels.bmp": bmp(60_000, 60_000),
    "lowest.bmp": bmp(48, -(2**31)),
    "short.bmp": bmp(10_000, 10_000),
    "zero.png": b"",
    "zero.jpg": b"",
    "page.jpg": b"<!DOCTYPE html><html><body>404 Not Found</body></html>" * 50,
    "page.webp": b"RIFF\xff\xff\xff\x7fWEBP<html>",
    "other.jpg": b"GIF89a\xff\xff\xff\xff" + bytes(40),
    "script.png": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 60000 60000\n",
}


READERS = [images.read_image, read_photograph]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("name", BOMBS)
def test_a_file_that_is_not_what_it_says_is_refused_by_name(tmp_path, name, read):
    (tmp_path / name).write_bytes(BOMBS[name])
    with pytest.raises(DataError) as refused:
        read(tmp_path / name)
    assert str(refused.value).startswith(f"{tmp_path / name}: ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("read", READERS)
def test_an_enormous_size_is_told_as_such(tmp_path, read):
    pixels = ("pixels.png", "pixels.jpg", "pixels.tiff", "packed.tiff", "pixels.bmp")
    for name in (*pixels, "column.png", "column.jpg", "deep.png", "lossless.webp"):
        (tmp_path / name).write_bytes(BOMBS[name])
        with pytest.raises(DataError, match="more than 150 million pixels"):
            read(tmp_path / name)


@pytest.mark.parametrize("read", READERS)
def test_an_image_for_which_memory_does_not_suffice_is_named(tmp_path, read):
    (tmp_path / "row.png").write_bytes(BOMBS["row.png"])
    with pytest.raises(DataError, match=r"row\.png: does not fit into memory"):
        read(tmp_path / "row.png")


# -- damage ------------------------------------------------------------------------------------------------------------


def is_read_or_refused(content, name):
    """Return whether it is read; what is read is a clean image."""
    try:
        found = images.read_image(io.BytesIO(content), name=name)
    except DataError as error:
        message = str(error)
    else:
        assert found.dtype == np.uint8
        assert found.ndim == 3
        assert found.shape[2] == 3
        assert found.size
        assert found.flags.writeable
        return True
    assert message.startswith(f"{name}: ")
    return False


# of several pages, the first can be whole where a later one is cut
@pytest.mark.parametrize("name", [name for name in IMAGES if name != "pages.tiff"])
def test_an_image_cut_at_any_place_is_refused(name):
    content = IMAGES[name]
    assert is_read_or_refused(content, name)
    read = [length for length in range(0, len(content), 64) if is_read_or_refused(content[:length], name)]
    # the last bytes of a PNG only say that it ends
    assert all(len(content) - length <= 16 for length in read)


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_with_a_flipped_byte_is_read_or_refused(name):
    rng = random.Random(name)
    for _ in range(300):
        content = bytearray(IMAGES[name])
        content[rng.randrange(len(content))] ^= rng.randrange(1, 256)
        is_read_or_refused(bytes(content), name)


def test_sixteen_bits_are_rounded_to_the_nearest_of_eight(tmp_path):
    every = np.arange(2**16, dtype=np.uint16).reshape(256, 256)
    Image.fromarray(every).save(tmp_path / "deep.png")
    assert np.array_equal(images.read_image(tmp_path / "deep.png")[:, :, 0], np.rint(every / 257))


# -- memory ------------------------------------------------------------------------------------------------------------


def peak():
    """Return the most MiB that this process had; what `resource` tells begins with that of its parent."""
    return int(re.findall(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())[0]) // 1024


def taken(folder):
    """Read all files of a folder; return by how many MiB the process grew at most."""
    is_read_or_refused(IMAGES["rgb.png"], "rgb.png")
    before = peak()
    for path in sorted(folder.iterdir()):
        content = path.read_bytes()
        is_read_or_refused(content, path.name)
        if content == BOMBS.get(path.name):
            with pytest.raises(DataError):
                read_photograph(path)
    return peak() - before


def taken_by_a_child(folder):
    command = [sys.executable, "-W", "ignore", __file__, str(folder)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="peak memory is read from /proc")
def test_what_is_refused_takes_little_memory(tmp_path):
    for name, content in (IMAGES | BOMBS).items():
        (tmp_path / name).write_bytes(content)
    assert taken_by_a_child(tmp_path) < 40


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="peak memory is read from /proc")
def test_memory_is_a_few_times_that_of_the_array(tmp_path):
    (tmp_path / "large.jpg").write_bytes(jpeg(5000, 4000))
    Image.fromarray(np.zeros((4000, 5000), np.uint16)).save(tmp_path / "deep.png")
    assert taken_by_a_child(tmp_path) < 5 * 5000 * 4000 * 3 / 2**20


if __name__ == "__main__":
    print(taken(Path(sys.argv[1])))
