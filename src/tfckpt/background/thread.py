"""A thread that writes prepared saves, one after another, in the order in which they came.

1. At most `max_pending` saves are waiting or under way, and each has at most one snapshot.
2. What one save raises is told once: to who asks for its result, or else to who saves, waits or
   closes next. It is logged in any case.
3. The thread lives while there is something to write. At the interpreter's end what is left is
   written first, for at most `drain_timeout` seconds.
4. A forked child has no part in its parent's saves.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import weakref
from collections import deque
from typing import NamedTuple

from tfckpt.background.prepared import PreparedSave
from tfckpt.background.snapshot import Buffer

logger = logging.getLogger("tfckpt")


class PendingSave:
    """A save that is under way in the background."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._process = os.getpid()
        self._ended = threading.Event()
        self._error: BaseException | None = None
        self._told = False

    @property
    def path(self) -> str:
        """What the checkpoint will be called; it is not there before the save is done."""
        return self._path

    def done(self) -> bool:
        """Whether the save has ended, well or not."""
        return self._ended.is_set()

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Wait for the end; return what went wrong, or None.

        Raises TimeoutError after so many seconds; RuntimeError in a process that was forked off
        the one that saves.
        """
        if not self.done() and os.getpid() != self._process:
            raise RuntimeError(f"{self._path}: another process is saving this, its parent")
        if not self._ended.wait(timeout):
            raise TimeoutError(f"{self._path}: not saved after {timeout} seconds")
        self._told = True
        return self._error

    def result(self, timeout: float | None = None) -> str:
        """Wait for the end; return the path. Raises what went wrong, and as `exception`."""
        error = self.exception(timeout)
        if error is not None:
            raise error
        return self._path

    @property
    def is_to_be_told(self) -> bool:
        """Whether it went wrong, and nobody has asked for the result yet."""
        return self.done() and self._error is not None and not self._told

    def end(self, error: BaseException | None = None) -> None:
        """Note how it ended; for the thread that writes."""
        self._error = error
        self._ended.set()

    def __repr__(self) -> str:
        state = "under way" if not self.done() else "failed" if self._error else "saved"
        return f"<PendingSave of {self._path!r}: {state}>"


class _Job(NamedTuple):
    pending: PendingSave
    prepared: PreparedSave
    buffer: Buffer | None


class SaveThread:
    """See above. Any thread may use it, one at a time under `turn`."""

    def __init__(self, *, max_pending: int = 1, drain_timeout: float = 60.0) -> None:
        self.max_pending = max_pending
        self.drain_timeout = drain_timeout
        self._failed: list[PendingSave] = []
        self._free = [Buffer() for _ in range(max_pending)]
        self._begin()
        _threads.add(self)
        _drain_at_exit()

    def _begin(self) -> None:
        self.turn = threading.RLock()
        self._changed = threading.Condition()
        self._jobs: deque[_Job] = deque()
        self._pending = 0
        self._runs = False

    def forked(self) -> None:
        """Begin anew, in the child of a fork."""
        if self._pending:
            self._free = [Buffer() for _ in range(self.max_pending)]
        self._failed = []
        self._begin()

    @property
    def pending(self) -> int:
        """How many saves are waiting or under way."""
        return self._pending

    @property
    def snapshot_bytes(self) -> int:
        """How much memory is held for snapshots."""
        return sum(buffer.size for buffer in self._free)

    def raise_error(self) -> None:
        """Raise what an earlier save has raised, if nobody was told yet."""
        while self._failed:
            failed = self._failed.pop(0)
            if failed.is_to_be_told:
                failed.result()

    def wait_for_room(self) -> None:
        """Wait until one more save may be under way."""
        with self._changed:
            self._changed.wait_for(lambda: self._pending < self.max_pending)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until all is written; return whether it is, after so many seconds at most."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._pending, timeout)

    def submit(self, prepared: PreparedSave, *, copy: bool) -> PendingSave:
        """Take a snapshot, and have it written; there must be room."""
        buffer = self._free.pop() if copy else None
        try:
            if buffer is not None:
                prepared = prepared.of(buffer.snapshot(prepared.arrays))
        except BaseException:
            if buffer is not None:
                self._free.append(buffer)
            raise
        pending = PendingSave(prepared.path)
        with self._changed:
            self._jobs.append(_Job(pending, prepared, buffer))
            self._pending += 1
            if not self._runs:
                self._runs = True
                # A daemon: while the interpreter waits at exit for other threads to end, these can
                # start none of their own, and a save of several shards starts some.
                threading.Thread(target=self._run, name="tfckpt-save", daemon=True).start()
        return pending

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._jobs:
                    self._runs = False
                    return
                job = self._jobs.popleft()
            error = self._written(job)
            with self._changed:
                if job.buffer is not None:
                    self._free.append(job.buffer)
                self._pending -= 1
                job.pending.end(error)
                if error is not None:
                    self._failed.append(job.pending)
                self._changed.notify_all()
            del job, error

    @staticmethod
    def _written(job: _Job) -> BaseException | None:
        try:
            job.prepared.run(threads=1)  # the other cores are the loop's
        except BaseException as error:
            logger.error("%s was not saved: %s", job.pending.path, error)
            return error
        return None

    def drain(self) -> bool:
        """Wait as long as may be for what is left; say what is lost. Returns whether all is."""
        if self.wait(self.drain_timeout):
            return True
        logger.error(
            "%d saves are not done after %g seconds, and lost", self._pending, self.drain_timeout
        )
        return False


_threads: weakref.WeakSet[SaveThread] = weakref.WeakSet()
_registered: list[int] = []


def _drain_all() -> None:
    for thread in list(_threads):
        if thread.pending:
            thread.drain()


def _drain_at_exit() -> None:
    """Have saves written at the interpreter's end while threads still can be started.

    That is over when functions of `atexit` are called; there is an earlier moment, which
    concurrent.futures uses too.
    """
    if not _registered:
        _registered.append(1)
        getattr(threading, "_register_atexit", atexit.register)(_drain_all)


def _forked() -> None:
    for thread in list(_threads):
        thread.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
