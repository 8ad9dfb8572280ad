"""tf.errors: TensorFlow's classes, and this library's errors as instances of both.

A program catches ``tf.errors.NotFoundError``, or what Python has: ``KeyError``, ``OSError``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

from tfckpt import errors as own

F = TypeVar("F", bound=Callable[..., Any])

# As in ``tensorflow/core/protobuf/error_codes.proto``.
OK = 0
CANCELLED = 1
UNKNOWN = 2
INVALID_ARGUMENT = 3
DEADLINE_EXCEEDED = 4
NOT_FOUND = 5
ALREADY_EXISTS = 6
PERMISSION_DENIED = 7
RESOURCE_EXHAUSTED = 8
FAILED_PRECONDITION = 9
ABORTED = 10
OUT_OF_RANGE = 11
UNIMPLEMENTED = 12
INTERNAL = 13
UNAVAILABLE = 14
DATA_LOSS = 15
UNAUTHENTICATED = 16


class OpError(Exception):
    """What TensorFlow's errors have in common: `message`, `error_code`, `node_def`, `op`."""

    node_def: Any = None
    op: Any = None
    error_code: int = UNKNOWN

    def __init__(self, node_def: Any, op: Any, message: str, error_code: int, *args: Any) -> None:
        Exception.__init__(self, message)
        self.node_def, self.op, self.message, self.error_code = node_def, op, message, error_code

    def __str__(self) -> str:
        if isinstance(self, own.CheckpointError):
            return own.CheckpointError.__str__(self)
        return str(self.message)

    def __reduce__(self) -> tuple[Any, ...]:
        kind = type(self)
        found = _ORIGINS.get(kind)
        make: tuple[Any, ...] = (kind,) if found is None else (_class_of_both, *found)
        return _unpickled, (make, self.args, dict(vars(self)))


def _unpickled(make: tuple[Any, ...], args: tuple[Any, ...], state: dict[str, Any]) -> Any:
    kind = make[0] if len(make) == 1 else make[0](*make[1:])
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(state)
    return error


class _CodedError(OpError):
    """An error of one kind: its class has the code."""

    def __init__(self, node_def: Any, op: Any, message: str, *args: Any) -> None:
        OpError.__init__(self, node_def, op, message, self.error_code, *args)


class AbortedError(_CodedError):
    """An operation was aborted."""

    error_code = ABORTED


class AlreadyExistsError(_CodedError):
    """What is to be made exists."""

    error_code = ALREADY_EXISTS


class CancelledError(_CodedError):
    """An operation was cancelled."""

    error_code = CANCELLED


class DataLossError(_CodedError):
    """The bytes are damaged."""

    error_code = DATA_LOSS


class DeadlineExceededError(_CodedError):
    """It took too long."""

    error_code = DEADLINE_EXCEEDED


class FailedPreconditionError(_CodedError):
    """A variable has no value, or a path is no file."""

    error_code = FAILED_PRECONDITION


class InternalError(_CodedError):
    """Something is broken inside."""

    error_code = INTERNAL


class InvalidArgumentError(_CodedError):
    """What was given does not fit."""

    error_code = INVALID_ARGUMENT


class NotFoundError(_CodedError):
    """A file or a tensor is not there."""

    error_code = NOT_FOUND


class OutOfRangeError(_CodedError):
    """It is beyond the end."""

    error_code = OUT_OF_RANGE


class PermissionDeniedError(_CodedError):
    """It is not allowed."""

    error_code = PERMISSION_DENIED


class ResourceExhaustedError(_CodedError):
    """There is not enough of something."""

    error_code = RESOURCE_EXHAUSTED


class UnauthenticatedError(_CodedError):
    """Nobody knows who asks."""

    error_code = UNAUTHENTICATED


class UnavailableError(_CodedError):
    """It is not there now."""

    error_code = UNAVAILABLE


class UnimplementedError(_CodedError):
    """It is not implemented."""

    error_code = UNIMPLEMENTED


class UnknownError(_CodedError):
    """Nothing is known of the reason."""

    error_code = UNKNOWN


_CODES: dict[int, type[OpError]] = {kind.error_code: kind for kind in _CodedError.__subclasses__()}

# What TensorFlow raises where Python, or this library, raises that; the first that fits.
_TENSORFLOWS: tuple[tuple[type[Exception], type[OpError]], ...] = (
    (own.NotFoundError, NotFoundError),
    (own.DataLossError, DataLossError),
    (own.InvalidArgumentError, InvalidArgumentError),
    (own.FailedPreconditionError, FailedPreconditionError),
    (own.ResourceExhaustedError, ResourceExhaustedError),
    (own.UnimplementedError, UnimplementedError),
    (own.CheckpointError, UnknownError),
    (FileNotFoundError, NotFoundError),
    (FileExistsError, AlreadyExistsError),
    (PermissionError, PermissionDeniedError),
    (NotADirectoryError, FailedPreconditionError),
    (IsADirectoryError, FailedPreconditionError),
    (OSError, UnknownError),
)

_BOTH: dict[tuple[type[OpError], type[Exception]], type[Exception]] = {}
_ORIGINS: dict[type, tuple[type[OpError], type[Exception]]] = {}  # class of both -> the two


def _class_of_both(theirs: type[OpError], ours: type[Exception]) -> type[Exception]:
    """Return the class of errors that are TensorFlow's and the other's."""
    if (theirs, ours) not in _BOTH:
        both = type(theirs.__name__, (theirs, ours), {"__module__": __name__})
        _BOTH[theirs, ours], _ORIGINS[both] = both, (theirs, ours)
    return _BOTH[theirs, ours]


def as_tensorflows(error: Exception) -> Exception:
    """Return the error as one of TensorFlow's class too; itself if there is none."""
    for ours, theirs in _TENSORFLOWS:
        if isinstance(error, ours) and not isinstance(error, OpError):
            kind = _class_of_both(theirs, type(error))
            made: Any = kind.__new__(kind)
            made.args = error.args
            made.__dict__.update({"message": str(error), **vars(error)})
            if isinstance(error, OSError):
                made.errno, made.strerror = error.errno, error.strerror
                made.filename = error.filename
            return made.with_traceback(error.__traceback__)  # type: ignore[no-any-return]
    return error


@contextmanager
def translated() -> Iterator[None]:
    """Turn this library's errors, and the system's, into TensorFlow's."""
    try:
        yield
    except Exception as error:
        made = as_tensorflows(error)
        if made is error:
            raise
        raise made from error.__cause__


def tensorflow_errors(function: F) -> F:
    """Decorate a function: its errors are TensorFlow's too."""

    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        with translated():
            return function(*args, **kwargs)

    return wrapper  # type: ignore[return-value]


def exception_type_from_error_code(error_code: int) -> type[OpError]:
    """Return the class of a code's errors."""
    return _CODES[error_code]


def error_code_from_exception_type(cls: type[Exception]) -> int:
    """Return the code of a class of errors."""
    return cls.error_code if cls in _CODES.values() else UNKNOWN  # type: ignore[attr-defined]
