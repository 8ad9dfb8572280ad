"""BackgroundSaver: saves that do not stop the loop."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from types import FrameType, TracebackType
from typing import Any, Literal, Protocol, TypeAlias

from tfckpt.background.prepared import PreparedSave
from tfckpt.background.thread import PendingSave, SaveThread

WhenFull: TypeAlias = Literal["wait", "skip", "error"]


class Preparing(Protocol):
    """What a BackgroundSaver saves with: a Saver, CheckpointManager or Checkpoint."""

    @property
    def prepare_save(self) -> Callable[..., PreparedSave | None]:
        """Check the arguments of a save, and return what does it."""


class BackgroundSaver:
    """Saves with a Saver, CheckpointManager or Checkpoint, in a thread beside the loop.

    `save` takes the same arguments. It copies the arrays, returns a `PendingSave`, and the copy
    is written while the loop goes on; the state file is written, and old checkpoints go, only
    once the data is safe. Checkpoints are done in the order in which they were saved.

    >>> import numpy as np, tempfile, tfckpt
    >>> weights, prefix = {"w": np.zeros(3)}, tempfile.mkdtemp() + "/model.ckpt"
    >>> with tfckpt.BackgroundSaver(tfckpt.Saver(max_to_keep=2)) as saver:
    ...     for step in (1, 2, 3):
    ...         weights["w"] += 1
    ...         pending = saver.save(weights, prefix, global_step=step)
    >>> print(pending.done(), tfckpt.load(pending.path)["w"])
    True [3. 3. 3.]

    At most `max_pending` saves are waiting or under way. When there are so many, `save` waits for
    the oldest (`when_full` "wait"), does nothing and returns None ("skip"), or raises
    RuntimeError ("error"). Each has a copy of the arrays of its own; the memory is used again by
    the next (`snapshot_bytes` says how much there is). Arrays that cannot change (jax's, views of
    ``bytes``) are not copied. With `snapshot` off nothing is: then arrays must not change before
    the save is done.

    What a save in the background raises is logged, and raised by its `PendingSave.result`, or
    else by the next `save`, `wait` or `close`. That `save` has then saved nothing.

    At the interpreter's end what is under way is finished, for at most `drain_timeout` seconds. A
    signal in `drain_on`, such as ``signal.SIGTERM``, finishes it at once, then does what it did
    before (only the main thread can ask for that); one that arrives while `save` is at work waits
    for it, so that this state is saved too. A fork has no part in what its parent saves.

    Raises TypeError for what cannot prepare a save; ValueError for a `max_pending` below 1,
    another `when_full`, and signals asked for outside of the main thread.
    """

    def __init__(
        self,
        saver: Preparing,
        *,
        max_pending: int = 1,
        when_full: WhenFull = "wait",
        snapshot: bool = True,
        drain_timeout: float = 60.0,
        drain_on: Iterable[int] = (),
    ) -> None:
        if not hasattr(saver, "prepare_save"):
            raise TypeError(
                f"a Saver, CheckpointManager or Checkpoint is needed, not {saver!r:.80}"
            )
        if max_pending < 1:
            raise ValueError(f"max_pending must be at least 1, not {max_pending}")
        if when_full not in ("wait", "skip", "error"):
            raise ValueError(f"when_full is 'wait', 'skip' or 'error', not {when_full!r}")
        self._saver = saver
        self._when_full = when_full
        self._snapshot = snapshot
        self._thread = SaveThread(max_pending=max_pending, drain_timeout=drain_timeout)
        self._closed = False
        self._saving = 0
        self._arrived: list[tuple[int, FrameType | None]] = []
        self._before: dict[int, Any] = {}
        try:
            for number in drain_on:
                self._before[number] = signal.signal(number, self._signalled)
        except BaseException:
            self._restore_signals()
            raise

    @property
    def saver(self) -> Preparing:
        return self._saver

    @property
    def pending(self) -> int:
        """How many saves are waiting or under way."""
        return self._thread.pending

    @property
    def snapshot_bytes(self) -> int:
        """How much memory is held for copies and in no use at the moment."""
        return self._thread.snapshot_bytes

    def save(self, *args: Any, copy: bool = True, **kwargs: Any) -> PendingSave | None:
        """Have a checkpoint saved, with the arguments of the `save` of what saves.

        ``copy=False`` hands the arrays over: nobody may change them before the save is done.

        Returns None where nothing is saved: there is nothing, a CheckpointManager's interval is
        not over, or too much is under way and `when_full` is "skip".

        Raises as `save` and `result` of an earlier one; RuntimeError once closed.
        """
        with self._at_work():
            if self._closed:
                raise RuntimeError("this BackgroundSaver is closed")
            self._thread.raise_error()
            if self._thread.pending >= self._thread.max_pending and self._when_full != "wait":
                if self._when_full == "skip":
                    return None
                raise RuntimeError(f"{self._thread.pending} saves are under way already")
            self._thread.wait_for_room()
            self._thread.raise_error()
            prepared = self._saver.prepare_save(*args, **kwargs)
            if prepared is None:
                return None
            return self._thread.submit(prepared, copy=copy and self._snapshot)

    def wait(self, timeout: float | None = None) -> None:
        """Wait until all is written.

        Raises TimeoutError after so many seconds, and what a save has raised that nobody was told.
        """
        if not self._thread.wait(timeout):
            raise TimeoutError(f"{self.pending} saves are under way after {timeout} seconds")
        self._thread.raise_error()

    def close(self) -> None:
        """Wait until all is written, and take no more. Raises as `wait`."""
        self._closed = True
        self._restore_signals()
        self.wait()

    def __enter__(self) -> BackgroundSaver:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()
            return
        with contextlib.suppress(Exception):  # a save's own error is in the log
            self.close()

    def __repr__(self) -> str:
        return f"<BackgroundSaver with {self._saver!r}: {self.pending} under way>"

    @contextlib.contextmanager
    def _at_work(self) -> Iterator[None]:
        """Let one thread in at a time; signals that arrive meanwhile are acted upon at the end."""
        with self._thread.turn:
            self._saving += 1
            try:
                yield
            finally:
                self._saving -= 1
                while self._arrived and not self._saving:
                    self._drain_and_pass(*self._arrived.pop(0))

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        if self._saving:
            self._arrived.append((number, frame))
        else:
            self._drain_and_pass(number, frame)

    def _drain_and_pass(self, number: int, frame: FrameType | None) -> None:
        """Finish what is under way, then do what the signal did before."""
        self._thread.drain()
        before = self._before.get(number)
        if callable(before):
            before(number, frame)
        elif before == signal.SIG_DFL:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    def _restore_signals(self) -> None:
        for number, before in self._before.items():
            if signal.getsignal(number) == self._signalled:
                signal.signal(number, signal.SIG_DFL if before is None else before)
        self._before.clear()
