"""CheckpointManager: numbered checkpoints of an object tree, and which of them are kept.

TensorFlow's rules (``checkpoint_management.py``) differ from the Saver's. Times are in the state
file, so that a later manager goes on where the last one ended. A checkpoint that has no time there,
such as a Saver's, is never deleted.

At most `max_to_keep` checkpoints are tracked. When there is one more, the oldest is no longer
tracked. It is kept for good if it was saved `keep_checkpoint_every_n_hours` or more after the last
one that was kept for good; otherwise it is deleted.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from typing import Any, Protocol

from tfckpt.latest import search
from tfckpt.names import AnyPath, as_path
from tfckpt.protos import SaverDef
from tfckpt.saver.path import as_step
from tfckpt.saver.retention import lies_in, remove_data
from tfckpt.state import (
    STATE_FILE,
    beside_state,
    checkpoint_exists,
    found_at,
    get_checkpoint_state,
    state_conflict,
    update_checkpoint_state,
)

logger = logging.getLogger("tfckpt")


class Checkpointable(Protocol):
    """What a manager needs of a checkpoint: `tfckpt.Checkpoint` has it, and TensorFlow's."""

    save_counter: Any
    """How many saves there were: an integer, a scalar array, or a variable."""

    def write(self, file_prefix: str) -> Any:
        """Write a checkpoint to exactly this prefix."""

    def restore(self, save_path: str) -> Any:
        """Take the values of a checkpoint."""


