"""Makes the pictures of README and docs from runs of the bundled recipes: `python docs/pictures.py WORK`.

The runs are taken from WORK/runs; what is not there is trained first, in minutes for each recipe on a CPU.
"""

from __future__ import annotations

import io
import os
import pty
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console
from rich.text import Text

import ganzoo
from ganzoo import images, sampling
from ganzoo.commands.sample import command as sample
from ganzoo.contracts.tensor import Array

PICTURES = Path(__file__).parent / "pictures"
#: What a picture needs of a run and does not influence its weights.
SETTINGS = {"gaussians_ring": ["train.sample_every=250"]}
#: Recipes whose last sample picture is shown as it is.
GRIDS = (
    "dcgan_digits",
    "wgan_gp_digits",
    "dcgan_mnist",
    "wgan_gp_mnist",
    "sngan_mnist",
    "cgan_mnist",
    "acgan_mnist",
    "projection_mnist",
    "infogan_mnist",
    "cyclegan_mnist",
    "restore_photos",
)
SCALE = 4
#: Where the difference shows: top, left and side of the crop of a photograph.
CROPS = {"chelsea": (72, 128, 148), "coffee": (96, 252, 148)}
#: Photographs of scikit-image, and paintings of WORK/data/paintings that are in the public domain: of Mondrian (1913),
#: Watteau, Matisse (1905) and Leger (1913).
PHOTOGRAPHS = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg")
PAINTINGS = ("mondrian_cropped", "woman_in_peasant_dress_cropped", "woman_with_hat_matisse", "contrast_of_forms")
_CELL = 176
_INK, _FAINT = (30, 34, 42), (96, 102, 112)
_COLUMNS = 96


def main(work: Path) -> None:
    """Write all pictures."""
    os.chdir(work)
    small = run("srgan_photos") / "generator.keras"
    write_photograph("chelsea", {"ganzoo": small}, "cat.png")
    write_photograph("coffee", {"ganzoo": small}, "srgan_photos.png")
    write_photograph("chelsea", {"ganzoo": "photos_x4"}, "srresnet_photos.png")
    content, adversarial = (run(name) / "generator.keras" for name in ("srresnet_bsds", "srgan_bsds"))
    write_photograph("chelsea", {"content only": content, "adversarial": adversarial}, "srgan_bsds.png")
    write_terminal(run("srgan_photos"), "first-run.svg")
    write_animation(run("gaussians_ring"), "gaussians_ring.gif")
    write_styles(run("adain_style"), "adain_style.jpg")
    write_large(run("multi_task_style"), "multi_task_style.jpg")
    for name in GRIDS:
        images.write_image(PICTURES / f"{name}.png", images.read_image(drawn(run(name))[-1]))


def run(name: str) -> Path:
    """Return the folder of a finished run; train it in a terminal that is recorded where there is none."""
    folder = Path("runs", name)
    if not (folder / "generator.keras").is_file():  # exported last
        arguments = ["run", name, *(f"--set={setting}" for setting in SETTINGS.get(name, []))]
        record = Path(f"{name}.terminal")
        record.write_bytes(b"")

        def read(terminal: int) -> bytes:
            shown = os.read(terminal, 1024)
            with record.open("ab") as file:
                file.write(shown)
            return shown

        os.environ |= {"COLUMNS": str(_COLUMNS), "TERM": "xterm-256color"}
        if pty.spawn([sys.executable, "-m", "ganzoo", *arguments], read):
            raise SystemExit(f"ganzoo {' '.join(arguments)} failed")
    return folder


