"""Whether a file can have a second name."""

from __future__ import annotations

import contextlib
import os

from tfckpt.storage.leftovers import temporary_path
from tfckpt.storage.sync import make_folder


def can_link(existing: str, path: str) -> bool:
    """Whether `existing` can be given another name in the folder of `path`: it is tried."""
    tried = temporary_path(path)
    make_folder(os.path.dirname(path), fsync=False)
    try:
        os.link(existing, tried)
    except OSError:  # no links there, not from another file system, or not so many
        return False
    with contextlib.suppress(OSError):
        os.remove(tried)
    return True
