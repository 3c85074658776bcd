"""Paired translation: images from images, learned from pairs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from ganzoo import (
    LOGITS,
    Array,
    Comparison,
    DataError,
    Example,
    Field,
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
    Tensor,
    Trained,
    View,
    images,
    sampling,
)
from ganzoo_translation.crops import channels_of, drawn, like, too_small
from ganzoo_translation.translation import Translation

_NAMES = ("input", "target")


@dataclass(frozen=True, kw_only=True)
class PairedTranslation(Translation):
    """Translates images (field `input`) into others (`target`), from pairs of one size and any number of channels.

    Learns from random crops of `crop` pixels, half of them mirrored with `mirror`; with `resize`, of images that are
    brought to squares of this side before, whatever their proportions (pix2pix, arXiv 1611.07004: 286, then 256). The
    comparison `image` has a discriminator that sees the input beside the image, in one field of all channels; the
    pair `image` is (output, target).

    Held-out images are translated whole, with `resize` as squares of `crop`. The row `input` of the scores is what the
    input itself gets, where it is grey or RGB and so is the target. Images with a side of more than `tile` pixels are
    translated in pieces, which are blended across twice `overlap`.
    """

    exposes: ClassVar[LossTargets] = LossTargets(comparisons=("image",), pairs=("image",))
    sampling: ClassVar[type[SamplingOptions]] = sampling.PhotographOptions

    # -- learning ------------------------------------------------------------------------------------------------------

    def unusable(self, shapes: Mapping[str, tuple[int, ...]], *, stream: str, held_out: bool) -> str | None:
        if not set(_NAMES) <= set(shapes):
            return None
        if reason := _unlike(shapes["input"], shapes["target"]):
            return reason
        return None if held_out or self.resize is not None else too_small(shapes["input"], self.crop)

    def networks(self, fields: Mapping[str, Field], fitted: Example) -> Sequence[NetworkSpec]:
        given, made = (self.field_of(channels_of(name, fields.get(name))) for name in _NAMES)
        judged = self.field_of(given.sides[2] + made.sides[2])
        return (
            NetworkSpec(
                name="generator",
                role="generator",
                player="generator",
                signature=Signature(inputs={"input": given}, outputs={"image": made}),
            ),
            NetworkSpec(
                name="discriminator",
                role="discriminator",
                player="discriminator",
                signature=Signature(inputs={"pair": judged}, outputs={"logits": LOGITS}),
            ),
        )

    def prepare(self, example: Example, context: RowContext) -> Example:
        return self.cropped(_pair(example), context)

    def generate(self, view: View) -> Mapping[str, Tensor]:
        return {"image": view.networks["generator"](view.batch["input"], training=view.training)}

    def compare(self, view: View) -> Mapping[str, Comparison]:
        import torch

        discriminator, given = view.networks["discriminator"], view.batch["input"]

        def judge(shown: Tensor) -> Tensor:
            found: Tensor = discriminator(torch.cat([given, shown], -1), training=view.training)
            return found

        return {"image": Comparison(judge, view.batch["target"], view.fakes["image"])}

    def pair(self, name: str, view: View) -> tuple[Tensor, Tensor]:
        return view.fakes["image"], view.batch["target"]

    # -- showing -------------------------------------------------------------------------------------------------------

    def fixed_inputs(self, sources: Sources, *, count: int, rng: np.random.Generator, fitted: Example) -> Example:
        source = sources["data"]
        pairs = [self._shown(source, index) for index in sampling.spread(source, count)]
        side = self.side_of_pictures([pair["input"] for pair in pairs])
        return {name: np.stack([images.cut_square(pair[name], side, (0.5, 0.5)) for pair in pairs]) for name in _NAMES}

    def picture(self, trained: Trained, inputs: Example, *, rng: Random) -> Array:
        given = list(inputs["input"])
        generator = trained.networks["generator"]
        made = [self.translated(generator, image, rng.child(str(index))) for index, image in enumerate(given)]
        columns = {"input": given, "output": made, "target": list(inputs["target"])}
        return sampling.draw_columns((name, [drawn(image) for image in column]) for name, column in columns.items())

    def evaluate(self, trained: Trained, sources: Sources, *, rng: Random) -> Iterator[Result]:
        source, generator = sources["data"], trained.networks["generator"]
        for index in range(len(source)):
            pair = self._shown(source, index)
            target = pair["target"]
            found = {
                "input": like(pair["input"], target.shape[-1]),
                "generator": self.translated(generator, pair["input"], rng.child(str(index))),
            }
            for method, image in found.items():
                if image is not None:
                    yield Result(
                        method=method,
                        output={"image": image},
                        target={"image": target},
                        name=Path(source.name_of(index)).stem,
                        picture=drawn(image),
                    )

    # -- using ---------------------------------------------------------------------------------------------------------

    def sample(self, trained: Trained, request: SampleRequest) -> Sequence[Path]:
        if not request.inputs:
            raise RecipeError(
                "paired_translation translates images; name them, as ganzoo sample RUN drawing.png -o photo.png"
            )
        generator = trained.networks["generator"]
        return self.write_translated(request, generator, name="the generator", suffix="_translated")

    def _shown(self, source: Source, index: int) -> dict[str, Array]:
        """Return a pair as it is scored."""
        try:
            return {name: self.scored(image) for name, image in _pair(source[index]).items()}
        except DataError as error:
            raise DataError(f"{source.name_of(index)}: {error}") from error


def _pair(example: Example) -> dict[str, Array]:
    """Return input and target; DataError where their sizes differ."""
    if reason := _unlike(example["input"].shape, example["target"].shape):
        raise DataError(reason)
    return {name: example[name] for name in _NAMES}


def _unlike(given: Sequence[int], wanted: Sequence[int]) -> str | None:
    if tuple(given[:2]) == tuple(wanted[:2]):
        return None
    sizes = (f"{shape[1]}x{shape[0]}" for shape in (given, wanted))
    return f"the input is {next(sizes)}, but its target {next(sizes)}; pairs have one size"
