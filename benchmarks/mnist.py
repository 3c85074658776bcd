"""`python -m benchmarks.mnist`: unconditional generation of MNIST by several methods, over several seeds.

Each run is a recipe in bfloat16.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from benchmarks.study import Found, Job, arguments, collect, of, spread, table, write_table

RECIPES = ("dcgan_mnist", "wgan_gp_mnist", "sngan_mnist", "r3gan_mnist")


def main() -> None:
    """Run what is not in the results yet, and write the table."""
    given = arguments("mnist", __doc__, seeds=3)
    found = collect("mnist", jobs(given.seeds), given)
    heads = ["recipe", "classifier_frechet", "classes found", "classes_kl", "steps", "minutes", "runs"]
    write_table("mnist", table(heads, rows(found)))


def jobs(seeds: int) -> Iterator[Job]:
    """Yield every run, seeds outermost."""
    for seed in range(seeds):
        for recipe in RECIPES:
            yield Job(key=f"{recipe} | {seed}", recipe=recipe, overrides={"train.precision": "bfloat16"}, seed=seed)


def rows(found: Mapping[str, Found]) -> Iterator[list[str]]:
    """Yield a row for each recipe, and the floor: two halves of the test images."""
    for recipe in RECIPES:
        runs = of(found, recipe)
        minutes = spread([run["seconds"] / 60 for run in runs], 1)
        yield [
            f"`{recipe}`",
            *scores(runs, "generator"),
            str(runs[0]["steps"]) if runs else "",
            minutes,
            str(len(runs)),
        ]
    yield ["real images", *scores(list(found.values())[:1], "real"), "", "", ""]


def scores(runs: list[Found], row: str) -> list[str]:
    """Return the cells of one row of the runs' tables of scores."""
    names = ("classifier_frechet", "classes_found", "classes_kl")
    return [spread([run["scores"][f"{row}/{name}"] for run in runs]) for name in names]


if __name__ == "__main__":
    main()
