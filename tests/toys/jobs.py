"""Several jobs in one generator and one discriminator, each from a stream of its own: alternating, or mixed."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from points import ARCHITECTURES, LOGITS, POINT, Blobs, ToyTask, spec

from ganzoo import Comparison, Field, LossTargets, hookimpl

GANZOO_API = "1"
JOBS = ("mirror", "shift", "shrink")


@dataclass(frozen=True, kw_only=True)
class Jobs(ToyTask):
    """Undoes three changes of points; the job is an input of both networks."""

    streams = JOBS
    alternating: bool = True

    exposes = LossTargets(comparisons=JOBS, pairs=JOBS)

    def offers(self, step):
        if not self.alternating:
            return self.exposes
        job = JOBS[step.number % len(JOBS)]
        return LossTargets(comparisons=(job,), pairs=(job,))

    def rows(self, batch_size):
        return {job: batch_size if self.alternating else batch_size // len(JOBS) for job in JOBS}

    def networks(self, fields, fitted):
        job = Field(shape=(len(JOBS),))
        return (
            spec("generator", "generator", {"point": POINT, "job": job}, {"point": POINT}),
            spec("discriminator", "discriminator", {"point": POINT, "job": job}, {"logits": LOGITS}),
        )

    def prepare(self, example, context):
        point = example["point"]
        changed = {"mirror": -point, "shift": point + 1, "shrink": point / 2}[context.stream]
        return {"point": point, "changed": changed}

    def generate(self, view):
        return {job: self.repaired(job, view) for job in self.offers(view.step).pairs}

    def repaired(self, job, view):
        changed = view.batch[f"{job}/changed"]
        return view.networks["generator"]({"point": changed, "job": one_job(job, changed)})

    def compare(self, view):
        def judge(job):
            return lambda points: view.networks["discriminator"]({"point": points, "job": one_job(job, points)})

        return {
            job: Comparison(judge(job), view.batch[f"{job}/point"], view.fakes[job], one_batch=True)
            for job in self.offers(view.step).comparisons
        }

    def pair(self, name, view):
        return view.fakes[name], view.batch[f"{name}/point"]


def one_job(job, like):
    return torch.eye(len(JOBS))[JOBS.index(job)].expand(len(like), -1)


@hookimpl
def ganzoo_register_architectures():
    return ARCHITECTURES


@hookimpl
def ganzoo_register_datasets():
    return {"blobs": Blobs}


@hookimpl
def ganzoo_register_tasks():
    return {"toy": Jobs}
