"""Generation: new examples from latents alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isqrt
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge, Le

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
_IMAGE_AXES = 3


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
        shape = (count, self.latent_dim)
        return {"latent": rng.normal(shape) if self.latent == "normal" else rng.uniform(shape, -1.0, 1.0)}

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

        chosen = shuffled[: self.evaluation_samples]
        inputs = self.inputs(len(chosen), rng.child("latents"), trained.fitted)
        target = sampling.stack_examples(source, chosen, names)
        yield Result(method="generator", output=self.made(trained, inputs), target=target, examples=len(chosen))

        half = min(len(shuffled) // 2, self.evaluation_samples)
        if half >= _FEWEST_IN_A_HALF:
            parts = (shuffled[:half], shuffled[half : 2 * half])
            first, second = (sampling.stack_examples(source, part, names) for part in parts)
            yield Result(method="real", output=second, target=first, examples=half)

    def sample(self, trained: Trained, request: SampleRequest) -> Sequence[Path]:
        return self.write(trained, request)

    def write(self, trained: Trained, request: SampleRequest, *, columns: int | None = None) -> Sequence[Path]:
        """Draw what is asked for and write it; a PNG of images has so many columns (about as many as rows)."""
        if request.inputs:
            raise RecipeError(
                f"generation takes no files, received '{request.inputs[0]}'; --count says how many samples to draw"
            )
        shape = trained.networks["generator"].output_shape
        suffixes = (".png", ".npy") if len(shape) == _IMAGE_AXES + 1 else (".png", ".npy", ".csv")
        files = sampling.sample_files(request, suffixes, are_images=len(shape) == _IMAGE_AXES + 1)
        samples = self.draw_samples(trained, count=request.count, rng=request.rng, options=request.options)
        return sampling.write_sample_files(request, files, samples, columns=columns)

    def draw_samples(self, trained: Trained, *, count: int, rng: Random, options: Any) -> Array:
        return sampling.made_by(trained.networks["generator"], self.inputs(count, rng, trained.fitted))

    def made(self, trained: Trained, inputs: Mapping[str, Tensor]) -> Example:
        """Return what the generator makes of these inputs, by the names that the data have for it."""
        return {self.field: sampling.made_by(trained.networks["generator"], inputs)}

    def _examples(self, source: Source, indices: Iterable[int]) -> Array:
        return sampling.stack_examples(source, indices, [self.field])[self.field]
