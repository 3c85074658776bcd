"""Photograph files with all that is kept of them: depth, grey, transparency, colour profile and EXIF.

Training reads images by `ganzoo.images`, which makes 8-bit RGB of everything; whoever enlarges a photograph wants back
what the file had.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from ganzoo import images
from ganzoo.errors import DataError
from ganzoo.sampling.exif import upright_exif
from ganzoo.sampling.png import write_png

if TYPE_CHECKING:
    from ganzoo.contracts.tensor import Array

#: What is written; `images.SUFFIXES` are read.
KINDS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
_LONGEST_SIDE = {"JPEG": 65500, "WEBP": 16383}
_QUALITY = 95
_MOST_EXIF_IN_JPEG = 65_533

_DEEP = 65535
_BYTE = 255
#: The same bytes unpacked with the other byte order: the low bytes of values of which Pillow keeps the high ones.
_LOW_BYTES = {
    "RGB;16B": "RGB;16L",
    "RGB;16L": "RGB;16B",
    "RGB;16N": "RGB;16B",
    "RGBA;16B": "RGBA;16L",
    "RGBA;16L": "RGBA;16B",
    "RGBA;16N": "RGBA;16B",
}
_DEEP_GREY_ALPHA = "LA;16B"
_ORIENTATION = 0x0112
#: What turns an array of each EXIF orientation upright.
_UPRIGHT: dict[int, Callable[[Array], Array]] = {
    2: np.fliplr,
    3: lambda values: np.rot90(values, 2),
    4: np.flipud,
    5: lambda values: values.swapaxes(0, 1),
    6: lambda values: np.rot90(values, 3),
    7: lambda values: np.rot90(values, 2).swapaxes(0, 1),
    8: np.rot90,
}
_SIDEWAYS = (5, 6, 7, 8)
#: ImageDescription, Make, Model, Software, DateTime, Artist, Copyright, the camera's table and GPS.
_TIFF_TAGS = (0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298)
_TIFF_TABLES = (0x8769, 0x8825)


@dataclass(kw_only=True)
class Photograph:
    """A photograph, upright: what networks see of it, and what is kept beside them.

    `pixels` are height x width x 3, uint8, or float32 in [-1, 1] where the file has 16 bits; `alpha` is height x width,
    uint8 or uint16 likewise. `notes` say what could not be kept.
    """

    pixels: Array
    alpha: Array | None = None
    grey: bool = False
    deep: bool = False
    icc: bytes | None = None
    exif: bytes | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.pixels.shape[0], self.pixels.shape[1]


def read_photograph(path: Path, *, fits: Callable[[tuple[int, int]], None] = lambda _size: None) -> Photograph:
    """Return a file's photograph; DataError naming the file and the cause when it is not a good image.

    `fits` is called with (height, width) before anything is decoded, and may refuse.
    """
    images.ignore_pillow_warnings()
    with _explained(path), _opened(path) as image:
        if image.mode == "F":
            raise DataError(f"{path}: holds floating-point values; convert it to 16 bits first")
        images.check_header(image, str(path))
        raw = _raw_mode(image)  # asking a PNG for its EXIF decodes it
        turn = 1 if image.format == "TIFF" else _orientation(image)  # Pillow turns a TIFF as it decodes it
        fits((image.width, image.height) if turn in _SIDEWAYS else (image.height, image.width))
        return _photograph(image, path, raw, turn)


def write_photograph(
    path: Path,
    photograph: Photograph,
    bands: Iterable[Array],
    *,
    scale: int,
    keep_grey: bool = True,
    texts: Mapping[str, str] | None = None,
) -> list[str]:
    """Write bands of rows, what a network made of a photograph, with all else that it holds; return what was lost.

    The bands have one channel or three; where a greyscale photograph stays so (`keep_grey`), colours become grey. The
    format is that of the suffix; a PNG holds the `texts` by keyword. A reader finds the old file or the whole new one.
    """
    kind = KINDS[path.suffix.lower()]
    height, width = (side * scale for side in photograph.size)
    exif = None if photograph.exif is None else upright_exif(photograph.exif, (height, width))
    notes: list[str] = []
    if kind == "JPEG" and exif is not None and len(exif) > _MOST_EXIF_IN_JPEG - len(b"Exif\0\0"):
        exif, notes = None, ["the EXIF is longer than a JPEG can hold, and was left out"]
    deep, grey = photograph.deep and kind == "PNG", photograph.grey and keep_grey
    rows = _finished(photograph, bands, scale, deep=deep, grey=grey, alpha=kind != "JPEG")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    try:
        if kind == "PNG":
            with temporary.open("wb") as file:
                write_png(file, (height, width), rows, icc=photograph.icc, exif=exif, texts=texts)
        else:
            whole = _assembled(rows, (height, width))
            options: dict[str, Any] = {"subsampling": 0} if kind == "JPEG" else {}
            kept = {"icc_profile": photograph.icc, "exif": exif and b"Exif\0\0" + exif}
            options |= {name: value for name, value in kept.items() if value is not None}
            whole.save(temporary, kind, quality=_QUALITY, **options)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return notes


def refuse_size(path: Path, size: tuple[int, int], target: Path, scale: int) -> None:
    """Raise DataError when a file of the target's format cannot hold the photograph `scale` times as large."""
    kind = KINDS[target.suffix.lower()]
    height, width = size[0] * scale, size[1] * scale
    longest = _LONGEST_SIDE.get(kind)
    if longest is not None and max(height, width) > longest:
        raise DataError(
            f"{path}: would be {width}x{height}, but {kind} holds at most {longest} pixels a side; use --set format=png"
        )


