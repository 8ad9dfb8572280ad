"""CheckpointManager: numbered checkpoints of an object tree, and which of them are kept.

TensorFlow's rules (``checkpoint_management.py``) differ from the Saver's. Times are in the state
file, so that a later manager goes on where the last one ended. A checkpoint that has no time there,
such as a Saver's, is never deleted.

At most `max_to_keep` checkpoints are tracked. When there is one more, the oldest is no longer
tracked. It is kept for good if it was saved `keep_checkpoint_every_n_hours` or more after the last
one that was kept for good; otherwise it is deleted.
"""

from __future__ import annotations

import copy
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from tfckpt.background.prepared import PreparedSave
from tfckpt.keep import Policy
from tfckpt.keep.folder import rotate
from tfckpt.keep.history import known
from tfckpt.keep.record import checked_metrics
from tfckpt.latest import search
from tfckpt.names import AnyPath, as_path
from tfckpt.objects.checkpoint import Checkpoint
from tfckpt.progress import Progress
from tfckpt.protos import SaverDef
from tfckpt.saver.by_policy import ByPolicy
from tfckpt.saver.path import as_step
from tfckpt.saver.retention import Deleted, Folder, Kept, Metrics, delete_checkpoint
from tfckpt.state import (
    STATE_FILE,
    beside_state,
    checkpoint_exists,
    found_at,
    get_checkpoint_state,
    state_conflict,
    update_checkpoint_state,
)
from tfckpt.storage import folder_of, join, lies_in

logger = logging.getLogger("tfckpt")


class Checkpointable(Protocol):
    """What a manager needs of a checkpoint: `tfckpt.Checkpoint` has it, and TensorFlow's."""

    save_counter: Any
    """How many saves there were: an integer, a scalar array, or a variable."""

    def write(self, file_prefix: str) -> Any:
        """Write a checkpoint to exactly this prefix."""

    def restore(self, save_path: str) -> Any:
        """Take the values of a checkpoint."""


