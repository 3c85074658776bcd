"""Autoencoding with the discriminator's idea of similarity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isqrt
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Gt

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
    Sources,
    Task,
    Tensor,
    Trained,
    View,
    sampling,
)
from ganzoo_vae_gan.gradient_scale import scale_gradient

#: What fills a field that may have any shape, of any number of channels.
_ANY = Field(shape=(..., None))


@dataclass(frozen=True, kw_only=True)
class VaeGan(Task):
    """Learns to encode images, to decode them, and to generate from N(0, 1) (VAE-GAN, arXiv 1512.09300).

    An adversarial loss on the comparison `sample` sets images against those that the generator, which is the decoder,
    makes of `latent_dim` normal values. With `judge_reconstructions` the comparison `reconstruction` sets them against
    reconstructions too, as in the paper; the authors' code for faces does without. No adversarial gradient reaches the
    encoder.

    The term `divergence` is KL(q(z|x) || N(0, 1)), summed over the latents, and trains the encoder. The term
    `reconstruction` is half the squared difference of what the discriminator's layer `layer` (its features by default)
    sees in the image and in its reconstruction, summed over the layer: a Gaussian of deviation 1. It trains the encoder
    with weight 1 and the decoder with weight `gamma`. Both terms are means over the batch.

    Generator and encoder are products. Results are generated images, and the reconstruction of each held-out image from
    the mean of its latents (`reconstruction`).
    """

    field: str = "image"
    latent_dim: Annotated[int, Ge(1)] = 128
    layer: str | None = None
    gamma: Annotated[float, Gt(0)] = 1e-6
    judge_reconstructions: bool = False
    evaluation_samples: Annotated[int, Ge(2)] = 2000

    @property
    def exposes(self) -> LossTargets:
        comparisons = ("sample", "reconstruction") if self.judge_reconstructions else ("sample",)
        return LossTargets(
            comparisons=comparisons, terms={"divergence": ("generator",), "reconstruction": ("generator",)}
        )

    @property
    def compared(self) -> str:
        """The output of the discriminator in which images and reconstructions are compared."""
        return "features" if self.layer is None else f"features/{self.layer}"

    def networks(self, fields: Mapping[str, Field], fitted: Example) -> Sequence[NetworkSpec]:
        sample, values = {"sample": sampling.sample_field(self.field, fields)}, Field(shape=(self.latent_dim,))
        making = Signature(inputs={"latent": values}, outputs=sample)
        encoding = Signature(inputs=sample, outputs={"mean": values, "log_variance": values})
        judging = Signature(inputs=sample, outputs={"logits": LOGITS, self.compared: _ANY})
        return (
            NetworkSpec(name="generator", role="generator", player="generator", signature=making),
            NetworkSpec(name="encoder", role="encoder", player="generator", signature=encoding),
            NetworkSpec(name="discriminator", role="discriminator", player="discriminator", signature=judging),
        )

    def prepare(self, example: Example, context: RowContext) -> Example:
        return {"sample": sampling.to_network(example[self.field])}

    def generate(self, view: View) -> Mapping[str, Tensor]:
        decode = view.networks["generator"]
        latents = view.rng.normal((view.count, self.latent_dim))
        made = {"sample": decode(latents, training=view.training), "latent": latents}
        if "sample" not in view.batch:
            return made
        moments = view.networks["encoder"](view.batch["sample"], training=view.training)
        noise = view.rng.normal(tuple(moments["mean"].shape))
        encoded = moments["mean"] + (moments["log_variance"] / 2).exp() * noise
        if self.judge_reconstructions:
            # detached: the adversarial loss must not reach the encoder
            made["reconstruction"] = decode(encoded.detach(), training=view.training)
        return {**made, **moments, "encoded": encoded}

    def compare(self, view: View) -> Mapping[str, Comparison]:
        def judge(samples: Tensor) -> Any:
            return view.networks["discriminator"](samples, training=view.training)

        return {
            name: Comparison(judge, view.batch["sample"], view.fakes[name], one_batch=True)
            for name in self.exposes.comparisons
        }

    def term(self, name: str, player: PlayerName, view: View) -> Tensor:
        if name == "divergence":
            mean, log_variance = view.fakes["mean"], view.fakes["log_variance"]
            divergence: Tensor = (mean.square() + log_variance.exp() - 1 - log_variance).sum(dim=1).mean() / 2
            return divergence
        return self._reconstruction(view)

    def _reconstruction(self, view: View) -> Tensor:
        """Return the distance in the discriminator's layer; the decoder gets `gamma` of its gradient."""
        import torch

        # backwards: the decoder's output passes on gamma times the gradient, its input makes up for that
        latents = scale_gradient(view.fakes["encoded"], 1 / self.gamma)
        made = scale_gradient(view.networks["generator"](latents, training=view.training), self.gamma)
        # in one batch, so that both are normalized by the same statistics
        judged = view.networks["discriminator"](torch.cat([made, view.batch["sample"]]), training=view.training)
        seen, expected = judged[self.compared].flatten(1).float().chunk(2)
        distance: Tensor = (seen - expected.detach()).square().sum(dim=1).mean() / 2
        return distance

    def fixed_inputs(self, sources: Sources, *, count: int, rng: np.random.Generator, fitted: Example) -> Example:
        source = sources["data"]
        latents = rng.standard_normal((count, self.latent_dim)).astype(np.float32)
        chosen = rng.choice(len(source), min(isqrt(count - 1) + 1, len(source)), replace=False)
        return {"latent": latents, "real": sampling.stack_examples(source, chosen, [self.field])[self.field]}

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
        shuffled = rng.child("examples").permutation(len(source)).cpu().numpy()
        target = sampling.stack_examples(source, shuffled[: self.evaluation_samples], names)
        latents = rng.child("latents").normal((len(target[self.field]), self.latent_dim))
        output = {
            self.field: sampling.made_by(trained.networks["generator"], {"latent": latents}),
            "reconstruction": self._reconstructed(trained, target[self.field]),
        }
        yield Result(method="generator", output=output, target=target, examples=len(latents))

    def sample(self, trained: Trained, request: SampleRequest) -> Sequence[Path]:
        if request.inputs:
            return sampling.write_reconstructions(
                request, lambda images: self._reconstructed(trained, images), sampling.made_shape(trained)
            )
        files = sampling.sample_files(request, (".png", ".npy"), are_images=True)
        samples = self.draw_samples(trained, count=request.count, rng=request.rng, options=request.options)
        return sampling.write_sample_files(request, files, samples)

    def draw_samples(self, trained: Trained, *, count: int, rng: Random, options: Any) -> Array:
        return sampling.made_by(trained.networks["generator"], {"latent": rng.normal((count, self.latent_dim))})

    def _reconstructed(self, trained: Trained, images: Array) -> Array:
        given = sampling.to_tensors({"images": sampling.to_network(images)})["images"]
        means = sampling.in_chunks(lambda part: trained.networks["encoder"](part, training=False)["mean"], given)
        return sampling.made_by(trained.networks["generator"], sampling.to_tensors({"latent": means}))
