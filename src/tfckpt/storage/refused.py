"""Errors of the file system, which name the file and what was to be done to it."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator

from tfckpt.errors import FailedPreconditionError


@contextlib.contextmanager
def refused(path: str, doing: str) -> Iterator[None]:
    """Say which file the system refused, and why that may be."""
    try:
        yield
    except FailedPreconditionError:
        raise
    except OSError as error:
        raise failed(error, path, doing) from error


def failed(error: OSError, path: str, doing: str) -> FailedPreconditionError:
    """Make the error for a call on `path` that the system refused."""
    hint = _HINTS.get(error.errno or 0, lambda _: "")(path)
    failure = FailedPreconditionError(f"cannot {doing}: {error.strerror or error}{hint}", path=path)
    failure.errno, failure.strerror, failure.filename = error.errno, error.strerror, path
    return failure


def _room(path: str) -> str:
    try:
        return f"; {shutil.disk_usage(os.path.dirname(path) or '.').free} bytes are free there"
    except OSError:
        return ""


def _too_many(path: str) -> str:
    return " (`ulimit -n` says how many a process may have)"


_HINTS = {
    errno.ENOSPC: _room,
    errno.EDQUOT: _room,
    errno.EFBIG: _room,
    errno.EMFILE: _too_many,
}
