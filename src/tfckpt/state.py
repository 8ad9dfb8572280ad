"""The state file, named ``checkpoint``: which checkpoints a folder has, and which is the latest.

A CheckpointState message as text. Its paths are relative to its folder, or absolute.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from os import PathLike, fspath

from tfckpt.bundle.commit import committed_index
from tfckpt.errors import InvalidArgumentError
from tfckpt.protos import CheckpointState
from tfckpt.storage import write_file

STATE_FILE = "checkpoint"

logger = logging.getLogger("tfckpt")


def get_checkpoint_state(
    checkpoint_dir: str | PathLike[str], latest_filename: str | None = None
) -> CheckpointState | None:
    """Read a folder's state file; None if there is none, or (with a warning) it does not parse.

    Relative paths in it come back joined to `checkpoint_dir`.

    Raises InvalidArgumentError (a ValueError) if the file names no checkpoint.
    """
    folder = fspath(checkpoint_dir)
    path = os.path.join(folder, latest_filename or STATE_FILE)
    state = _read_state(path)
    if state is None:
        return None
    if not state.model_checkpoint_path:
        raise InvalidArgumentError(
            f"Invalid checkpoint state loaded from {folder}: it names no checkpoint", path=path
        )
    state.model_checkpoint_path = os.path.join(folder, state.model_checkpoint_path)
    paths = [os.path.join(folder, one) for one in state.all_model_checkpoint_paths]
    del state.all_model_checkpoint_paths[:]
    state.all_model_checkpoint_paths.extend(paths)
    return state


def _read_state(path: str) -> CheckpointState | None:
    from google.protobuf import text_format

    try:
        with open(path, "rb") as file:
            text = file.read().decode("utf-8", "surrogateescape")
        return text_format.Parse(text, CheckpointState())
    except FileNotFoundError:
        return None
    except (OSError, text_format.ParseError, ValueError) as error:
        logger.warning("%s: %s: ignored", path, error)
        return None


def latest_checkpoint(
    checkpoint_dir: str | PathLike[str], latest_filename: str | None = None
) -> str | None:
    """Return the prefix of a folder's latest checkpoint, None if there is none.

    Where the state file names a checkpoint that is gone, one of the same name beside the state
    file is taken: the folder was moved or renamed.
    """
    state = get_checkpoint_state(checkpoint_dir, latest_filename)
    if state is None:
        return None
    path = state.model_checkpoint_path
    if checkpoint_exists(path):
        return path
    # Whoever wrote the path may have had another system's separators.
    moved = os.path.join(fspath(checkpoint_dir), path.replace("\\", "/").rpartition("/")[2])
    if checkpoint_exists(moved):
        logger.warning("%s is gone; taking %s, beside the state file", path, moved)
        return moved
    logger.error("Couldn't match files for checkpoint %s", path)
    return None


def checkpoint_exists(checkpoint_prefix: str | PathLike[str]) -> bool:
    """Whether there is a checkpoint of this prefix, V2 or V1."""
    prefix = fspath(checkpoint_prefix)
    return os.path.isfile(committed_index(prefix)) or os.path.isfile(prefix)


def generate_checkpoint_state_proto(
    save_dir: str | PathLike[str],
    model_checkpoint_path: str,
    all_model_checkpoint_paths: Sequence[str] | None = None,
) -> CheckpointState:
    folder = fspath(save_dir)
    paths = list(all_model_checkpoint_paths or [])
    if not paths or paths[-1] != model_checkpoint_path:
        paths.append(model_checkpoint_path)
    if not os.path.isabs(folder):
        paths = [one if os.path.isabs(one) else os.path.relpath(one, folder) for one in paths]
    return CheckpointState(model_checkpoint_path=paths[-1], all_model_checkpoint_paths=paths)


def write_state(path: str, state: CheckpointState, *, fsync: bool = True) -> None:
    from google.protobuf import text_format

    write_file(path, text_format.MessageToString(state, as_utf8=True).encode(), fsync=fsync)
