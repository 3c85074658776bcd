"""`ganzoo prove` kills real runs, and sees when it matters."""

from __future__ import annotations

import json
import os
import subprocess

import numpy as np
import pytest
from tiny_runs import TINY, finish

from ganzoo.errors import ProofError
from ganzoo.proving.proof import MARK, UNDISTURBED, Proof, Prover, contents, survivors, telling

FORGETFUL = '''
import numpy as np, torch
from dataclasses import dataclass
from ganzoo import AdversarialLoss, hookimpl

GANZOO_API = "1"
CALLS = []

@dataclass(frozen=True, kw_only=True)
class Forgetful(AdversarialLoss):
    """Counts its calls where no checkpoint sees it."""

    def discriminator_loss(self, real_logits, fake_logits):
        CALLS.append(0)
        return (fake_logits.mean() - real_logits.mean()) * (1 + len(CALLS))

    def generator_loss(self, fake_logits):
        return -fake_logits.mean()

@hookimpl
def ganzoo_register_losses():
    return {"forgetful": Forgetful}
'''

BEST = "--set=train.best=sliced_wasserstein"
SHORT = [*TINY, "--set=phases.train.steps=6", "--set=train.checkpoint_every=2", "--set=train.sample_every=3"]


def prove(tmp_path, *more, **environment):
    return finish(["prove", "gaussians_ring", *SHORT, "-o", tmp_path / "proof.json", *more], **environment)


def test_a_run_that_is_killed_at_random_ends_in_the_same_bytes_and_gets_its_certificate(tmp_path):
    code, out, err = prove(tmp_path, "--kills=4", "--calls=none")
    assert code == 0, err
    assert "all equal" in out
    written = json.loads((tmp_path / "proof.json").read_text())
    assert written["held"] is True
    assert written["random_kills"] == 4
    assert written["environment"]["packages"]["torch"]
    assert "generator.keras" in written["files"]
    assert "timing.jsonl" not in written["files"]
    assert written["command"][:3] == ["ganzoo", "prove", "gaussians_ring"]


def test_state_that_no_checkpoint_holds_is_found(tmp_path):
    site = tmp_path / "site"
    info = site / "ganzoo_forgetful-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "ganzoo_forgetful.py").write_text(FORGETFUL)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ganzoo-forgetful\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[ganzoo]\nforgetful = ganzoo_forgetful\n")
    # long enough that hardly a kill misses the steps after the first checkpoint
    longer = ["--set=phases.train.steps=300", "--set=train.checkpoint_every=10", "--set=train.sample_every=300"]
    longer += ["--set=losses.0.name=forgetful", "--set=train.log_every=10"]
    code, _, err = prove(tmp_path, *longer, "--kills=5", "--calls=none", PYTHONPATH=str(site))
    assert code == 10, err
    assert "kills at random moments" in err
    assert "files differ" in err
    assert "state.npz: " in err
    assert "networks/discriminator/" in err or "optimizers/discriminator/" in err or "networks/generator/" in err
    assert "metrics.jsonl: first at step" in err
    assert "keeps state outside state()" in err
    assert not (tmp_path / "proof.json").exists()


def test_a_kill_before_a_call_and_inside_a_write_is_survived(tmp_path):
    prover = Prover(["gaussians_ring", *SHORT], tmp_path)
    assert prover.run("reference")
    calls = json.loads((tmp_path / "reference.calls").read_text())
    proof = Proof(reference=contents(prover.folder("reference")), seconds=0)
    kinds = telling(calls)
    assert 40 < len(kinds) < len(calls)
    chosen = [kinds[1], next(index for index in kinds if calls[index][0] == "write" and "state" in calls[index][1])]
    chosen.append(next(index for index in reversed(kinds) if calls[index][0] == "rename"))
    prover.kill_before_calls(proof, calls, chosen)
    assert len(proof.kill_points) == 3
    assert proof.torn_writes == 1


def test_a_difference_of_one_byte_and_every_leftover_is_seen(tmp_path):
    prover = Prover(["gaussians_ring", *SHORT], tmp_path)
    folder = prover.folder("run")
    (folder / "samples").mkdir(parents=True)
    (folder / "metrics.jsonl").write_text("one")
    proof = Proof(reference=contents(folder), seconds=0)
    prover.compare("run", proof, "nothing")
    (folder / "samples" / ".x.png.part").write_text("left")
    with pytest.raises(ProofError, match=r"after a kill, 1 files differ: samples/\.x\.png\.part"):
        prover.compare("run", proof, "a kill")
    (folder / "samples" / ".x.png.part").unlink()
    (folder / "metrics.jsonl").write_text("onf")
    with pytest.raises(ProofError, match=r"metrics\.jsonl"):
        prover.compare("run", proof, "a kill")


def test_a_kill_inside_scoring_and_at_each_part_of_the_end_is_survived(tmp_path):
    prover = Prover(["gaussians_ring", *SHORT, "--set=train.evaluate_every=2", BEST], tmp_path)
    assert prover.run("reference")
    counted = json.loads((tmp_path / "reference.moments").read_text())
    assert all(counted.values()), counted
    proof = Proof(reference=contents(prover.folder("reference")), seconds=0)
    assert {"scores.jsonl", "evaluation.json"} <= proof.reference.keys()
    assert any(path.startswith("best/") for path in proof.reference)
    last = ["scoring one result", "exporting", "writing scores", "ending the run"]
    prover.kill_at_moments(proof, [("scoring one result", 4), *((name, counted[name] - 1) for name in last)])
    assert len(proof.moments) == 5


def test_randomness_of_its_own_is_named_as_the_likely_cause(tmp_path):
    prover = Prover(["gaussians_ring", *SHORT], tmp_path)
    for name, weight in (("reference", 1.0), ("again", 1.5)):
        checkpoint = prover.folder(name) / "checkpoints" / "step-000000002"
        checkpoint.mkdir(parents=True)
        np.savez(checkpoint / "state.npz", **{"regularizers/noise/0000": np.full(3, weight), "other": np.zeros(2)})
        (prover.folder(name) / "metrics.jsonl").write_text(json.dumps({"step": 1, "generator/gan": weight}) + "\n")
    proof = Proof(reference=contents(prover.folder("reference")), seconds=0)
    with pytest.raises(ProofError) as told:
        prover.compare("again", proof, UNDISTURBED)
    assert "step-000000002/state.npz: 1 of 2 arrays differ: regularizers/noise/0000 by up to 0.5" in str(told.value)
    assert "metrics.jsonl: first at step 1: generator/gan" in str(told.value)
    assert "draws randomness from a separate generator" in str(told.value)


def test_a_process_that_outlives_its_run_is_found():
    with subprocess.Popen(["sleep", "60"], env={**os.environ, MARK: "test-of-survivors"}) as left:
        assert survivors("test-of-survivors") == {left.pid: "sleep 60"}
        left.kill()
    assert survivors("test-of-survivors") == {}


@pytest.mark.slow
def test_every_kind_of_call_is_survived(tmp_path):
    code, out, err = prove(tmp_path, "--kills=100", "--calls=every")
    assert code == 0, err
    assert "100 kills at random moments" in out
