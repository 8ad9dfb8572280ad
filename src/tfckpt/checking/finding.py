"""What is found wrong with a checkpoint."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, TypeAlias

from tfckpt.errors import (
    CheckpointError,
    FailedPreconditionError,
    NotFoundError,
    ResourceExhaustedError,
    UnimplementedError,
)

# damage: bytes contradict the format, a checksum or each other; missing: a file, or what a file
# speaks of, is not there; unread: it could not be looked at; note: odd, and no value depends on it
Kind: TypeAlias = Literal["damage", "missing", "unread", "note"]


class Finding(NamedTuple):
    """One thing that is not as it should be, and where."""

    kind: Kind
    message: str
    path: str | None = None
    tensor: str | None = None
    offset: int | None = None

    @classmethod
    def of(cls, error: CheckpointError, path: str | None = None) -> Finding:
        """Take what an error says; `path` is its file where it names none."""
        return cls(
            _kind(error),
            error.message,
            error.path or path,
            tensor=error.tensor,
            offset=error.offset,
        )

    @property
    def is_serious(self) -> bool:
        """Whether it is more than a note."""
        return self.kind != "note"

    def __str__(self) -> str:
        where = [] if self.path is None else [self.path]
        where += [] if self.tensor is None else [f"tensor {self.tensor!r}"]
        where += [] if self.offset is None else [f"offset {self.offset}"]
        return f"{', '.join(where)}: {self.message}" if where else self.message

    def to_json(self) -> dict[str, Any]:
        return self._asdict()


def _kind(error: CheckpointError) -> Kind:
    if isinstance(error, NotFoundError):
        return "missing"
    if isinstance(error, FailedPreconditionError | ResourceExhaustedError | UnimplementedError):
        return "unread"
    return "damage"
