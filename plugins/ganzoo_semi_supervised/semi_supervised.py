"""Classification with few labels: K classes of reals, and one for fakes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Ge

from ganzoo import (
    Comparison,
    DataError,
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

_IMAGE_AXES = 3


@dataclass(frozen=True, kw_only=True)
class SemiSupervised(Task):
    """Trains a classifier with a few labelled images, many without labels, and generated ones (arXiv 1606.03498).

    The classifier has a logit for each class; a fake has the logit 0, so that D = Z / (Z + 1) with Z the sum of exp of
    the logits. The data are two streams, `labelled` and `unlabelled`; `per_class` and `label_seed` of a dataset choose
    the labelled part. The terms are those of the paper: `labelled`, the cross-entropy of labelled images; `unlabelled`,
    -log D of unlabelled and -log(1 - D) of generated ones, half each; `feature_matching`, for the generator, the mean
    squared difference of batch means of the classifier's features. The comparison `sample` has log Z as its logit, for
    recipes with an adversarial loss instead.

    The product is the classifier: scores are those of its labels for held-out images (`classification_error`). The
    generator makes images from `latent_dim` values of U(0, 1).
    """

    streams: ClassVar[tuple[str, ...]] = ("labelled", "unlabelled")

    latent_dim: Annotated[int, Ge(1)] = 100

    exposes: ClassVar[LossTargets] = LossTargets(
        comparisons=("sample",),
        terms={
            "labelled": ("discriminator",),
            "unlabelled": ("discriminator",),
            "feature_matching": ("generator",),
        },
    )

    def networks(self, fields: Mapping[str, Field], fitted: Example) -> Sequence[NetworkSpec]:
        image, classes = _image_field(fields), Field(shape=(_label_field(fields).num_classes,))
        making = Signature(inputs={"latent": Field(shape=(self.latent_dim,))}, outputs={"image": image})
        heads = {"classes": classes, "features": Field(shape=(None,))}
        judging = Signature(inputs={"image": image}, outputs=heads)
        return (
            NetworkSpec(name="generator", role="generator", player="generator", signature=making, product=False),
            NetworkSpec(name="classifier", role="classifier", player="discriminator", signature=judging, product=True),
        )

    def prepare(self, example: Example, context: RowContext) -> Example:
        row = {"image": sampling.to_network(example["image"])}
        return {**row, "label": example["label"]} if context.stream == "labelled" else row

    def generate(self, view: View) -> Mapping[str, Tensor]:
        latents = view.rng.uniform((view.count, self.latent_dim))
        # the first is what pictures and samples show
        return {"image": view.networks["generator"](latents, training=view.training), "latent": latents}

    def compare(self, view: View) -> Mapping[str, Comparison]:
        def judge(images: Tensor) -> Mapping[str, Any]:
            outputs = view.networks["classifier"](images, training=view.training)
            return {**outputs, "logits": outputs["classes"].logsumexp(dim=1, keepdim=True)}

        return {"sample": Comparison(judge, view.batch["unlabelled/image"], view.fakes["image"], one_batch=True)}

    def term(self, name: str, player: PlayerName, view: View) -> Tensor:
        from torch.nn.functional import cross_entropy, softplus

        if name == "labelled":
            outputs = view.networks["classifier"](view.batch["labelled/image"], training=view.training)
            return cross_entropy(outputs["classes"], view.batch["labelled/label"].long())
        real, fake = view.judged["sample"].real, view.judged["sample"].fake
        if name == "unlabelled":
            on_real = softplus(-real["logits"]).mean()  # -log Z + softplus(log Z)
            return (on_real + softplus(fake["logits"]).mean()) / 2
        matched: Tensor = (real["features"].mean(dim=0) - fake["features"].mean(dim=0)).square().mean()
        return matched

    def evaluate(self, trained: Trained, sources: Sources, *, rng: Random) -> Iterator[Result]:
        source = sources["labelled"]
        given = sampling.stack_examples(source, range(len(source)), ["image", "label"])
        images = sampling.to_tensors({"image": sampling.to_network(given["image"])})["image"]
        classifier = trained.networks["classifier"]
        logits = sampling.in_chunks(lambda part: classifier(part, training=False)["classes"], images)
        labels = logits.argmax(axis=1).astype(np.int32)
        target = {"label": given["label"]}
        yield Result(method="classifier", output={"label": labels}, target=target, examples=len(labels))


def _image_field(fields: Mapping[str, Field]) -> Field:
    """Return what networks see of an image; DataError unless both streams have images of one size."""
    labelled, unlabelled = fields.get("labelled/image"), fields.get("unlabelled/image")
    if labelled is None or labelled != unlabelled or len(labelled.shape) != _IMAGE_AXES or None in labelled.shape:
        raise DataError(
            f"semi_supervised needs images of one size in field 'image' of both streams; labelled {labelled}, "
            f"unlabelled {unlabelled}"
        )
    return Field(shape=labelled.shape, low=-1, high=1)


def _label_field(fields: Mapping[str, Field]) -> Field:
    label = fields.get("labelled/label")
    if label is None or label.shape != () or label.high is None:
        raise DataError(f"semi_supervised needs class labels in field 'label' of the stream 'labelled'; it is {label}")
    return label
