"""Unpaired translation: images of one set into those of another and back, learned without pairs."""

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
from ganzoo_translation.crops import channels_of, drawn, too_small
from ganzoo_translation.translation import Translation

_OTHER = {"a": "b", "b": "a"}


@dataclass(frozen=True, kw_only=True)
class Direction(sampling.PhotographOptions):
    """Which way to translate."""

    direction: Literal["a_to_b", "b_to_a"] = "a_to_b"


@dataclass(frozen=True, kw_only=True)
class UnpairedTranslation(Translation):
    """Translates images of the stream `a` into those of the stream `b` and back, without pairs; both have `image`.

    Learns from random crops of `crop` pixels, half of them mirrored with `mirror`; with `resize`, of images that are
    brought to squares of this side before, whatever their proportions (CycleGAN, arXiv 1703.10593: 286, then 256).

    Networks: the generators `a_to_b` and `b_to_a`, `discriminator_a` and `discriminator_b`. The comparisons `a` and `b`
    are of real images and translated ones. Pairs: `cycle_a` and `cycle_b`, an image translated and back, and the image;
    `identity_a` and `identity_b`, what the generator that makes images of this set makes of one that is in it already,
    and that image, for sets of equally many channels. What no loss asks for is not computed.

    Held-out images are translated whole, with `resize` as squares of `crop`; so many of each stream as
    `evaluation_samples` are. The results hold sets: `image`, with real ones of the other stream beside them, for
    metrics on features; `cycle`, with the `input` beside it, for `cycle_error`; and the `label` of the input where
    there is one. Images with a side of more than `tile` pixels are translated in pieces, which are blended across
    twice `overlap`.
    """

    evaluation_samples: Annotated[int, Ge(1)] = 1000
    cycle_noise: Annotated[float, Ge(0)] = 0.0

    streams: ClassVar[tuple[str, ...]] = ("a", "b")
    sampling: ClassVar[type[SamplingOptions]] = Direction
    exposes: ClassVar[LossTargets] = LossTargets(
        comparisons=("a", "b"), pairs=("cycle_a", "cycle_b", "identity_a", "identity_b")
    )

    # -- learning ------------------------------------------------------------------------------------------------------

    def unusable(self, shapes: Mapping[str, tuple[int, ...]], *, stream: str, held_out: bool) -> str | None:
        if "image" not in shapes or held_out or self.resize is not None:
            return None
        return too_small(shapes["image"], self.crop)

    def networks(self, fields: Mapping[str, Field], fitted: Example) -> Sequence[NetworkSpec]:
        image = {
            stream: self.field_of(channels_of(f"{stream}/image", fields.get(f"{stream}/image"))) for stream in _OTHER
        }
        generators = [
            NetworkSpec(
                name=f"{source}_to_{to}",
                role="generator",
                player="generator",
                signature=Signature(inputs={"input": image[source]}, outputs={"image": image[to]}),
            )
            for source, to in _OTHER.items()
        ]
        discriminators = [
            NetworkSpec(
                name=f"discriminator_{stream}",
                role="discriminator",
                player="discriminator",
                signature=Signature(inputs={"image": image[stream]}, outputs={"logits": LOGITS}),
            )
            for stream in _OTHER
        ]
        return (*generators, *discriminators)

    def prepare(self, example: Example, context: RowContext) -> Example:
        return self.cropped({"image": example["image"]}, context)

    def generate(self, view: View) -> Mapping[str, Tensor]:
        return {to: _to(to, view.batch[f"{source}/image"], view) for source, to in _OTHER.items()}

    def compare(self, view: View) -> Mapping[str, Comparison]:
        def comparison(stream: str) -> Comparison:
            discriminator = view.networks[f"discriminator_{stream}"]
            return Comparison(
                judge=lambda shown: discriminator(shown, training=view.training),
                real=view.batch[f"{stream}/image"],
                fake=view.fakes[stream],
                one_batch=True,
            )

        return {stream: comparison(stream) for stream in _OTHER}

    def pair(self, name: str, view: View) -> tuple[Tensor, Tensor]:
        kind, _, stream = name.partition("_")
        wanted = view.batch[f"{stream}/image"]
        if kind == "cycle":
            return _to(stream, self._noisy(view.fakes[_OTHER[stream]], name, view), view), wanted
        if len({view.batch[f"{each}/image"].shape[-1] for each in _OTHER}) > 1:
            raise RecipeError(f"the pair {name} needs streams of equally many channels; leave its loss out")
        return _to(stream, wanted, view), wanted

    def _noisy(self, translated: Tensor, cycle: str, view: View) -> Tensor:
        if not self.cycle_noise:
            return translated
        return translated + view.rng.child(cycle).normal(tuple(translated.shape), stddev=self.cycle_noise)

    # -- showing -------------------------------------------------------------------------------------------------------

    def fixed_inputs(self, sources: Sources, *, count: int, rng: np.random.Generator, fitted: Example) -> Example:
        each = max(1, count // len(_OTHER))
        shown = {
            stream: [self._shown(source, at) for at in sampling.spread(source, each)]
            for stream, source in sources.items()
        }
        side = self.side_of_pictures([image for found in shown.values() for image in found])
        return {
            stream: np.stack([images.cut_square(image, side, (0.5, 0.5)) for image in found])
            for stream, found in shown.items()
        }

    def picture(self, trained: Trained, inputs: Example, *, rng: Random) -> Array:
        columns: list[tuple[str, list[Array]]] = []
        for source, to in _OTHER.items():
            made = [self._there_and_back(trained, source, image, rng) for image in inputs[source]]
            there, back = ([pair[which] for pair in made] for which in (0, 1))
            columns += [(source, list(inputs[source])), (f"to {to}", there), ("back", back)]
        return sampling.draw_columns((name, [drawn(image) for image in column]) for name, column in columns)

    def evaluate(self, trained: Trained, sources: Sources, *, rng: Random) -> Iterator[Result]:
        for source, to in _OTHER.items():
            mine, theirs = sources[source], sources[to]
            for number, index in enumerate(sampling.spread(mine, self.evaluation_samples)):
                example = mine[index]
                given = self.scored(example["image"])
                there, back = self._there_and_back(trained, source, given, rng.child(f"{source}/{index}"))
                output = {"image": there[None], "cycle": back[None]}
                if "label" in example:
                    output["label"] = np.asarray(example["label"])[None]
                yield Result(
                    method=f"{source}_to_{to}",
                    output=output,
                    target={"image": self._shown(theirs, number % len(theirs))[None], "input": given[None]},
                    name=Path(mine.name_of(index)).stem,
                    picture=images.grid([drawn(given), drawn(there), drawn(back)], columns=3),
                )

    # -- using ---------------------------------------------------------------------------------------------------------

    def sample(self, trained: Trained, request: SampleRequest) -> Sequence[Path]:
        if not request.inputs:
            raise RecipeError(
                "unpaired_translation translates images; name them, as ganzoo sample RUN horse.jpg -o zebra.png"
            )
        options: Direction = request.options
        generator = trained.networks[options.direction]
        return self.write_translated(request, generator, name=options.direction, suffix=f"_{options.direction}")

    def _there_and_back(self, trained: Trained, source: str, image: Array, rng: Random) -> tuple[Array, Array]:
        """Return an image of one stream translated, and that translated back."""
        to = _OTHER[source]
        there = self.translated(trained.networks[f"{source}_to_{to}"], image, rng.child("there"))
        return there, self.translated(trained.networks[f"{to}_to_{source}"], there, rng.child("back"))

    def _shown(self, source: Source, index: int) -> Array:
        return self.scored(source[index]["image"])


def _to(stream: str, given: Tensor, view: View) -> Tensor:
    """Return images translated into those of a stream."""
    made: Tensor = view.networks[f"{_OTHER[stream]}_to_{stream}"](given, training=view.training)
    return made
