"""A folder's checkpoints, which of them stay, and what others may say about that.

1. What is to go is noted before the state file is written, deleted after it.
2. The newest stays, whatever a policy says; so does what is pinned, or leased by a reader.
3. What no state file of the folder named is never deleted.
4. Whoever changes what is known of a folder holds its lock: several processes may save there.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from tfckpt.errors import FileMissingError, UnimplementedError
from tfckpt.keep.history import history_path, known, read_history, write_history
from tfckpt.keep.policies import Policy
from tfckpt.keep.record import Record, checked_metrics, step_in
from tfckpt.names import AnyPath, check_prefix
from tfckpt.state import checkpoint_exists
from tfckpt.storage import held_lease, is_remote, leases, lock_folder

logger = logging.getLogger("tfckpt")

NEWEST = "the newest"


class Rotated(NamedTuple):
    """What a save has decided."""

    stay: list[Record]
    go: list[Record]


def judged(
    records: Sequence[Record], policy: Policy | None, leased: Mapping[str, str]
) -> list[Record]:
    """Return the records with the reasons for which each stays; without a policy all do."""
    kept = {} if policy is None else policy.reasons(records)
    return [
        record._replace(reasons=tuple(_reasons(record, record is records[-1], kept, leased)))
        for record in records
    ]


def _reasons(
    record: Record, is_newest: bool, kept: Mapping[str, tuple[str, ...]], leased: Mapping[str, str]
) -> Iterator[str]:
    if is_newest:
        yield NEWEST
    yield from kept.get(record.name, ())
    if record.pin is not None:
        yield f"pinned: {record.pin}" if record.pin else "pinned"
    if record.name in leased:
        yield f"in use by {leased[record.name]}"


def rotate(
    path: str,
    policy: Policy | None,
    *,
    latest_filename: str | None,
    metrics: Mapping[str, float],
    write_state: Callable[[list[Record]], None],
    fsync: bool,
) -> Rotated:
    """Note a checkpoint that was saved, and write the state file with what stays.

    Without a policy all stay. The caller deletes what goes.
    """
    folder, name = os.path.split(path)
    with lock_folder(history_path(folder, latest_filename)):
        before = {record.name: record for record in known(folder, latest_filename)}
        pin = before.pop(name).pin if name in before else None
        newest = Record(name, step_in(name), time.time(), metrics, pin)
        records = judged([*before.values(), newest], policy, leased_in(folder))
        stay = [record for record in records if policy is None or record.reasons]
        write_history(folder, latest_filename, records, fsync=fsync)
        write_state(stay)
    return Rotated(stay, [record for record in records if record not in stay])


def why_protected(path: str, latest_filename: str | None = None) -> str | None:
    """Return why a checkpoint may not be deleted now; None if it may.

    The caller holds the folder's lock.
    """
    folder, name = os.path.split(path)
    noted = read_history(folder, latest_filename) or ()
    pin = next((record.pin for record in noted if record.name == name), None)
    if pin is not None:
        return f"it is pinned ({pin})" if pin else "it is pinned"
    owner = leased_in(folder).get(name)
    return None if owner is None else f"{owner} is reading it"


def leased_in(folder: str) -> dict[str, str]:
    """Return which checkpoints are in use, and by whom."""
    return {} if is_remote(folder) else leases(folder)


@contextlib.contextmanager
def lease(path: AnyPath) -> Iterator[str]:
    """Keep others from deleting a checkpoint while the block runs; give its prefix.

    Savers, managers and `prune`, of this process and others on this machine, leave it alone. A
    lease ends with its process. (Where the file system has no locks, a killed process leaves a
    file ``.tfckpt.lease-...``, which counts until it is removed.)

    Raises FileMissingError if the checkpoint is not there, UnimplementedError behind a URL.

    >>> import tempfile, tfckpt
    >>> path = tfckpt.save(tempfile.mkdtemp() + "/m-1", {"w": [1.0]})
    >>> with tfckpt.keep.lease(path) as prefix:
    ...     weights = tfckpt.load(prefix)
    """
    prefix = check_prefix(path)
    if is_remote(prefix):
        raise UnimplementedError(
            "a lease is a lock, of which a store has none: keep.pin keeps a checkpoint there, and "
            "keep.unpin gives it free",
            path=prefix,
        )
    folder, name = os.path.split(prefix)
    _check_there(prefix)
    with held_lease(folder, name):
        _check_there(prefix)
        yield prefix


def pin(path: AnyPath, why: str = "", *, latest_filename: str | None = None) -> None:
    """Keep a checkpoint whatever a policy says, until `unpin`; any process may.

    Raises FileMissingError if it is not there.

    >>> import tempfile, tfckpt
    >>> saver = tfckpt.Saver(keep=tfckpt.keep.last(1))
    >>> folder = tempfile.mkdtemp()
    >>> tfckpt.keep.pin(saver.save({"w": [1.0]}, folder + "/m", 1), "the one in the paper")
    >>> for step in (2, 3):
    ...     path = saver.save({"w": [1.0]}, folder + "/m", step)
    >>> [tfckpt.checkpoint_exists(f"{folder}/m-{step}") for step in (1, 2, 3)]
    [True, False, True]
    """
    _change(path, latest_filename, lambda record: record._replace(pin=why))


def unpin(path: AnyPath, *, latest_filename: str | None = None) -> None:
    """Leave a checkpoint to policies again.

    Raises FileMissingError if it is not there.
    """
    _change(path, latest_filename, lambda record: record._replace(pin=None))


def record_metrics(
    path: AnyPath, metrics: Mapping[str, Any], *, latest_filename: str | None = None
) -> None:
    """Note metrics of a checkpoint that was saved before, beside those it has.

    For evaluations that come later, or in another process. The next save, or `prune`, judges by
    them. Raises FileMissingError if it is not there, TypeError for what is no number.

    >>> import tempfile, tfckpt
    >>> saver = tfckpt.Saver(keep=tfckpt.keep.best("loss"))
    >>> path = saver.save({"w": [1.0]}, tempfile.mkdtemp() + "/m", 1)
    >>> tfckpt.keep.record_metrics(path, {"loss": 0.3})
    """
    new = checked_metrics(metrics)
    _change(
        path,
        latest_filename,
        lambda record: record._replace(metrics={**(record.metrics or {}), **new}),
    )


def _change(path: AnyPath, latest_filename: str | None, change: Callable[[Record], Record]) -> None:
    prefix = check_prefix(path)
    folder, name = os.path.split(prefix)
    _check_there(prefix)
    with lock_folder(history_path(folder, latest_filename)):
        _check_there(prefix)
        records = {record.name: record for record in known(folder, latest_filename)}
        if name not in records:
            raise FileMissingError(
                "the state file there does not name this checkpoint", path=prefix
            )
        records[name] = change(records[name])
        write_history(folder, latest_filename, records.values())


def _check_there(prefix: str) -> None:
    if not checkpoint_exists(prefix):
        raise FileMissingError("no checkpoint of this name", path=prefix)
