"""`python -m benchmarks.modes`: how many modes of toy mixtures each method finds, over several seeds.

All runs have the same networks, optimizers, batch and number of steps; only losses and penalties differ. R3GAN's gamma
is the variance of a mode: squared gradients have the unit of one by a squared length, so their weight has that of a
squared length, or it would be another one for a mixture of another size.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.study import Found, Job, arguments, collect, of, spread, table, write_table

STEPS = 5000

MIXTURES: Mapping[str, Mapping[str, Any]] = {
    "ring of 8": {"modes": 8, "radius": 2.0, "std": 0.02},
    "grid of 25 (PacGAN)": {"modes": 25, "layout": "grid", "radius": 4.0, "std": 0.05},
    "grid of 25 (WGAN-GP)": {"modes": 25, "layout": "grid", "radius": 1.4144, "std": 0.01768},
}

METHODS: Mapping[str, Mapping[str, Any]] = {
    "non-saturating": {"losses": [{"name": "non_saturating"}]},
    "least squares": {"losses": [{"name": "least_squares"}]},
    "WGAN-GP": {
        "losses": [{"name": "wasserstein"}],
        "regularizers": [{"name": "gradient_penalty", "weight": 0.1}],
    },
    "R3GAN": {
        "losses": [{"name": "relativistic_paired"}],
        "regularizers": [{"name": "r1"}, {"name": "r2"}],
    },
}

#: The penalties whose gamma is the variance of a mode.
SQUARED_LENGTHS = ("r1", "r2")

VARIANTS: Mapping[str, list[Mapping[str, Any]]] = {
    "": [],
    "packing of 2": [{"name": "packing", "samples": 2}],
    "mode seeking": [{"name": "mode_seeking"}],
}


def main() -> None:
    """Run what is not in the results yet, and write the table."""
    given = arguments("modes", __doc__, seeds=5)
    found = collect("modes", jobs(given.seeds), given)
    heads = ["method", *(f"{mixture}: {column}" for mixture in MIXTURES for column in ("modes", "good points"))]
    write_table("modes", table(heads, rows(found)))


def jobs(seeds: int) -> Iterator[Job]:
    """Yield every run, seeds outermost: the table of an unfinished study is even."""
    for seed in range(seeds):
        for mixture, data in MIXTURES.items():
            for method, parts in METHODS.items():
                for variant, more in VARIANTS.items():
                    recipe = recipe_of(data, parts, more)
                    yield Job(key=f"{mixture} | {method} | {variant} | {seed}", recipe=recipe, seed=seed)


def recipe_of(data: Mapping[str, Any], parts: Mapping[str, Any], more: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the recipe of one run."""
    rate = {"start": 2e-3, "end": 2e-5, "steps": STEPS, "shape": "cosine"}
    optimizer = {"name": "adam", "learning_rate": rate, "beta_1": 0.0, "beta_2": 0.99}
    network = {"hidden": 128, "layers": 3}
    variance = data["std"] ** 2
    regularizers = [
        {**each, "gamma": variance} if each["name"] in SQUARED_LENGTHS else each
        for each in (*parts.get("regularizers", []), *more)
    ]
    return {
        "task": {"name": "generation", "field": "point", "latent_dim": 2, "evaluation_samples": 2500},
        "data": {"name": "gaussians", **data},
        "validation": {"name": "gaussians", **data, "seed": 1, "count": 5000},
        "generator": {"name": "mlp_generator", **network},
        "discriminator": {"name": "mlp_discriminator", **network},
        "losses": parts["losses"],
        "regularizers": regularizers,
        "metrics": [{"name": "mode_coverage"}],
        "optimizers": {"generator": optimizer, "discriminator": optimizer},
        "ema": {"decay": 0.99},
        "train": {"batch_size": 256, "log_every": STEPS, "sample_every": STEPS, "checkpoint_every": STEPS},
        "phases": [{"name": "train", "steps": STEPS}],
    }


def rows(found: Mapping[str, Found]) -> Iterator[list[str]]:
    """Yield a row for each method and variant."""
    for method in METHODS:
        for variant in VARIANTS:
            cells = [cell for mixture in MIXTURES for cell in cells_of(found, mixture, method, variant)]
            yield [f"{method}{f', {variant}' if variant else ''}", *cells]


def cells_of(found: Mapping[str, Found], mixture: str, method: str, variant: str) -> list[str]:
    """Return the mean of the modes, in how many runs all were found, and the share of good points."""
    runs = [each["scores"] for each in of(found, f"{mixture} | {method} | {variant}")]
    if not runs:
        return ["not run", "not run"]
    modes = [run["generator/modes_covered"] for run in runs]
    whole = sum(count == MIXTURES[mixture]["modes"] for count in modes)
    good = [100 * run["generator/high_quality"] for run in runs]
    return [f"{spread(modes, 1)} (all in {whole} of {len(runs)})", f"{spread(good, 1)} %"]


if __name__ == "__main__":
    main()
