"""Generation by class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isqrt
from typing import Any, ClassVar, Literal

import numpy as np

from ganzoo import (
    Array,
    Comparison,
    DataError,
    Example,
    Field,
    Identity,
    LossTargets,
    NetworkSpec,
    PlayerName,
    Random,
    Result,
    RowContext,
    SamplingOptions,
    Source,
    Sources,
    Tensor,
    Trained,
    View,
    sampling,
)
from ganzoo_generation.generation import Generation, GenerationOptions

#: So many classes have a column each in a picture.
_MOST_COLUMNS = 16
#: So many examples are looked at for one of each class.
_MOST_SEEN = 1000


@dataclass(frozen=True, kw_only=True)
class ConditionalOptions(GenerationOptions):
    """How to draw, and which class: one by number or name, or all in turn, a column each in a PNG.

    `truncation`, `interpolate` and `standing_statistics` are those of generation without classes; an interpolation
    keeps its class.
    """

    label: int | str | None = None


@dataclass(frozen=True, kw_only=True)
class ConditionalGeneration(Generation):
    """Generates examples of a wanted class from latents and a label (cGAN, arXiv 1411.1784).

    The data have a `label` beside the `field` that is generated. The generator is given the label; how it uses it
    (concatenation, conditional batch normalization) is up to its architecture. With `discriminator = "label"` the
    discriminator is given it too, and concatenates or projects it (arXiv 1802.05637). With "classes" it tells the class
    instead, by a second head: the term `classification` is its cross-entropy on real and fake for the discriminator, on
    fake for the generator (AC-GAN, arXiv 1610.09585). Labels of fakes are drawn uniformly.

    Scores are those of `generation`; the results hold the labels that were asked for, for `class_accuracy`.
    """

    discriminator: Literal["label", "classes"] = "label"

    sampling: ClassVar[type[SamplingOptions]] = ConditionalOptions

    @property
    def exposes(self) -> LossTargets:
        terms: dict[str, tuple[PlayerName, ...]] = {"classification": ("discriminator", "generator")}
        return LossTargets(comparisons=("sample",), terms=terms if self.discriminator == "classes" else {})

    def fit(self, sources: Sources) -> Example:
        return {"num_classes": np.asarray(_label_field(sources["data"].fields).num_classes, np.int32)}

    def networks(self, fields: Mapping[str, Field], fitted: Example) -> Sequence[NetworkSpec]:
        generator, discriminator = super().networks(fields, fitted)
        label = _label_field(fields)
        making, judging = generator.signature, discriminator.signature
        making = replace(making, inputs={**making.inputs, "label": label})
        if self.discriminator == "label":
            judging = replace(judging, inputs={**judging.inputs, "label": label})
        else:
            judging = judging.with_outputs(classes=Field(shape=(label.num_classes,)))
        return replace(generator, signature=making), replace(discriminator, signature=judging)

    def prepare(self, example: Example, context: RowContext) -> Example:
        return {**super().prepare(example, context), "label": example["label"]}

    def inputs(self, count: int, rng: Random, fitted: Example) -> dict[str, Tensor]:
        labels = rng.child("labels").integers((count,), 0, int(fitted["num_classes"]))
        return {**super().inputs(count, rng, fitted), "label": labels}

    def compare(self, view: View) -> Mapping[str, Comparison]:
        if self.discriminator == "classes":
            return super().compare(view)
        real, fake = (_judge_of(view, labels) for labels in (view.batch["label"], view.fakes["label"]))
        return {"sample": Comparison(real, view.batch["sample"], view.fakes["sample"], fake_judge=fake)}

    def term(self, name: str, player: PlayerName, view: View) -> Tensor:
        from torch.nn.functional import cross_entropy

        judged = view.judged["sample"]
        on_fake = cross_entropy(judged.fake["classes"], view.fakes["label"])
        if player == "generator":
            return on_fake
        return cross_entropy(judged.real["classes"], view.batch["label"].long()) + on_fake

    def fixed_inputs(self, sources: Sources, *, count: int, rng: np.random.Generator, fitted: Example) -> Example:
        drawn = super().fixed_inputs(sources, count=count, rng=rng, fitted=fitted)
        classes, source = int(fitted["num_classes"]), sources["data"]
        columns = classes if classes <= min(_MOST_COLUMNS, count) else isqrt(count - 1) + 1
        labels = np.arange(len(drawn["latent"])) % classes
        reals = _one_of_each(source, labels[:columns], rng)
        return {**drawn, "label": labels, "real": self._examples(source, reals)}

    def picture(self, trained: Trained, inputs: Example, *, rng: Random) -> Array:
        sampling.check_held_out(self.field, inputs["real"].shape[1:], sampling.made_shape(trained))
        given = sampling.to_tensors({name: inputs[name] for name in ("latent", "label")})
        return sampling.draw_beside_reals(sampling.made_by(trained.networks["generator"], given), inputs["real"])

    def evaluate(self, trained: Trained, sources: Sources, *, rng: Random) -> Iterator[Result]:
        label = _label_field(sources["data"].fields)
        if label.num_classes != trained.fitted["num_classes"]:
            known = int(trained.fitted["num_classes"])
            raise DataError(f"held-out data: have {label.num_classes} classes, but the training data have {known}")
        return super().evaluate(trained, sources, rng=rng)

    def identity(self) -> Identity:
        return {**super().identity(), "classes": "uniform"}

    def made(self, trained: Trained, inputs: Mapping[str, Tensor]) -> Example:
        return {**super().made(trained, inputs), "label": inputs["label"].cpu().numpy().astype(np.int32)}

    def columns(self, trained: Trained, options: Any) -> int | None:
        classes = int(trained.fitted["num_classes"])
        if options.interpolate is None and options.label is None and classes <= _MOST_COLUMNS:
            return classes
        return super().columns(trained, options)

    def asked(self, trained: Trained, count: int, rng: Random, options: Any) -> dict[str, Tensor]:
        inputs = super().asked(trained, count, rng, options)
        if options.label is not None:
            labels = np.full(count, sampling.class_index(trained.fields["label"], options.label))
        else:
            labels = np.arange(count) // (options.interpolate or 1) % int(trained.fitted["num_classes"])
        return {**inputs, **sampling.to_tensors({"label": labels})}


def _label_field(fields: Mapping[str, Field]) -> Field:
    """Return the field of the class; DataError where the data have none."""
    label = fields.get("label")
    if label is None or label.shape != () or label.high is None or not label.dtype.startswith("int"):
        raise DataError(
            f"conditional_generation needs class labels in field 'label'; it is {label}; a folder has them with "
            "--set data.classes=true"
        )
    return label


def _judge_of(view: View, labels: Tensor) -> Any:
    """Return the discriminator for samples of these classes."""
    network = view.networks["discriminator"]
    return lambda samples: network({"sample": samples, "label": labels}, training=view.training)


def _one_of_each(source: Source, labels: Array, rng: np.random.Generator) -> list[int]:
    """Return the place of an example of each of these classes, of any class where there is none nearby."""
    places = rng.permutation(len(source))[:_MOST_SEEN]
    found = {int(source[int(place)]["label"]): int(place) for place in places}
    return [found.get(int(label), int(places[0])) for label in labels]
