"""`python -m benchmarks.balance`: do rules that skip updates help where one player is too strong?

The discriminator of the ring of eight gaussians learns `FASTER` times as fast as its generator.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.study import Found, Job, arguments, collect, of, spread, table, write_table

STEPS = 3000
FASTER = 20

RULES: Mapping[str, list[Mapping[str, Any]]] = {
    "no rule": [],
    "`accuracy_limit`": [{"name": "accuracy_limit"}],
    "`vae_gan_margins`": [{"name": "vae_gan_margins"}],
}


def main() -> None:
    """Run what is not in the results yet, and write the table."""
    given = arguments("balance", __doc__, seeds=5)
    found = collect("balance", jobs(given.seeds), given)
    heads = ["rule", "modes of 8", "good points", "sliced Wasserstein"]
    write_table("balance", table(heads, rows(found)))


def jobs(seeds: int) -> Iterator[Job]:
    """Yield every run, seeds outermost."""
    for seed in range(seeds):
        for rule, regularizers in RULES.items():
            yield Job(key=f"{rule} | {seed}", recipe=recipe_of(regularizers), seed=seed)


def recipe_of(regularizers: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the recipe of one run."""
    adam = {"name": "adam", "beta_1": 0.5}
    network = {"hidden": 128, "layers": 2}
    return {
        "task": {"name": "generation", "field": "point", "latent_dim": 16, "evaluation_samples": 2500},
        "data": {"name": "gaussians"},
        "validation": {"name": "gaussians", "seed": 1, "count": 5000},
        "generator": {"name": "mlp_generator", **network},
        "discriminator": {"name": "mlp_discriminator", **network},
        "losses": [{"name": "non_saturating"}],
        "regularizers": regularizers,
        "metrics": [{"name": "mode_coverage"}, {"name": "sliced_wasserstein", "field": "point"}],
        "optimizers": {
            "generator": {**adam, "learning_rate": 2e-4},
            "discriminator": {**adam, "learning_rate": 2e-4 * FASTER},
        },
        "ema": {"decay": 0.99},
        "train": {"batch_size": 128, "log_every": STEPS, "sample_every": STEPS, "checkpoint_every": STEPS},
        "phases": [{"name": "train", "steps": STEPS}],
    }


def rows(found: Mapping[str, Found]) -> Iterator[list[str]]:
    """Yield a row for each rule."""
    for rule in RULES:
        runs = [each["scores"] for each in of(found, rule)]
        modes = spread([run["generator/modes_covered"] for run in runs], 1)
        good = spread([100 * run["generator/high_quality"] for run in runs], 1)
        yield [rule, modes, f"{good} %", spread([run["generator/sliced_wasserstein"] for run in runs])]


if __name__ == "__main__":
    main()
