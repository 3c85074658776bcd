"""`python -m benchmarks.doctor`: does the doctor find planted failures, and is it silent about healthy runs?"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ganzoo
from benchmarks.planted import COMPONENTS
from benchmarks.study import RESULTS, arguments, of, read, table, write_table
from ganzoo.errors import NumericError
from ganzoo.runs.folder import RunFolder
from ganzoo.runs.health import health

PATH = RESULTS / "doctor.json"
#: Runs of each healthy recipe.
HEALTHY_SEEDS = 3


@dataclass(frozen=True, kw_only=True)
class Case:
    """One kind of run: a recipe, what is changed in it, and which verdicts are right; none are where it is healthy."""

    recipe: str | Mapping[str, Any]
    overrides: Mapping[str, Any] = field(default_factory=dict)
    profile: str | None = None
    kinds: Sequence[str] = ()
    steps: int = 700


def adam(rate: Any, beta_1: float = 0.5) -> dict[str, Any]:
    """Return an optimizer's table."""
    return {"name": "adam", "learning_rate": rate, "beta_1": beta_1}


TRAIN = {"train.log_every": 25, "train.sample_every": 10**6, "train.checkpoint_every": 10**6, "train.samples": 4}
RING = {
    **TRAIN,
    "train.batch_size": 64,
    "generator.hidden": 64,
    "generator.layers": 2,
    "discriminator.hidden": 64,
    "discriminator.layers": 2,
}
BARE = {**RING, "regularizers": []}
DIGITS = {**TRAIN, "generator.filters": 16, "discriminator.filters": 16}
NO_FILTERS = {**TRAIN, "discriminator.filters": 16}
LABELLED = {**DIGITS, "task": {"name": "conditional_generation", "latent_dim": 64}}


def rates(generator: Any, discriminator: Any) -> dict[str, Any]:
    """Return overrides of both rates."""
    return {
        "optimizers.generator.learning_rate": generator,
        "optimizers.discriminator.learning_rate": discriminator,
    }


#: What a rate that is too high may end in.
EXPLODED = [
    *("exploding_gradient", "overflow_risk", "no_progress", "saturated_discriminator", "oscillation"),
    *("vanishing_gradient", "mode_collapse", "blind_discriminator", "lost_balance"),
]

PLANTED: Mapping[str, Case] = {
    "generator that makes one point": Case(
        recipe="gaussians_ring", overrides={**RING, "generator": {"name": "planted_one_point"}}, kinds=["mode_collapse"]
    ),
    "generator of one mode": Case(
        recipe="dcgan_digits",
        overrides={**NO_FILTERS, "generator": {"name": "planted_one_mode"}},
        kinds=["mode_collapse"],
    ),
    "copied training data": Case(
        recipe="dcgan_digits",
        overrides={**NO_FILTERS, "generator": {"name": "planted_copying"}},
        kinds=["memorisation"],
    ),
    "saturated discriminator": Case(
        recipe="dcgan_digits",
        overrides={**DIGITS, **rates(2e-4, 1e-2), "losses": [{"name": "minimax"}]},
        kinds=["saturated_discriminator"],
    ),
    "three modes of eight": Case(
        recipe="gaussians_ring", overrides={**RING, "generator": {"name": "planted_quadrant"}}, kinds=["mode_collapse"]
    ),
    "exploding rate, ring": Case(recipe="gaussians_ring", overrides={**BARE, **rates(0.05, 0.05)}, kinds=EXPLODED),
    "exploding rate, digits": Case(recipe="dcgan_digits", overrides={**DIGITS, **rates(0.5, 0.5)}, kinds=EXPLODED),
    "dead generator": Case(
        recipe="gaussians_ring", overrides={**RING, "generator": {"name": "planted_dead"}}, kinds=["vanishing_gradient"]
    ),
    "deep sigmoids": Case(
        recipe="gaussians_ring",
        overrides={**RING, "generator": {"name": "planted_deep_sigmoid"}},
        kinds=["vanishing_gradient"],
    ),
    "oscillating pair": Case(
        recipe="gaussians_ring",
        overrides={
            **BARE,
            "losses": [{"name": "wasserstein"}],
            "regularizers": [{"name": "weight_clipping", "limit": 0.3}],
            "optimizers.generator": adam(1e-2, 0.9),
            "optimizers.discriminator": adam(1e-2, 0.9),
        },
        kinds=["oscillation"],
    ),
    "mislabelled conditions": Case(
        recipe="dcgan_digits",
        overrides={**LABELLED, "data": {"name": "planted_shuffled_labels", "of": {"name": "digits"}}},
        kinds=["mislabelled_conditions"],
    ),
    "ignored conditions": Case(
        recipe="dcgan_digits",
        overrides={
            **{key: value for key, value in LABELLED.items() if key != "generator.filters"},
            "generator": {"name": "planted_unconditional", "of": {"name": "dcgan_generator", "filters": 16}},
        },
        kinds=["ignored_conditions"],
        steps=1000,
    ),
    "discriminator that does not learn": Case(
        recipe="dcgan_digits", overrides={**DIGITS, **rates(2e-4, 1e-9)}, kinds=["blind_discriminator"]
    ),
    "logits without bound": Case(
        recipe="gaussians_ring",
        overrides={**BARE, **rates(1e-2, 3e-2), "losses": [{"name": "wasserstein"}]},
        kinds=["overflow_risk", "exploding_gradient"],
    ),
    "balance lost on the way": Case(
        recipe="gaussians_ring",
        overrides={**BARE, **rates(*[{"values": [1e-3, 5e-2], "at": [300]}] * 2)},
        kinds=EXPLODED,
    ),
    "loss that is not a number": Case(
        recipe="gaussians_ring", overrides={**BARE, "losses": [{"name": "planted_breaks_later"}]}, kinds=["not_finite"]
    ),
}
#: Shipped recipes. Those for MNIST have the digits and the small networks of their profile instead; profiles that also
#: shrink the batch are left out, as they learn nothing in so few steps. Steps are those of the discriminator.
HEALTHY: Mapping[str, Case] = {
    "gaussians_ring": Case(recipe="gaussians_ring", overrides=TRAIN, steps=1000),
    "dcgan_digits": Case(recipe="dcgan_digits", overrides=TRAIN, steps=1000),
    "wgan_gp_digits": Case(recipe="wgan_gp_digits", overrides=TRAIN, steps=3000),
    **{
        f"{name} (smoke)": Case(recipe=name, profile="smoke", overrides=TRAIN, steps=steps)
        for name, steps in {"lsgan_mnist": 700, "wgan_mnist": 1000, "cgan_mnist": 700, "acgan_mnist": 700}.items()
    },
}


