"""The state file, named ``checkpoint``: which checkpoints a folder has, and which is the latest.

    model_checkpoint_path: "m-3"            the latest
    all_model_checkpoint_paths: "m-2"       all that are kept, oldest first; the last is the latest
    all_model_checkpoint_paths: "m-3"
    all_model_checkpoint_timestamps: ...    CheckpointManager's: when each was saved
    last_preserved_timestamp: ...           CheckpointManager's: when the last was kept for good

A CheckpointState message as text. Its paths are absolute, or relative to its folder.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Sequence

from tfckpt.bundle.commit import committed_index
from tfckpt.errors import InvalidArgumentError
from tfckpt.names import AnyPath, as_path
from tfckpt.parsing import parse_text
from tfckpt.protos import CheckpointState
from tfckpt.storage import (
    is_file,
    is_remote,
    join,
    modified_at,
    read_file,
    relative,
    version_at,
    write_file,
)
from tfckpt.v1.naming import files_at, patterns_at

STATE_FILE = "checkpoint"

# A Saver that is faster than the reader of its state file has deleted what that names.
_ATTEMPTS = 100

logger = logging.getLogger("tfckpt")


def get_checkpoint_state(
    checkpoint_dir: AnyPath, latest_filename: str | None = None
) -> CheckpointState | None:
    """Read a folder's state file; None if there is none, or (logged) it does not parse.

    Relative paths in it come back joined to `checkpoint_dir`.

    Raises InvalidArgumentError (a ValueError) if the file names no checkpoint.

    >>> import tempfile, tfckpt
    >>> folder = tempfile.mkdtemp()
    >>> tfckpt.update_checkpoint_state(folder, "m-7")
    >>> state = tfckpt.get_checkpoint_state(folder)
    >>> state.model_checkpoint_path == folder + "/m-7"
    True
    """
    folder = as_path(checkpoint_dir)
    path = state_path(folder, latest_filename)
    state = read_state(path)
    if state is None:
        return None
    if not state.model_checkpoint_path:
        raise InvalidArgumentError(
            f"Invalid checkpoint state loaded from {folder}: it names no checkpoint", path=path
        )
    state.model_checkpoint_path = _joined(folder, state.model_checkpoint_path)
    paths = [_joined(folder, path) for path in state.all_model_checkpoint_paths]
    state.all_model_checkpoint_paths[:] = paths
    return state


def _joined(folder: str, path: str) -> str:
    """Return a path of a state file from where the caller stands.

    A URL in a file of this machine leads nowhere: it would have requests sent on its word.
    """
    here = folder or os.curdir if is_remote(path) else folder
    return join(here, path)


def state_path(folder: str, latest_filename: str | None = None) -> str:
    return join(folder, STATE_FILE if latest_filename is None else latest_filename)


def read_state(path: str) -> CheckpointState | None:
    """Read a state file as it stands; None if there is none, or (logged) it is none."""
    try:
        state = parse_text(read_file(path).decode("utf-8"), CheckpointState, last_counts=True)
        if any("\0" in path for path in _paths_of(state)):
            raise ValueError("a path has a zero byte in it")
        return state
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        logger.warning("%s: %s: Checkpoint ignored", path, error)
        return None


def _paths_of(state: CheckpointState) -> list[str]:
    return [state.model_checkpoint_path, *state.all_model_checkpoint_paths]


def write_state(path: str, state: CheckpointState, *, fsync: bool = True) -> None:
    """Write a state file; a reader sees the old one or the new one."""
    from google.protobuf import text_format

    write_file(path, text_format.MessageToString(state, as_utf8=True).encode(), fsync=fsync)


def latest_in_state(folder: str, latest_filename: str | None = None) -> str | None:
    """Return the checkpoint that a folder's state file calls the latest, None if there is none.

    As `tfckpt.latest_checkpoint` does, and with its errors.
    """
    read: str | None = None
    for _ in range(_ATTEMPTS):
        state = get_checkpoint_state(folder, latest_filename)
        if state is None:
            return None
        path: str = state.model_checkpoint_path
        found = found_at(path, folder)
        if found is not None:
            if found != path:
                logger.warning("%s is gone; taking %s, beside the state file", path, found)
            return found
        if path == read:
            break
        read = path  # unless another was saved since, and this one deleted, it is gone
    logger.error("Couldn't match files for checkpoint %s", path)
    return None


def found_at(path: str, folder: str) -> str | None:
    """Return where a checkpoint of the state file in `folder` is now; None if it is gone.

    The file of a bucket leads to no file of this machine.
    """
    if is_remote(path) == is_remote(folder) and checkpoint_exists(path):
        return path
    beside = beside_state(path, folder)
    return beside if checkpoint_exists(beside) else None


def beside_state(path: str, folder: str) -> str:
    """Return where a checkpoint would be whose folder was moved along with its state file."""
    # Whoever wrote the path may have had another system's separators.
    return join(folder, path.replace("\\", "/").rpartition("/")[2])


def checkpoint_exists(checkpoint_prefix: AnyPath) -> bool:
    """Whether there is a checkpoint of this prefix, V2 or V1.

    Names are compared, never globbed, but for the ``-?????-of-00002`` (or ``-?????-of-?????``) of
    a sharded V1 checkpoint.
    """
    return bool(_marks(as_path(checkpoint_prefix)))


def version_of_checkpoint(prefix: str) -> object:
    """Return what tells one writing of a checkpoint from the next; None if there is none."""
    marks = _marks(prefix)
    return version_at(marks[0]) if marks else None


def get_checkpoint_mtimes(checkpoint_prefixes: Iterable[AnyPath]) -> list[float]:
    """Return when each checkpoint was written, in whole seconds since 1970, as TensorFlow does.

    Prefixes without a checkpoint are left out, so the list may be shorter than what was given.
    Behind a URL it is what the store says.
    """
    marks = (_marks(as_path(prefix)) for prefix in checkpoint_prefixes)
    times = (modified_at(found[0]) for found in marks if found)
    return [float(int(when)) for when in times if when is not None]


def _marks(prefix: str) -> list[str]:
    """Return the files whose being there makes a checkpoint: an index, or V1's data."""
    index = committed_index(prefix)
    if is_file(index):
        return [index]
    return files_at(prefix) or [
        path for pattern in patterns_at(prefix) for path in files_at(pattern)
    ]


