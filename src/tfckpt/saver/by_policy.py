"""Which checkpoints a Saver or manager keeps where a policy decides (`tfckpt.keep`).

What is known of a folder's checkpoints lies in the folder: whoever saves there goes on with it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from tfckpt.bundle.commit import has_index
from tfckpt.keep import Policy
from tfckpt.keep.folder import rotate
from tfckpt.keep.history import read_history
from tfckpt.keep.record import Record
from tfckpt.protos import SaverDef
from tfckpt.saver.retention import (
    Deleted,
    Folder,
    Kept,
    Metrics,
    WriteState,
    delete_checkpoint,
)


class ByPolicy:
    """The list of the checkpoints of the folder that was saved to last."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self.last: list[Kept] = []
        self._go: list[Record] = []

    def record(self, path: str, folder: Folder, metrics: Metrics, write: WriteState) -> None:
        """Note a checkpoint, decide what stays, and have the state file written."""
        rotated = rotate(
            path,
            self._policy,
            latest_filename=folder.latest_filename,
            metrics=metrics,
            write_state=lambda stay: write(_kept(stay, folder)),
            fsync=folder.fsync,
        )
        self.last, self._go = _kept(rotated.stay, folder), rotated.go

    def note(self, path: str) -> None:
        """Do nothing: only what a state file named is on the list."""

    def sweep(self, folder: Folder) -> list[Deleted]:
        """Delete what goes, and return it; a failure is logged, and the next save tries again."""
        going, self._go = self._go, []
        stay = [kept.path for kept in self.last]
        return [
            Deleted(os.path.join(folder.path, record.name), f"not kept by {self._policy}")
            for record in going
            if delete_judged(record, folder, stay)
        ]


def delete_judged(record: Record, folder: Folder, stay: Iterable[str]) -> bool:
    """Delete a checkpoint that was noted as going, unless that has changed; return whether."""
    path = os.path.join(folder.path, record.name)

    def wanted() -> bool:
        """Whether nobody has saved it anew since, or wants it for another reason."""
        noted = read_history(folder.path, folder.latest_filename) or ()
        return record in noted and not folder.is_latest(path)

    version = SaverDef.V2 if has_index(path) else SaverDef.V1
    return bool(delete_checkpoint(path, folder._replace(version=version), stay, wanted))


def _kept(records: list[Record], folder: Folder) -> list[Kept]:
    return [Kept(os.path.join(folder.path, record.name), record.time) for record in records]
