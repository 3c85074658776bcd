"""Style transfer: photographs in the style of paintings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, sqrt
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
    Network,
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
from ganzoo_style_transfer.colour import matched_colours, with_luma_of
from ganzoo_style_transfer.painting import painted, painted_like, parts_of
from ganzoo_style_transfer.squares import MULTIPLE, centre, long_side_within, short_side_at
from ganzoo_style_transfer.style_options import StyleOptions

_STREAMS = ("content", "style")


@dataclass(frozen=True, kw_only=True)
class StyleTransfer(Task):
    """Paints photographs, the stream `content`, in the style of paintings, the stream `style`; both have field `image`.

    With `styles = "given"` the generator is given a painting with each photograph and learns to follow any
    (`adain_generator`). With "learned" it learns the style of the stream and is given photographs only
    (`johnson_generator`). Each image is brought to a short side of `size` pixels, of which it learns from random crops
    of `crop`.

    Pairs: `content` (result, photograph) for `perceptual`, `style` (result, painting) for `gram_style` or
    `moment_style`; and for given styles `features`, the activations of the result and those that the decoder was
    given, for `mse`: AdaIN's content loss. The comparison `style` is ours, no paper has it: a discriminator compares
    results with crops of paintings.

    Scores are those of the squares in the middle of the images, each photograph with the painting of the same number;
    the rows `content` and `style` are what the unchanged images get.
    """

    streams: ClassVar[tuple[str, ...]] = _STREAMS
    sampling: ClassVar[type[SamplingOptions]] = StyleOptions

    styles: Literal["given", "learned"] = "given"
    size: Annotated[int, Ge(16)] = 512
    crop: Annotated[int, Ge(16)] = 256

    def __post_init__(self) -> None:
        if self.crop % MULTIPLE:
            raise ValueError(f"crop must be a multiple of {MULTIPLE}, but it is {self.crop}")
        if self.crop > self.size:
            raise ValueError(f"crop is {self.crop}, but images have a short side of {self.size} (size)")

    @property
    def exposes(self) -> LossTargets:
        pairs = (*_STREAMS, "features") if self._is_given else _STREAMS
        return LossTargets(comparisons=("style",), pairs=pairs)

    def unusable(self, shapes: Mapping[str, tuple[int, ...]], *, stream: str, held_out: bool) -> str | None:
        return images.not_rgb(shapes["image"]) if "image" in shapes else None

    def networks(self, fields: Mapping[str, Field], fitted: Example) -> Sequence[NetworkSpec]:
        for stream in _STREAMS:
            if f"{stream}/image" not in fields:
                raise DataError(f"style_transfer needs the field 'image' of each stream; there are {', '.join(fields)}")
        image = Field(shape=(self.crop, self.crop, 3), low=-1, high=1)
        inputs = dict.fromkeys(_STREAMS if self._is_given else _STREAMS[:1], image)
        judged = Signature(inputs={"image": image}, outputs={"logits": LOGITS})
        return (
            NetworkSpec(
                name="generator",
                role="generator",
                player="generator",
                signature=Signature(inputs=inputs, outputs={"image": image}),
            ),
            NetworkSpec(name="discriminator", role="discriminator", player="discriminator", signature=judged),
        )

    def prepare(self, example: Example, context: RowContext) -> Example:
        whole = short_side_at(example["image"], self.size)
        corner = context.rng.random(2)
        return {"image": images.to_float(images.cut_square(whole, self.crop, corner))}

    # -- learning -----------------------------------------------------------------------------------------------------

    def generate(self, view: View) -> Mapping[str, Tensor]:
        content, style = (view.batch[f"{stream}/image"] for stream in _STREAMS)
        given = {"content": content, "style": style} if self._is_given else content
        return {"image": view.networks["generator"](given, training=view.training)}

    def compare(self, view: View) -> Mapping[str, Comparison]:
        discriminator = view.networks["discriminator"]
        return {
            "style": Comparison(
                judge=lambda shown: discriminator(shown, training=view.training),
                real=view.batch["style/image"],
                fake=view.fakes["image"],
                one_batch=True,
            )
        }

    def pair(self, name: str, view: View) -> tuple[Tensor, Tensor]:
        if name == "features":
            return self._features(view)
        return view.fakes["image"], view.batch[f"{name}/image"]

    def _features(self, view: View) -> tuple[Tensor, Tensor]:
        """Return the activations of the results, and those of which the decoder made them."""
        import torch

        encoder, transfer, _ = parts_of(view.networks["generator"])
        with torch.no_grad():
            wanted = transfer([encoder(view.batch[f"{stream}/image"]) for stream in _STREAMS])
        return encoder(view.fakes["image"]), wanted

    # -- showing -------------------------------------------------------------------------------------------------------

    def fixed_inputs(self, sources: Sources, *, count: int, rng: np.random.Generator, fitted: Example) -> Example:
        wanted = {"content": ceil(sqrt(count)), "style": ceil(sqrt(count))} if self._is_given else {"content": count}
        return {
            stream: np.stack(
                [self._square(sources[stream], index) for index in sampling.spread(sources[stream], number)]
            )
            for stream, number in wanted.items()
        }

    def picture(self, trained: Trained, inputs: Example, *, rng: Random) -> Array:
        """Return photographs in the first column and, for given styles, paintings in the first row."""
        styles = list(inputs.get("style", ()))
        corner = [np.full_like(inputs["content"][0], 255), *styles] if styles else []
        rows = [[content, *self._results(trained, content, styles)] for content in inputs["content"]]
        return images.grid([*corner, *(cell for row in rows for cell in row)], columns=len(rows[0]))

    def _results(self, trained: Trained, content: Array, styles: Sequence[Array]) -> list[Array]:
        generator = trained.networks["generator"]
        if not self._is_given:
            return [painted(generator, content)]
        return [painted_like(generator, content, [style], [1.0]) for style in styles]

    def evaluate(self, trained: Trained, sources: Sources, *, rng: Random) -> Iterator[Result]:
        for index in range(max(len(source) for source in sources.values())):
            numbers = {stream: index % len(source) for stream, source in sources.items()}
            target = {stream: self._square(source, numbers[stream]) for stream, source in sources.items()}
            [found] = self._results(trained, target["content"], [target["style"]])
            name = "-".join(Path(sources[stream].name_of(numbers[stream])).stem for stream in _STREAMS)
            for method, image in {**target, "generator": found}.items():
                yield Result(method=method, output={"image": image}, target=target, name=name, picture=image)

    def identity(self) -> Identity:
        return {"size": self.size, "images": "squares in the middle, each content with the style of its number"}

    # -- using ---------------------------------------------------------------------------------------------------------

    def sample(self, trained: Trained, request: SampleRequest) -> Sequence[Path]:
        options: StyleOptions = request.options
        if not request.inputs:
            raise RecipeError("style_transfer paints photographs; name them, as ganzoo sample RUN photo.jpg -o art.png")
        paintings = self._paintings(options)

        def convert(photograph: Array) -> Iterator[Array]:
            yield self._convert(trained, photograph, paintings, request)

        return sampling.process_photographs(request, convert, suffix="_painted", keep_grey=options.keep_colour)

    def _paintings(self, options: StyleOptions) -> list[Array]:
        if self._is_given and not options.paintings:
            raise RecipeError("the generator is given styles; name a painting: --set style=painting.jpg")
        if not self._is_given and options.paintings:
            raise RecipeError("the generator has learned its style and takes no other; leave out --set style")
        return [short_side_at(images.read_image(path), self.size) for path in options.paintings]

    def _convert(
        self, trained: Trained, photograph: Array, paintings: Sequence[Array], request: SampleRequest
    ) -> Array:
        """Return a photograph, uint8 or floats, painted at its own size, as uint8."""
        options: StyleOptions = request.options
        whole = photograph if photograph.dtype == np.uint8 else images.to_uint8(photograph)
        small = long_side_within(whole, options.longest)
        if small.shape != whole.shape:
            sizes = [f"{image.shape[1]}x{image.shape[0]}" for image in (whole, small)]
            request.report.note(
                f"a photograph of {sizes[0]} is painted at {sizes[1]} and enlarged; --set longest=N sets its long side"
            )
        found = self._in_style(trained.networks["generator"], small, paintings, options)
        return found if small.shape == whole.shape else images.resize_bicubic(found, whole.shape[:2])

    def _in_style(
        self, generator: Network, photograph: Array, paintings: Sequence[Array], options: StyleOptions
    ) -> Array:
        if not self._is_given:
            found = painted(generator, photograph, options.strength)
            return with_luma_of(photograph, found) if options.keep_colour else found
        if options.keep_colour:
            paintings = [matched_colours(painting, photograph) for painting in paintings]
        weights = options.weights or (1.0,) * len(paintings)
        return painted_like(generator, photograph, paintings, weights, options.strength)

    @property
    def _is_given(self) -> bool:
        return self.styles == "given"

    def _square(self, source: Source, index: int) -> Array:
        try:
            return centre(source[index]["image"], self.size)
        except DataError as error:
            raise DataError(f"{source.name_of(index)}: {error}") from error