class _Planned(NamedTuple):
    """A save that has its name."""

    path: str
    counted: int
    step: int | None
    metrics: Metrics


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

    `keep` is a policy (`tfckpt.keep`) that takes the place of `max_to_keep`, which is then None.
    `on_saved(path)` is called after each save, `on_deleted(path, reason)` for each checkpoint that
    was deleted. With `check` what a tfckpt.Checkpoint has written is read back, as in
    ``tfckpt.save(check=True)``, before the state file names it and older ones are deleted.

    Raises TypeError for `check` with another checkpoint object, ValueError for a `max_to_keep`
    below 1, an interval without a counter, and a state
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
        keep: Policy | None = None,
        on_saved: Callable[[str], object] | None = None,
        on_deleted: Callable[[str, str], object] | None = None,
        check: bool = False,
    ) -> None:
        if check and not isinstance(checkpoint, Checkpoint):
            raise TypeError(
                f"check is for a tfckpt.Checkpoint: {type(checkpoint).__name__} reads nothing back"
            )
        if keep is not None and (max_to_keep is not None or keep_checkpoint_every_n_hours):
            raise ValueError("keep says what is kept: max_to_keep has to be None then")
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
        self._prefix = join(self._directory, checkpoint_name)
        self._step_counter = step_counter
        self._interval = checkpoint_interval
        self._last_step = last_checkpoint_step
        self._init_fn = init_fn
        self._fsync = fsync
        self._check = check
        self._by_policy = None if keep is None else ByPolicy(keep)
        self._hooks = on_saved, on_deleted
        self._folder = Folder(
            self._directory,
            latest_filename=STATE_FILE,
            version=SaverDef.V2,
            meta_graph_suffix="meta",
            fsync=fsync,
        )
        self._latest: str | None = None
        self._saved: set[str] = set()
        self._waiting: list[str] = []  # to be deleted once nobody reads them
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
        if self._by_policy is not None:
            self._times = {
                join(self._directory, record.name): record.time for record in known(self._directory)
            }
            self._last_preserved = min(state.last_preserved_timestamp or self._last_preserved, now)
            return
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
        *,
        metrics: Mapping[str, Any] | None = None,
        progress: Progress | None = None,
    ) -> str | None:
        """Write a checkpoint and the state file, then delete what is too old; return its prefix.

        Returns None where less than the interval has gone by since the last one (just after a
        save of the same step also with `check_interval` off). The `save_counter` goes up by one
        each time, and numbers the checkpoint unless `checkpoint_number` does. `options` are
        handed to ``checkpoint.write``. `metrics` are numbers by name, by which policies choose the
        best (`tfckpt.keep`). `progress` is called as ``progress(done, total, name)`` after each
        tensor that is written; it is handed to ``checkpoint.write``, which TensorFlow's does not
        take.

        A save that fails leaves the counter and the folder's other checkpoints as they were.
        """
        planned = self._plan(checkpoint_number, check_interval, metrics)
        if planned is None:
            return None
        self._set_save_counter(planned.counted + 1)
        try:
            self._write(planned, options, self._asked(progress))
        except BaseException:
            self._set_save_counter(planned.counted)
            raise
        self._last_step = planned.step if planned.step is not None else self._last_step
        return planned.path

    def prepare_save(
        self,
        checkpoint_number: object = None,
        check_interval: bool = True,
        options: Any = None,
        *,
        metrics: Mapping[str, Any] | None = None,
        progress: Progress | None = None,
    ) -> PreparedSave | None:
        """Count and name a save; what is returned writes it. For `BackgroundSaver`.

        Raises TypeError for a checkpoint object that writes only at once.
        """
        prepare = getattr(self._checkpoint, "prepare_write", None)
        if prepare is None:
            raise TypeError(
                f"{type(self._checkpoint).__name__} has no prepare_write: only a tfckpt.Checkpoint "
                f"can be written later than it is asked for"
            )
        planned = self._plan(checkpoint_number, check_interval, metrics)
        if planned is None:
            return None
        self._set_save_counter(planned.counted + 1)
        try:
            prepared: PreparedSave = prepare(
                planned.path, options, fsync=self._fsync, **self._asked(progress)
            )
        except BaseException:
            self._set_save_counter(planned.counted)
            raise
        self._last_step = planned.step if planned.step is not None else self._last_step
        return prepared.then(lambda _: self._written(planned))

    def _plan(
        self, checkpoint_number: object, check_interval: bool, metrics: Mapping[str, Any] | None
    ) -> _Planned | None:
        """Name the files of a save; None where it comes too soon."""
        step = _evaluated(self._step_counter) if self._interval is not None else None
        noted = checked_metrics(metrics)
        if step is not None and self._is_too_soon(step, check_interval):
            return None
        counted = _evaluated(self._checkpoint.save_counter)
        number = counted + 1 if checkpoint_number is None else _evaluated(checkpoint_number)
        path = f"{self._prefix}-{number:d}"
        self._check_distinct(path)
        return _Planned(path, counted, step, noted)

    def _write(self, planned: _Planned, options: Any, told: Mapping[str, Any]) -> None:
        """Write the checkpoint; what comes after it is done by whoever writes, maybe later."""
        write: Callable[..., object] = self._checkpoint.write  # the options may be TensorFlow's
        if options is None:
            write(planned.path, **told)
        elif not hasattr(options, "experimental_write_callbacks"):
            write(planned.path, options=options, **told)
        else:
            mine = copy.copy(options)
            callbacks = mine.experimental_write_callbacks or []

            def written(path: str) -> None:
                self._written(planned)

            mine.experimental_write_callbacks = [*callbacks, written]
            write(planned.path, options=mine, **told)
            return
        self._written(planned)

    def _asked(self, progress: Progress | None) -> dict[str, Any]:
        """Return the arguments of a save that checkpoint objects may not know, where they count."""
        return _told(progress) | ({"check": True} if self._check else {})

    def _written(self, planned: _Planned) -> None:
        """Record a checkpoint that was written, delete what goes, and call the hooks."""
        self._saved.add(planned.path)
        deleted = self._record(planned.path, planned.metrics)
        on_saved, on_deleted = self._hooks
        if on_saved is not None:
            on_saved(planned.path)
        for checkpoint in deleted:
            logger.info("deleted %s: %s", checkpoint.path, checkpoint.reason)
            if on_deleted is not None:
                on_deleted(checkpoint.path, checkpoint.reason)

    def restore_or_initialize(
        self, *, valid: bool = False, progress: Progress | None = None
    ) -> str | None:
        """Restore the latest checkpoint and return its prefix; else call `init_fn`.

        With `valid` it is the latest that is whole (`tfckpt.latest_checkpoint`). `progress` is
        handed to ``checkpoint.restore``, as that of `save`.

        Raises DataLossError with `valid` where there are checkpoints and none of them is whole.
        """
        latest = search(self._directory).check(self._directory) if valid else self._latest
        if latest is not None:
            restore: Callable[..., object] = self._checkpoint.restore
            restore(latest, **_told(progress))
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
        if path == join(self._directory, STATE_FILE):
            raise state_conflict(path)

    def _set_save_counter(self, value: int) -> None:
        counter = self._checkpoint.save_counter
        if hasattr(counter, "assign"):
            counter.assign(value)
        elif getattr(counter, "shape", None) == () and hasattr(counter, "__setitem__"):
            counter[()] = value
        else:
            self._checkpoint.save_counter = value

    def _record(self, path: str, metrics: Metrics) -> list[Deleted]:
        """Write the state file, and only then delete what it no longer names; return that."""
        if self._by_policy is not None:
            self._by_policy.record(path, self._folder, metrics, self._write_kept)
            self._latest = path
            return self._by_policy.sweep(self._folder)
        times = {other: saved for other, saved in self._times.items() if other != path}
        times[path] = time.time()
        dropped, preserved = self._split(times)
        if metrics:
            rotate(
                path,
                None,
                latest_filename=STATE_FILE,
                metrics=metrics,
                write_state=lambda _: self._write_state(times, preserved),
                fsync=self._fsync,
            )
        else:
            self._write_state(times, preserved)
        self._times, self._latest, self._last_preserved = times, path, preserved
        self._waiting += dropped
        return self._sweep()

    def _write_kept(self, kept: list[Kept]) -> None:
        times = {checkpoint.path: checkpoint.time for checkpoint in kept}
        self._write_state(times, self._last_preserved)
        self._times = times

    def _write_state(self, times: Mapping[str, float], preserved: float) -> None:
        update_checkpoint_state(
            self._directory,
            next(reversed(list(times))),
            all_model_checkpoint_paths=list(times),
            all_model_checkpoint_timestamps=list(times.values()),
            last_preserved_timestamp=preserved,
            save_relative_paths=True,
            fsync=self._fsync,
        )

    def _sweep(self) -> list[Deleted]:
        """Delete what has left the list, and return it; what is in use waits for the next save."""
        waiting, self._waiting = self._waiting, []
        deleted = []
        for path in waiting:
            done = self._delete(path)
            if done is None:
                self._waiting.append(path)
            elif done:
                reason = f"it is no longer among the last {self._max_to_keep}"
                deleted.append(Deleted(path, reason))
        return deleted

    def _delete(self, path: str) -> bool | None:
        """Delete a checkpoint, if it lies in the folder or was saved by this manager."""
        if path not in self._saved and not lies_in(path, self._directory):
            logger.warning("not deleting %s: it does not lie in %s", path, self._directory)
            return False
        folder = self._folder._replace(path=folder_of(path))
        done = delete_checkpoint(path, folder, self._times, lambda: True, meta=False)
        if done is not None:
            self._saved.discard(path)
        return done

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


def _told(progress: Progress | None) -> dict[str, Progress]:
    """Return the argument that says who is told, for a checkpoint object that may not know it."""
    return {} if progress is None else {"progress": progress}


def _evaluated(value: object) -> int:
    """Return the number that an integer, an array, a variable or a function stands for."""
    if callable(value):
        value = value()
    if hasattr(value, "numpy"):
        value = value.numpy()
    return as_step(value, None)
