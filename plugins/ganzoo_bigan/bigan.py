"""Generation together with its inverse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Ge

from ganzoo import (
    LOGITS,
    Array,
    Comparison,
    Dataset,
    Example,
    Field,
    LossTargets,
    NetworkSpec,
    PlayerName,
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


@dataclass(frozen=True, kw_only=True)
class BiGAN(Task):
    """Learns to generate images from latents, and to encode images as latents (BiGAN, arXiv 1605.09782).

    The comparison `joint` sets an image and its encoding against latents and the image that is generated from them. The
    adversarial loss on it trains the generator; the term `encoder` is the same game for the encoder, which wants its
    pairs to be taken for generated ones: E softplus(D(x, E(x))). Latents are `latent_dim` values from U(-1, 1).

    The products are the generator and the encoder. The results hold images and their reconstructions; with
    `neighbours`, a labelled data set, also the features of both for `nearest_neighbour`.
    """

    field: str = "image"
    latent_dim: Annotated[int, Ge(1)] = 50
    neighbours: Dataset | None = None

    exposes: ClassVar[LossTargets] = LossTargets(comparisons=("joint",), terms={"encoder": ("generator",)})

    def networks(self, fields: Mapping[str, Field], fitted: Example) -> Sequence[NetworkSpec]:
        sample = {"sample": sampling.sample_field(self.field, fields)}
        latent = {"latent": Field(shape=(self.latent_dim,))}
        coded = {**latent, "features": Field(shape=(None,))}
        return (
            NetworkSpec(
                name="generator",
                role="generator",
                player="generator",
                signature=Signature(inputs=latent, outputs=sample),
            ),
            NetworkSpec(
                name="encoder", role="encoder", player="generator", signature=Signature(inputs=sample, outputs=coded)
            ),
            NetworkSpec(
                name="discriminator",
                role="discriminator",
                player="discriminator",
                signature=Signature(inputs={**sample, **latent}, outputs={"logits": LOGITS}),
            ),
        )

    def prepare(self, example: Example, context: RowContext) -> Example:
        return {"sample": sampling.to_network(example[self.field])}

    def generate(self, view: View) -> Mapping[str, Tensor]:
        latents = view.rng.uniform((view.count, self.latent_dim), -1.0, 1.0)
        made = view.networks["generator"](latents, training=view.training)
        encoded = view.networks["encoder"](view.batch["sample"], training=view.training)["latent"]
        return {"sample": made, "latent": latents, "encoded": encoded}

    def compare(self, view: View) -> Mapping[str, Comparison]:
        real, fake = (_judge_of(view, view.fakes[name]) for name in ("encoded", "latent"))
        return {"joint": Comparison(real, view.batch["sample"], view.fakes["sample"], fake_judge=fake)}

    def term(self, name: str, player: PlayerName, view: View) -> Tensor:
        from torch.nn.functional import softplus

        # judged anew: the reals of a comparison carry no gradient to what they are judged with
        logits = _judge_of(view, view.fakes["encoded"])(view.batch["sample"])
        loss: Tensor = softplus(logits).mean()
        return loss

    def fixed_inputs(self, sources: Sources, *, count: int, rng: np.random.Generator, fitted: Example) -> Example:
        source = sources["data"]
        chosen = rng.choice(len(source), min(count, len(source)), replace=False)
        latents = rng.uniform(-1, 1, (count, self.latent_dim)).astype(np.float32)
        return {"latent": latents, "real": sampling.stack_examples(source, chosen, [self.field])[self.field]}

    def picture(self, trained: Trained, inputs: Example, *, rng: Random) -> Array:
        """Show images above what becomes of them through encoder and generator, and new images below."""
        sampling.check_held_out(self.field, inputs["real"].shape[1:], sampling.made_shape(trained))
        latents = sampling.to_tensors({"latent": inputs["latent"]})
        new = sampling.made_by(trained.networks["generator"], latents)
        again, _ = self._reconstructed(trained, inputs["real"])
        parts = {"image": inputs["real"], "reconstruction": again, "generated": new}
        pictures = [sampling.labelled(sampling.draw(part), name) for name, part in parts.items()]
        return np.concatenate(pictures)

    def evaluate(self, trained: Trained, sources: Sources, *, rng: Random) -> Iterator[Result]:
        source = sources["data"]
        expected = sampling.sample_field(self.field, source.fields).shape
        sampling.check_held_out(self.field, expected, sampling.made_shape(trained))
        names = [name for name, field in source.fields.items() if None not in field.shape]
        target = sampling.stack_examples(source, range(len(source)), names)
        again, features = self._reconstructed(trained, target[self.field])
        output = {self.field: again, "features": features}
        if self.neighbours is not None:
            output |= self._neighbours(trained, self.neighbours.open())
        yield Result(method="encoder", output=output, target=target, examples=len(source))

    def sample(self, trained: Trained, request: SampleRequest) -> Sequence[Path]:
        if request.inputs:
            raise RecipeError(f"bigan takes no files, received '{request.inputs[0]}'; --count says how many to draw")
        files = sampling.sample_files(request, (".png", ".npy"), are_images=True)
        samples = self.draw_samples(trained, count=request.count, rng=request.rng, options=request.options)
        return sampling.write_sample_files(request, files, samples)

    def draw_samples(self, trained: Trained, *, count: int, rng: Random, options: Any) -> Array:
        latents = rng.uniform((count, self.latent_dim), -1.0, 1.0)
        return sampling.made_by(trained.networks["generator"], {"latent": latents})

    def _reconstructed(self, trained: Trained, images: Array) -> tuple[Array, Array]:
        """Return what generator and encoder make of images, and the encoder's features."""
        latents, features = self._encoded(trained, images)
        given = sampling.to_tensors({"latent": latents})
        return sampling.made_by(trained.networks["generator"], given), features

    def _encoded(self, trained: Trained, images: Array) -> tuple[Array, Array]:
        import torch

        encoder = trained.networks["encoder"]
        given = sampling.to_tensors({"sample": sampling.to_network(images)})["sample"]

        def both(part: Tensor) -> Tensor:
            outputs = encoder(part, training=False)
            return torch.cat([outputs["latent"], outputs["features"]], dim=1)

        rows = sampling.in_chunks(both, given)
        return rows[:, : self.latent_dim], rows[:, self.latent_dim :]

    def _neighbours(self, trained: Trained, source: Source) -> Example:
        known = sampling.stack_examples(source, range(len(source)), [self.field, "label"])
        _, features = self._encoded(trained, known[self.field])
        return {"neighbours": features, "neighbour_labels": known["label"]}


def _judge_of(view: View, latents: Tensor) -> Any:
    """Return the discriminator for images with these latents."""
    network = view.networks["discriminator"]
    return lambda samples: network({"sample": samples, "latent": latents}, training=view.training)
