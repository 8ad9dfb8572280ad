"""Calls that programs make in passing and that have no effect here, such as choosing a device."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from tfckpt.compat.absent import NeedsTensorFlow


class FileWriter:
    """A summary writer that writes nothing."""

    def __init__(
        self,
        logdir: Any,
        graph: Any = None,
        max_queue: int = 10,
        flush_secs: int = 120,
        graph_def: Any = None,
        filename_suffix: Any = None,
        session: Any = None,
    ) -> None:
        self._logdir = logdir

    def get_logdir(self) -> Any:
        return self._logdir

    def add_summary(self, summary: Any, global_step: Any = None) -> None:
        """Write nothing."""

    def add_graph(self, graph: Any, global_step: Any = None, graph_def: Any = None) -> None:
        """Write nothing."""

    def add_event(self, event: Any) -> None:
        """Write nothing."""

    def add_meta_graph(self, meta_graph_def: Any, global_step: Any = None) -> None:
        """Write nothing."""

    def flush(self) -> None:
        """Write nothing."""

    def close(self) -> None:
        """Write nothing."""

    def reopen(self) -> None:
        """Write nothing."""

    def __enter__(self) -> FileWriter:
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()


def set_random_seed(seed: Any) -> None:
    """Do nothing: there are no random numbers."""


def disable_resource_variables() -> None:
    """Do nothing: there is one kind of variable."""


def enable_resource_variables() -> None:
    """Do nothing: there is one kind of variable."""


def disable_v2_tensorshape() -> None:
    """Do nothing: the sizes of a shape are ints with a ``.value``."""


def enable_v2_tensorshape() -> None:
    """Do nothing: the sizes of a shape are ints with a ``.value``."""


def disable_control_flow_v2() -> None:
    """Do nothing: there is no control flow."""


def disable_tensor_equality() -> None:
    """Do nothing: tensors are equal if they are the same."""


def set_visible_devices(devices: Any, device_type: Any = None) -> None:
    """Do nothing: there are no devices."""


def get_visible_devices(device_type: Any = None) -> list[Any]:
    """List no devices."""
    return []


def list_physical_devices(device_type: Any = None) -> list[Any]:
    """List no devices."""
    return []


def list_logical_devices(device_type: Any = None) -> list[Any]:
    """List no devices."""
    return []


def set_memory_growth(device: Any, enable: bool) -> None:
    """Do nothing: there are no devices."""


def set_logical_device_configuration(device: Any, logical_devices: Any) -> None:
    """Do nothing: there are no devices."""


class LogicalDeviceConfiguration(NamedTuple):
    """How a device that there is not would be parted."""

    memory_limit: Any = None
    experimental_priority: Any = None
    experimental_device_ordinal: Any = None


def enable_tensor_float_32_execution(enabled: bool) -> None:
    """Do nothing: nothing is computed."""


def enable_op_determinism() -> None:
    """Do nothing: nothing is computed."""


def set_jit(enabled: bool | str) -> None:
    """Do nothing: nothing is compiled."""


def set_experimental_options(options: Any) -> None:
    """Do nothing: no graph is optimized."""


def set_soft_device_placement(enabled: bool) -> None:
    """Do nothing: there are no devices."""


def run_functions_eagerly(run_eagerly: bool) -> None:
    """Do nothing: there are no functions."""


def set_intra_op_parallelism_threads(num_threads: int) -> None:
    """Do nothing: nothing is computed."""


def set_inter_op_parallelism_threads(num_threads: int) -> None:
    """Do nothing: nothing is computed."""


def is_gpu_available(cuda_only: bool = False, min_cuda_compute_capability: Any = None) -> bool:
    """Return False: there are no devices."""
    return False


def is_built_with_cuda() -> bool:
    """Return False: there are no devices."""
    return False


def clear_session(free_memory: bool = True) -> None:
    """Start over with an empty default graph."""
    from tfckpt.compat.graphs import reset_default_graph

    reset_default_graph()


def set_session(session: Any) -> None:
    """Make a session the default one."""
    from tfckpt.compat.tensors import set_default_session

    set_default_session(session)


def set_value(x: Any, value: Any) -> None:
    """Set a variable, in the default session if there is one."""
    from tfckpt.compat.tensors import Run, get_default_session
    from tfckpt.compat.variables import put

    put(x, value, Run(get_default_session()))


def get_value(x: Any) -> Any:
    """Return the value of a variable, in the default session if there is one."""
    from tfckpt.compat.tensors import Run, get_default_session

    return Run(get_default_session()).value(x)


@contextmanager
def silence() -> Iterator[None]:
    """Do nothing: no warnings are given of what is deprecated."""
    yield


def as_bytes(bytes_or_text: Any, encoding: str = "utf-8") -> bytes:
    """Return text as bytes."""
    if isinstance(bytes_or_text, bytearray):
        return bytes(bytes_or_text)
    if isinstance(bytes_or_text, str):
        return bytes_or_text.encode(encoding)
    if isinstance(bytes_or_text, bytes):
        return bytes_or_text
    raise TypeError(f"Expected binary or unicode string, got {bytes_or_text!r}")


def as_text(bytes_or_text: Any, encoding: str = "utf-8") -> str:
    """Return bytes as text."""
    if isinstance(bytes_or_text, str):
        return bytes_or_text
    if isinstance(bytes_or_text, bytes):
        return bytes_or_text.decode(encoding)
    raise TypeError(f"Expected binary or unicode string, got {bytes_or_text!r}")


def as_str(bytes_or_text: Any, encoding: str = "utf-8") -> str:
    """Return bytes as text."""
    return as_text(bytes_or_text, encoding)


def as_str_any(value: Any, encoding: str = "utf-8") -> str:
    """Return anything as text."""
    return as_str(value, encoding) if isinstance(value, bytes) else str(value)


def path_to_str(path: Any) -> Any:
    """Return a path as text."""
    return as_str_any(os.fspath(path)) if hasattr(path, "__fspath__") else path


def PyRecordReader_New(*args: Any) -> Any:  # noqa: N802
    """Raise: TensorBoard reads its records by itself then."""
    raise NeedsTensorFlow("tensorflow.python.pywrap_tensorflow.PyRecordReader_New")


VERSION = "2.21.0"
__version__ = VERSION
GIT_VERSION = "tfckpt"
COMPILER_VERSION = "none"
GRAPH_DEF_VERSION = 2521
