"""Autoencoding that is judged by a discriminator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

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
    Signature,
    Sources,
    Task,
    Tensor,
    Trained,
    View,
    sampling,
)

#: Deviations stay between exp(-10) and exp(10).
_MOST_LOG = 10.0


@dataclass(frozen=True, kw_only=True)
class VAEGAN(Task):
    """Encodes images as latents and generates from latents, as a discriminator sees it (VAE-GAN, arXiv 1512.09300).

    The encoder gives mean and deviation of `latent_dim` latents. The comparisons `prior` and `decoded` set images
    against those of random latents and of encoded ones; their gradient does not reach the encoder. The pair `features`
    is what the discriminator makes of a reconstruction and of its image, in its layer `layer` or in its features: with
    the loss `mse` it takes the place of an error of pixels. The term `divergence` is KL(latents || N(0, 1)), summed
    over latents. The authors weigh the adversarial loss by a tiny factor for the generator, and skip updates by
    `vae_gan_margins`.

    The products are the generator and the encoder; the results hold reconstructions of held-out images, or new images
    in the row `generator`.
    """

    field: str = "image"
    latent_dim: Annotated[int, Ge(1)] = 128
    layer: str | None = None
    evaluation_samples: Annotated[int, Ge(2)] = 2000

    exposes: ClassVar[LossTargets] = LossTargets(
        comparisons=("prior", "decoded"), pairs=("features",), terms={"divergence": ("generator",)}
    )

    def networks(self, fields: Mapping[str, Field], fitted: Example) -> Sequence[NetworkSpec]:
        sample = {"sample": sampling.sample_field(self.field, fields)}
        moments = Signature(inputs=sample, outputs={"moments": Field(shape=(2 * self.latent_dim,))})
        making = Signature(inputs={"latent": Field(shape=(self.latent_dim,))}, outputs=sample)
        judging = Signature(inputs=sample, outputs={"logits": LOGITS, self._features: Field(shape=(...,))})
        return (
            NetworkSpec(name="generator", role="generator", player="generator", signature=making),
            NetworkSpec(name="encoder", role="encoder", player="generator", signature=moments),
            NetworkSpec(name="discriminator", role="discriminator", player="discriminator", signature=judging),
        )

    def prepare(self, example: Example, context: RowContext) -> Example:
        return {"sample": sampling.to_network(example[self.field])}

    def generate(self, view: View) -> Mapping[str, Tensor]:
        mean, log = self._moments(view.networks["encoder"](view.batch["sample"], training=view.training))
        latents = mean + log.exp() * view.rng.normal(tuple(mean.shape))
        make = view.networks["generator"]
        prior = view.rng.normal(tuple(mean.shape))
        return {
            "prior": make(prior, training=view.training),
            "latent": prior,
            # detached: the adversarial loss must not reach the encoder
            "decoded": make(latents.detach(), training=view.training),
            "reconstruction": make(latents, training=view.training),
            "mean": mean,
            "log_deviation": log,
        }

    def compare(self, view: View) -> Mapping[str, Comparison]:
        judge = self._judge(view)
        return {name: Comparison(judge, view.batch["sample"], view.fakes[name]) for name in ("prior", "decoded")}

    def pair(self, name: str, view: View) -> tuple[Tensor, Tensor]:
        import torch

        judge = self._judge(view)
        with torch.no_grad():
            wanted = judge(view.batch["sample"])[self._features]
        return judge(view.fakes["reconstruction"])[self._features], wanted

    def term(self, name: str, player: PlayerName, view: View) -> Tensor:
        mean, log = view.fakes["mean"], view.fakes["log_deviation"]
        divergence: Tensor = ((mean.square() + (2 * log).exp() - 1) / 2 - log).sum(dim=1).mean()
        return divergence

    def fixed_inputs(self, sources: Sources, *, count: int, rng: np.random.Generator, fitted: Example) -> Example:
        source = sources["data"]
        chosen = rng.choice(len(source), min(count, len(source)), replace=False)
        latents = rng.standard_normal((count, self.latent_dim)).astype(np.float32)
        return {"latent": latents, "real": sampling.stack_examples(source, chosen, [self.field])[self.field]}

    def picture(self, trained: Trained, inputs: Example, *, rng: Random) -> Array:
        """Show images above their reconstructions, and new images below."""
        sampling.check_held_out(self.field, inputs["real"].shape[1:], sampling.made_shape(trained))
        new = sampling.made_by(trained.networks["generator"], sampling.to_tensors({"latent": inputs["latent"]}))
        parts = {"image": inputs["real"], "reconstruction": self._again(trained, inputs["real"]), "generated": new}
        return np.concatenate([sampling.labelled(sampling.draw(part), name) for name, part in parts.items()])

    def evaluate(self, trained: Trained, sources: Sources, *, rng: Random) -> Iterator[Result]:
        source = sources["data"]
        expected = sampling.sample_field(self.field, source.fields).shape
        sampling.check_held_out(self.field, expected, sampling.made_shape(trained))
        names = [name for name, field in source.fields.items() if None not in field.shape]
        chosen = rng.child("examples").permutation(len(source)).cpu().numpy()[: self.evaluation_samples]
        target = sampling.stack_examples(source, chosen, names)
        new = self.draw_samples(trained, count=len(chosen), rng=rng.child("latents"), options=None)
        yield Result(method="generator", output={self.field: new}, target=target, examples=len(chosen))
        again = self._again(trained, target[self.field])
        yield Result(method="reconstruction", output={self.field: again}, target=target, examples=len(chosen))

    def draw_samples(self, trained: Trained, *, count: int, rng: Random, options: Any) -> Array:
        return sampling.made_by(trained.networks["generator"], {"latent": rng.normal((count, self.latent_dim))})

    @property
    def _features(self) -> str:
        return "features" if self.layer is None else f"features/{self.layer}"

    def _judge(self, view: View) -> Any:
        return lambda samples: view.networks["discriminator"](samples, training=view.training)

    def _moments(self, moments: Tensor) -> tuple[Tensor, Tensor]:
        return moments[:, : self.latent_dim], moments[:, self.latent_dim :].clamp(-_MOST_LOG, _MOST_LOG)

    def _again(self, trained: Trained, images: Array) -> Array:
        """Return images through the encoder's means and the generator."""
        encoder, generator = trained.networks["encoder"], trained.networks["generator"]
        given = sampling.to_tensors({"sample": sampling.to_network(images)})["sample"]

        def both(part: Tensor) -> Tensor:
            made: Tensor = generator(self._moments(encoder(part, training=False))[0], training=False)
            return made

        return sampling.to_edge(sampling.in_chunks(both, given))
