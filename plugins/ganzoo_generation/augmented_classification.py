"""Classification with generated examples of each class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ganzoo import (
    Array,
    Example,
    Field,
    LossTargets,
    NetworkSpec,
    PlayerName,
    Random,
    Result,
    Signature,
    Sources,
    Tensor,
    Trained,
    View,
    sampling,
)
from ganzoo_generation.conditional import ConditionalGeneration

#: The classifiers, and the terms that train them.
_CLASSIFIERS = {"classifier": "with_generated", "baseline": "without_generated"}


@dataclass(frozen=True, kw_only=True)
class AugmentedClassification(ConditionalGeneration):
    """Trains one classifier with generated examples of each class, and one like it without them.

    Generator and discriminator are those of `conditional_generation`, and learn first, in phases of their own. The term
    `with_generated` trains the network `classifier`: its cross-entropy on labelled examples plus that on as many
    generated ones of uniform classes. The term `without_generated` trains the network `baseline` on the labelled ones
    alone. Both see the same batches, and should have the same architecture. Results are the labels that each gives to
    held-out examples, for `classification_error`.
    """

    @property
    def exposes(self) -> LossTargets:
        learned = super().exposes
        terms: dict[str, tuple[PlayerName, ...]] = dict.fromkeys(_CLASSIFIERS.values(), ("generator",))
        return LossTargets(comparisons=learned.comparisons, terms={**learned.terms, **terms})

    def networks(self, fields: Mapping[str, Field], fitted: Example) -> Sequence[NetworkSpec]:
        sample = {"sample": sampling.sample_field(self.field, fields)}
        telling = Signature(inputs=sample, outputs={"classes": Field(shape=(int(fitted["num_classes"]),))})
        classifiers = [
            NetworkSpec(name=name, role="classifier", player="generator", signature=telling) for name in _CLASSIFIERS
        ]
        return (*super().networks(fields, fitted), *classifiers)

    def term(self, name: str, player: PlayerName, view: View) -> Tensor:
        from torch.nn.functional import cross_entropy

        if name not in _CLASSIFIERS.values():
            return super().term(name, player, view)
        (network,) = (view.networks[key] for key, term in _CLASSIFIERS.items() if term == name)
        loss = cross_entropy(network(view.batch["sample"], training=view.training), view.batch["label"].long())
        if name == "with_generated":
            told = network(view.fakes["sample"].detach(), training=view.training)
            loss = loss + cross_entropy(told, view.fakes["label"])
        return loss

    def evaluate(self, trained: Trained, sources: Sources, *, rng: Random) -> Iterator[Result]:
        source = sources["data"]
        given = sampling.stack_examples(source, range(len(source)), [self.field, "label"])
        for name in _CLASSIFIERS:
            labels = _told(trained, name, given[self.field])
            yield Result(method=name, output={"label": labels}, target={"label": given["label"]}, examples=len(labels))


def _told(trained: Trained, name: str, examples: Array) -> Array:
    """Return the labels that a classifier gives."""
    network = trained.networks[name]
    values = sampling.to_tensors({"sample": sampling.to_network(examples)})["sample"]
    logits = sampling.in_chunks(lambda part: network(part, training=False), values)
    labels: Array = logits.argmax(axis=1).astype(np.int32)
    return labels
