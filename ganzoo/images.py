"""Image files to arrays and back, with one stated policy for everything a file can hold.

Arrays are uint8, height x width x 3 (RGB), unless a function says otherwise. Only PNG, JPEG, WebP, TIFF and BMP are
read; EXIF orientation is applied, transparency is composited on white, 16-bit values are scaled (not clipped), the
first frame of an animation and the first page of several count. Values of more bits have no stated range and are
refused.
"""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Literal

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import TiffImageFile

from ganzoo.contracts.tensor import Array
from ganzoo.errors import DataError

__all__ = [
    "FORMATS",
    "MOST_PIXELS",
    "SUFFIXES",
    "Resize",
    "cut_square",
    "encode_image",
    "from_pillow",
    "grey",
    "grid",
    "halves",
    "luma",
    "no_halves",
    "not_rgb",
    "read_image",
    "read_size",
    "resize_bicubic",
    "resized",
    "to_float",
    "to_uint8",
    "write_image",
]

#: How an image of other proportions gets a size.
Resize = Literal["crop", "fit", "stretch"]

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP")
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp")
_CAMERA_SUFFIXES = frozenset(
    (".heic", ".heif", ".avif", ".dng", ".arw", ".cr2", ".cr3", ".nef", ".orf", ".raf", ".rw2")
)
_WRITTEN = (".png", ".jpg", ".jpeg", ".webp")

#: Larger images are refused before they are decoded: a small file can announce an enormous one. Below Pillow's own
#: limit, so that this one is what a user meets.
MOST_PIXELS = 150_000_000

#: The shares of red, green and blue in the brightness of a pixel: BT.601, full range.
LUMA_WEIGHTS = (0.299, 0.587, 0.114)

#: Pillow warns about metadata and sizes for which a file need not be refused.
_PILLOW = r"PIL\."
_SILENCE = ("ignore", None, Warning, re.compile(_PILLOW), 0)

_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SWAPPING = (
    Image.Transpose.TRANSPOSE,
    Image.Transpose.ROTATE_270,
    Image.Transpose.TRANSVERSE,
    Image.Transpose.ROTATE_90,
)

_BITS_PER_SAMPLE, _PHOTOMETRIC, _TILE_WIDTH, _TILE_LENGTH = 258, 262, 322, 323
_MOST_BITS = 16
#: A tile may be larger than the image, as the last ones of a row are; libtiff makes room for one whole tile.
_LARGEST_SPARE_TILE = 1024 * 1024
_WHITE_IS_ZERO = 0

#: So many values are converted at once: what is computed on the way stays in the processor's cache.
_AT_ONCE = 65_536
_GAP = 2
_SMALLEST_SHOWN = 64


def read_image(file: str | Path | IO[bytes], *, name: str | None = None) -> Array:
    """Return a file as RGB; DataError naming the file and the cause when it cannot be decoded."""
    with _opened(file, name) as image:
        return _decode(image)


def read_size(file: str | Path | IO[bytes], *, name: str | None = None) -> tuple[int, int]:
    """Return (height, width) of an image from its header alone; DataError when this is enough to refuse it."""
    with _opened(file, name) as image:
        # of TIFF, Pillow says the upright size; of PNG, it would decode the image to find EXIF behind the pixels
        has_exif = image.format in ("JPEG", "WEBP") or (image.format == "PNG" and "exif" in image.info)
        turn = _turn(image) if has_exif else None
        return (image.width, image.height) if turn in _SWAPPING else (image.height, image.width)


def from_pillow(image: Image.Image) -> Array:
    """Return a picture that Pillow has opened as RGB, upright and on white, as if it had been read from its file."""
    return _decode(image)


def write_image(path: Path, image: Array, *, texts: Mapping[str, str] | None = None) -> None:
    """Write an image (uint8, H x W x 1 or 3) in the format of its suffix; a reader finds the old file or the new one.

    A PNG holds the `texts` by keyword. DataError when the suffix is not one of PNG's, JPEG's or WebP's.
    """
    content = encode_image(path, image, texts=texts)
    temporary = path.with_name(f".{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary.write_bytes(content)
    temporary.replace(path)


def encode_image(path: Path, image: Array, *, texts: Mapping[str, str] | None = None) -> bytes:
    """Return what a file of this name holds; DataError when its suffix is not one of PNG's, JPEG's or WebP's."""
    if path.suffix.lower() not in _WRITTEN:
        raise DataError(f"{path}: cannot write '{path.suffix}'; expected one of {', '.join(_WRITTEN)}")
    buffer = io.BytesIO()
    image = image[..., 0] if image.shape[2:] == (1,) else image
    kind = {".png": "PNG", ".webp": "WEBP"}.get(path.suffix.lower(), "JPEG")
    options = {"pnginfo": _png_info(texts)} if kind == "PNG" and texts else {}
    Image.fromarray(image).save(buffer, kind, quality=95, **options)
    return buffer.getvalue()


def _png_info(texts: Mapping[str, str]) -> PngInfo:
    info = PngInfo()
    for keyword, text in texts.items():
        info.add_itxt(keyword, text)
    return info


def resize_bicubic(image: Array, size: tuple[int, int]) -> Array:
    """Return the image at (height, width) by antialiased bicubic interpolation (a = -0.5), rounded to uint8.

    This is Pillow's filter: MATLAB's imresize up to the treatment of the outermost pixels and of rounding.
    """
    height, width = size
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC))