class CheckpointManager:
    """Saves a checkpoint object as ``directory/ckpt-1``, ``-2`` ..., and keeps the newest.

    Stands in for ``tf.train.CheckpointManager``: the same arguments, files, names and rules;
    both can take turns in one folder.

    >>> import numpy as np, tempfile, tfckpt
    >>> class Weights:
    ...     save_counter = 0
    ...     w = np.zeros(2)
    ...     def write(self, file_prefix):
    ...         return tfckpt.save(file_prefix, {"w": self.w})
    ...     def restore(self, save_path):
    ...         self.w = tfckpt.load_variable(save_path, "w")
    >>> manager = tfckpt.CheckpointManager(Weights(), tempfile.mkdtemp(), max_to_keep=2)
    >>> for _ in range(3):
    ...     path = manager.save()
    >>> [path.rpartition("/")[2] for path in manager.checkpoints]
    ['ckpt-2', 'ckpt-3']

    `max_to_keep` None deletes nothing. With a `step_counter` (a scalar array, a variable, or a
    function that returns an integer) and a `checkpoint_interval`, `save` skips steps that come
    too soon after `last_checkpoint_step`. `init_fn` is what `restore_or_initialize` calls where
    there is nothing to restore. With `fsync` off the state file is not flushed to the disk.

    Raises ValueError for a `max_to_keep` below 1, an interval without a counter, and a state
    file that names no checkpoint.
    """

    def __init__(
        self,
        checkpoint: Checkpointable,
        directory: AnyPath,
        max_to_keep: int | None,
        keep_checkpoint_every_n_hours: float | None = None,
        checkpoint_name: str = "ckpt",
        step_counter: object = None,
        checkpoint_interval: int | None = None,
        init_fn: Callable[[], object] | None = None,
        last_checkpoint_step: int | None = None,
        *,
        fsync: bool = True,
    ) -> None:
        if max_to_keep is not None and max_to_keep <= 0:
            raise ValueError(
                f"Expected a positive integer or `None` for `max_to_keep`, got {max_to_keep}."
            )
        if checkpoint_interval is not None and step_counter is None:
            raise ValueError(
                "`step_counter` should be passed if `checkpoint_interval` is not None."
            )
        self._checkpoint = checkpoint
        self._directory = as_path(directory)
        self._max_to_keep = max_to_keep
        self._keep_seconds = (keep_checkpoint_every_n_hours or 0) * 3600.0
        self._prefix = os.path.join(self._directory, checkpoint_name)
        self._step_counter = step_counter
        self._interval = checkpoint_interval
        self._last_step = last_checkpoint_step
        self._init_fn = init_fn
        self._fsync = fsync
        self._latest: str | None = None
        self._saved: set[str] = set()
        self._times: dict[str, float] = {}  # tracked checkpoints, oldest first
        # A second back, as in TensorFlow: a manager made right after this one tracks only
        # checkpoints that are later than this moment, and a clock may be coarse.
        self._last_preserved = time.time() - 1.0
        self._recover()

    def _recover(self) -> None:
        """Go on where the manager before this one ended."""
        state, now = get_checkpoint_state(self._directory), time.time()
        if state is None:
            return
        self._latest = self._here(state.model_checkpoint_path)
        self._last_preserved = state.last_preserved_timestamp
        if now < self._last_preserved:
            logger.warning(
                "the clock is %f seconds behind the last preserved checkpoint",
                self._last_preserved - now,
            )
            self._last_preserved = now
        times = state.all_model_checkpoint_timestamps or [self._last_preserved] * len(
            state.all_model_checkpoint_paths
        )
        for path, saved in zip(state.all_model_checkpoint_paths, times):
            if min(saved, now) > self._last_preserved:
                self._times[self._here(path)] = min(saved, now)

    def _here(self, path: str) -> str:
        """Return where a checkpoint of the state file is: in this folder, if it is there.

        The folder may be a copy, whose state file names the original's checkpoints. TensorFlow
        takes those, and deletes them.
        """
        beside = beside_state(path, self._directory)
        if not lies_in(path, self._directory) and checkpoint_exists(beside):
            return beside
        return found_at(path, self._directory) or path

    @property
    def directory(self) -> str:
        return self._directory

    @property
    def checkpoint_interval(self) -> int | None:
        return self._interval

    @property
    def latest_checkpoint(self) -> str | None:
        """The prefix of the newest checkpoint, None if there is none."""
        return self._latest

    @property
    def checkpoints(self) -> list[str]:
        """The prefixes of the checkpoints that may still be deleted, oldest first."""
        return list(self._times)

    @property
    def checkpoint(self) -> Checkpointable:
        return self._checkpoint

    def __repr__(self) -> str:
        count = len(self.checkpoints)
        kept = f"{count} checkpoint{'' if count == 1 else 's'}"
        return f"<CheckpointManager of {self.directory!r} with {kept}>"

    def save(
        self,
        checkpoint_number: object = None,
        check_interval: bool = True,
        options: object = None,
    ) -> str | None:
        """Write a checkpoint and the state file, then delete what is too old; return its prefix.

        Returns None where less than the interval has gone by since the last one (just after a
        save of the same step also with `check_interval` off). The `save_counter` goes up by one
        each time, and numbers the checkpoint unless `checkpoint_number` does. `options` are
        handed to ``checkpoint.write``.

        A save that fails leaves the counter and the folder's other checkpoints as they were.
        """
        step = _evaluated(self._step_counter) if self._interval is not None else None
        if step is not None and self._is_too_soon(step, check_interval):
            return None
        counted = _evaluated(self._checkpoint.save_counter)
        number = counted + 1 if checkpoint_number is None else _evaluated(checkpoint_number)
        path = f"{self._prefix}-{number:d}"
        self._check_distinct(path)
        self._set_save_counter(counted + 1)
        try:
            if options is None:
                self._checkpoint.write(path)
            else:
                self._checkpoint.write(path, options=options)  # type: ignore[call-arg]
            self._saved.add(path)
            self._record(path)
        except BaseException:
            self._set_save_counter(counted)
            raise
        self._last_step = step if step is not None else self._last_step
        return path

    def restore_or_initialize(self, *, valid: bool = False) -> str | None:
        """Restore the latest checkpoint and return its prefix; else call `init_fn`.

        With `valid` it is the latest that is whole (`tfckpt.latest_checkpoint`).

        Raises DataLossError with `valid` where there are checkpoints and none of them is whole.
        """
        latest = search(self._directory).check(self._directory) if valid else self._latest
        if latest is not None:
            self._checkpoint.restore(latest)
            if self._interval is not None:
                self._last_step = _evaluated(self._step_counter)
            return latest
        if self._init_fn is not None:
            self._init_fn()
        return None

    def sync(self) -> None:
        """Wait for what the checkpoint does in the background, if it does anything."""
        sync = getattr(self._checkpoint, "sync", None)
        if sync is not None:
            sync()

    def _is_too_soon(self, step: int, check_interval: bool) -> bool:
        if self._last_step is None:
            return False
        soonest = self._last_step + (self._interval or 0)
        return step == self._last_step or (check_interval and step < soonest)

    def _check_distinct(self, path: str) -> None:
        if path == os.path.join(self._directory, STATE_FILE):
            raise state_conflict(path)

    def _set_save_counter(self, value: int) -> None:
        counter = self._checkpoint.save_counter
        if hasattr(counter, "assign"):
            counter.assign(value)
        elif getattr(counter, "shape", None) == () and hasattr(counter, "__setitem__"):
            counter[()] = value
        else:
            self._checkpoint.save_counter = value

    def _record(self, path: str) -> None:
        """Write the state file, and only then delete what it no longer names."""
        times = {known: saved for known, saved in self._times.items() if known != path}
        times[path] = time.time()
        dropped, preserved = self._split(times)
        update_checkpoint_state(
            self._directory,
            path,
            all_model_checkpoint_paths=list(times),
            all_model_checkpoint_timestamps=list(times.values()),
            last_preserved_timestamp=preserved,
            save_relative_paths=True,
            fsync=self._fsync,
        )
        self._times, self._latest, self._last_preserved = times, path, preserved
        for oldest in dropped:
            self._delete(oldest)

    def _delete(self, path: str) -> None:
        """Delete a checkpoint, if it lies in the folder or was saved by this manager."""
        if path not in self._saved and not lies_in(path, self._directory):
            logger.warning("not deleting %s: it does not lie in %s", path, self._directory)
            return
        self._saved.discard(path)
        try:
            remove_data(path, SaverDef.V2, fsync=self._fsync)
        except OSError as error:
            logger.warning("Ignoring: %s", error)

    def _split(self, times: dict[str, float]) -> tuple[list[str], float]:
        """Take the surplus off `times`; return what to delete, and when one was last preserved."""
        dropped, preserved = [], self._last_preserved
        while self._max_to_keep and len(times) > self._max_to_keep:
            oldest = next(iter(times))
            saved = times.pop(oldest)
            if self._keep_seconds and saved - self._keep_seconds >= preserved:
                preserved = saved
            else:
                dropped.append(oldest)
        return dropped, preserved


def _evaluated(value: object) -> int:
    """Return the number that an integer, an array, a variable or a function stands for."""
    if callable(value):
        value = value()
    if hasattr(value, "numpy"):
        value = value.numpy()
    return as_step(value, None)
