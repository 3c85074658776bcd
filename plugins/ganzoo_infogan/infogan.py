"""Generation from latents and a code that the discriminator tells again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Ge, MinLen

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
    RecipeError,
    Result,
    RowContext,
    SampleRequest,
    SamplingOptions,
    Signature,
    Sources,
    Task,
    Tensor,
    Trained,
    View,
    sampling,
)

#: The range through which a continuous code is varied, as in the figures of the paper.
_SWEEP = 2.0
_COLUMNS = 10

Categories = Annotated[int, Ge(2)]


@dataclass(frozen=True, kw_only=True)
class CodeOptions(SamplingOptions):
    """Which codes to draw: one `category` of the first categorical code, or all in turn, a column each in a PNG.

    With `vary` the continuous code of this number goes from -2 to 2 in ten columns; each row has the same latents and
    other codes.
    """

    category: Annotated[int, Ge(0)] | None = None
    vary: Annotated[int, Ge(0)] | None = None


@dataclass(frozen=True, kw_only=True)
class InfoGAN(Task):
    """Generates images from latents and a code that can be read off them (InfoGAN, arXiv 1606.03657).

    The code has a uniform category for each of `categories` and `continuous` values from U(-1, 1); the `latent_dim`
    latents are from U(-1, 1) too. The discriminator gives logits, and the code in its output `code`. The term
    `mutual_information` is the negative of the paper's bound but for a constant: the cross-entropy of each category
    plus half the squared error of each continuous value (a Gaussian of deviation 1). It trains both players, as in the
    authors' code, with weight 1.

    Both networks are products. The results hold the category that the discriminator tells of each held-out image, for
    `code_error`, beside fakes for as many of them as `evaluation_samples`.
    """

    field: str = "image"
    latent_dim: Annotated[int, Ge(1)] = 62
    categories: Annotated[tuple[Categories, ...], MinLen(1)] = (10,)
    continuous: Annotated[int, Ge(0)] = 2
    evaluation_samples: Annotated[int, Ge(2)] = 2000

    sampling: ClassVar[type[SamplingOptions]] = CodeOptions
    exposes: ClassVar[LossTargets] = LossTargets(
        comparisons=("sample",), terms={"mutual_information": ("discriminator", "generator")}
    )

    @property
    def code_dim(self) -> int:
        """How many values the code has, categories as zeros and a one."""
        return sum(self.categories) + self.continuous

    def networks(self, fields: Mapping[str, Field], fitted: Example) -> Sequence[NetworkSpec]:
        sample, code = {"sample": sampling.sample_field(self.field, fields)}, {"code": Field(shape=(self.code_dim,))}
        making = Signature(inputs={"latent": Field(shape=(self.latent_dim,)), **code}, outputs=sample)
        judging = Signature(inputs=sample, outputs={"logits": LOGITS, **code})
        return (
            NetworkSpec(name="generator", role="generator", player="generator", signature=making),
            NetworkSpec(
                name="discriminator", role="discriminator", player="discriminator", signature=judging, product=True
            ),
        )

    def prepare(self, example: Example, context: RowContext) -> Example:
        return {"sample": sampling.to_network(example[self.field])}

    def generate(self, view: View) -> Mapping[str, Tensor]:
        inputs = self._inputs(view.count, view.rng)
        return {**inputs, "sample": sampling.call_network(view.networks["generator"], inputs, training=view.training)}

    def compare(self, view: View) -> Mapping[str, Comparison]:
        def judge(samples: Tensor) -> Any:
            return view.networks["discriminator"](samples, training=view.training)

        return {"sample": Comparison(judge, view.batch["sample"], view.fakes["sample"], one_batch=True)}

    def term(self, name: str, player: PlayerName, view: View) -> Tensor:
        return self._code_loss(view.judged["sample"].fake["code"], view.fakes["code"])

    def fixed_inputs(self, sources: Sources, *, count: int, rng: np.random.Generator, fitted: Example) -> Example:
        latent, code = self._fixed(count, rng)
        source, columns = sources["data"], min(self.categories[0], _COLUMNS, count)
        chosen = rng.choice(len(source), min(columns, len(source)), replace=False)
        reals = sampling.stack_examples(source, chosen, [self.field])[self.field]
        return {"latent": latent, "code": code, "real": reals}

    def picture(self, trained: Trained, inputs: Example, *, rng: Random) -> Array:
        sampling.check_held_out(self.field, inputs["real"].shape[1:], sampling.made_shape(trained))
        given = sampling.to_tensors({name: inputs[name] for name in ("latent", "code")})
        return sampling.draw_beside_reals(sampling.made_by(trained.networks["generator"], given), inputs["real"])

    def evaluate(self, trained: Trained, sources: Sources, *, rng: Random) -> Iterator[Result]:
        source = sources["data"]
        expected = sampling.sample_field(self.field, source.fields).shape
        sampling.check_held_out(self.field, expected, sampling.made_shape(trained))
        names = [name for name, field in source.fields.items() if None not in field.shape]
        target = sampling.stack_examples(source, range(len(source)), names)
        images = sampling.to_tensors({"image": sampling.to_network(target[self.field])})["image"]
        reader = trained.networks["discriminator"]
        codes = sampling.in_chunks(lambda part: reader(part, training=False)["code"], images)
        inputs = self._inputs(min(len(source), self.evaluation_samples), rng)
        made = sampling.made_by(trained.networks["generator"], inputs)
        category = codes[:, : self.categories[0]].argmax(axis=1).astype(np.int32)
        yield Result(
            method="generator", output={self.field: made, "category": category}, target=target, examples=len(source)
        )

    def sample(self, trained: Trained, request: SampleRequest) -> Sequence[Path]:
        if request.inputs:
            raise RecipeError(f"infogan takes no files, received '{request.inputs[0]}'; --count says how many to draw")
        files = sampling.sample_files(request, (".png", ".npy"), are_images=True)
        samples = self.draw_samples(trained, count=request.count, rng=request.rng, options=request.options)
        columns = _COLUMNS if request.options.vary is not None else min(self.categories[0], _COLUMNS)
        return sampling.write_sample_files(request, files, samples, columns=columns)

    def draw_samples(self, trained: Trained, *, count: int, rng: Random, options: Any) -> Array:
        inputs = self._inputs(count, rng)
        inputs["code"] = self._asked(inputs, count, options)
        return sampling.made_by(trained.networks["generator"], inputs)

    # -- codes ---------------------------------------------------------------------------------------------------------

    def _inputs(self, count: int, rng: Random) -> dict[str, Tensor]:
        import torch

        parts = [_one_hot(rng.integers((count,), 0, size), size) for size in self.categories]
        parts.append(rng.uniform((count, self.continuous), -1.0, 1.0))
        return {"latent": rng.uniform((count, self.latent_dim), -1.0, 1.0), "code": torch.cat(parts, dim=1)}

    def _fixed(self, count: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """Return inputs for a picture whose columns are the categories and whose rows share everything else."""
        columns = min(self.categories[0], _COLUMNS)
        rows = -(-count // columns)
        latent = rng.uniform(-1, 1, (rows, self.latent_dim)).repeat(columns, axis=0)[:count]
        code = rng.uniform(-1, 1, (rows, self.code_dim)).repeat(columns, axis=0)[:count]
        start = 0
        for number, size in enumerate(self.categories):
            chosen = (
                np.arange(count) % columns if number == 0 else rng.integers(size, size=rows).repeat(columns)[:count]
            )
            code[:, start : start + size] = np.eye(size)[chosen]
            start += size
        return latent.astype(np.float32), code.astype(np.float32)

    def _asked(self, inputs: dict[str, Tensor], count: int, options: CodeOptions) -> Tensor:
        """Return the codes of a request; where one is varied, the rows of the picture share the rest."""
        import torch

        code, first = inputs["code"].clone(), self.categories[0]
        columns = _COLUMNS if options.vary is not None else min(first, _COLUMNS)
        category = torch.arange(count, device=code.device) % first
        if options.vary is not None:
            if options.vary >= self.continuous:
                raise RecipeError(f"vary: there are {self.continuous} continuous codes, counted from 0")
            rows = torch.arange(count, device=code.device) // columns
            inputs["latent"], code, category = inputs["latent"][rows], code[rows], rows % first
            sweep = torch.linspace(-_SWEEP, _SWEEP, columns, device=code.device)
            code[:, sum(self.categories) + options.vary] = sweep.repeat(-(-count // columns))[:count]
        if options.category is not None:
            if options.category >= first:
                raise RecipeError(f"category: there are {first} categories, counted from 0")
            category = torch.full_like(category, options.category)
        code[:, :first] = _one_hot(category, first)
        return code

    def _code_loss(self, told: Tensor, asked: Tensor) -> Tensor:
        """Return the negative log likelihood of codes, without its constants: the mean over the batch."""
        import torch

        sizes = [*self.categories, self.continuous]
        parts = (torch.split(codes, sizes, dim=1) for codes in (told, asked))
        *categories, continuous = zip(*parts, strict=True)
        losses = [-(wanted * logits.log_softmax(dim=1)).sum(dim=1) for logits, wanted in categories]
        losses.append((continuous[0] - continuous[1]).square().sum(dim=1) / 2)
        total: Tensor = sum(losses[1:], losses[0]).mean()
        return total


def _one_hot(chosen: Tensor, size: int) -> Tensor:
    from torch.nn.functional import one_hot

    return one_hot(chosen, size).float()
