"""Super-resolution: photographs from small ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Ge, Gt, Le

from ganzoo import (
    LOGITS,
    Array,
    Comparison,
    DataError,
    Degradation,
    Example,
    Field,
    Identity,
    LossTargets,
    NetworkSpec,
    Random,
    RecipeError,
    Result,
    RowContext,
    SampleRequest,
    SamplingOptions,
    Signature,
    Source,
    Sources,
    Task,
    Tensor,
    Trained,
    View,
    images,
    sampling,
)
from ganzoo_super_resolution.bicubic import Bicubic
from ganzoo_super_resolution.crops import corner_of, cut, pair_of, shrunk, surroundings, turned, unusable
from ganzoo_super_resolution.sharpening import REACH, sharpened

#: Sample pictures show crops of this side, or smaller ones enlarged by whole factors.
_PICTURE_SIDE = 256
_MIDDLE = (0.5, 0.5)
_BICUBIC = Bicubic()
#: The side of JPEG's blocks, in pixels.
_BLOCK = 8


@dataclass(frozen=True, kw_only=True)
class SuperResolution(Task):
    """Enlarges photographs by `scale`; learns from random crops of `crop` pixels and their low resolution images.

    Data: field `hr` or `image`, from which `degradation` (`bicubic` by default) makes the low resolution image. An
    aligned field `lr` of the data is used in place of `bicubic`, and ignored with any other. Held-out photographs are
    degraded in the same way, each with random numbers of its own index, whatever the seed of the run. With `sharpen`,
    low resolution images that are made and the targets of pair losses are of sharpened photographs, as in Real-ESRGAN
    (arXiv 2107.10833); the discriminator and scores see the plain ones.

    Comparison and pair are both called `image`. `flips` mirrors crops and turns them by right angles, which the SRGAN
    paper does not mention. With `shrink` below 1, each crop is taken from a photograph that is first made smaller by a
    random factor from `shrink` to 1 (LapSRN, arXiv 1704.03915, takes 0.5): sharper examples, and more of them. It needs
    data without low resolution images of their own. Photographs larger than `tile` low resolution pixels are enlarged
    piece by piece; `overlap` must cover the generator's receptive field (39 pixels for SRGAN's 16 blocks) for seams to
    be impossible.

    The table of scores always has the row `bicubic`.
    """

    scale: Literal[2, 3, 4, 8] = 4
    crop: Annotated[int, Ge(1)] = 96
    degradation: Degradation = _BICUBIC
    sharpen: bool = False
    flips: bool = True
    shrink: Annotated[float, Gt(0), Le(1)] = 1.0
    tile: Annotated[int, Ge(16)] = 192
    overlap: Annotated[int, Ge(0)] = 40

    exposes: ClassVar[LossTargets] = LossTargets(comparisons=("image",), pairs=("image",))
    sampling: ClassVar[type[SamplingOptions]] = sampling.PhotographOptions

    def __post_init__(self) -> None:
        if self.crop % self.scale:
            raise ValueError(f"crop must be a multiple of scale, but {self.crop} is not a multiple of {self.scale}")

    def unusable(self, shapes: Mapping[str, tuple[int, ...]], *, stream: str, held_out: bool) -> str | None:
        shape = shapes.get("hr", shapes.get("image"))
        return None if shape is None else unusable(shape, self.scale, 1 if held_out else self.crop)

    def networks(self, fields: Mapping[str, Field], fitted: Example) -> Sequence[NetworkSpec]:
        if "hr" not in fields and "image" not in fields:
            raise DataError(f"super_resolution needs a field 'hr' or 'image'; the data have {', '.join(fields)}")
        if self.shrink < 1 and "lr" in fields and isinstance(self.degradation, Bicubic):
            raise DataError(
                "the low resolution images of these data do not shrink with the photographs; set task.shrink=1"
            )
        small, large = _image(self.crop // self.scale), _image(self.crop)
        return (
            NetworkSpec(
                name="generator",
                role="generator",
                player="generator",
                signature=Signature(inputs={"image": small}, outputs={"image": large}),
            ),
            NetworkSpec(
                name="discriminator",
                role="discriminator",
                player="discriminator",
                signature=Signature(inputs={"image": large}, outputs={"logits": LOGITS}),
            ),
        )

    def prepare(self, example: Example, context: RowContext) -> Example:
        rng = context.rng
        lr, hr = self._pair_of(example, crop=self.crop)
        if self.shrink < 1:
            side = self.crop + 2 * -(-self._margin(sharpen=self.sharpen) // self.scale) * self.scale
            hr = shrunk(hr, side, rng.uniform(self.shrink, 1), tuple(rng.random(2)))
        corner = corner_of(hr, self.scale, self.crop, tuple(rng.random(2)))
        crops = self._crops(lr, hr, corner, self.crop, rng, sharpen=self.sharpen)
        if self.flips:
            turns, mirrored = int(rng.integers(4)), bool(rng.integers(2))
            crops = {name: turned(image, turns, mirrored) for name, image in crops.items()}
        return {name: images.to_float(image) for name, image in crops.items()}

    def generate(self, view: View) -> Mapping[str, Tensor]:
        return {"image": view.networks["generator"](view.batch["lr"], training=view.training)}

    def compare(self, view: View) -> Mapping[str, Comparison]:
        discriminator = view.networks["discriminator"]
        return {
            "image": Comparison(
                judge=lambda shown: discriminator(shown, training=view.training),
                real=view.batch["hr"],
                fake=view.fakes["image"],
                one_batch=True,
            )
        }

    def pair(self, name: str, view: View) -> tuple[Tensor, Tensor]:
        return view.fakes["image"], view.batch["sharp" if self.sharpen else "hr"]

    def fixed_inputs(self, sources: Sources, *, count: int, rng: np.random.Generator, fitted: Example) -> Example:
        source = sources["data"]
        chosen = sampling.spread(source, count)
        pairs = [self._pair(source, index) for index in chosen]
        smallest = min(min(hr.shape[:2]) for _, hr in pairs)
        side = min(smallest, max(self.crop, _PICTURE_SIDE)) // self.scale * self.scale
        crops = [
            self._crops(lr, hr, corner_of(hr, self.scale, side, _MIDDLE), side, _generator(index))
            for (lr, hr), index in zip(pairs, chosen, strict=True)
        ]
        return {name: np.stack([each[name] for each in crops]) for name in ("lr", "hr")}

    def picture(self, trained: Trained, inputs: Example, *, rng: Random) -> Array:
        columns = {
            "bicubic": [images.resize_bicubic(lr, inputs["hr"].shape[1:3]) for lr in inputs["lr"]],
            "generator": [self.enlarge(trained, lr) for lr in inputs["lr"]],
            "original": list(inputs["hr"]),
        }
        return sampling.draw_columns((name, _shown(column)) for name, column in columns.items())

    def evaluate(self, trained: Trained, sources: Sources, *, rng: Random) -> Iterator[Result]:
        source = sources["data"]
        for index in range(len(source)):
            given, hr = self._pair(source, index)
            lr = self.degradation.reduce(hr, self.scale, _generator(index)) if given is None else given
            name = Path(source.name_of(index)).stem
            results = {"bicubic": images.resize_bicubic(lr, hr.shape[:2]), "generator": self.enlarge(trained, lr)}
            for method, image in results.items():
                yield Result(method=method, output={"image": image}, target={"image": hr}, name=name, picture=image)

    def identity(self) -> Identity:
        return {"scale": self.scale, **self.degradation.identity()}

    def sample(self, trained: Trained, request: SampleRequest) -> Sequence[Path]:
        if not request.inputs:
            raise RecipeError(
                "super-resolution enlarges photographs; name them, as ganzoo enlarge RUN photo.jpg -o big.png"
            )
        return sampling.process_in_tiles(
            request,
            trained.networks["generator"],
            suffix=f"_x{self.scale}",
            scale=self.scale,
            tile=self.tile,
            overlap=self.overlap,
        )

    def enlarge(self, trained: Trained, photograph: Array) -> Array:
        generator = trained.networks["generator"]
        return sampling.apply_in_tiles(generator, photograph, scale=self.scale, tile=self.tile, overlap=self.overlap)

    def _crops(
        self,
        lr: Array | None,
        hr: Array,
        corner: tuple[int, int],
        side: int,
        rng: np.random.Generator,
        *,
        sharpen: bool = False,
    ) -> dict[str, Array]:
        """Return aligned crops `lr` and `hr`, and `sharp`, the target of pair losses, where that is another one."""
        margin = self._margin(sharpen=sharpen)
        if margin:  # so that JPEG's blocks do not always begin at the same pixel of a crop
            margin += self.scale * int(rng.integers(_BLOCK))
        plain, inner = surroundings(hr, corner, side, self.scale, margin)
        target = sharpened(plain) if sharpen else plain
        if lr is None:
            small = cut(self.degradation.reduce(target, self.scale, rng), inner, side // self.scale)
        else:
            small = cut(lr, corner, side // self.scale)
        crops = {"lr": small, "hr": cut(plain, inner, side, self.scale)}
        return {**crops, "sharp": cut(target, inner, side, self.scale)} if sharpen else crops

    def _margin(self, *, sharpen: bool) -> int:
        """Return how many pixels around a crop its low resolution image and target depend on."""
        return max(self.degradation.margin, REACH if sharpen else 0)

    def _pair_of(self, example: Example, *, crop: int = 1) -> tuple[Array | None, Array]:
        """Return (lr or None, hr): low resolution images of the data stand for bicubic reductions only."""
        lr, hr = pair_of(example, self.scale, crop=crop)
        return lr if isinstance(self.degradation, Bicubic) else None, hr

    def _pair(self, source: Source, index: int) -> tuple[Array | None, Array]:
        example = source[index]
        try:
            return self._pair_of(example)
        except DataError as error:
            raise DataError(f"{source.name_of(index)}: {error}") from error


def _generator(index: int) -> np.random.Generator:
    """Return the random numbers of a photograph in pictures and scores, the same in every run."""
    return np.random.Generator(np.random.PCG64(index))


def _shown(photographs: Sequence[Array]) -> list[Array]:
    factor = max(1, _PICTURE_SIDE // min(photographs[0].shape[:2]))
    return [photograph.repeat(factor, axis=0).repeat(factor, axis=1) for photograph in photographs]


def _image(side: int) -> Field:
    return Field(shape=(side, side, 3), low=-1, high=1)
