"""Numbers that are not finite reach no weight and no checkpoint."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tiny_runs import assert_same, last_state, tiny

from ganzoo.runs.checkpoint import CheckpointStore
from ganzoo.training import optimizers
from ganzoo.training.guard import FiniteGuard, NotFinite, global_norm
from ganzoo.training.model import AdversarialModel
from ganzoo.training.objective import Objective

CADENCE = ["--set=train.checkpoint_every=2"]


def weights(model):
    return [variable.value.detach().clone() for network in model.networks.values() for variable in network.weights]


@pytest.fixture
def broken_step(ganzoo, tmp_path, monkeypatch):
    """Run with something broken in the eighth step; return how it ended, and the weights before and after."""

    def run(patch_model):
        seen = {}
        step = AdversarialModel.train_step

        def watched(self, batch):
            if self.step_number == 7:
                seen["before"], seen["model"] = weights(self), self
                patch_model(self, patch)
            return step(self, batch)

        with monkeypatch.context() as patch:
            patch.setattr(AdversarialModel, "train_step", watched)
            done = ganzoo(*tiny(tmp_path, "run", *CADENCE))
        return done, seen

    return run


def bad_loss(model, patch):
    original = Objective._loss_value
    patch.setattr(Objective, "_loss_value", lambda *a: original(*a) * float("nan"))


def bad_gradient(model, patch):
    original = torch.autograd.grad

    def grad(loss, variables, **options):
        found = list(original(loss, variables, **options))
        found[0] = torch.full_like(found[0], float("inf"))
        return tuple(found)

    patch.setattr(optimizers.torch.autograd, "grad", grad)


@pytest.mark.parametrize(("broken", "what"), [(bad_loss, "loss"), (bad_gradient, "gradient")])
def test_a_broken_update_is_refused_before_it_is_made(broken_step, tmp_path, broken, what):
    done, seen = broken_step(broken)
    assert done.code == 6
    assert f"step 8: the discriminator's {what} is not finite; the update was not made" in done.err
    assert "losses: non_saturating" in done.err
    assert "batch: example " in done.err
    assert "step-000000006" in done.err, "the newest good checkpoint is named"
    assert f"--name NEW --fork {tmp_path / 'run'}" in done.err
    assert "Traceback" not in done.err
    assert all(torch.equal(a, b) for a, b in zip(seen["before"], weights(seen["model"]), strict=True))


def test_a_broken_first_step_advises_no_fork_of_a_run_without_a_checkpoint(ganzoo, tmp_path, monkeypatch):
    bad_loss(None, monkeypatch)
    done = ganzoo(*tiny(tmp_path, "run"))
    assert done.code == 6
    assert "step 1: the discriminator's loss is not finite" in done.err
    assert "newest good checkpoint: none yet" in done.err
    assert "--name NEW" in done.err
    assert "--fork" not in done.err


def test_after_a_broken_step_the_run_goes_on_from_its_last_good_checkpoint(broken_step, ganzoo, tmp_path):
    broken_step(bad_loss)
    ganzoo(*tiny(tmp_path, "whole", *CADENCE))
    assert ganzoo(*tiny(tmp_path, "run", *CADENCE)).code == 0
    assert_same(tmp_path / "whole", tmp_path / "run")


def bad_weight(model, patch):
    next(iter(model.networks.values())).weights[0].value.data[0, 0] = float("nan")


def test_a_broken_weight_is_never_saved(broken_step, tmp_path):
    done, _ = broken_step(bad_weight)
    assert done.code == 6
    assert "not finite" in done.err
    paths = CheckpointStore(tmp_path / "run" / "checkpoints").paths()
    assert [path.name for path in paths] == ["step-000000004", "step-000000006"]
    assert all(np.isfinite(value).all() for value in last_state(tmp_path / "run").values())


def test_a_score_that_is_not_a_number_stops_no_run_and_is_stored_as_nothing(ganzoo, tmp_path, monkeypatch):
    from ganzoo_metrics.sliced_wasserstein import SlicedWasserstein

    monkeypatch.setattr(SlicedWasserstein, "result", lambda _: {"sliced_wasserstein": float("nan")})
    done = ganzoo(*tiny(tmp_path, "run", "--set=train.evaluate_every=5"))
    assert done.code == 0, done.err
    assert '"sliced_wasserstein": null' in (tmp_path / "run" / "evaluation.json").read_text()


def test_the_guard_passes_what_is_finite_and_names_what_is_not():
    guard = FiniteGuard()
    one, bad = torch.ones(()), torch.tensor(float("inf"))
    guard.check("generator", one, one)
    with pytest.raises(NotFinite, match="the generator's gradient is not finite"):
        guard.check("generator", one, bad)
    with pytest.raises(NotFinite, match="the discriminator's loss is not finite"):
        guard.check("discriminator", bad, one)


def test_the_norm_is_taken_over_all_gradients_together():
    assert global_norm([torch.tensor([3.0]), torch.tensor([[4.0]])]) == 5.0
    assert global_norm([]) == 0.0