def generate_checkpoint_state_proto(
    save_dir: AnyPath,
    model_checkpoint_path: str,
    all_model_checkpoint_paths: Sequence[str] | None = None,
    all_model_checkpoint_timestamps: Sequence[float] | None = None,
    last_preserved_timestamp: float | None = None,
) -> CheckpointState:
    """Make the message for a state file in `save_dir`; nothing is written.

    `all_model_checkpoint_paths` are the checkpoints that are kept, oldest first; the latest is
    added to their end if it is not there. If `save_dir` is relative, relative paths are taken
    from the current folder and become relative to `save_dir`; absolute ones stay.

    Raises ValueError unless there is a timestamp for each path, or none at all.

    >>> import tfckpt
    >>> tfckpt.generate_checkpoint_state_proto("run", "run/m-2", ["run/m-1"])
    model_checkpoint_path: "m-2"
    all_model_checkpoint_paths: "m-1"
    all_model_checkpoint_paths: "m-2"
    <BLANKLINE>
    """
    folder, latest = as_path(save_dir), as_path(model_checkpoint_path)
    paths = [as_path(path) for path in all_model_checkpoint_paths or []]
    if not paths or paths[-1] != latest:
        paths.append(latest)
    times = all_model_checkpoint_timestamps
    if times and len(times) != len(paths):
        raise ValueError(
            f"Checkpoint timestamps, if provided, must match checkpoint paths (got paths {paths} "
            f"and timestamps {list(times)})"
        )
    if not os.path.isabs(folder):
        paths = [path if os.path.isabs(path) else relative(path, folder) for path in paths]
    return CheckpointState(
        model_checkpoint_path=paths[-1],
        all_model_checkpoint_paths=paths,
        all_model_checkpoint_timestamps=times,
        last_preserved_timestamp=last_preserved_timestamp,
    )


def update_checkpoint_state(
    save_dir: AnyPath,
    model_checkpoint_path: str,
    all_model_checkpoint_paths: Sequence[str] | None = None,
    latest_filename: str | None = None,
    all_model_checkpoint_timestamps: Sequence[float] | None = None,
    last_preserved_timestamp: float | None = None,
    *,
    save_relative_paths: bool = False,
    fsync: bool = True,
) -> None:
    """Write the state file of `save_dir`, as `generate_checkpoint_state_proto` makes it.

    With `save_relative_paths`, absolute paths too become relative to `save_dir`.

    Raises RuntimeError if the state file would have the name of the checkpoint itself.
    """
    folder = as_path(save_dir)
    state = state_for(
        folder,
        model_checkpoint_path,
        paths=all_model_checkpoint_paths,
        latest_filename=latest_filename,
        timestamps=all_model_checkpoint_timestamps,
        last_preserved_timestamp=last_preserved_timestamp,
        save_relative_paths=save_relative_paths,
    )
    write_state(state_path(folder, latest_filename), state, fsync=fsync)


def state_for(
    folder: str,
    latest: str,
    paths: Sequence[str] | None,
    latest_filename: str | None,
    timestamps: Sequence[float] | None = None,
    last_preserved_timestamp: float | None = None,
    *,
    save_relative_paths: bool = False,
) -> CheckpointState:
    """Make what `update_checkpoint_state` writes."""
    if save_relative_paths and os.path.isabs(folder):
        latest = _relative(latest, folder)
        paths = [_relative(path, folder) for path in paths or []]
    state = generate_checkpoint_state_proto(
        folder,
        latest,
        all_model_checkpoint_paths=paths,
        all_model_checkpoint_timestamps=timestamps,
        last_preserved_timestamp=last_preserved_timestamp,
    )
    if save_relative_paths:
        state.model_checkpoint_path = _relative(state.model_checkpoint_path, folder)
        state.all_model_checkpoint_paths[:] = [
            _relative(path, folder) for path in state.all_model_checkpoint_paths
        ]
    if state_path(folder, latest_filename) == state.model_checkpoint_path:
        raise state_conflict(latest)
    return state


def state_conflict(save_path: str) -> RuntimeError:
    """Return the error for a checkpoint whose path is that of its state file."""
    return RuntimeError(
        f"Save path '{save_path}' conflicts with path used for checkpoint state. "
        f"Please use a different save path."
    )


def _relative(path: str, folder: str) -> str:
    return os.path.relpath(path, folder) if os.path.isabs(path) else path