def main() -> None:
    """Run what is not in the results yet, and write the table."""
    given = arguments("doctor", __doc__, seeds=5)
    collect(given)
    heads = ["run", "runs", "found", "verdicts (in how many runs)", "steps until the first"]
    write_table("doctor", table(heads, rows(read(PATH))))


def jobs(seeds: int) -> Iterator[tuple[str, Case, int]]:
    """Yield every run with its key, seeds outermost."""
    for seed in range(seeds):
        yield from ((f"planted | {name} | {seed}", case, seed) for name, case in PLANTED.items())
        if seed < HEALTHY_SEEDS:
            yield from ((f"healthy | {name} | {seed}", case, seed) for name, case in HEALTHY.items())


def collect(given: argparse.Namespace) -> None:
    """Do the jobs that are not done yet."""
    for key, case, seed in [] if given.table else jobs(given.seeds):
        if given.only in key and key not in read(PATH):
            found = examine(key, case, seed, given.runs)
            print(f"{key}: {found['seconds']} s, {found['verdicts']}", flush=True)
            # read again: several processes may work at one study
            PATH.write_text(json.dumps({**read(PATH), key: found}, indent=1, sort_keys=True) + "\n")


def examine(key: str, case: Case, seed: int, kept: Path | None) -> dict[str, Any]:
    """Train one run, to its end or to where it fails, and return what the doctor said: (step, kind, since)."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        name = "".join(char if char.isalnum() else "_" for char in key)
        run = done(case, name, seed, kept or Path(folder))
        found = health(run)
    verdicts = [[step, verdict.kind, verdict.since] for step, verdict in found.said]
    seconds = round(time.perf_counter() - start, 1)
    return {"verdicts": verdicts, "steps": found.steps, "examined": found.examined, "seconds": seconds}


def done(case: Case, name: str, seed: int, runs: Path) -> RunFolder:
    """Train one run, to its end or to where it fails."""
    zoo = ganzoo.load_zoo(COMPONENTS)
    recipe = ganzoo.load_recipe(case.recipe, zoo=zoo, profile=case.profile)
    length = {f"phases.{recipe.phases[-1].name}.steps": case.steps}
    overrides = {**case.overrides, **length, "train.seed": seed}
    with suppress(NumericError):
        ganzoo.train(
            case.recipe, name=name, runs=runs, profile=case.profile, overrides=overrides, zoo=zoo, verbose=False
        )
    return RunFolder(runs / name)


def rows(found: Mapping[str, Any]) -> Iterator[list[str]]:
    """Yield a row for each kind of run, and the two sums."""
    hits = {name: detected(name, case, found) for name, case in PLANTED.items()}
    for name, flags in hits.items():
        yield row(name, f"planted | {name}", found, f"{sum(flags)} of {len(flags)}")
    alarms = []
    for name in HEALTHY:
        said = [each["verdicts"] for each in of(found, f"healthy | {name}")]
        alarms += [bool(verdicts) for verdicts in said]
        yield row(f"healthy: `{name.partition(' ')[0]}`", f"healthy | {name}", found, "")
    every = [flag for flags in hits.values() for flag in flags]
    yield ["all planted", str(len(every)), share(every), "sensitivity", ""]
    yield ["all healthy", str(len(alarms)), share(alarms), "false alarms", ""]


def detected(name: str, case: Case, found: Mapping[str, Any]) -> list[bool]:
    """Return for each run of a planted failure whether a right verdict was given."""
    runs = of(found, f"planted | {name}")
    return [any(kind in case.kinds for _, kind, _ in each["verdicts"]) for each in runs]


def row(title: str, prefix: str, found: Mapping[str, Any], hits: str) -> list[str]:
    """Return the cells of one kind of run."""
    said = [each["verdicts"] for each in of(found, prefix)]
    counts = Counter(kind for verdicts in said for kind in dict.fromkeys(kind for _, kind, _ in verdicts))
    text = ", ".join(f"`{kind}` ({count})" for kind, count in counts.most_common()) or "none"
    first = [verdicts[0][0] for verdicts in said if verdicts]
    return [title, str(len(said)), hits, text, f"{statistics.median(first):.0f}" if first else ""]


def share(flags: Sequence[bool]) -> str:
    """Return how many are set, in percent."""
    return f"{sum(flags)} ({100 * sum(flags) / max(len(flags), 1):.1f} %)"


if __name__ == "__main__":
    main()
