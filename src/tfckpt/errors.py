"""What can go wrong with a checkpoint.

    CheckpointError
      DataLossError(ValueError)                the bytes contradict the format or a checksum
        UnparsableFileError(OSError)           a graph's or SavedModel's file is no such message
      NotFoundError
        TensorNotFoundError(KeyError)          the checkpoint has no such tensor
        FileMissingError(FileNotFoundError)    a file, or a whole checkpoint, is not there
      InvalidArgumentError(ValueError)         the request does not fit, or that is no checkpoint
      FailedPreconditionError(OSError)         the file system refused an operation
      ResourceExhaustedError                   the file asks for more than `tfckpt.Limits` allow
      UnimplementedError(NotImplementedError)  valid, but not supported here

The names are TensorFlow's (``tf.errors``). Damaged bytes are always one of these and never
anything else. Misuse of the Python API raises what TensorFlow raises: ``ValueError``,
``TypeError``, ``RuntimeError``, ``AssertionError``.

Each error says what is wrong, where (file, tensor, offset), what was expected and found. The
parts are also there as attributes: `path`, `tensor` and `offset` (None where they make no sense).

>>> import tfckpt
>>> try:
...     tfckpt.load_checkpoint("/nowhere/model.ckpt")
... except FileNotFoundError as error:
...     print(type(error).__name__)
FileMissingError
"""

from __future__ import annotations

from errno import ENOENT
from types import TracebackType
from typing import Any

__all__ = [
    "CheckpointError",
    "DataLossError",
    "FailedPreconditionError",
    "FileMissingError",
    "InvalidArgumentError",
    "NotFoundError",
    "ResourceExhaustedError",
    "TensorNotFoundError",
    "UnimplementedError",
    "UnparsableFileError",
]


class CheckpointError(Exception):
    """Root of everything this library says about checkpoints."""

    def __init__(
        self,
        message: str,
        *,
        path: str | None = None,
        tensor: str | None = None,
        offset: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.tensor = tensor
        self.offset = offset

    def __str__(self) -> str:
        # KeyError would show the repr, OSError its errno: all of ours read the same.
        where = []
        if self.path is not None:
            where.append(self.path)
        if self.tensor is not None:
            where.append(f"tensor {self.tensor!r}")
        if self.offset is not None:
            where.append(f"offset {self.offset}")
        return f"{', '.join(where)}: {self.message}" if where else self.message

    def __reduce__(self) -> tuple[object, ...]:
        state = dict(vars(self))
        if isinstance(self, OSError):
            state |= {name: getattr(self, name) for name in ("errno", "strerror", "filename")}
        return _rebuild, (type(self), self.message), state


def _rebuild(kind: type[CheckpointError], message: str) -> CheckpointError:
    return kind(message)


class DataLossError(CheckpointError, ValueError):
    """The bytes contradict the format or a checksum."""


class UnparsableFileError(DataLossError, OSError):
    """A file of a graph or a SavedModel does not parse; TensorFlow has an IOError here."""

    def __init__(self, message: str, **where: Any) -> None:
        super().__init__(message, **where)
        self.strerror, self.filename = message, self.path


class NotFoundError(CheckpointError):
    """A tensor, a node or a file is not there."""


class TensorNotFoundError(NotFoundError, KeyError):
    """The checkpoint (or graph) holds no such name."""


class FileMissingError(NotFoundError, FileNotFoundError):
    """A file, or a whole checkpoint, is not there. `errno` is ENOENT."""

    def __init__(self, message: str, **where: Any) -> None:
        super().__init__(message, **where)
        self.errno, self.strerror, self.filename = ENOENT, message, self.path


class InvalidArgumentError(CheckpointError, ValueError):
    """What was asked for does not fit what is there, or what is there is no checkpoint."""


class FailedPreconditionError(CheckpointError, OSError):
    """The file system refused an operation; `errno`, `strerror` and `filename` say more."""


class ResourceExhaustedError(CheckpointError):
    """What a file asks for is out of proportion to it; `tfckpt.Limits` says what is allowed."""


class UnimplementedError(CheckpointError, NotImplementedError):
    """Valid, but not supported by this library (variants, resources)."""


class located:  # noqa: N801  used as a function
    """Adds the place to the errors of a deeper layer, which knows only what it was handed.

    A class, as each lookup enters several: what ``contextlib`` makes of a generator takes three
    times as long.
    """

    __slots__ = ("_offset", "_path", "_tensor")

    def __init__(
        self, path: str | None = None, tensor: str | None = None, offset: int | None = None
    ) -> None:
        self._path = path
        self._tensor = tensor
        self._offset = offset

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, CheckpointError):
            error.path = error.path if error.path is not None else self._path
            error.tensor = error.tensor if error.tensor is not None else self._tensor
            error.offset = error.offset if error.offset is not None else self._offset
