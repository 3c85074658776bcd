"""A cover of all pairs of networks, losses and regularizers: three steps each, finite, and resumed to the byte.

By default each component is in two rows or more; all pairs take minutes (`-m slow`).
"""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
from cover import each_choice, pairwise

from ganzoo import (
    AdversarialLoss,
    PairLoss,
    RecipeError,
    RelativisticLoss,
    assemble,
    build_model,
    load_recipe,
    load_zoo,
)
from ganzoo.data.batches import StepBatches
from ganzoo.data.opening import TrainingData, open_sources

ZOO = load_zoo()
FILES = sorted((Path(__file__).parents[1] / "plugins").glob("*/contract.py"))
CASES = {name: case for file in FILES for name, case in runpy.run_path(str(file))["CONTRACT"].items()}

STEPS, BEFORE = 3, 2

#: What cannot go with a task without latents, and why.
NEEDS_LATENTS = {
    "diversity": "diversity needs 'sample' among the tensors that the task generates",
    "latent_consistency": "latent_consistency needs 'sample' among the tensors that the task generates",
    "mode_seeking": "mode_seeking needs 'sample' among the tensors that the task generates",
    "path_length": "path_length needs one generator whose only input are latents",
}


def bundled(kind):
    return {
        name: ZOO.find(kind, name) for name in ZOO.names(kind) if ZOO.owner(kind, name).distribution == "keras-ganzoo"
    }


def offered(kind, *bases):
    return sorted(name for name, cls in bundled(kind).items() if not bases or issubclass(cls, bases))


def networks(role, *inputs):
    """Return the bundled networks of a role whose case has exactly these inputs; others belong to one task."""
    return sorted(
        name
        for name, cls in bundled("architecture").items()
        if cls.role == role and CASES[name].signature and set(CASES[name].signature.inputs) == set(inputs)
    )


def table(name, **more):
    options = dict(CASES[name].options) if name in CASES else {}
    return {"name": name, **options, **more}


def optimizer():
    return {"name": "adam", "learning_rate": 1e-4}


def generation(generator, discriminator, loss, regularizer, side=16):
    return {
        "task": {"name": "generation", "latent_dim": 5},
        "data": {"name": "digits", "size": side, "channels": 3},
        "generator": table(generator),
        "discriminator": table(discriminator),
        "losses": [table(loss)],
        "regularizers": [table(regularizer)],
        "optimizers": {"generator": optimizer(), "discriminator": optimizer()},
        "train": {"batch_size": 4},
        "phases": [{"name": "train", "steps": STEPS}],
    }


def restoration(loss, regularizer):
    return {
        "task": {"name": "super_resolution", "scale": 2, "crop": 16},
        "data": {"name": "photos", "tile": 32},
        "generator": table("subpixel_resnet"),
        "discriminator": table("dcgan_discriminator"),
        "losses": [{"name": "non_saturating"}, table(loss)],
        "regularizers": [table(regularizer)],
        "optimizers": {"generator": optimizer(), "discriminator": optimizer()},
        "train": {"batch_size": 4},
        "phases": [{"name": "train", "steps": STEPS}],
    }


def made(recipe):
    """Return a model that is ready for the first step of a recipe, and the recipe's batches."""
    plan = load_recipe(recipe, zoo=ZOO)
    data = TrainingData(open_sources(plan.data), {})
    batches = StepBatches.of(plan, data)
    model = build_model(plan, assemble(plan, data.fields, {}))
    model.prepare(batches.tensors(0))
    return model, batches


def state(model):
    return {name: variable.value.detach().cpu().numpy().copy() for name, variable in model.state().items()}


def trains_and_resumes(recipe):
    model, batches = made(recipe)
    for step in range(STEPS):
        if step == BEFORE:
            kept = state(model)
        logs = model.train_step(batches.tensors(step))
        assert all(np.isfinite(float(value)) for value in logs.values()), logs
    resumed, batches = made(recipe)
    resumed.restore(kept, BEFORE)
    resumed.train_step(batches.tensors(BEFORE))
    whole, parts = state(model), state(resumed)
    assert [name for name in whole if not np.array_equal(whole[name], parts[name])] == []


GENERATION = pairwise(
    {
        "generator": networks("generator", "latent"),
        "discriminator": networks("discriminator", "image"),
        "loss": offered("loss", AdversarialLoss, RelativisticLoss),
        "regularizer": offered("regularizer"),
    }
)
RESTORATION = pairwise({"loss": offered("loss", PairLoss), "regularizer": offered("regularizer")})


#: What goes with one discriminator only, which it is, and what others are told.
NEEDS_DISCRIMINATOR = {"fade_reals": ("progan_discriminator", "fade_reals needs a discriminator that grows")}


#: What weighs losses by name, which in its case are those of another recipe; GradNorm asks for its layer first.
WEIGHS_LOSSES = ("gradnorm", "uncertainty")


def refusal(row):
    """Return why a row is impossible, if it is."""
    if row["regularizer"] in WEIGHS_LOSSES:
        return "no loss of this step is called comparison 'sample'|'generator' has no layer 'dense' with a kernel"
    needed, reason = NEEDS_DISCRIMINATOR.get(row["regularizer"], (None, None))
    if needed is not None and row.get("discriminator") != needed:
        return reason
    return None if "discriminator" in row else NEEDS_LATENTS.get(row["regularizer"])


def named(rows):
    """Return the rows as cases: by default some with each component, all of them with `-m slow`."""
    usual = each_choice(rows, times=2)
    return [
        pytest.param(row, id="-".join(row.values()), marks=[] if place in usual else pytest.mark.slow)
        for place, row in enumerate(rows)
    ]


@pytest.mark.parametrize("row", named(GENERATION))
def test_any_networks_train_with_any_loss_and_any_regularizer(row):
    pytest.importorskip("sklearn")
    trains_or_is_refused(generation(**row), refusal(row))


@pytest.mark.parametrize("row", named(RESTORATION))
def test_any_pair_loss_trains_with_any_regularizer(row):
    pytest.importorskip("skimage")
    trains_or_is_refused(restoration(**row), refusal(row))


def trains_or_is_refused(recipe, reason):
    if reason is None:
        trains_and_resumes(recipe)
    else:
        with pytest.raises(RecipeError, match=reason):
            trains_and_resumes(recipe)