def without_alpha(photograph: Photograph) -> Photograph:
    """Return the photograph on white, and say so."""
    if photograph.alpha is None:
        return photograph
    opacity = (photograph.alpha.astype(np.float32) / np.iinfo(photograph.alpha.dtype).max)[..., None]
    white = np.float32(1 if photograph.deep else _BYTE)
    on_white = photograph.pixels * opacity + white * (1 - opacity)
    photograph.pixels = on_white.astype(np.float32) if photograph.deep else np.rint(on_white).astype(np.uint8)
    photograph.alpha = None
    photograph.notes.append("JPEG has no transparency: put on white")
    return photograph


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except UnidentifiedImageError as error:
        raise DataError(images.not_an_image(str(path))) from error
    except Image.DecompressionBombError as error:
        raise DataError(images.too_large(str(path))) from error
    except MemoryError as error:
        raise DataError(f"{path}: does not fit into memory; scale it down first") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError) as error:
        raise DataError(f"{path}: cannot be decoded: {error}") from error


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    # by name, Pillow maps some TIFFs into memory, and then turns those that lie on a side wrongly
    with path.open("rb") as file, Image.open(file, formats=images.FORMATS) as image:
        yield image


def _orientation(image: Image.Image) -> int:
    with suppress(Exception):  # damaged EXIF is not a reason to refuse the pixels
        return int(image.getexif().get(_ORIENTATION, 1))
    return 1


def _photograph(image: Image.Image, path: Path, raw: str, turn: int) -> Photograph:
    notes: list[str] = []
    exif, icc, mode = _exif(image), image.info.get("icc_profile"), image.mode
    if icc is not None and mode in ("CMYK", "LAB", "YCbCr"):
        icc, notes = None, [*notes, f"converted from {mode} to RGB, without its colour profile"]
    values, opaque = _values(image, path, raw)
    if image.format in ("PNG", "WEBP", "TIFF") and getattr(image, "n_frames", 1) > 1:
        notes.append("holds more than one picture: the first was taken")
    deep = values.dtype == np.uint16
    values = values[..., None] if values.ndim == 2 else values
    colours, alpha = (values[..., :-1], values[..., -1]) if values.shape[2] in (2, 4) else (values, opaque)
    grey = colours.shape[2] == 1
    colours, alpha = _turned(colours, turn), None if alpha is None else _turned(alpha, turn)
    if alpha is not None and alpha.min() == np.iinfo(alpha.dtype).max:
        alpha = None
    pixels = colours.astype(np.float32) / np.float32(_DEEP / 2) - np.float32(1) if deep else colours
    pixels = np.repeat(pixels, 3, axis=2) if grey else np.ascontiguousarray(pixels)
    return Photograph(pixels=pixels, alpha=alpha, grey=grey, deep=deep, icc=icc, exif=exif, notes=notes)


def _values(image: Image.Image, path: Path, raw: str) -> tuple[Array, Array | None]:
    """Return the values of a file (uint8 or uint16, with 1 to 4 channels), and alpha from one transparent colour."""
    key = image.info.get("transparency")
    if image.mode in ("P", "PA"):
        return np.asarray(image.convert("RGBA" if key is not None or image.mode == "PA" else "RGB")), None
    if image.mode.startswith("I"):
        values = np.clip(np.asarray(image), 0, _DEEP).astype(np.uint16)
    elif raw in _LOW_BYTES or raw == _DEEP_GREY_ALPHA:
        values = _deep_values(image, path, raw)
    else:
        known = {"1": "L", "CMYK": "RGB", "LAB": "RGB", "YCbCr": "RGB", "HSV": "RGB", "RGBX": "RGB", "La": "LA"}
        wanted = known.get(image.mode, image.mode)
        values = np.asarray(image if wanted == image.mode else image.convert(wanted))
        if image.mode == "1" and key is not None:
            key = _BYTE * int(bool(key))
    if key is None or values.shape[2:] not in ((), (3,)):
        return values, None
    same = values == np.array(key, values.dtype)
    clear = same if same.ndim == 2 else same.all(axis=2)
    return values, np.where(clear, 0, np.iinfo(values.dtype).max).astype(values.dtype)


