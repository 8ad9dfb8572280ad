"""What the file system refuses, said with the file and what was to be done to it."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator

from tfckpt.errors import FailedPreconditionError


@contextlib.contextmanager
def refused(path: str, doing: str) -> Iterator[None]:
    """Say which file the system refused, and how full its disk is."""
    try:
        yield
    except FailedPreconditionError:
        raise
    except OSError as error:
        raise failed(error, path, doing) from error


def failed(error: OSError, path: str, doing: str) -> FailedPreconditionError:
    folder = os.path.dirname(path) or "."
    try:
        room = f"; {shutil.disk_usage(folder).free} bytes are free there"
    except OSError:
        room = ""
    failure = FailedPreconditionError(f"cannot {doing}: {error.strerror or error}{room}", path=path)
    failure.errno, failure.strerror, failure.filename = error.errno, error.strerror, path
    return failure
