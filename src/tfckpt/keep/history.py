"""The file beside a state file that has what TensorFlow's has no room for.

``checkpoint.tfckpt.json`` beside ``checkpoint``; TensorFlow does not look at it.

    {"version": 1,
     "checkpoints": [{"name": "m-10", "step": 10, "time": 1700000000.0,
                      "metrics": {"loss": 0.3}, "pin": null, "reasons": ["of the last 3"]},
                     ...]}

Oldest first. It is written before the state file, and lists also what is about to be deleted: if
a kill comes between, the next save deletes it. Where it is lost, it is made anew from the state
file and the files' times; metrics are then not known. That is not the same as having none: `best`
keeps a checkpoint whose metrics are not known.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable

from tfckpt.keep.record import Record, step_in
from tfckpt.names import AnyPath, as_path
from tfckpt.protos import CheckpointState
from tfckpt.state import (
    beside_state,
    checkpoint_exists,
    get_checkpoint_mtimes,
    read_state,
    state_path,
)
from tfckpt.storage import is_file, read_file, write_file

logger = logging.getLogger("tfckpt")

HISTORY_SUFFIX = ".tfckpt.json"
_VERSION = 1


def history_path(folder: str, latest_filename: str | None = None) -> str:
    return state_path(folder, latest_filename) + HISTORY_SUFFIX


def read_history(folder: str, latest_filename: str | None = None) -> list[Record] | None:
    """Return what the file says, oldest first; None if there is none, or (logged) it is none."""
    path = history_path(folder, latest_filename)
    if not is_file(path):
        return None
    try:
        found = json.loads(read_file(path))
        if found["version"] != _VERSION:
            raise ValueError(f"version {found['version']!r}, where {_VERSION} is expected")
        records = [Record.from_json(item) for item in found["checkpoints"]]
        if any(
            os.path.basename(record.name) != record.name or "\0" in record.name
            for record in records
        ):
            raise ValueError("a name leads elsewhere")
        return records
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        logger.warning("%s: %s: ignored; metrics that it had are not known", path, error)
        return None


def write_history(
    folder: str,
    latest_filename: str | None,
    records: Iterable[Record],
    *,
    fsync: bool = True,
) -> None:
    """Write the file; a reader sees the old one or the new one."""
    found = {"version": _VERSION, "checkpoints": [record.to_json() for record in records]}
    text = json.dumps(found, indent=1, allow_nan=False) + "\n"
    write_file(history_path(folder, latest_filename), text.encode(), fsync=fsync)


def known(folder: AnyPath, latest_filename: str | None = None) -> list[Record]:
    """Return what there is of a folder's checkpoints that a state file named, oldest first.

    What is gone from the folder is left out, and so is what no state file of it ever named.
    """
    path = as_path(folder)
    noted = read_history(path, latest_filename)
    state = read_state(state_path(path, latest_filename))
    found = {record.name: record for record in noted or ()}
    named = [] if state is None else _named(state, path)
    new = [(name, time) for name, time in named if name not in found]
    metrics: dict[str, float] | None = None if noted is None else {}
    found |= {name: Record(name, step_in(name), time, metrics) for name, time in new}
    there = [
        record for record in found.values() if checkpoint_exists(os.path.join(path, record.name))
    ]
    return sorted(there, key=lambda record: record.time) if new and noted else there


def _named(state: CheckpointState, folder: str) -> list[tuple[str, float]]:
    """Return which checkpoints of this folder a state file names, and when they were saved."""
    paths = list(state.all_model_checkpoint_paths)
    times = list(state.all_model_checkpoint_timestamps)
    if len(times) != len(paths):
        times = [0.0] * len(paths)
    if state.model_checkpoint_path and state.model_checkpoint_path not in paths:
        paths.append(state.model_checkpoint_path)
        times.append(0.0)
    here = [beside_state(path, folder) for path in paths]
    return [
        (os.path.basename(path), time or _modified(path))
        for path, time in zip(here, times, strict=True)
    ]


def _modified(path: str) -> float:
    return next(iter(get_checkpoint_mtimes([path])), 0.0)
