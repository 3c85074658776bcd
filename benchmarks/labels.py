"""`python -m benchmarks.labels`: test errors on MNIST with few labels, with generated images and without them.

Each run is `semi_supervised_mnist` with a draw of the labelled digits of its own, in a shorter form: `--steps` steps, a
rate that is constant for one half of them and falls to 0 over the other, averages of decay 0.999. The baseline trains
the same classifier in the same way on the labelled digits alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.study import Found, Job, arguments, collect, of, spread, table, write_table

STEPS = 24_000
LABELS = (100, 20, 50, 200)
CLASSES = 10
DIGITS = {"name": "tfds", "dataset": "mnist"}

METHODS: Mapping[str, list[Mapping[str, Any]]] = {
    "K+1 with feature matching": [{"term": "labelled"}, {"term": "unlabelled"}, {"term": "feature_matching"}],
    "labels alone": [{"term": "labelled"}],
}


def main() -> None:
    """Run what is not in the results yet, and write the table."""
    given = arguments("labels", __doc__, seeds=5)
    found = collect("labels", jobs(given.seeds), given)
    heads = ["method", *(f"{count} labels" for count in LABELS), "minutes"]
    write_table("labels", table(heads, rows(found)))


def jobs(seeds: int) -> Iterator[Job]:
    """Yield every run: those of 100 labels, which the paper has most of, come first."""
    half = STEPS // 2
    rate = {"name": "linear_to_zero", "start": 3e-3, "steps": half, "delay": half}
    for count in LABELS:
        for seed in range(seeds):
            for method, losses in METHODS.items():
                changed = {
                    "data.labelled": {**DIGITS, "per_class": count // CLASSES, "label_seed": seed},
                    "losses": losses,
                    "optimizers.generator.learning_rate": rate,
                    "optimizers.discriminator.learning_rate": rate,
                    "ema.decay": 0.999,
                    "phases.train.steps": STEPS,
                    "train.evaluate_every": STEPS,
                }
                yield Job(
                    key=f"{method} | {count} | {seed}", recipe="semi_supervised_mnist", overrides=changed, seed=seed
                )


def rows(found: Mapping[str, Found]) -> Iterator[list[str]]:
    """Yield a row for each method."""
    for method in METHODS:
        runs = [of(found, f"{method} | {count}") for count in LABELS]
        minutes = spread([each["seconds"] / 60 for every in runs for each in every], 1)
        yield [method, *(cell(every) for every in runs), minutes]


def cell(runs: list[Found]) -> str:
    """Return the mean error in percent, and the number of draws."""
    errors = [run["scores"]["classifier/classification_error"] for run in runs]
    return f"{spread(errors)} % ({len(runs)} draws)" if runs else "not run"


if __name__ == "__main__":
    main()