def to_float(image: Array) -> Array:
    """Return uint8 [0, 255] as float32 [-1, 1]."""
    return image.astype(np.float32) / np.float32(127.5) - np.float32(1)


def to_uint8(image: Array) -> Array:
    """Return float [-1, 1] as uint8 [0, 255]: clipped and rounded, never truncated."""
    result = np.empty(image.shape, np.uint8)
    flat, made = image.reshape(-1), result.reshape(-1)
    for start in range(0, len(flat), _AT_ONCE):
        values = flat[start : start + _AT_ONCE].astype(np.float64)
        values += 1
        values *= 127.5
        made[start : start + _AT_ONCE] = np.clip(np.rint(values, out=values), 0, 255, out=values)
    return result


def luma(image: Array) -> Array:
    """Return the Y channel of uint8 RGB, BT.601 studio range [16, 235], as float64 and unrounded (MATLAB rgb2ycbcr)."""
    weighted: Array = np.asarray(image, np.float64) @ np.array([65.481, 128.553, 24.966])
    return 16 + weighted / 255


def grey(image: Array) -> Array:
    """Return the brightness of RGB (H x W x 3, uint8 or floats) as one channel: BT.601, the full range of the input."""
    weighted: Array = (image @ np.array(LUMA_WEIGHTS, np.float32))[..., None]
    return np.rint(weighted).astype(np.uint8) if image.dtype == np.uint8 else weighted.astype(image.dtype)


def not_rgb(shape: Sequence[int]) -> str | None:
    """Return why an image of this shape (height, width, channels) is not RGB; None where it is."""
    if tuple(shape[2:]) == (3,):
        return None
    return f"the image has {'x'.join(map(str, shape[2:])) or 1} channels, expected 3 (RGB)"


def no_halves(shape: Sequence[int]) -> str | None:
    """Return why an image of this shape (height, width, ...) has no left and right half; None where it has."""
    height, width = shape[:2]
    return f"the picture is {width}x{height}; two halves need an even width" if width % 2 else None


def halves(image: Array) -> tuple[Array, Array]:
    """Return the left and the right half of an image of even width."""
    left, right = np.split(image, 2, axis=1)
    return np.ascontiguousarray(left), np.ascontiguousarray(right)


def cut_square(image: Array, side: int, corner: Sequence[float] | Array) -> Array:
    """Return a square of an image at least as large; `corner` is where in [0, 1) the free play of each axis is used."""
    top, left = (int(place * (length - side + 1)) for place, length in zip(corner, image.shape[:2], strict=True))
    return image[top : top + side, left : left + side]


def grid(images: Sequence[Array], columns: int | None = None) -> Array:
    """Return images of one size (H x W x 1 or 3, uint8) side by side with a thin white gap; tiny ones are enlarged."""
    sizes = sorted({image.shape for image in images})
    if len(sizes) != 1:
        raise ValueError(f"a grid needs images of one shape, received {', '.join(map(str, sizes)) or 'none'}")
    tiles = [_shown(image) for image in images]
    columns = columns or math.ceil(math.sqrt(len(tiles)))
    rows = math.ceil(len(tiles) / columns)
    height, width = tiles[0].shape[:2]
    sheet = np.full((rows * (height + _GAP) - _GAP, columns * (width + _GAP) - _GAP, 3), 255, np.uint8)
    for index, tile in enumerate(tiles):
        top, left = index // columns * (height + _GAP), index % columns * (width + _GAP)
        sheet[top : top + height, left : left + width] = tile
    return sheet


def ignore_pillow_warnings() -> None:
    """Silence Pillow for good: `catch_warnings` sets and restores for all threads, of which this may be one."""
    if warnings.filters[:1] != [_SILENCE]:
        warnings.filterwarnings("ignore", module=_PILLOW)


