"""A callback of Keras 3 that saves checkpoints which TensorFlow restores, on any backend."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any, Literal

from tfckpt.background import BackgroundSaver
from tfckpt.keep import Policy
from tfckpt.keras.tree import keras, values_of
from tfckpt.manager import CheckpointManager
from tfckpt.names import AnyPath
from tfckpt.objects import Checkpoint

try:
    from keras.callbacks import Callback
except ImportError:  # said when a callback is made
    Callback = object


class CheckpointCallback(Callback):  # type: ignore[misc]
    """Saves a model of Keras 3 while ``fit`` trains it, on any backend, without TensorFlow.

    Each checkpoint is object-based: ``tf.train.Checkpoint(model=model, optimizer=optimizer)``
    restores it into the same model of Keras 3 with TensorFlow as the backend, and
    ``tf.train.Checkpoint(model=model)`` the weights into a model of Keras 2. `load_weights` loads
    it, on any backend.

        callback = tfckpt.keras.CheckpointCallback("run", keep=keep.last(3) | keep.best("val_loss"))
        model.fit(x, y, epochs=10, validation_split=0.1, callbacks=[callback])

    `directory` has checkpoints called `checkpoint_name`, and the state file. After each epoch one
    is saved, with the number of epochs done; with a number as `save_freq` after so many batches,
    with the number of the optimizer's steps. `max_to_keep` or `keep` say which of them stay; the
    ``logs`` of an epoch are the metrics that policies choose the best by. Without `optimizer` only
    the weights are saved. With `background` the training goes on while a copy is written;
    a failure then comes up at the next save or at the end. `on_saved` and `on_deleted` are those of
    `CheckpointManager`.

    Not saved are the state of random numbers and of metrics, as by TensorFlow itself.

    Raises ImportError without Keras, ValueError for a `save_freq` that is none, and what
    `CheckpointManager` raises; while training, what a save raises.
    """

    def __init__(
        self,
        directory: AnyPath,
        *,
        checkpoint_name: str = "ckpt",
        max_to_keep: int | None = None,
        keep: Policy | None = None,
        save_freq: Literal["epoch"] | int = "epoch",
        optimizer: bool = True,
        background: bool = False,
        fsync: bool = True,
        on_saved: Callable[[str], object] | None = None,
        on_deleted: Callable[[str, str], object] | None = None,
    ) -> None:
        keras()
        if save_freq != "epoch" and not (isinstance(save_freq, int) and save_freq > 0):
            raise ValueError(f"save_freq is 'epoch' or a number of batches, not {save_freq!r}")
        super().__init__()
        self._save_freq = save_freq
        self._with_optimizer = optimizer
        self._checkpoint = Checkpoint()
        self._manager = CheckpointManager(
            self._checkpoint,
            directory,
            max_to_keep,
            checkpoint_name=checkpoint_name,
            keep=keep,
            fsync=fsync,
            on_saved=on_saved,
            on_deleted=on_deleted,
        )
        self._background = BackgroundSaver(self._manager) if background else None
        self._batches = 0

    @property
    def manager(self) -> CheckpointManager:
        """What saves: it knows the latest checkpoint, and those that are there."""
        return self._manager

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        if self._save_freq == "epoch":
            self._save(epoch + 1, logs)

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        if self._save_freq == "epoch":
            return
        self._batches += 1
        if self._batches % self._save_freq == 0:
            self._save(int(self.model.optimizer.iterations), logs)

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        if self._background is not None:
            self._background.wait()

    def _save(self, number: int, logs: Mapping[str, Any] | None) -> None:
        tree = values_of(self.model, optimizer=self._with_optimizer)
        self._checkpoint.model = tree.model
        if tree.optimizer is not None:
            self._checkpoint.optimizer = tree.optimizer
        saver = self._background or self._manager
        saver.save(number, metrics=_numbers(logs or {}))


def _numbers(logs: Mapping[str, Any]) -> dict[str, float]:
    """Return what of the logs a policy may judge by."""
    found = {name: float(value) for name, value in logs.items() if isinstance(value, Real)}
    return {name: value for name, value in found.items() if math.isfinite(value)}
