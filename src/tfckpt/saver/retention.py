"""Which checkpoints a Saver keeps, and how the others go.

TensorFlow's rules (``saver.py``, ``_RecordLastCheckpoint`` and ``_MaybeDeleteOldCheckpoints``):

1. A checkpoint saved again moves to the end of the list.
2. A save takes at most one checkpoint, the oldest, off the list.
3. One taken off stays on disk for good if it was saved after the `next_keep` moment, which then
   moves on by one period (not to one period from now).

And this library's own:

4. A checkpoint is deleted only after a state file without it is in place.
5. Files that the list still names, by whatever path, are never deleted; nor is a checkpoint that
   someone else has written over in the meantime, or that the state file names as the latest.
6. Only what lies in the folder is deleted, or was saved by this very object: a state file may name
   anything, and one that was copied along with its folder names the original's checkpoints.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import NamedTuple

from tfckpt.bundle.commit import remove_bundle
from tfckpt.names import AnyPath, check_prefix
from tfckpt.protos import SaverDef
from tfckpt.state import read_state, version_of_checkpoint
from tfckpt.storage import remove_file
from tfckpt.v1.commit import remove_v1
from tfckpt.v1.naming import without_shard

logger = logging.getLogger("tfckpt")


class Kept(NamedTuple):
    """A checkpoint on the list, and when it was put there."""

    path: str
    time: float


class Next(NamedTuple):
    """The list as it will be once a state file with it is in place."""

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
        self._written: dict[str, object] = {}

    def with_newest(self, path: str, now: float) -> Next:
        """Return what becomes of the list with `path` saved; nothing changes yet."""
        if not self.max_to_keep:
            return Next(self.last, [])
        listed = [*(kept for kept in self.last if kept.path != path), Kept(path, now)]
        surplus = 1 if len(listed) > self.max_to_keep else 0
        return Next(listed[surplus:], listed[:surplus])

    def commit(self, after: Next) -> None:
        """Take over the list that the state file has now."""
        self._to_delete += after.go
        self.last = after.stay
        for newest in after.stay[-1:] if self.max_to_keep else ():
            self.note(newest.path)

    def note(self, path: str) -> None:
        """Take note that a checkpoint was written by this object."""
        self._written[path] = version_of_checkpoint(path)

    def sweep(self, folder: Folder) -> None:
        """Delete what has left the list; a failure to do so is logged."""
        while self._to_delete:
            oldest = self._to_delete.pop(0)
            if oldest.time > self.next_keep:
                self.next_keep += self.period
            else:
                self._delete(oldest.path, folder)

    def _delete(self, path: str, folder: Folder) -> None:
        written = self._written.pop(path, None)
        if _same(path) in {_same(kept.path) for kept in self.last}:
            return
        if written is None and not lies_in(path, folder.path):
            logger.warning("not deleting %s: it does not lie in %s", path, folder.path)
            return

        def wanted() -> bool:
            if written is not None and written != version_of_checkpoint(path):
                logger.info("not deleting %s: someone else has saved there since", path)
                return False
            return not folder.is_latest(path)

        meta = meta_graph_filename(path, folder.meta_graph_suffix)
        shared = {
            _same(meta_graph_filename(kept.path, folder.meta_graph_suffix)) for kept in self.last
        }
        try:
            removed = remove_data(path, folder.version, fsync=folder.fsync, wanted=wanted)
            if removed and _same(meta) not in shared:
                remove_file(meta)
        except OSError as error:
            logger.warning("Ignoring: %s", error)


class Folder(NamedTuple):
    """Where a Saver's checkpoints lie, and how they are removed."""

    path: str
    state: str
    version: int
    meta_graph_suffix: str
    fsync: bool

    def is_latest(self, path: str) -> bool:
        """Whether the state file says that a checkpoint is the latest."""
        state = read_state(self.state)
        if state is None:
            return False
        return _same(os.path.join(self.path, state.model_checkpoint_path)) == _same(path)


def lies_in(path: str, folder: str) -> bool:
    """Whether a checkpoint lies in a folder, or in one below it, links followed."""
    inside, real = os.path.realpath(os.path.dirname(path)), os.path.realpath(folder)
    try:
        return os.path.commonpath([inside, real]) == real
    except ValueError:  # on another drive
        return False


def _same(path: str) -> str:
    return os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))


def meta_graph_filename(checkpoint_filename: str, meta_graph_suffix: str = "meta") -> str:
    """Return the path of a checkpoint's graph; the shards of a V1 one share theirs.

    >>> meta_graph_filename("run/m-7-?????-of-00002")
    'run/m-7.meta'
    """
    return f"{without_shard(checkpoint_filename)}.{meta_graph_suffix}"


def remove_checkpoint(
    checkpoint_prefix: AnyPath,
    checkpoint_format_version: int = SaverDef.V2,
    meta_graph_suffix: str = "meta",
    *,
    fsync: bool = True,
) -> None:
    """Remove a checkpoint's files: its graph, its index, its data. What is not there is no error.

    Names are compared, never globbed: ``m[1]`` removes the files of ``m[1]`` alone. With `fsync`
    off a loss of power may bring back an index without its data.

    Raises ValueError for a prefix without a base name, FailedPreconditionError (an OSError) when
    the file system refuses.

    >>> import tempfile, tfckpt
    >>> prefix = tfckpt.save(tempfile.mkdtemp() + "/m[1]", {"w": [1.0]})
    >>> tfckpt.remove_checkpoint(prefix)
    >>> tfckpt.checkpoint_exists(prefix)
    False
    """
    prefix = check_prefix(checkpoint_prefix)
    remove_file(meta_graph_filename(prefix, meta_graph_suffix))
    remove_data(prefix, checkpoint_format_version, fsync=fsync)


def remove_data(
    prefix: str, version: int, *, fsync: bool, wanted: Callable[[], bool] = lambda: True
) -> bool:
    """Remove a checkpoint's tensors if that is still `wanted` under the folder's lock.

    Returns whether it was.
    """
    remove = remove_bundle if version == SaverDef.V2 else remove_v1
    return remove(prefix, fsync=fsync, wanted=wanted)
