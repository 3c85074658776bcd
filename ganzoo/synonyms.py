"""What the field calls otherwise: words that people type, and the names that they stand for here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

#: Names of components, commands, options and values by such a word (see `plain`); the first that exists is meant.
NAMES: Mapping[str, tuple[str, ...]] = {
    # commands
    "train": ("run",),
    "fit": ("run",),
    "resume": ("run",),
    "upscale": ("enlarge", "scale"),
    "predict": ("enlarge",),
    "infer": ("enlarge",),
    "generate": ("sample",),
    "test": ("evaluate",),
    "eval": ("evaluate",),
    "validate": ("evaluate",),
    "profile": ("timing",),
    "benchmark": ("timing",),
    "download": ("data",),
    # losses and regularizers
    "bce": ("non_saturating",),
    "gan": ("non_saturating",),
    "vanilla": ("non_saturating",),
    "logistic": ("non_saturating",),
    "softplus": ("non_saturating",),
    "saturating": ("minimax",),
    "rpgan": ("relativistic_paired",),
    "relativistic": ("relativistic_average", "relativistic_paired"),
    "lsgan": ("least_squares",),
    "wgan": ("wasserstein",),
    "ragan": ("relativistic_average",),
    "mae": ("l1",),
    "l2": ("mse",),
    "tv": ("total_variation",),
    "vgg": ("perceptual",),
    "gp": ("gradient_penalty",),
    "wgangp": ("gradient_penalty",),
    "r1penalty": ("r1",),
    "cr": ("consistency",),
    "bcr": ("consistency",),
    "pacgan": ("packing",),
    "imagepool": ("replay_buffer",),
    # values and keys
    "half": ("float16",),
    "fp16": ("float16",),
    "amp": ("float16",),
    "bf16": ("bfloat16",),
    "lr": ("learning_rate",),
    "numworkers": ("workers",),
    "epochs": ("steps",),
    "iterations": ("steps",),
    # data that are prepared, options and arguments of commands
    "hedtensor": ("vgg16_hed",),
    "stackedmnist": ("stacked",),
    "imagefolder": ("folder",),
    "config": ("recipe",),
    "cfg": ("recipe",),
    "outdir": ("output", "runs"),
    "output": ("runs",),
    "outputdir": ("output", "runs"),
    "project": ("runs",),
    "preset": ("profile",),
}

#: Keys of recipes by a word that people write in another place.
KEYS: Mapping[str, str] = {
    "epochs": "phases.NAME.steps",
    "steps": "phases.NAME.steps",
    "maxsteps": "phases.NAME.steps",
    "iterations": "phases.NAME.steps",
    "lr": "optimizers.generator.learning_rate",
    "learningrate": "optimizers.generator.learning_rate",
    "batch": "train.batch_size",
    "batchsize": "train.batch_size",
    "device": "train.device",
    "gpu": "train.device",
    "gpus": "train.device",
    "cuda": "train.device",
    "cpu": "train.device",
    "seed": "train.seed",
    "workers": "train.workers",
    "numworkers": "train.workers",
    "amp": "train.precision",
    "fp16": "train.precision",
    "precision": "train.precision",
    "data": "data",
    "dataset": "data",
    "dataroot": "data",
    "datadir": "data",
    "imagesize": "data.size",
    "imgsize": "data.size",
    "scale": "task.scale",
    "crop": "task.crop",
    "patchsize": "task.crop",
}


def plain(word: str) -> str:
    """Return a word as all its spellings have it: `Batch-Size`, `batch_size` and `batchsize` are the same."""
    return word.lower().replace("-", "").replace("_", "")


def known_as(word: str, known: Iterable[str]) -> str | None:
    """Return the known name that a word means: the same but for case and dashes, or a synonym."""
    by_spelling = {plain(name): name for name in known}
    wanted = (plain(word), *map(plain, NAMES.get(plain(word), ())))
    return next((by_spelling[each] for each in wanted if each in by_spelling), None)