def write_photograph(name: str, networks: Mapping[str, str | Path], file: str) -> None:
    """Write a crop of a photograph of scikit-image: by bicubic interpolation, by `ganzoo enlarge`, and as it is."""
    original = photograph(name)
    small = images.resize_bicubic(original, (original.shape[0] // SCALE, original.shape[1] // SCALE))
    enlargements = {"bicubic": images.resize_bicubic(small, original.shape[:2])}
    enlargements |= {label: enlarged(network, small) for label, network in networks.items()}
    columns = {f"{label}  {decibels(each, original):.1f} dB": each for label, each in enlargements.items()}
    top, left, side = CROPS[name]
    tiles = [
        above(each[top : top + side, left : left + side].repeat(2, axis=0).repeat(2, axis=1), text)
        for text, each in {**columns, "original": original}.items()
    ]
    save(images.grid(tiles, columns=len(tiles)), file)


def photograph(name: str) -> Array:
    """Return a photograph, cut to a multiple of the scale."""
    found = images.read_image(shipped(f"{name}.png"))
    height, width = (side // SCALE * SCALE for side in found.shape[:2])
    return found[:height, :width]


def shipped(file: str) -> Path:
    """Return a photograph that scikit-image brings."""
    import skimage

    return Path(skimage.__file__).parent / "data" / file


def enlarged(network: str | Path, small: Array) -> Array:
    """Return what an exported or a pretrained generator makes of a small photograph."""
    return ganzoo.open_network(network).enlarge(small)


def decibels(image: Array, original: Array) -> float:
    """Return the PSNR of the whole photograph, as the metric `psnr` does."""
    inside = slice(SCALE, -SCALE)
    error = (images.luma(image) - images.luma(original))[inside, inside]
    return float(10 * np.log10(255**2 / np.mean(error**2)))


def above(tile: Array, text: str) -> Array:
    """Return a tile above its label."""
    strip = Image.new("RGB", (tile.shape[1], 30), "white")
    font = ImageFont.load_default(18)
    ImageDraw.Draw(strip).text((tile.shape[1] / 2, 16), text, fill=_INK, font=font, anchor="mm")
    return np.concatenate([tile, np.asarray(strip)])


def drawn(folder: Path) -> list[Path]:
    """Return the sample pictures of a run in the order of their steps."""
    return sorted((folder / "samples").glob("step-*.png"))


def write_animation(folder: Path, file: str) -> None:
    """Write the sample pictures of a run as frames; the last one stays for three seconds."""
    steps = {int(path.stem.removeprefix("step-")): images.read_image(path) for path in drawn(folder)}
    frames = [sampling.labelled(picture, f"step {step}") for step, picture in steps.items()]
    # octrees keep the rare colours of few pixels apart
    palette = Image.fromarray(np.concatenate(frames)).quantize(64, method=Image.Quantize.FASTOCTREE)
    first, *others = (Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames)
    durations = [200] * len(others) + [3000]
    first.save(PICTURES / file, save_all=True, append_images=others, duration=durations, loop=0, optimize=True)


def write_terminal(folder: Path, file: str) -> None:
    """Write what a run showed in its terminal when it was done, as SVG without fonts from elsewhere."""
    console = Console(record=True, width=_COLUMNS, file=io.StringIO())
    console.print(Text.assemble(("$ ", "bold green"), (f"ganzoo run {folder.name}", "bold")))
    console.print(Text.from_ansi(screen(Path(f"{folder.name}.terminal").read_bytes().decode())))
    svg = console.export_svg(title="ganzoo", unique_id="ganzoo")
    (PICTURES / file).write_text(re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL), encoding="utf-8")


def screen(shown: str) -> str:
    """Return what a terminal shows in the end: of a line that was drawn again and again, the last drawing."""
    lines = [line.rstrip("\r").rpartition("\r")[2] for line in shown.split("\n")]
    return re.sub(r"\x1b\[[?\d;]*[^?\d;m]", "", "\n".join(lines)).strip()


def write_styles(folder: Path, file: str) -> None:
    """Write a sheet: paintings above, photographs on the left, and each photograph in the style of each painting."""
    paintings = [Path("data/paintings", f"{name}.jpg") for name in PAINTINGS]
    columns = [painted(folder, PHOTOGRAPHS, f"style={painting}", "longest=256") for painting in paintings]
    cells = [np.full((_CELL, _CELL, 3), 255, np.uint8), *(square(images.read_image(path)) for path in paintings)]
    for index, photograph in enumerate(PHOTOGRAPHS):
        cells += [square(images.read_image(shipped(photograph))), *(square(column[index]) for column in columns)]
    save(images.grid(cells, columns=1 + len(paintings)), file)


def write_large(folder: Path, file: str) -> None:
    """Write photographs that are twice as large, by bicubic interpolation and by the network that paints them too."""
    cells = []
    names = PHOTOGRAPHS[-2:]
    for name, made in zip(names, painted(folder, names, "tasks=style,super_resolution"), strict=True):
        small = images.read_image(shipped(name))
        plain = images.resize_bicubic(small, (2 * small.shape[0], 2 * small.shape[1]))
        cells += [square(each, 2 * _CELL) for each in (plain, made)]
    save(images.grid(cells, columns=2), file)


def painted(folder: Path, names: Sequence[str], *settings: str) -> list[Array]:
    """Return what `ganzoo sample` makes of photographs."""
    with TemporaryDirectory() as output:
        given = [*(str(shipped(name)) for name in names), *(f"--set={each}" for each in settings)]
        sample.main([str(folder), *given, "--output", output], standalone_mode=False)
        made = {path.name.partition("_")[0]: images.read_image(path) for path in Path(output).iterdir()}
    return [made[Path(name).stem] for name in names]


def square(image: Array, side: int = _CELL) -> Array:
    """Return the middle of an image, of this side."""
    return images.resized(image, (side, side), "crop")


def save(picture: Array, file: str) -> None:
    """Write a picture that is as small as it can be; photographs are lighter as JPEG."""
    Image.fromarray(picture).save(PICTURES / file, optimize=True, quality=88)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
