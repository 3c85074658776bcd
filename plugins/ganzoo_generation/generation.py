"""The task of making up new examples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isqrt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from annotated_types import Ge, Le
from numpy.typing import NDArray

from ganzoo import Comparison, Field, LossTargets, NetworkSpec, Random, Scored, Signature, Source, Step, Task, View
from ganzoo_generation.samples import make_samples, sample_field, to_network

if TYPE_CHECKING:
    import keras
    import torch

#: A shape shows in a scatter plot of many points only, however many pictures the recipe wants in a grid.
_PLOTTED_POINTS = 1000

_FEWEST_IN_A_HALF = 2


@dataclass(frozen=True, kw_only=True)
class Generation(Task):
    """Makes up examples of one field of the data (`image`, `point`, ...) from latents alone.

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

    def networks(self, fields: Mapping[str, Field]) -> Sequence[NetworkSpec]:
        sample = {"sample": sample_field(self.field, fields)}
        generator = Signature(inputs={"latent": Field(shape=(self.latent_dim,))}, outputs=sample)
        discriminator = Signature(inputs=sample, outputs={"logits": Field(shape=(1,))})
        return (
            NetworkSpec(name="generator", role="generator", player="generator", signature=generator),
            NetworkSpec(name="discriminator", role="discriminator", player="discriminator", signature=discriminator),
        )

    def prepare(
        self, example: Mapping[str, NDArray[Any]], *, rng: np.random.Generator, step: Step
    ) -> Mapping[str, NDArray[Any]]:
        return {"sample": to_network(example[self.field])}

    def generate(self, view: View) -> Mapping[str, torch.Tensor]:
        latents = self._latents(len(view.batch["sample"]), view.rng)
        return {"latent": latents, "sample": view.networks["generator"](latents, training=view.training)}

    def compare(self, view: View) -> Mapping[str, Comparison]:
        def judge(samples: torch.Tensor) -> Any:
            return view.networks["discriminator"](samples, training=view.training)

        return {"sample": Comparison(judge, view.batch["sample"], view.fakes["sample"], one_batch=True)}

    def fixed_inputs(self, source: Source, *, count: int, rng: np.random.Generator) -> Mapping[str, NDArray[Any]]:
        are_images = len(source.fields[self.field].shape) == 3
        fakes, reals = (count, isqrt(count - 1) + 1) if are_images else (_PLOTTED_POINTS, _PLOTTED_POINTS)
        shape = (fakes, self.latent_dim)
        latents = rng.standard_normal(shape) if self.latent == "normal" else rng.uniform(-1.0, 1.0, shape)
        chosen = rng.choice(len(source), min(reals, len(source)), replace=False)
        return {"latent": latents.astype(np.float32), "real": _examples(source, chosen, [self.field])[self.field]}

    def picture(self, networks: Mapping[str, keras.Model], inputs: Mapping[str, NDArray[Any]]) -> NDArray[np.uint8]:
        from ganzoo_generation.pictures import draw_beside_reals

        return draw_beside_reals(make_samples(networks["generator"], inputs["latent"]), inputs["real"])

    def evaluate(self, networks: Mapping[str, keras.Model], source: Source, *, rng: Random) -> Iterator[Scored]:
        names = [name for name, field in source.fields.items() if None not in field.shape]
        shuffled = rng.child("examples").permutation(len(source)).cpu().numpy()

        chosen = shuffled[: self.evaluation_samples]
        fakes = make_samples(networks["generator"], self._latents(len(chosen), rng.child("latents")))
        target = _examples(source, chosen, names)
        yield Scored(method="generator", output={self.field: fakes}, target=target, examples=len(fakes))

        half = min(len(shuffled) // 2, self.evaluation_samples)
        if half >= _FEWEST_IN_A_HALF:
            first, second = (_examples(source, part, names) for part in (shuffled[:half], shuffled[half : 2 * half]))
            yield Scored(method="real", output=second, target=first, examples=half)

    def sample(
        self, networks: Mapping[str, keras.Model], inputs: Sequence[Path], output: Path, *, count: int, rng: Random
    ) -> Sequence[Path]:
        from ganzoo_generation.outputs import check_request, write_samples

        generator = networks["generator"]
        check_request(inputs, output, are_images=len(generator.output_shape) == 4)
        return [write_samples(output, make_samples(generator, self._latents(count, rng)))]

    def _latents(self, count: int, rng: Random) -> torch.Tensor:
        shape = (count, self.latent_dim)
        return rng.normal(shape) if self.latent == "normal" else rng.uniform(shape, -1.0, 1.0)


def _examples(source: Source, indices: NDArray[np.int64], names: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Stack these fields of these examples."""
    examples = [source[int(index)] for index in indices]
    return {name: np.stack([example[name] for example in examples]) for name in names}
