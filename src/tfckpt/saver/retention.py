"""Which checkpoints a Saver keeps, and how the others go.

TensorFlow's rules (``saver.py``, ``_RecordLastCheckpoint`` and ``_MaybeDeleteOldCheckpoints``):

1. A checkpoint saved again moves to the end of the list.
2. A save takes at most one checkpoint, the oldest, off the list.
3. One taken off stays on disk for good if it was saved after the `next_keep` moment, which then
   moves on by one period (not to one period from now).

And this library's own:

4. A checkpoint is deleted only after a state file without it is in place.
5. Files that the list still names, by whatever path, are never deleted; nor is a checkpoint that
   someone else has written over in the meantime.
"""

from __future__ import annotations

import logging
import os
import re
from os import PathLike, fspath
from typing import NamedTuple

from tfckpt.bundle.commit import remove_bundle
from tfckpt.bundle.naming import index_path
from tfckpt.protos import SaverDef
from tfckpt.state import v1_files
from tfckpt.storage import remove_file

logger = logging.getLogger("tfckpt")

_V1_SHARDS = re.compile(r"-[\d?]+-of-\d+$")

Identity = tuple[int, int, int]


class Kept(NamedTuple):
    """A checkpoint on the list, and when it was put there."""

    path: str
    time: float


class Next(NamedTuple):
    """The list as it will be once a state file says so."""

    stay: list[Kept]
    go: list[Kept]


class Retention:
    """The list of a Saver's checkpoints."""

    def __init__(
        self, max_to_keep: int = 0, keep_every_n_hours: float = 0.0, now: float = 0.0
    ) -> None:
        self.max_to_keep = max_to_keep
        self.period = keep_every_n_hours * 3600
        self.next_keep = now + self.period
        self.last: list[Kept] = []
        self._to_delete: list[Kept] = []
        self._written: dict[str, Identity | None] = {}

    def with_newest(self, path: str, now: float) -> Next:
        """Return what becomes of the list with `path` saved; nothing changes yet."""
        if not self.max_to_keep:
            return Next(self.last, [])
        kept = [*(one for one in self.last if one.path != path), Kept(path, now)]
        surplus = 1 if len(kept) > self.max_to_keep else 0
        return Next(kept[surplus:], kept[:surplus])

    def commit(self, kept: Next) -> None:
        """Take over the list that the state file has now."""
        self.last = kept.stay
        self._to_delete += kept.go
        for one in kept.stay[-1:] if self.max_to_keep else ():
            self._written[one.path] = identity(one.path)

    def sweep(self, version: int, meta_graph_suffix: str) -> None:
        """Delete what has left the list; a failure to do so is logged."""
        while self._to_delete:
            one = self._to_delete.pop(0)
            if one.time > self.next_keep:
                self.next_keep += self.period
            else:
                self._delete(one.path, version, meta_graph_suffix)

    def _delete(self, path: str, version: int, meta_graph_suffix: str) -> None:
        written = self._written.pop(path, None)
        if _same(path) in {_same(kept.path) for kept in self.last}:
            return
        if written and written != identity(path):
            logger.info("not deleting %s: someone else has saved there since", path)
            return
        meta = meta_graph_filename(path, meta_graph_suffix)
        shared = {_same(meta_graph_filename(kept.path, meta_graph_suffix)) for kept in self.last}
        try:
            if _same(meta) not in shared:
                remove_file(meta)
            remove_data(path, version)
        except OSError as error:
            logger.warning("Ignoring: %s", error)


def identity(prefix: str) -> Identity | None:
    """Tell one writing of a checkpoint from the next to the same prefix."""
    try:
        found = os.stat(index_path(prefix))
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns


def _same(path: str) -> str:
    return os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))


def meta_graph_filename(checkpoint_filename: str, meta_graph_suffix: str = "meta") -> str:
    """Return the path of a checkpoint's graph; the shards of a V1 one share theirs.

    >>> meta_graph_filename("run/m-7-?????-of-00002")
    'run/m-7.meta'
    """
    return f"{_V1_SHARDS.sub('', checkpoint_filename)}.{meta_graph_suffix}"


def remove_checkpoint(
    checkpoint_prefix: str | PathLike[str],
    checkpoint_format_version: int = SaverDef.V2,
    meta_graph_suffix: str = "meta",
) -> None:
    """Remove a checkpoint's files: its graph, its index, its data. What is not there is no error.

    Names are compared, never globbed: ``m[1]`` removes the files of ``m[1]`` alone.

    Raises ValueError for a prefix without a base name.

    >>> import tempfile, tfckpt
    >>> prefix = tfckpt.save(tempfile.mkdtemp() + "/m[1]", {"w": [1.0]})
    >>> tfckpt.remove_checkpoint(prefix)
    >>> tfckpt.checkpoint_exists(prefix)
    False
    """
    prefix = fspath(checkpoint_prefix)
    remove_file(meta_graph_filename(prefix, meta_graph_suffix))
    remove_data(prefix, checkpoint_format_version)


def remove_data(prefix: str, version: int) -> None:
    """Remove a checkpoint's tensors."""
    if version == SaverDef.V2:
        remove_bundle(prefix)
        return
    for path in v1_files(prefix):
        remove_file(path)
