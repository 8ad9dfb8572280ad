"""What reads checkpoints and state files, with TensorFlow's arguments, answers and errors."""

from __future__ import annotations

from typing import Any

import tfckpt
from tfckpt.compat.dtypes import DType, as_dtype
from tfckpt.compat.errors import tensorflow_errors


class CheckpointReader:
    """The reader of a checkpoint."""

    @tensorflow_errors
    def __init__(self, filename: Any) -> None:
        self._reader = tfckpt.load_checkpoint(filename)

    @tensorflow_errors
    def get_tensor(self, tensor_str: Any) -> Any:
        """Return a tensor: an array, numpy's scalar, bytes."""
        return self._reader.get_tensor(tensor_str)

    @tensorflow_errors
    def has_tensor(self, tensor_str: Any) -> bool:
        """Whether there is a tensor of this name."""
        return self._reader.has_tensor(tensor_str)

    @tensorflow_errors
    def get_variable_to_shape_map(self) -> dict[str, list[int]]:
        """Return the shapes of all tensors by name."""
        return self._reader.get_variable_to_shape_map()

    @tensorflow_errors
    def get_variable_to_dtype_map(self) -> dict[str, DType]:
        """Return the types of all tensors by name."""
        return {name: as_dtype(int(info.data_type)) for name, info in self._reader.infos().items()}

    @tensorflow_errors
    def debug_string(self) -> bytes:
        """Return a line for each tensor."""
        return self._reader.debug_string()

    def __repr__(self) -> str:
        return f"<CheckpointReader of {self._reader.path!r}>"


def NewCheckpointReader(filepattern: Any) -> CheckpointReader:  # noqa: N802
    """Open a checkpoint."""
    return CheckpointReader(filepattern)


def load_checkpoint(ckpt_dir_or_file: Any) -> CheckpointReader:
    """Open a checkpoint, or the latest of a folder."""
    return CheckpointReader(ckpt_dir_or_file)


@tensorflow_errors
def load_variable(ckpt_dir_or_file: Any, name: Any) -> Any:
    """Return one tensor of a checkpoint."""
    return tfckpt.load_variable(ckpt_dir_or_file, name)


@tensorflow_errors
def list_variables(ckpt_dir_or_file: Any) -> list[tuple[str, list[int]]]:
    """List the tensors of a checkpoint: names and shapes, sorted by name."""
    return tfckpt.list_variables(ckpt_dir_or_file)


@tensorflow_errors
def get_checkpoint_state(checkpoint_dir: Any, latest_filename: str | None = None) -> Any:
    """Return what the state file of a folder says, None if there is none."""
    return tfckpt.get_checkpoint_state(checkpoint_dir, latest_filename)


@tensorflow_errors
def latest_checkpoint(checkpoint_dir: Any, latest_filename: str | None = None) -> str | None:
    """Return the latest checkpoint of a folder, None if there is none."""
    if checkpoint_dir is None:
        return None
    return tfckpt.latest_checkpoint(checkpoint_dir, latest_filename)


@tensorflow_errors
def checkpoint_exists(checkpoint_prefix: Any) -> bool:
    """Whether there is a checkpoint of this prefix."""
    return tfckpt.checkpoint_exists(checkpoint_prefix)


@tensorflow_errors
def get_checkpoint_mtimes(checkpoint_prefixes: Any) -> list[float]:
    """Return when each checkpoint was written."""
    return tfckpt.get_checkpoint_mtimes(checkpoint_prefixes)


@tensorflow_errors
def remove_checkpoint(
    checkpoint_prefix: Any, checkpoint_format_version: int = 2, meta_graph_suffix: str = "meta"
) -> None:
    """Delete a checkpoint."""
    tfckpt.remove_checkpoint(checkpoint_prefix, checkpoint_format_version, meta_graph_suffix)


@tensorflow_errors
def generate_checkpoint_state_proto(
    save_dir: Any,
    model_checkpoint_path: Any,
    all_model_checkpoint_paths: Any = None,
    all_model_checkpoint_timestamps: Any = None,
    last_preserved_timestamp: Any = None,
) -> Any:
    """Make the message of a state file."""
    return tfckpt.generate_checkpoint_state_proto(
        save_dir,
        model_checkpoint_path,
        all_model_checkpoint_paths=all_model_checkpoint_paths,
        all_model_checkpoint_timestamps=all_model_checkpoint_timestamps,
        last_preserved_timestamp=last_preserved_timestamp,
    )


@tensorflow_errors
def update_checkpoint_state(
    save_dir: Any,
    model_checkpoint_path: Any,
    all_model_checkpoint_paths: Any = None,
    latest_filename: str | None = None,
    all_model_checkpoint_timestamps: Any = None,
    last_preserved_timestamp: Any = None,
) -> None:
    """Write the state file of a folder."""
    tfckpt.update_checkpoint_state(
        save_dir,
        model_checkpoint_path,
        all_model_checkpoint_paths=all_model_checkpoint_paths,
        latest_filename=latest_filename,
        all_model_checkpoint_timestamps=all_model_checkpoint_timestamps,
        last_preserved_timestamp=last_preserved_timestamp,
    )


def checkpoints_iterator(
    checkpoint_dir: Any,
    min_interval_secs: float = 0,
    timeout: float | None = None,
    timeout_fn: Any = None,
) -> Any:
    """Yield the checkpoints of a folder as they come."""
    return tfckpt.checkpoints_iterator(checkpoint_dir, min_interval_secs, timeout, timeout_fn)
