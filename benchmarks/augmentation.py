"""`python -m benchmarks.augmentation`: generation from 1 % of MNIST, with the discriminator augmented and not.

All runs are `dcgan_mnist` on 60 digits of each class, drawn anew for each seed. They are judged by the features of a
classifier that is trained on the whole training set.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.study import Found, Job, arguments, collect, of, spread, table, write_table

PER_CLASS = 60
WHOLE = {"name": "tfds", "dataset": "mnist"}

VARIANTS: Mapping[str, list[Mapping[str, Any]]] = {
    "none": [],
    "DiffAugment (translation, cutout)": [{"name": "diff_augment", "policy": ["translation", "cutout"]}],
    "ADA": [{"name": "ada"}],
}


def main() -> None:
    """Run what is not in the results yet, and write the table."""
    given = arguments("augmentation", __doc__, seeds=3)
    found = collect("augmentation", jobs(given.seeds), given)
    heads = ["augmentation", "classifier_frechet", "classes found", "classes_kl", "minutes", "runs"]
    write_table("augmentation", table(heads, rows(found)))


def jobs(seeds: int) -> Iterator[Job]:
    """Yield every run, seeds outermost."""
    for seed in range(seeds):
        for variant, regularizers in VARIANTS.items():
            changed = {
                "data": {**WHOLE, "per_class": PER_CLASS, "label_seed": seed},
                "regularizers": regularizers,
                "metrics": [
                    {"name": "frechet", "features": {"name": "classifier", "data": WHOLE}},
                    {"name": "class_modes", "data": WHOLE},
                ],
            }
            yield Job(key=f"{variant} | {seed}", recipe="dcgan_mnist", overrides=changed, seed=seed)


def rows(found: Mapping[str, Found]) -> Iterator[list[str]]:
    """Yield a row for each augmentation."""
    names = ("classifier_frechet", "classes_found", "classes_kl")
    for variant in VARIANTS:
        runs = of(found, variant)
        cells = [spread([run["scores"][f"generator/{name}"] for run in runs]) for name in names]
        yield [variant, *cells, spread([run["seconds"] / 60 for run in runs], 1), str(len(runs))]


if __name__ == "__main__":
    main()
