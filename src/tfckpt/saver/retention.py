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
6. Nor is one that is pinned, or that a reader has leased; the latter goes when a later save finds
   it free.
7. Only what lies in the folder is deleted, or was saved by this very object: a state file may name
   anything, and one that was copied along with its folder names the original's checkpoints.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, TypeAlias

from tfckpt.bundle.commit import remove_bundle
from tfckpt.keep.folder import rotate, why_protected
from tfckpt.names import AnyPath, check_prefix
from tfckpt.protos import SaverDef
from tfckpt.state import read_state, state_path, version_of_checkpoint
from tfckpt.storage import join, lies_in, real, remove_file, split
from tfckpt.v1.commit import remove_v1
from tfckpt.v1.naming import without_shard

logger = logging.getLogger("tfckpt")


class Kept(NamedTuple):
    """A checkpoint on the list, and when it was put there."""

    path: str
    time: float


class Deleted(NamedTuple):
    """A checkpoint that went, and why."""

    path: str
    reason: str


Metrics: TypeAlias = Mapping[str, float]
# Writes the state file, with what stays.
WriteState: TypeAlias = Callable[[list[Kept]], None]


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

    def record(self, path: str, folder: Folder, metrics: Metrics, write: WriteState) -> None:
        """Put a checkpoint on the list and have the state file written."""
        stay, go = self._with_newest(path, time.time())
        written = False
        try:
            if metrics:
                rotate(
                    path,
                    None,
                    latest_filename=folder.latest_filename,
                    metrics=metrics,
                    write_state=lambda _: write(stay),
                    fsync=folder.fsync,
                )
            else:
                write(stay)
            written = True
        finally:  # the list follows the state file, also where flushing that failed
            if written or folder.is_latest(path):
                self._commit(stay, go)

    def _with_newest(self, path: str, now: float) -> tuple[list[Kept], list[Kept]]:
        """Return the list with `path` saved, and what leaves it; nothing changes yet."""
        if not self.max_to_keep:
            return self.last, []
        listed = [*(kept for kept in self.last if kept.path != path), Kept(path, now)]
        surplus = 1 if len(listed) > self.max_to_keep else 0
        return listed[surplus:], listed[:surplus]

    def _commit(self, stay: list[Kept], go: list[Kept]) -> None:
        """Take over the list that the state file has now."""
        self._to_delete += go
        self.last = stay
        for newest in stay[-1:] if self.max_to_keep else ():
            self.note(newest.path)

    def note(self, path: str) -> None:
        """Take note that a checkpoint was written by this object."""
        self._written[path] = version_of_checkpoint(path)

    def sweep(self, folder: Folder) -> list[Deleted]:
        """Delete what has left the list, and return it; a failure to do so is logged."""
        deleted = []
        going, self._to_delete = self._to_delete, []
        for oldest in going:
            if oldest.time > self.next_keep:
                self.next_keep += self.period
                continue
            done = self._delete(oldest.path, folder)
            if done is None:
                self._to_delete.append(oldest)
            elif done:
                reason = f"it is no longer among the last {self.max_to_keep}"
                deleted.append(Deleted(oldest.path, reason))
        return deleted

    def _delete(self, path: str, folder: Folder) -> bool | None:
        """Delete a checkpoint unless something speaks against it; None if that may pass."""
        written = self._written.pop(path, None)
        stay = [kept.path for kept in self.last]
        if same_file(path) in {same_file(other) for other in stay}:
            return False
        if written is None and not lies_in(path, folder.path):
            logger.warning("not deleting %s: it does not lie in %s", path, folder.path)
            return False

        def wanted() -> bool:
            if written is not None and written != version_of_checkpoint(path):
                logger.info("not deleting %s: someone else has saved there since", path)
                return False
            return not folder.is_latest(path)

        done = delete_checkpoint(path, folder, stay, wanted)
        if done is None and written is not None:
            self._written[path] = written
        return done


def delete_checkpoint(
    path: str,
    folder: Folder,
    stay: Iterable[str],
    wanted: Callable[[], bool],
    *,
    meta: bool = True,
) -> bool | None:
    """Delete a checkpoint if that is `wanted`, with `meta` its graph too, if none in `stay` has it.

    Returns whether it was deleted; None while something protects it. A failure is logged.
    """
    protected: list[str] = []

    def free() -> bool:
        why = why_protected(path, folder.latest_filename)
        if why is not None:
            protected.append(why)
        return why is None and wanted()

    graph = meta_graph_filename(path, folder.meta_graph_suffix)
    shared = {same_file(meta_graph_filename(other, folder.meta_graph_suffix)) for other in stay}
    try:
        removed = remove_data(path, folder.version, fsync=folder.fsync, wanted=free)
        if removed and meta and same_file(graph) not in shared:
            remove_file(graph)
    except OSError as error:
        logger.warning("Ignoring: %s", error)
        return False
    if protected:
        logger.info("not deleting %s now: %s", path, protected[0])
        return None
    return removed


class Folder(NamedTuple):
    """Where a Saver's checkpoints lie, and how they are removed."""

    path: str
    latest_filename: str
    version: int
    meta_graph_suffix: str
    fsync: bool

    @property
    def state(self) -> str:
        return state_path(self.path, self.latest_filename)

    def is_latest(self, path: str) -> bool:
        """Whether the state file says that a checkpoint is the latest."""
        state = read_state(self.state)
        if state is None:
            return False
        return same_file(join(self.path, state.model_checkpoint_path)) == same_file(path)


def same_file(path: str) -> str:
    folder, base = split(path)
    return join(real(folder), base)


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
