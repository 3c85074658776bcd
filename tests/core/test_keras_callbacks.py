"""Callbacks and methods of Keras on the model of several networks, from Python."""

from __future__ import annotations

import csv
import math

import keras
import numpy as np
import pytest
import torch
from game import BATCH, Distance, Wasserstein, model, weights

from ganzoo import GanzooError, PairLoss

STEPS = 3


def fit(made, *callbacks, epochs=2, **options):
    loader = torch.utils.data.DataLoader([BATCH] * (STEPS * epochs), batch_size=None, shuffle=False)
    return made.fit(
        loader, steps_per_epoch=STEPS, epochs=epochs, verbose=0, shuffle=False, callbacks=list(callbacks), **options
    )


def stepwise(made, steps):
    return [{name: float(value) for name, value in made.train_step(BATCH).items()} for _ in range(steps)]


def test_the_history_holds_means_over_the_epoch_of_each_loss():
    history = fit(model(Distance())).history
    losses = [logs["generator/loss0"] for logs in stepwise(model(Distance()), 2 * STEPS)]
    assert history["generator/loss0"] == pytest.approx([np.mean(losses[:STEPS]), np.mean(losses[STEPS:])])


def test_the_mean_is_over_the_steps_that_had_the_loss_even_if_the_last_had_not():
    history = fit(model(Wasserstein(), n_critic=2)).history
    turns = [logs.get("generator/total") for logs in stepwise(model(Wasserstein(), n_critic=2), 2 * STEPS)]
    assert turns[2] is None
    assert history["generator/total"] == pytest.approx([turns[1], np.mean([turns[3], turns[5]])])


def test_callbacks_of_every_kind_leave_the_weights_as_they_are(tmp_path):
    watched, alone = model(Wasserstein()), model(Wasserstein())
    fit(watched, keras.callbacks.CSVLogger(str(tmp_path / "losses.csv")), keras.callbacks.TerminateOnNaN())
    fit(alone)
    assert all(map(np.array_equal, weights(watched, "generator"), weights(alone, "generator")))


def test_csv_logger_writes_a_row_for_each_epoch(tmp_path):
    path = tmp_path / "losses.csv"
    history = fit(model(Distance()), keras.callbacks.CSVLogger(str(path))).history
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert [float(row["generator/total"]) for row in rows] == pytest.approx(history["generator/total"])


def test_early_stopping_watches_a_loss():
    stopping = keras.callbacks.EarlyStopping(
        monitor="generator/total", mode="min", min_delta=1e9, patience=1, restore_best_weights=True
    )
    made = model(Wasserstein(), n_critic=2)
    fit(made, stopping, epochs=9)
    assert made.step_number == 2 * STEPS
    after_one_epoch = model(Wasserstein(), n_critic=2)
    fit(after_one_epoch, epochs=1)
    assert all(map(np.array_equal, weights(made, "generator"), weights(after_one_epoch, "generator")))


def test_model_checkpoint_saves_weights_which_load_again(tmp_path):
    made = model(Distance())
    path = tmp_path / "best.weights.h5"
    fit(
        made,
        keras.callbacks.ModelCheckpoint(
            str(path), monitor="generator/total", mode="min", save_weights_only=True, save_best_only=True
        ),
    )
    fresh = model(Distance())
    assert not np.array_equal(weights(fresh, "generator")[0], weights(made, "generator")[0])
    fresh.load_weights(path)
    for name in ("generator", "discriminator"):
        assert all(map(np.array_equal, weights(fresh, name), weights(made, name)))


class Diverging(PairLoss):
    """Is not finite from the third step on."""

    calls = 0

    def __call__(self, output, target):
        self.calls += 1
        return (output - target).square().mean() / (0.0 if self.calls > 2 else 1.0)


def test_terminate_on_nan_ends_training_instead_of_an_error():
    made = model(Diverging())
    history = fit(made, keras.callbacks.TerminateOnNaN(), epochs=3)
    assert made.step_number == 2
    assert all(np.isfinite(value).all() for value in weights(made, "generator"))
    assert math.isnan(history.history["loss"][0])
    with pytest.raises(ArithmeticError, match="the generator's loss is not finite; the update was not made"):
        fit(model(Diverging()))


@pytest.mark.parametrize(
    ("callback", "instead"),
    [
        (keras.callbacks.LearningRateScheduler(lambda epoch: 0.1), 'learning_rate = {name = "linear_to_zero"'),
        (keras.callbacks.ReduceLROnPlateau(monitor="generator/total"), 'learning_rate = {name = "cosine"'),
        (keras.callbacks.ModelCheckpoint("all.keras"), "save_weights_only=True"),
        (keras.callbacks.BackupAndRestore("backup"), "ganzoo run resumes to the same bytes"),
        (keras.callbacks.SwapEMAWeights(), "sampling_networks"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_callback_that_cannot_work_is_refused_with_what_to_use_instead(callback, instead):
    made = model(Wasserstein())
    with pytest.raises(GanzooError, match=type(callback).__name__) as refused:
        fit(made, callback)
    assert instead in str(refused.value)
    assert made.step_number == 0


@pytest.mark.parametrize(
    ("use", "instead"),
    [
        (lambda made: made.evaluate(BATCH), "ganzoo evaluate RUN"),
        (lambda made: made.predict(BATCH), "sampling_networks"),
        (lambda made: made.save("all.keras"), r"networks\['generator'\].save"),
        (lambda made: fit(made, validation_data=[BATCH]), "no validation_data"),
    ],
)
def test_what_only_a_single_network_can_do_is_refused_with_what_to_use_instead(use, instead):
    with pytest.raises(GanzooError, match=instead):
        use(model(Wasserstein()))


def test_a_callback_of_ones_own_gets_numbers_after_each_step():
    seen = []
    fit(model(Distance()), keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(logs)))
    assert len(seen) == 2 * STEPS
    assert all(isinstance(value, float) for logs in seen for value in logs.values())
