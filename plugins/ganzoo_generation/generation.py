"""Generation: new examples from latents alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isqrt
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from annotated_types import Ge, Gt, Le

from ganzoo import (
    LOGITS,
    Array,
    Comparison,
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
    sampling,
)

#: Many points show in a scatter plot only, however many pictures the recipe wants in a grid.
_PLOTTED_POINTS = 1000

_FEWEST_IN_A_HALF = 2
_SCORED_AT_ONCE = 1000
_BATCH = 64
_IMAGE_AXES = 3


@dataclass(frozen=True, kw_only=True)
class GenerationOptions(SamplingOptions):
    """How to draw.

    `truncation` draws normal latents of which none is beyond this number: fewer kinds of samples, each more typical.
    With `interpolate`, each row of a PNG goes from one sample to another in so many steps. `standing_statistics` sets
    batch normalization to the statistics of so many batches of 64 samples first.
    """

    truncation: Annotated[float, Gt(0)] | None = None
    interpolate: Annotated[int, Ge(2), Le(1_000)] | None = None
    standing_statistics: Annotated[int, Ge(0), Le(100_000)] = 0


@dataclass(frozen=True, kw_only=True)
class Generation(Task):
    """Generates examples of one field of the data (`image`, `point`, ...) from latents alone.

    The comparison `sample` sets the data against what the generator makes of `latent_dim` values from N(0, 1) or
    U(-1, 1). Images (uint8) are learned in [-1, 1], points (floats) as they are.

    Evaluation compares at most `evaluation_samples` held-out examples with as many fakes. The row `real` compares two
    halves of the held-out examples: what a perfect generator would score. Its halves are as large as the sets of the
    other row where there are twice `evaluation_samples`; scores that depend on the number of examples want that.
    """

    field: str = "image"
    latent_dim: Annotated[int, Ge(1), Le(1_000_000)] = 100
    latent: Literal["normal", "uniform"] = "normal"
    evaluation_samples: Annotated[int, Ge(2)] = 2000

    sampling: ClassVar[type[SamplingOptions]] = GenerationOptions

    @property
    def exposes(self) -> LossTargets:
        return LossTargets(comparisons=("sample",))

    def networks(self, fields: Mapping[str, Field], fitted: Example) -> Sequence[NetworkSpec]:
        sample = {"sample": sampling.sample_field(self.field, fields)}
        generator = Signature(inputs={"latent": Field(shape=(self.latent_dim,))}, outputs=sample)
        discriminator = Signature(inputs=sample, outputs={"logits": LOGITS})
        return (
            NetworkSpec(name="generator", role="generator", player="generator", signature=generator),
            NetworkSpec(name="discriminator", role="discriminator", player="discriminator", signature=discriminator),
        )

    def prepare(self, example: Example, context: RowContext) -> Example:
        return {"sample": sampling.to_network(example[self.field])}

    def generate(self, view: View) -> Mapping[str, Tensor]:
        inputs = self.inputs(view.count, view.rng, view.fitted)
        return {**inputs, "sample": sampling.call_network(view.networks["generator"], inputs, training=view.training)}

    def inputs(self, count: int, rng: Random, fitted: Example) -> dict[str, Tensor]:
        """Return random inputs of the generator by name."""
        return {"latent": self._latents(count, rng)}

    def compare(self, view: View) -> Mapping[str, Comparison]:
        def judge(samples: Tensor) -> Any:
            return view.networks["discriminator"](samples, training=view.training)

        return {"sample": Comparison(judge, view.batch["sample"], view.fakes["sample"], one_batch=True)}

    def fixed_inputs(self, sources: Sources, *, count: int, rng: np.random.Generator, fitted: Example) -> Example:
        source = sources["data"]
        are_images = len(source.fields[self.field].shape) == _IMAGE_AXES
        fakes, reals = (count, isqrt(count - 1) + 1) if are_images else (_PLOTTED_POINTS, _PLOTTED_POINTS)
        shape = (fakes, self.latent_dim)
        latents = rng.standard_normal(shape) if self.latent == "normal" else rng.uniform(-1.0, 1.0, shape)
        chosen = rng.choice(len(source), min(reals, len(source)), replace=False)
        return {"latent": latents.astype(np.float32), "real": self._examples(source, chosen)}

    def picture(self, trained: Trained, inputs: Example, *, rng: Random) -> Array:
        sampling.check_held_out(self.field, inputs["real"].shape[1:], sampling.made_shape(trained))
        latents = sampling.to_tensors({"latent": inputs["latent"]})
        return sampling.draw_beside_reals(sampling.made_by(trained.networks["generator"], latents), inputs["real"])

    def evaluate(self, trained: Trained, sources: Sources, *, rng: Random) -> Iterator[Result]:
        source = sources["data"]
        sampling.check_held_out(
            self.field, sampling.sample_field(self.field, source.fields).shape, sampling.made_shape(trained)
        )
        names = [name for name, field in source.fields.items() if None not in field.shape]
        shuffled = rng.child("examples").permutation(len(source)).cpu().numpy()

        for number, part in enumerate(_parts(shuffled[: self.evaluation_samples])):
            inputs = self.inputs(len(part), rng.child(f"latents/{number}"), trained.fitted)
            target = sampling.stack_examples(source, part, names)
            yield Result(method="generator", output=self.made(trained, inputs), target=target, examples=len(part))

        half = min(len(shuffled) // 2, self.evaluation_samples)
        if half >= _FEWEST_IN_A_HALF:
            for ones, others in zip(_parts(shuffled[:half]), _parts(shuffled[half : 2 * half]), strict=True):
                first, second = (sampling.stack_examples(source, part, names) for part in (ones, others))
                yield Result(method="real", output=second, target=first, examples=len(ones))

    def identity(self) -> Identity:
        return {"field": self.field, "truncation": None, "classes": None}

    def sample(self, trained: Trained, request: SampleRequest) -> Sequence[Path]:
        if request.inputs:
            raise RecipeError(
                f"generation takes no files, received '{request.inputs[0]}'; --count says how many samples to draw"
            )
        shape = trained.networks["generator"].output_shape
        suffixes = (".png", ".npy") if len(shape) == _IMAGE_AXES + 1 else (".png", ".npy", ".csv")
        files = sampling.sample_files(request, suffixes, are_images=len(shape) == _IMAGE_AXES + 1)
        samples = self.draw_samples(trained, count=request.count, rng=request.rng, options=request.options)
        return sampling.write_sample_files(request, files, samples, columns=self.columns(trained, request.options))

    def draw_samples(self, trained: Trained, *, count: int, rng: Random, options: Any) -> Array:
        generator = trained.networks["generator"]
        inputs = self.asked(trained, count, rng, options)
        if options.standing_statistics:
            batches = (
                self.asked(trained, _BATCH, rng.child(f"statistics/{number}"), options)
                for number in range(options.standing_statistics)
            )
            sampling.set_standing_statistics(generator, batches)
        return sampling.made_by(generator, inputs)

    def columns(self, trained: Trained, options: Any) -> int | None:
        """Return how many columns a PNG of samples has; None for about as many as rows."""
        columns: int | None = options.interpolate
        return columns

    def asked(self, trained: Trained, count: int, rng: Random, options: Any) -> dict[str, Tensor]:
        """Return the inputs of the generator that a request asks for."""
        if options.interpolate is None:
            return {**self.inputs(count, rng, trained.fitted), "latent": self._latents(count, rng, options.truncation)}
        rows = -(-count // options.interpolate)
        first, last = (self._latents(rows, rng.child(end), options.truncation) for end in ("first", "last"))
        inputs = self.inputs(rows, rng, trained.fitted)
        steps = {name: values.repeat_interleave(options.interpolate, dim=0) for name, values in inputs.items()}
        steps["latent"] = sampling.interpolated(first, last, options.interpolate, on_sphere=self.latent == "normal")
        return {name: values[:count] for name, values in steps.items()}

    def _latents(self, count: int, rng: Random, truncation: float | None = None) -> Tensor:
        shape = (count, self.latent_dim)
        if truncation is not None:
            if self.latent != "normal":
                raise RecipeError("truncation: the latents of this run are uniform, so none is beyond 1")
            return sampling.truncated_normal(rng, shape, truncation)
        return rng.normal(shape) if self.latent == "normal" else rng.uniform(shape, -1.0, 1.0)

    def made(self, trained: Trained, inputs: Mapping[str, Tensor]) -> Example:
        """Return what the generator makes of these inputs, by the names that the data have for it."""
        return {self.field: sampling.made_by(trained.networks["generator"], inputs)}

    def _examples(self, source: Source, indices: Iterable[int]) -> Array:
        return sampling.stack_examples(source, indices, [self.field])[self.field]


def _parts(places: Array) -> Iterator[Array]:
    """Yield the places of examples that are scored at once, so that memory does not limit their number."""
    for start in range(0, len(places), _SCORED_AT_ONCE):
        yield places[start : start + _SCORED_AT_ONCE]
