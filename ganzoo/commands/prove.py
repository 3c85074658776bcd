"""`ganzoo prove`: kill a recipe's run on this machine, and see that it does not matter."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ganzoo.backend import require_torch_backend

if TYPE_CHECKING:
    from ganzoo.proving.proof import Calls


@click.command(name="prove")
@click.argument("recipe")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change one value; repeatable.")
@click.option("--profile", metavar="NAME", help="Apply a profile of the recipe, as smoke.")
@click.option("--kills", type=click.IntRange(min=0), default=20, show_default=True, help="Kills at random moments.")
@click.option(
    "--calls",
    type=click.Choice(["none", "kinds", "every"]),
    default="kinds",
    show_default=True,
    help="Before which file-system calls to kill: the first and last of each kind, or every one.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Which random moments.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The certificate to write.")
def command(
    recipe: str,
    overrides: tuple[str, ...],
    profile: str | None,
    kills: int,
    calls: Calls,
    seed: int,
    output: Path | None,
) -> None:
    """Test that killed runs of RECIPE resume to the byte.

    Kills real runs at random moments and before file-system calls, resumes them, and compares every file. Takes
    many times the length of one run: use a short profile. Writes a certificate when everything is equal, and ends
    with code 10 when anything is not.
    """
    require_torch_backend()
    from tempfile import mkdtemp

    from ganzoo.commands._terminal import say
    from ganzoo.recipe import load_recipe
    from ganzoo.zoo import load_zoo

    zoo = load_zoo()
    plan = load_recipe(recipe, zoo=zoo, profile=profile, overrides=overrides)

    import torch

    from ganzoo.proving.proof import Prover, certificate
    from ganzoo.runs.environment import describe_plugins, environment
    from ganzoo.runs.files import to_json, write_durably

    profile_option = ["--profile", profile] if profile else []
    arguments = [recipe, *profile_option, *(f"--set={override}" for override in overrides)]
    scratch = Path(mkdtemp(prefix="ganzoo-prove-"))
    say(f"proving {plan.name} ({sum(phase.steps for phase in plan.phases)} steps)")
    proof = Prover(arguments, scratch, warm=not torch.cuda.is_available(), say=say).prove(
        kills=kills, calls=calls, seed=seed
    )
    facts = {
        "recipe": plan.name,
        "recipe_sha256": plan.digest(),
        "command": ["ganzoo", "prove", *arguments, f"--kills={kills}", f"--calls={calls}", f"--seed={seed}"],
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "environment": environment(describe_plugins(zoo.plugins, plan.used)),
    }
    target = output or Path(f"{plan.name}.proof.json")
    written = json.loads(json.dumps(certificate(proof, facts)))
    write_durably(target, to_json(written))
    _clear(scratch)
    runs = written["finished_runs_compared"]
    say(f"passed: {runs} runs ended in the same bytes, digest {proof.digest[:16]}\n{target}")


def _clear(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
