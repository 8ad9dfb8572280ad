"""Which checkpoint of a folder is the latest, and which is the latest that is whole.

Newest first, the order in which `valid=True` tries them:

1. what the state file says is the latest;
2. all others: those that the state file lists, and those whose files lie in the folder. Of one name
   (``m`` in ``m-20``) the one of the higher step comes first, one without a step last; of several
   names first that of which something was written last, by the times of the files. Of the same
   step the later file comes first.

So a state file that is right has the last word, and one that is gone, empty, cut or wrong is done
without. What is no whole checkpoint (no index, a shard too few or too short, a block, tensor or
object graph that is damaged) is passed over, with a warning in the log that says why.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from tfckpt.bundle.commit import committed_index
from tfckpt.bundle.naming import prefix_of, shards_on_disk
from tfckpt.errors import CheckpointError, DataLossError
from tfckpt.locate import checkpoints_in, locate
from tfckpt.names import AnyPath, as_path, shown_lines
from tfckpt.state import checkpoint_exists, found_at, latest_in_state, read_state, state_path
from tfckpt.storage import is_remote, list_folder, modified_at
from tfckpt.v1.naming import files_at

_NUMBERED = re.compile(r"(.*?)(?:-(\d+))?(?:-\?{5}-of-\d+)?", re.DOTALL)

logger = logging.getLogger("tfckpt")


def latest_checkpoint(
    checkpoint_dir: AnyPath, latest_filename: str | None = None, *, valid: bool = False
) -> str | None:
    """Return the prefix of a folder's latest checkpoint, None if there is none.

    Where the state file names a checkpoint that is gone, one of the same name beside the state
    file is taken (and logged): the folder was moved or renamed.

    With `valid` it is the newest that is whole: all of it is read and checked, as `verify` does.
    Damaged and incomplete ones are passed over, each with a warning in the log that says why;
    where the state file is gone or wrong the folder's files are gone by. The state file's latest is
    tried first, then the others: by step, and those of several names by time. Behind a URL only
    what the state file lists is tried.

    Raises InvalidArgumentError (a ValueError) if the state file names no checkpoint; not with
    `valid`.

    >>> import tempfile, tfckpt
    >>> folder = tempfile.mkdtemp()
    >>> saver = tfckpt.Saver()
    >>> for step in (3, 4):
    ...     _ = saver.save({"w": [1.0]}, folder + "/m", global_step=step)
    >>> tfckpt.latest_checkpoint(folder) == folder + "/m-4"
    True
    >>> with open(folder + "/m-4.data-00000-of-00001", "r+b") as file:
    ...     _ = file.truncate(3)
    >>> tfckpt.latest_checkpoint(folder, valid=True) == folder + "/m-3"
    True
    """
    folder = as_path(checkpoint_dir)
    if valid:
        return search(folder, latest_filename).path
    return latest_in_state(folder, latest_filename)


class Passed(NamedTuple):
    """A checkpoint that was passed over, and why."""

    path: str
    reason: str


class Found(NamedTuple):
    """The newest whole checkpoint of a folder, None if there is none, and the newer others."""

    path: str | None
    passed: list[Passed]

    def check(self, folder: str) -> str | None:
        """Return the path.

        Raises DataLossError where there is none though there is something of a checkpoint: who
        began anew then would in the end write over what may be saved.
        """
        there = [checkpoint for checkpoint in self.passed if _is_there(checkpoint.path)]
        if self.path is None and there:
            lines = [f"{checkpoint.path}: {checkpoint.reason}" for checkpoint in there]
            raise DataLossError(
                f"none of the {len(there)} checkpoints here is whole (tfckpt.salvage takes out "
                f"what is):\n{shown_lines(lines)}",
                path=folder,
            )
        return self.path


class Known:
    """What was found of checkpoints, as long as their files do not change."""

    def __init__(self) -> None:
        self._reasons: dict[str, tuple[object, str | None]] = {}

    def why_unsound(self, path: str) -> str | None:
        versions = _versions(path)
        known = self._reasons.get(path)
        if known is not None and versions and known[0] == versions:
            return known[1]
        reason = why_unsound(path)
        self._reasons[path] = versions, reason
        if reason is not None:
            logger.warning("%s is passed over: %s", path, reason)
        return reason


def search(
    folder: str,
    latest_filename: str | None = None,
    *,
    until: str | None = None,
    known: Known | None = None,
) -> Found:
    """Find the newest whole checkpoint of a folder; go no further back than to `until`."""
    passed: list[Passed] = []
    known = known or Known()
    for path in newest_first(folder, latest_filename):
        reason = None if path == until else known.why_unsound(path)
        if reason is None:
            return Found(path, passed)
        passed.append(Passed(path, reason))
    return Found(None, passed)


def why_unsound(path: str) -> str | None:
    """Read all of a checkpoint; return what is wrong with it, None if nothing is."""
    from tfckpt.checking.whole import check_checkpoint  # slow to import, and seldom needed

    try:
        checked = check_checkpoint(locate(path, prefix_first=True))
    except CheckpointError as error:
        return error.message
    wrong = [finding for finding in checked.findings if finding.is_serious]
    if not wrong:
        return None
    return f"{wrong[0]}" + (f"; and {len(wrong) - 1} more findings" if len(wrong) > 1 else "")


class _Candidate(NamedTuple):
    base: str
    step: int
    time: float
    path: str


def newest_first(folder: str, latest_filename: str | None = None) -> list[str]:
    """Return every checkpoint that there is, was, or should be, in the order of this module."""
    state = read_state(state_path(folder, latest_filename))
    named = [] if state is None else [*state.all_model_checkpoint_paths]
    first = state.model_checkpoint_path if state is not None else ""
    paths = [_place(path, folder) for path in (first, *named) if path]
    paths += _lying_in(folder)
    others = list(dict.fromkeys(paths))
    latest = others.pop(0) if first else None
    candidates = [_candidate(path) for path in others]
    last: dict[str, float] = {}
    for candidate in candidates:
        last[candidate.base] = max(candidate.time, last.get(candidate.base, 0.0))
    candidates.sort(key=lambda candidate: (last[candidate.base], *candidate), reverse=True)
    return [*([] if latest is None else [latest]), *(candidate.path for candidate in candidates)]


def _place(named: str, folder: str) -> str:
    path = os.path.join(folder, named)
    return found_at(path, folder) or path


def name_and_step(path: str) -> tuple[str, int]:
    """Return what a checkpoint's path is without its step, and that; -1 where it has none.

    >>> name_and_step("run/m-20"), name_and_step("run/m-7-?????-of-00002"), name_and_step("run/m")
    (('run/m', 20), ('run/m', 7), ('run/m', -1))
    """
    found = _NUMBERED.fullmatch(path)
    assert found is not None, "it fits any text"
    return found[1], -1 if found[2] is None else int(found[2])


def _candidate(path: str) -> _Candidate:
    times = (modified_at(file) for file in _files(path))
    time = max((written for written in times if written is not None), default=0.0)
    name, step = name_and_step(path)
    return _Candidate(name, step, time, path)


def _lying_in(folder: str) -> Iterator[str]:
    """Yield the checkpoints in a folder, also of those that have lost their index."""
    if is_remote(folder) or not os.path.isdir(folder or os.curdir):
        return
    prefixes = {prefix_of(name) for name in list_folder(folder)}
    for base in sorted(filter(None, prefixes)):
        yield os.path.join(folder, base)
    yield from (location.path for location in checkpoints_in(folder) if location.is_v1)


def _files(path: str) -> list[str]:
    """Return the files of a checkpoint that tell one writing of it from the next."""
    if is_remote(path):
        return []
    shards = [shard for shard, _ in shards_on_disk(path)]
    return [committed_index(path), *shards, *files_at(path)]


def _versions(path: str) -> list[object]:
    return [version for file in _files(path) if (version := modified_at(file)) is not None]


def _is_there(path: str) -> bool:
    return checkpoint_exists(path) or any(map(os.path.exists, _files(path)))
