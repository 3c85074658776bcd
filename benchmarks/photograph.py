"""How long a large photograph takes, from file to file, and how much memory, against a loop over tiles by hand."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from benchmarks import networks
from benchmarks.data import photographs
from benchmarks.memory import peak_memory
from benchmarks.timing import in_turns, ratio
from ganzoo import Array, Field, Random, SampleRequest, Signature, load_zoo, sampling

#: The photograph that is enlarged, in pixels, and the generator.
_WIDTH, _HEIGHT = 3000, 2000
_SCALE, _FILTERS, _BLOCKS = 4, 16, 4
_TILE, _OVERLAP = 192, 24
_ROUNDS = 3

Enlarge = Callable[[], None]


def measure_photograph() -> dict[str, Any]:
    """Enlarge one photograph in both ways, in turns; print and return the seconds and the peak memory."""
    title = f"a photograph of {_WIDTH}x{_HEIGHT} enlarged x{_SCALE} by SRResNet, {_BLOCKS} blocks of {_FILTERS}"
    print(f"\n{title}; {_ROUNDS} rounds in turns, {torch.get_num_threads()} threads")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "photograph.png")
        Image.fromarray(photographs(1)[0]).resize((_WIDTH, _HEIGHT), Image.Resampling.BICUBIC).save(source)
        ways = {name: partial(make, source) for name, make in _WAYS.items()}
        _warm_up(source)
        seconds = in_turns({name: make() for name, make in ways.items()}, rounds=_ROUNDS, warm_up=0)
        written = [_pixels(_target(source, name)) for name in ways]
        farthest = int(max(np.abs(part.astype(np.int16) - other).max() for part, other in zip(*written, strict=True)))
        found = {
            name: {
                "seconds": float(np.median(seconds[name])),
                "to_torch": ratio(seconds, name, "torch"),
                "peak_bytes": peak_memory(make, partial(_warm_up, source), rounds=1),
            }
            for name, make in ways.items()
        }
    for name, row in found.items():
        peak = row["peak_bytes"] / 2**20
        print(f"{name:8}{row['seconds']:8.1f} s{row['to_torch']:8.2f} of torch{peak:8.0f} MiB", flush=True)
    print(f"the two results differ by at most {farthest} of 255")
    return {"title": title, "rounds": _ROUNDS, "largest_difference": farthest, **found}


def _ganzoo(source: Path) -> Enlarge:
    """Return what `ganzoo enlarge` does."""
    network = _generator()
    request = SampleRequest(
        inputs=[source], output=_target(source, "ganzoo"), overwrite=True, rng=Random(0, "benchmark")
    )

    def enlarge() -> None:
        sampling.process_in_tiles(request, network, scale=_SCALE, tile=_TILE, overlap=_OVERLAP)

    return enlarge


def _torch(source: Path) -> Enlarge:
    """Return the same by hand: the tiles of one photograph, one after the other, into one large array."""
    module = networks.SRResNet(_FILTERS, _BLOCKS).eval()
    networks.copy_weights(_generator(), module)
    module = module.to(memory_format=torch.channels_last)

    def enlarge() -> None:
        image = np.asarray(Image.open(source).convert("RGB"))
        result = np.empty((_HEIGHT * _SCALE, _WIDTH * _SCALE, 3), np.uint8)
        rows, columns = (-(-length // _TILE) for length in (_HEIGHT, _WIDTH))
        with torch.inference_mode():
            for row in range(rows):
                for column in range(columns):
                    _fill(result, image, module, *_edges(row, rows, _HEIGHT), *_edges(column, columns, _WIDTH))
        Image.fromarray(result).save(_target(source, "torch"))

    return enlarge


_WAYS: Mapping[str, Callable[[Path], Enlarge]] = {"ganzoo": _ganzoo, "torch": _torch}


def _edges(number: int, count: int, length: int) -> tuple[int, int]:
    """Return where one of `count` equal pieces of a side begins and ends."""
    return round(number * length / count), round((number + 1) * length / count)


def _fill(result: Array, image: Array, module: torch.nn.Module, top: int, bottom: int, left: int, right: int) -> None:
    above, before = max(top - _OVERLAP, 0), max(left - _OVERLAP, 0)
    part = image[above : bottom + _OVERLAP, before : right + _OVERLAP]
    given = torch.from_numpy(part.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
    made = module(given.contiguous(memory_format=torch.channels_last))[0]
    inside = made[
        :,
        (top - above) * _SCALE : (bottom - above) * _SCALE,
        (left - before) * _SCALE : (right - before) * _SCALE,
    ]
    pixels = inside.add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0)
    result[top * _SCALE : bottom * _SCALE, left * _SCALE : right * _SCALE] = pixels.numpy()


def _generator() -> Any:
    """Return the same untrained generator each time, built as the recipe `srgan_div2k` builds its own."""
    import keras

    keras.utils.set_random_seed(0)
    architecture: Any = load_zoo().find("architecture", "srresnet")(filters=_FILTERS, blocks=_BLOCKS)
    side = Field(shape=(24, 24, 3), low=-1, high=1), Field(shape=(24 * _SCALE, 24 * _SCALE, 3), low=-1, high=1)
    return architecture.build(Signature(inputs={"image": side[0]}, outputs={"image": side[1]}))


def _target(source: Path, name: str) -> Path:
    return source.with_name(f"{name}.png")


def _pixels(path: Path) -> Array:
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None  # Pillow warns of images of this size
    with Image.open(path) as image:
        found = np.asarray(image)
    Image.MAX_IMAGE_PIXELS = limit
    return found


def _warm_up(source: Path) -> None:
    """Load modules and kernels, and read the photograph once."""
    _pixels(source)
    small = torch.zeros(1, 24, 24, 3)
    with torch.inference_mode():
        _generator()(small, training=False)
