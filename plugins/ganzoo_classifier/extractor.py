from __future__ import annotations

from pathlib import Path

from ganzoo import DataError, Dataset, Embedding, Extractor, OpenTraining, Preparable, Report, Source
from ganzoo_classifier.classifier import classifier_of, file_of
from ganzoo_classifier.sets import build_classifier


class ClassifierFeatures(Extractor, Preparable):
    """The 128 features, and the classes, of a small classifier of the data themselves: scores are `classifier_...`.

    It is trained on the training data, or on `data`, once, and kept in the cache of Keras; `ganzoo data prepare
    classifier --data NAME` trains it ahead. Images must have the size of those that it was trained on; `field` names
    these.
    """

    def __init__(self, *, field: str = "image", data: Dataset | None = None) -> None:
        self.field, self.data = field, data

    def load(self, training: OpenTraining) -> Embedding:
        return build_classifier(training, self.data, self.field).embedding

    @classmethod
    def preparable(cls) -> tuple[str, ...]:
        return ("classifier",)

    @classmethod
    def prepare_files(cls, name: str, *, origin: Path | None, directory: Path | None, report: Report) -> Path:
        raise DataError(f"{name} learns from a data set; run: ganzoo data prepare {name} --data NAME")

    @classmethod
    def prepare_from(cls, name: str, source: Source, *, report: Report) -> Path:
        classifier_of(source, report=report)
        return file_of(source)

    @classmethod
    def recipe_lines(cls, name: str, *, directory: Path | None) -> str:
        return f'[[metrics]]\nname = "frechet"\nfeatures = {{ name = "{name}" }}'