@contextmanager
def _opened(file: str | Path | IO[bytes], name: str | None) -> Iterator[Image.Image]:
    """Open a file without decoding it, and explain whatever goes wrong with it."""
    shown = name or str(file if isinstance(file, (str, Path)) else getattr(file, "name", "the image"))
    ignore_pillow_warnings()
    try:
        # by name, Pillow maps some TIFFs into memory, and then turns those that lie on a side wrongly
        with ExitStack() as stack:
            readable = stack.enter_context(Path(file).open("rb")) if isinstance(file, (str, Path)) else file
            image = stack.enter_context(Image.open(readable, formats=FORMATS))
            check_header(image, shown)
            yield image
    except DataError:
        raise
    except UnidentifiedImageError as error:
        raise DataError(not_an_image(shown)) from error
    except Image.DecompressionBombError as error:
        raise DataError(too_large(shown)) from error
    except MemoryError as error:
        raise DataError(f"{shown}: does not fit into memory; scale it down first") from error
    # Pillow's readers raise of a damaged file what the damage leads to: of TIFF, almost anything
    except Exception as error:
        raise DataError(
            f"{shown}: cannot be decoded: {' '.join(str(error).split()) or type(error).__name__}"
        ) from error


def check_header(image: Image.Image, name: str) -> None:
    """Raise DataError for what would take too much memory, or has no stated range, before anything is decoded."""
    if image.width * image.height > MOST_PIXELS:
        raise DataError(too_large(name))
    if not isinstance(image, TiffImageFile):
        return
    tile = image.tag_v2.get(_TILE_WIDTH, 1) * image.tag_v2.get(_TILE_LENGTH, 1)
    if tile > max(4 * image.width * image.height, _LARGEST_SPARE_TILE):
        raise DataError(f"{name}: cannot be decoded: its tiles are larger than the image")
    bits = max(image.tag_v2.get(_BITS_PER_SAMPLE, (1,)))
    if bits > _MOST_BITS:
        raise DataError(f"{name}: holds {bits}-bit numbers, expected {_MOST_BITS} bits or fewer")


def _decode(image: Image.Image) -> Array:
    image.load()
    turn = _turn(image)
    rgb = _to_rgb(image)
    return np.array(rgb if turn is None else rgb.transpose(turn))


def _turn(image: Image.Image) -> Image.Transpose | None:
    # ImageOps.exif_transpose also writes EXIF anew, and fails on entries that only displease it
    return _UPRIGHT.get(image.getexif().get(_ORIENTATION, 1))


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        values = np.asarray(image)
        grey = ((np.clip(values, 0, 65535).astype(np.int32) + 128) // 257).astype(np.uint8)
        if isinstance(image, TiffImageFile) and image.tag_v2.get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
            grey = 255 - grey
        grey[values == image.info.get("transparency", -1)] = 255
        return Image.fromarray(grey).convert("RGB")
    if "A" in image.getbands() or "transparency" in image.info:
        layer = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def not_an_image(name: str) -> str:
    """Return the message for a file that none of `FORMATS` fits."""
    return f"{name}: is not a {', '.join(FORMATS[:-1])} or {FORMATS[-1]} image{conversion([Path(name).suffix])}"


def conversion(suffixes: Iterable[str]) -> str:
    """Return `; convert .heic to .jpg first` for those suffixes that cameras write and nothing here reads."""
    found = sorted({suffix.lower() for suffix in suffixes} & _CAMERA_SUFFIXES)
    return f"; convert {', '.join(found)} to .jpg first" if found else ""


def too_large(name: str) -> str:
    """Return the message for an image of more than `MOST_PIXELS`."""
    return f"{name}: has more than {MOST_PIXELS // 10**6} million pixels; scale it down first"


def _shown(image: Array) -> Array:
    rgb = np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image
    factor = max(1, _SMALLEST_SHOWN // max(rgb.shape[:2]))
    return rgb.repeat(factor, axis=0).repeat(factor, axis=1)


def resized(image: Array, size: tuple[int, int], how: Resize) -> Array:
    """Return a uint8 image (height, width, channels) at another height and width, by antialiased bicubic interpolation.

    `crop` scales the short side and cuts the centre out, `fit` scales the whole and pads it with white, `stretch` gives
    up its proportions.
    """
    picture = _resized(Image.fromarray(image[:, :, 0] if image.shape[2] == 1 else image), size, how)
    return np.array(picture).reshape(*size, image.shape[2])


def _resized(picture: Image.Image, size: tuple[int, int], how: Resize) -> Image.Image:
    height, width = size
    if how == "stretch":
        return picture.resize((width, height), Image.Resampling.BICUBIC)
    if how == "crop":
        # cut first: a long narrow picture would become enormous
        factor = min(picture.width / width, picture.height / height)
        left, top = (picture.width - width * factor) / 2, (picture.height - height * factor) / 2
        box = (
            max(left, 0),
            max(top, 0),
            min(picture.width, left + width * factor),
            min(picture.height, top + height * factor),
        )
        return picture.resize((width, height), Image.Resampling.BICUBIC, box=box)
    factor = min(width / picture.width, height / picture.height)
    inside = (max(1, min(width, round(picture.width * factor))), max(1, min(height, round(picture.height * factor))))
    sheet = Image.new(picture.mode, (width, height), "white")
    corner = ((width - inside[0]) // 2, (height - inside[1]) // 2)
    sheet.paste(picture.resize(inside, Image.Resampling.BICUBIC), corner)
    return sheet
