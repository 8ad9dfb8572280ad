"""repair_state: the state file of a folder made anew from the checkpoints that are there.

The old file's word counts as far as it is true: its order, its times, its latest. Only what it
does not know, or says wrongly, is decided here, by the names and the times of files.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tfckpt.checking.whole import check_checkpoint
from tfckpt.errors import CheckpointError, FileMissingError, UnimplementedError
from tfckpt.latest import name_and_step, newest_first
from tfckpt.locate import locate
from tfckpt.names import AnyPath, as_path
from tfckpt.notebook import Printed
from tfckpt.protos import CheckpointState
from tfckpt.state import found_at, get_checkpoint_mtimes, read_state, state_path, write_state
from tfckpt.storage import is_file, is_remote

SCHEMA = "tfckpt.repair-state/1"


@dataclass(frozen=True)
class StateRepair(Printed):
    """What a state file says, what it should say, and what that changes."""

    path: str
    before: tuple[str, ...]
    """The checkpoints that it lists, the latest last; none where there is no usable file."""
    after: tuple[str, ...]
    changes: tuple[str, ...]
    """Each change in a line; none where the file is right."""
    written: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return it in JSON's types; the schema is on the page of the command line."""
        return {
            "schema": SCHEMA,
            "path": self.path,
            "before": list(self.before),
            "after": list(self.after),
            "changes": list(self.changes),
            "written": self.written,
        }

    def __str__(self) -> str:
        if not self.changes:
            return f"{self.path}: right as it is"
        done = "written anew" if self.written else "would be written anew"
        return "\n".join([f"{self.path}: {done}", *(f"  {line}" for line in self.changes)])


def repair_state(
    folder: AnyPath, latest_filename: str | None = None, *, dry_run: bool = False
) -> StateRepair:
    """Write a folder's state file anew from the checkpoints that are there; return what changed.

    A file that can be read keeps its order, its times, and its word on which is the latest, if
    that is there and complete. Taken off its list is what is gone or incomplete; put on it are
    checkpoints of the latest's name and a higher step, which were saved and not recorded. Without a
    usable file all that is complete is listed, in the order of `latest_checkpoint`. Paths within
    the folder become relative. With `dry_run` nothing is written.

    Complete means that index and shards are there and long enough; values are not read
    (`tfckpt.verify` does).

    Raises FileMissingError where there is no complete checkpoint, UnimplementedError for a URL.

    >>> import os, tempfile, tfckpt
    >>> folder = tempfile.mkdtemp()
    >>> for step in (9, 10):
    ...     _ = tfckpt.save(f"{folder}/m-{step}", {"w": 1.0})
    >>> tfckpt.repair_state(folder).changes
    ('there is no state file: one is made', 'listed: m-9', 'listed: m-10', 'the latest is m-10')
    >>> tfckpt.latest_checkpoint(folder) == folder + "/m-10"
    True
    """
    top = as_path(folder)
    if is_remote(top):
        raise UnimplementedError("state files are repaired on this machine only", path=top)
    path = state_path(top, latest_filename)
    old = read_state(path)
    new = _made_anew(top, latest_filename, old)
    if new is None:
        raise FileMissingError("there is no complete checkpoint for a state file to name", path=top)
    changes = tuple(_changes(path, top, old, new))
    if changes and not dry_run:
        write_state(path, new)
    before = () if old is None else tuple(old.all_model_checkpoint_paths)
    after = tuple(new.all_model_checkpoint_paths)
    written = bool(changes) and not dry_run
    return StateRepair(path, before, after, changes=changes, written=written)


def _made_anew(
    folder: str, latest_filename: str | None, old: CheckpointState | None
) -> CheckpointState | None:
    """Return what the state file should be, None where there is nothing to name."""
    complete = [path for path in newest_first(folder, latest_filename) if is_complete(path)]
    if not complete:
        return None
    times: dict[str, float] = {}
    if old is None or not old.model_checkpoint_path:
        paths = complete[::-1]
    else:
        places = [_place(path, folder) for path in old.all_model_checkpoint_paths]
        stamps = list(old.all_model_checkpoint_timestamps)
        times = dict(zip(places, stamps, strict=True)) if len(stamps) == len(places) else {}
        latest = complete[0]  # what the old file says, if it is there
        newer = [path for path in complete[::-1] if is_later(path, latest) and path not in places]
        kept = [path for path in places if path in complete and path != latest]
        paths = [*kept, latest, *newer]
    if times:
        times = {path: times.get(path) or get_checkpoint_mtimes([path])[0] for path in paths}
    relative = [_relative(path, folder) for path in paths]
    return CheckpointState(
        model_checkpoint_path=relative[-1],
        all_model_checkpoint_paths=relative,
        all_model_checkpoint_timestamps=list(times.values()),
        last_preserved_timestamp=old.last_preserved_timestamp if old is not None else None,
    )


def is_complete(path: str) -> bool:
    """Whether a checkpoint has all of its files, as long as they should be."""
    try:
        checked = check_checkpoint(locate(path, prefix_first=True), quick=True)
    except CheckpointError:
        return False
    return not any(finding.is_serious for finding in checked.findings)


def is_later(path: str, other: str) -> bool:
    """Whether a checkpoint has the name of another, and a higher step."""
    (name, step), (other_name, other_step) = name_and_step(path), name_and_step(other)
    return name == other_name and step > other_step


def _place(named: str, folder: str) -> str:
    path = os.path.join(folder, named)
    return found_at(path, folder) or path


def _relative(path: str, folder: str) -> str:
    """Return a path as a state file should have it: relative, if it lies in the folder."""
    inside = os.path.dirname(os.path.abspath(path)) == os.path.abspath(folder or os.curdir)
    return os.path.basename(path) if inside else os.path.abspath(path)


def _changes(
    path: str, folder: str, old: CheckpointState | None, new: CheckpointState
) -> Iterator[str]:
    after = list(new.all_model_checkpoint_paths)
    if old is None:
        there = is_file(path)
        yield (
            "it cannot be read: it is made anew" if there else "there is no state file: one is made"
        )
    before = [] if old is None else list(old.all_model_checkpoint_paths)
    latest = "" if old is None else old.model_checkpoint_path
    known = set()
    for listed in dict.fromkeys(filter(None, [*before, latest])):
        now = _relative(_place(listed, folder), folder)
        known.add(now)
        if now not in after:
            yield f"no longer listed: {listed} (gone or incomplete)"
        elif now != listed:
            yield f"{listed} becomes {now}"
    for listed in after:
        if listed not in known:
            yield f"listed: {listed}"
    if new.model_checkpoint_path != _relative(_place(latest, folder), folder) or not latest:
        yield f"the latest is {new.model_checkpoint_path}" + (f", not {latest}" if latest else "")
    elif old is not None and before and before[-1] != latest:
        yield f"the latest, {latest}, is the last of the list"
