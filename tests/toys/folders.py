"""Run folders written by hand, for what reads them."""

from __future__ import annotations

import json

import numpy as np
import tomli_w

from ganzoo import images

RECIPE = {
    "title": "a recipe of a test",
    "task": {"name": "generation/generation", "latent_dim": 16},
    "data": {"name": "data/digits"},
    "validation": {"name": "data/digits", "split": "validation"},
    "generator": {"name": "dcgan/dcgan_generator", "filters": 32},
    "losses": [{"name": "losses/non_saturating", "weight": 1.0}],
    "train": {"seed": 0, "batch_size": 64},
    "phases": [{"name": "train", "steps": 100}],
}


def run_folder(folder, *, seed=0, loss=None, scores=None, identity=None, losses=(), **recipe):
    """Write a run with these scores of the row `generator`, and return its folder."""
    made = {**RECIPE, **recipe, "train": {**RECIPE["train"], "seed": seed}}
    if loss is not None:
        made["losses"] = [{"name": f"losses/{loss}", "weight": 1.0}]
    folder.mkdir(parents=True)
    (folder / "recipe.toml").write_text(tomli_w.dumps(made))
    manifest = {"name": folder.name, "status": "finished", "seed": seed, "environment": {"device": "cpu"}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    lines = [{"step": step, "phase": "train", "generator/adversarial": value} for step, value in losses]
    (folder / "metrics.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    if scores is not None:
        record = {
            "step": 100,
            "examples": {"generator": 50},
            "scores": {"generator": scores},
            "larger_is_better": dict.fromkeys(scores, False),
        }
        if identity is not None:
            record["identity"] = identity
        (folder / "evaluation.json").write_text(json.dumps(record))
    return folder


def add_sample(folder, step, shade=128):
    """Write a sample picture of one shade."""
    (folder / "samples").mkdir(exist_ok=True)
    images.write_image(folder / "samples" / f"step-{step:09d}.png", np.full((16, 24, 3), shade, np.uint8))
