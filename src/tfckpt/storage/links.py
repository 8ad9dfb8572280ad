"""Whether a file can have a second name."""

from __future__ import annotations

import contextlib
import os

from tfckpt.storage.leftovers import temporary_path
from tfckpt.storage.sync import make_folder


def can_link(existing: str, path: str) -> bool:
    """Whether `existing` can be given the name `path`: it is tried, with a name beside it.

    What is left of a try that was killed goes with the next save to `path`.
    """
    tried = temporary_path(path)
    make_folder(os.path.dirname(path), fsync=False)
    try:
        try:
            os.link(existing, tried)
        finally:
            _remove(tried)
    except OSError:  # no links there, not from another file system, or not so many
        return False
    finally:  # a signal may have interrupted the first
        _remove(tried)
    return True


def _remove(path: str) -> None:
    with contextlib.suppress(OSError):
        os.remove(path)
