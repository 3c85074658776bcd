"""Generation and encoding, learned together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isqrt
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

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
    PlayerName,
    Random,
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
    logit_maps,
    sampling,
)
from ganzoo_bigan.neighbours import nearest_labels

_CHUNK = 1000


@dataclass(frozen=True, kw_only=True)
class BiGAN(Task):
    """Learns a generator and, as its inverse, an encoder of images (BiGAN, arXiv 1605.09782; ALI, arXiv 1606.00704).

    The comparison `joint` sets pairs of a real image and its encoding against pairs of a generated image and its
    latents, `latent_dim` values from U(-1, 1) or N(0, 1). An adversarial loss on it trains discriminator and generator;
    the term `encoder` trains the encoder to have its pairs taken for generated ones, -log(1 - D) as `non_saturating`
    has it for the generator. The paper weighs both the same.

    Encoder and generator are products. The results hold reconstructions of all held-out images (`reconstruction`),
    generated images for as many of them as `evaluation_samples`, and where images have labels, the label of the nearest
    of `neighbours` training images (0: none) by the encoder's features, for the metric `nearest_neighbour`.
    """

    field: str = "image"
    latent_dim: Annotated[int, Ge(1)] = 50
    latent: Literal["uniform", "normal"] = "uniform"
    evaluation_samples: Annotated[int, Ge(2)] = 2000
    neighbours: Annotated[int, Ge(0)] = 10_000

    exposes: ClassVar[LossTargets] = LossTargets(comparisons=("joint",), terms={"encoder": ("generator",)})

    def networks(self, fields: Mapping[str, Field], fitted: Example) -> Sequence[NetworkSpec]:
        sample, latent = {"sample": sampling.sample_field(self.field, fields)}, {"latent": self._latent_field()}
        encoding = Signature(inputs=sample, outputs={**latent, "features": Field(shape=(None,))})
        judging = Signature(inputs={**sample, **latent}, outputs={"logits": LOGITS})
        return (
            NetworkSpec(name="encoder", role="encoder", player="generator", signature=encoding),
            NetworkSpec(
                name="generator",
                role="generator",
                player="generator",
                signature=Signature(inputs=latent, outputs=sample),
            ),
            NetworkSpec(name="discriminator", role="discriminator", player="discriminator", signature=judging),
        )

    def prepare(self, example: Example, context: RowContext) -> Example:
        return {"sample": sampling.to_network(example[self.field])}

    def generate(self, view: View) -> Mapping[str, Tensor]:
        latents = self._latents(view.count, view.rng)
        made = {"latent": latents, "sample": view.networks["generator"](latents, training=view.training)}
        if "sample" in view.batch:
            made["encoded"] = view.networks["encoder"](view.batch["sample"], training=view.training)["latent"]
        return made

    def compare(self, view: View) -> Mapping[str, Comparison]:
        def judge(samples: Tensor, latent: str) -> Any:
            pairs = {"sample": samples, "latent": view.fakes[latent]}
            return view.networks["discriminator"](pairs, training=view.training)

        return {
            "joint": Comparison(
                judge=lambda samples: judge(samples, "encoded"),
                real=view.batch["sample"],
                fake=view.fakes["sample"],
                fake_judge=lambda samples: judge(samples, "latent"),
            )
        }

    def term(self, name: str, player: PlayerName, view: View) -> Tensor:
        from torch.nn.functional import softplus

        # judged again: in the generator's update, the verdict on reals carries no gradient
        comparison = view.judged["joint"].comparison
        losses = [softplus(logits).mean() for logits in logit_maps(comparison.outputs(comparison.real))]
        total: Tensor = sum(losses[1:], losses[0]) / len(losses)
        return total

    def fixed_inputs(self, sources: Sources, *, count: int, rng: np.random.Generator, fitted: Example) -> Example:
        source, shape = sources["data"], (count, self.latent_dim)
        latents = rng.standard_normal(shape) if self.latent == "normal" else rng.uniform(-1.0, 1.0, shape)
        chosen = rng.choice(len(source), min(isqrt(count - 1) + 1, len(source)), replace=False)
        return {"latent": latents.astype(np.float32), "real": self._examples(source, chosen)}

    def picture(self, trained: Trained, inputs: Example, *, rng: Random) -> Array:
        sampling.check_held_out(self.field, inputs["real"].shape[1:], sampling.made_shape(trained))
        latents = sampling.to_tensors({"latent": inputs["latent"]})
        parts = {
            "real": inputs["real"],
            "reconstructed": self._reconstructed(trained, inputs["real"]),
            "generated": sampling.made_by(trained.networks["generator"], latents),
        }
        return sampling.draw_named(parts, columns=len(inputs["real"]))

    def evaluate(self, trained: Trained, sources: Sources, *, rng: Random) -> Iterator[Result]:
        source = sources["data"]
        expected = sampling.sample_field(self.field, source.fields).shape
        sampling.check_held_out(self.field, expected, sampling.made_shape(trained))
        names = [name for name, field in source.fields.items() if None not in field.shape]
        target = sampling.stack_examples(source, range(len(source)), names)
        latents = self._latents(min(len(source), self.evaluation_samples), rng.child("latents"))
        output = {
            self.field: sampling.made_by(trained.networks["generator"], {"latent": latents}),
            "reconstruction": self._reconstructed(trained, target[self.field]),
        }
        if self.neighbours and trained.training is not None and "label" in names:
            features = self._encoded(trained, target[self.field], "features")
            references = self._references(trained, trained.training()["data"], rng.child("neighbours"))
            output["nearest_label"] = nearest_labels(features, references)
        yield Result(method="encoder", output=output, target=target, examples=len(source))

    def sample(self, trained: Trained, request: SampleRequest) -> Sequence[Path]:
        if request.inputs:
            return sampling.write_reconstructions(
                request, lambda images: self._reconstructed(trained, images), sampling.made_shape(trained)
            )
        files = sampling.sample_files(request, (".png", ".npy"), are_images=True)
        samples = self.draw_samples(trained, count=request.count, rng=request.rng, options=request.options)
        return sampling.write_sample_files(request, files, samples)

    def draw_samples(self, trained: Trained, *, count: int, rng: Random, options: Any) -> Array:
        return sampling.made_by(trained.networks["generator"], {"latent": self._latents(count, rng)})

    # -- latents and encodings -----------------------------------------------------------------------------------------

    def _latent_field(self) -> Field:
        limits = (-1, 1) if self.latent == "uniform" else (None, None)
        return Field(shape=(self.latent_dim,), low=limits[0], high=limits[1])

    def _latents(self, count: int, rng: Random) -> Tensor:
        shape = (count, self.latent_dim)
        return rng.normal(shape) if self.latent == "normal" else rng.uniform(shape, -1.0, 1.0)

    def _encoded(self, trained: Trained, images: Array, output: str) -> Array:
        given = sampling.to_tensors({"images": sampling.to_network(images)})["images"]
        return sampling.in_chunks(lambda part: trained.networks["encoder"](part, training=False)[output], given)

    def _reconstructed(self, trained: Trained, images: Array) -> Array:
        latents = sampling.to_tensors({"latent": self._encoded(trained, images, "latent")})
        return sampling.made_by(trained.networks["generator"], latents)

    def _references(self, trained: Trained, source: Source, rng: Random) -> Iterator[tuple[Array, Array]]:
        """Yield features and labels of as many training images as are asked for, in parts."""
        chosen = rng.permutation(len(source)).cpu().numpy()[: self.neighbours]
        for first in range(0, len(chosen), _CHUNK):
            part = sampling.stack_examples(source, chosen[first : first + _CHUNK], [self.field, "label"])
            yield self._encoded(trained, part[self.field], "features"), part["label"]

    def _examples(self, source: Source, indices: Array) -> Array:
        return sampling.stack_examples(source, indices, [self.field])[self.field]
