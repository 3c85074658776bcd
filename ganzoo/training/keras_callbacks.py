"""Callbacks of Keras on a model whose optimizers, learning rates and networks are several."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras

from ganzoo.errors import GanzooError

_RATES = "learning rates follow schedules"
_REFUSED: dict[type[keras.callbacks.Callback], str] = {
    keras.callbacks.LearningRateScheduler: (
        f'{_RATES}: write learning_rate = {{name = "linear_to_zero", ...}} in the recipe, or compile with '
        'learning_rates={("generator", ""): schedule}'
    ),
    keras.callbacks.ReduceLROnPlateau: (
        f'{_RATES}, which depend on the step alone: write learning_rate = {{name = "cosine", ...}} in the recipe, or '
        'compile with learning_rates={("generator", ""): schedule}'
    ),
    keras.callbacks.SwapEMAWeights: "averages are kept beside the weights: write [ema], and use sampling_networks()",
    keras.callbacks.BackupAndRestore: "it would lose optimizers and step: ganzoo run resumes to the same bytes",
    keras.callbacks.TensorBoard: 'it needs TensorFlow: write [[callbacks]] name = "tensorboard" in the recipe',
}


def checked(callbacks: Any) -> list[keras.callbacks.Callback]:
    """Return callbacks with the means of an epoch before them; GanzooError for those that cannot do what they say."""
    given = [] if callbacks is None else keras.tree.flatten(callbacks)
    for callback in given:
        for cls, reason in _REFUSED.items():
            if isinstance(callback, cls):
                raise GanzooError(f"{cls.__name__} does not work on an AdversarialModel; {reason}")
        if isinstance(callback, keras.callbacks.ModelCheckpoint) and not callback.save_weights_only:
            raise GanzooError(
                "ModelCheckpoint cannot save an AdversarialModel as a whole; give it save_weights_only=True and a path "
                "that ends in .weights.h5"
            )
    return [EpochMeans(), *given]


def stops_on_nan(callbacks: Iterable[keras.callbacks.Callback]) -> bool:
    """Return whether a loss that is not finite shall stop training, not raise."""
    return any(isinstance(callback, keras.callbacks.TerminateOnNaN) for callback in callbacks)


class EpochMeans(keras.callbacks.Callback):
    """Gives the callbacks after it the mean of each loss over the steps of the epoch that had it.

    Keras would give them the losses of the last step, in which the generator may not have had its turn.
    """

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._sums: dict[str, tuple[float, int]] = {}

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        for name, value in (logs or {}).items():
            total, count = self._sums.get(name, (0.0, 0))
            self._sums[name] = (total + float(value), count + 1)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if logs is not None:
            logs.update({name: total / count for name, (total, count) in self._sums.items()})
