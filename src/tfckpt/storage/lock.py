"""Locks: between the writers of one folder, and between the threads of one process.

Those on files are flock's: they tell a living writer from a dead one, and end with its process.
Windows, and some network file systems, have none; there nothing is held.

A fork copies descriptors, and a lock lives as long as any copy of its descriptor. So a lock is
released by name, not only by closing; and a forked child closes the copies that it has got, or they
would hold the lock of a parent that dies.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from weakref import WeakSet

from tfckpt.errors import FailedPreconditionError
from tfckpt.storage.descriptor import Descriptor
from tfckpt.storage.places import is_remote
from tfckpt.storage.refused import failed

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

logger = logging.getLogger("tfckpt")

# A file of its own: a lock on the folder itself is what other programs take (`flock DIR command`).
LOCK_FILE = ".tfckpt.lock"
# What is done under a lock takes milliseconds, seconds on a disk that is slow to flush.
_PATIENCE = 60.0
_LONGEST_PAUSE = 0.05
# Where a file cannot be made for these reasons a checkpoint can still be removed.
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


def lock(descriptor: Descriptor) -> bool | None:
    """Lock an open file against its other openers, without waiting.

    Returns False if another has it, None where there are no locks.
    """
    if fcntl is None:
        return None
    if descriptor.number < 0:
        return False
    try:
        fcntl.flock(descriptor.number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # some network file systems
        return None
    _held.add(descriptor)
    return True


def unlock(descriptor: Descriptor) -> None:
    """Let go of a lock, also for the copies of the descriptor that a fork has made."""
    if fcntl is not None and descriptor.number >= 0:
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor.number, fcntl.LOCK_UN)


@contextlib.contextmanager
def lock_folder(path: str) -> Iterator[None]:
    """Hold the folder of `path` against other writers of this library, threads included.

    Where the system has no such lock nothing is held, nor in a store: what is written there last
    says if another was faster.

    Raises FailedPreconditionError, which says who has it, after a minute of waiting; RuntimeError
    at once where that is this very thread, which is then inside a signal handler.
    """
    if is_remote(path):
        yield
        return
    folder = os.path.dirname(path)
    held = _Held(os.path.join(folder, LOCK_FILE))
    others = _mine.held
    others.intersection_update([other for other in others if other.descriptor is not None])
    if any(other.real == held.real for other in others):
        raise RuntimeError(
            f"{folder}: this thread is in the middle of a save there; a signal handler that saves "
            f"has to wait for its end (set a flag, and save in the loop)"
        )
    try:
        try:
            others.add(held)
            held.acquire()
            yield
        finally:
            held.release()
    finally:
        held.release()  # again, if an exception interrupted the first


class _Held:
    """The lock of a folder, held or not."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.real = os.path.realpath(path)
        self.descriptor: Descriptor | None = None

    def acquire(self) -> None:
        until, pause = time.monotonic() + _PATIENCE, 0.0005
        while fcntl is not None:
            try:
                self.descriptor = Descriptor(self.path, os.O_RDWR | os.O_CREAT)
            except OSError as error:
                if error.errno in _NO_ROOM:
                    return
                raise failed(error, self.path, "lock the folder") from error
            locked = lock(self.descriptor)
            if locked is None:
                _remove(self.path)
                return
            # Whoever had it before has removed the file: then this is a lock on nothing.
            if locked and self.descriptor.is_at(self.path):
                _sign(self.descriptor)
                return
            if not locked:
                if time.monotonic() > until:
                    raise _taken(self.path)
                time.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    def release(self) -> None:
        descriptor = self.descriptor
        if descriptor is None:
            return
        # Asking again tells whether the lock is held: flock grants it to its owner once more. While
        # it is held nobody else can have made this file.
        if lock(descriptor) is not False and descriptor.is_at(self.path):
            _remove(self.path)
        unlock(descriptor)
        descriptor.close()
        self.descriptor = None


class _Mine(threading.local):
    """The folders that each thread holds."""

    def __init__(self) -> None:
        self.held: set[_Held] = set()


_mine = _Mine()


def _remove(path: str) -> None:
    for _ in range(2):  # a signal may interrupt the first
        with contextlib.suppress(OSError):
            os.remove(path)
            return


def _sign(descriptor: Descriptor) -> None:
    """Leave word for those who wait."""
    with contextlib.suppress(OSError):
        os.ftruncate(descriptor.number, 0)
        os.pwrite(descriptor.number, f"process {os.getpid()} of {os.uname().nodename}".encode(), 0)


def _taken(path: str) -> FailedPreconditionError:
    owner = "another writer"
    with contextlib.suppress(OSError), open(path, "rb") as file:
        owner = file.read(200).decode(errors="replace") or owner
    error = FailedPreconditionError(
        f"the folder is locked by {owner}, for {_PATIENCE:.0f} seconds by now: is it still at work "
        f"there? (the lock ends with its process)",
        path=path,
    )
    error.errno, error.strerror, error.filename = errno.EAGAIN, os.strerror(errno.EAGAIN), path
    return error


class ThreadLock:
    """A `threading.Lock` that is free in a forked child, whichever thread held it in the parent.

    A thread that has it already is inside a signal handler, and would wait for itself: that is a
    RuntimeError.
    """

    __slots__ = ("__weakref__", "_lock", "_owner")

    def __init__(self) -> None:
        self.renew()
        _thread_locks.add(self)

    def renew(self) -> None:
        self._lock = threading.Lock()
        self._owner: int | None = None

    def __reduce__(self) -> tuple[type[ThreadLock], tuple[()]]:
        return ThreadLock, ()  # the copy of what it guards has one of its own

    def __enter__(self) -> None:
        if self._owner == threading.get_ident():
            raise RuntimeError(
                "this thread is in the middle of the same thing; a signal handler has to wait for "
                "its end (set a flag, and act on it in the loop)"
            )
        self._lock.acquire()
        self._owner = threading.get_ident()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._owner = None
        self._lock.release()


_held: WeakSet[Descriptor] = WeakSet()
_thread_locks: WeakSet[ThreadLock] = WeakSet()


def _begin_child() -> None:
    for descriptor in list(_held):
        descriptor.close()
    for thread_lock in list(_thread_locks):
        thread_lock.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_child)