def _raw_mode(image: Image.Image) -> str:
    """Return how Pillow will unpack the bytes of a file that is not loaded yet."""
    tiles = getattr(image, "tile", [])
    args = tiles[0].args if tiles else ""
    return str(args if isinstance(args, str) or not args else args[0])


def _deep_values(image: Image.Image, path: Path, raw: str) -> Array:
    """Return 16-bit colours: Pillow gives the high bytes, and the low ones at a second look."""
    with _opened(path) as again:
        if raw == _DEEP_GREY_ALPHA:  # four bytes a pixel, whatever they mean
            _unpack(again, "RGBA")
            four = np.asarray(again).astype(np.uint16)
            high, low = four[..., 0::2], four[..., 1::2]
        else:
            _unpack(again, _LOW_BYTES[raw])
            high, low = np.asarray(image).astype(np.uint16), np.asarray(again)
    values: Array = high * 256 + low
    return values


def _unpack(image: Image.Image, raw: str) -> None:
    def args(tile: Any) -> Any:
        return raw if isinstance(tile.args, str) else (raw, *tile.args[1:])

    tiles = getattr(image, "tile")  # noqa: B009  not in the types of Pillow
    tiles[:] = [tile._replace(args=args(tile)) for tile in tiles]


def _turned(values: Array, orientation: int) -> Array:
    return np.ascontiguousarray(_UPRIGHT[orientation](values)) if orientation in _UPRIGHT else values


def _exif(image: Image.Image) -> bytes | None:
    """Return the EXIF as the file has it; of a TIFF, only the tags that do not describe its layout."""
    if image.format != "TIFF":
        exif = image.info.get("exif")
        return exif.removeprefix(b"Exif\0\0") if isinstance(exif, bytes) and exif else None
    with suppress(Exception):  # tags that only displease Pillow
        found, kept = image.getexif(), Image.Exif()
        for tag in _TIFF_TAGS:
            if tag in found:
                kept[tag] = found[tag]
        for tag in _TIFF_TABLES:
            table = found.get_ifd(tag)
            if table:
                kept[tag] = dict(table)
        return kept.tobytes().removeprefix(b"Exif\0\0") if len(kept) else None
    return None


def _finished(
    photograph: Photograph, bands: Iterable[Array], scale: int, *, deep: bool, grey: bool, alpha: bool
) -> Iterator[Array]:
    """Yield the bands as they are written: grey or not, with the photograph's depth and its enlarged alpha."""
    opacity = _Opacity(photograph.alpha, scale, deep=deep) if alpha and photograph.alpha is not None else None
    top = 0
    for band in bands:
        values = _quantized(images.grey(band) if grey and band.shape[2] > 1 else band, deep=deep)
        if opacity is not None:
            values = np.concatenate([values, opacity.rows(top, len(band))[..., None]], axis=2)
        yield values
        top += len(band)


def _quantized(band: Array, *, deep: bool) -> Array:
    if deep and band.dtype == np.uint8:
        return band.astype(np.uint16) * np.uint16(_DEEP // _BYTE)
    if deep:
        return np.clip(np.rint((np.asarray(band, np.float64) + 1) * (_DEEP / 2)), 0, _DEEP).astype(np.uint16)
    return band if band.dtype == np.uint8 else images.to_uint8(band)


class _Opacity:
    """Alpha enlarged by bicubic interpolation, some rows at a time."""

    def __init__(self, alpha: Array, scale: int, *, deep: bool) -> None:
        self.is_deep_source, self.scale, self.deep = alpha.dtype == np.uint16, scale, deep
        self.image = Image.fromarray(alpha.astype(np.float32) if self.is_deep_source else alpha)

    def rows(self, top: int, count: int) -> Array:
        width = self.image.width
        box = (0, top / self.scale, width, (top + count) / self.scale)
        resized: Array = np.asarray(self.image.resize((width * self.scale, count), Image.Resampling.BICUBIC, box=box))
        if not self.is_deep_source:
            return resized
        values = np.clip(np.rint(resized), 0, _DEEP)
        rounded: Array = values.astype(np.uint16) if self.deep else np.rint(values / 257).astype(np.uint8)
        return rounded


def _assembled(bands: Iterable[Array], size: tuple[int, int]) -> Image.Image:
    """Return one Pillow image of all bands, with no second copy in memory."""
    whole: Image.Image | None = None
    top = 0
    for band in bands:
        part = Image.fromarray(band[..., 0] if band.shape[2] == 1 else band)
        whole = whole or Image.new(part.mode, (size[1], size[0]))
        whole.paste(part, (0, top))
        top += len(band)
    if whole is None:
        raise ValueError("an image without rows")
    return whole
