"""Super-resolution: photographs from small ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Ge

from ganzoo import (
    LOGITS,
    Array,
    Comparison,
    DataError,
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
from ganzoo_super_resolution.crops import crop, low_resolution, pair_of, turned, unusable

#: Sample pictures show crops of this side, or smaller ones enlarged by whole factors.
_PICTURE_SIDE = 256


@dataclass(frozen=True, kw_only=True)
class SuperResolution(Task):
    """Enlarges photographs by `scale`; learns from random crops of `crop` pixels and their bicubic reductions.

    Data: field `hr` with its aligned `lr`, or `image`, whose reduction is made by antialiased bicubic interpolation of
    the crop. Comparison and pair are both called `image`. `flips` mirrors crops and turns them by right angles, which
    the SRGAN paper does not mention. Photographs larger than `tile` low resolution pixels are enlarged piece by piece;
    `overlap` must cover the generator's receptive field (39 pixels for SRGAN's 16 blocks) for seams to be impossible.

    The table of scores always has the row `bicubic`.
    """

    scale: Literal[2, 3, 4, 8] = 4
    crop: Annotated[int, Ge(1)] = 96
    flips: bool = True
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
        lr, hr = crop(*pair_of(example, self.scale, crop=self.crop), self.scale, self.crop, tuple(rng.random(2)))
        if self.flips:
            turns, mirrored = int(rng.integers(4)), bool(rng.integers(2))
            lr, hr = turned(lr, turns, mirrored), turned(hr, turns, mirrored)
        return {"lr": images.to_float(lr), "hr": images.to_float(hr)}

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
        return view.fakes["image"], view.batch["hr"]

    def fixed_inputs(self, sources: Sources, *, count: int, rng: np.random.Generator, fitted: Example) -> Example:
        source = sources["data"]
        chosen = np.linspace(0, len(source) - 1, min(count, len(source))).round().astype(int)
        pairs = [self._pair(source, int(index)) for index in chosen]
        smallest = min(min(hr.shape[:2]) for _, hr in pairs)
        side = min(smallest, max(self.crop, _PICTURE_SIDE)) // self.scale * self.scale
        crops = [crop(lr, hr, self.scale, side, (0.5, 0.5)) for lr, hr in pairs]
        return {"lr": np.stack([lr for lr, _ in crops]), "hr": np.stack([hr for _, hr in crops])}

    def picture(self, trained: Trained, inputs: Example, *, rng: Random) -> Array:
        columns = {
            "bicubic": [images.resize_bicubic(lr, inputs["hr"].shape[1:3]) for lr in inputs["lr"]],
            "generator": [self.enlarge(trained, lr) for lr in inputs["lr"]],
            "original": list(inputs["hr"]),
        }
        named = [sampling.labelled(images.grid(_shown(column), columns=1), name) for name, column in columns.items()]
        return images.grid(named, columns=len(named))

    def evaluate(self, trained: Trained, sources: Sources, *, rng: Random) -> Iterator[Result]:
        source = sources["data"]
        for index in range(len(source)):
            given, hr = self._pair(source, index)
            lr = low_resolution(given, hr, self.scale)
            name = Path(source.name_of(index)).stem
            results = {"bicubic": images.resize_bicubic(lr, hr.shape[:2]), "generator": self.enlarge(trained, lr)}
            for method, image in results.items():
                yield Result(method=method, output={"image": image}, target={"image": hr}, name=name, picture=image)

    def identity(self) -> Identity:
        return {"scale": self.scale, "low_resolution": "that of the data, otherwise bicubic with antialiasing"}

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

    def _pair(self, source: Source, index: int) -> tuple[Array | None, Array]:
        example = source[index]
        try:
            return pair_of(example, self.scale)
        except DataError as error:
            raise DataError(f"{source.name_of(index)}: {error}") from error


def _shown(photographs: Sequence[Array]) -> list[Array]:
    factor = max(1, _PICTURE_SIDE // min(photographs[0].shape[:2]))
    return [photograph.repeat(factor, axis=0).repeat(factor, axis=1) for photograph in photographs]


def _image(side: int) -> Field:
    return Field(shape=(side, side, 3), low=-1, high=1)
