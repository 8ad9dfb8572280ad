"""What a file in the making is, on this machine or in a store."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import NoReturn, TypeVar

from tfckpt.coding import Buffer

Self = TypeVar("Self", bound="NewFile")


class NewFile(ABC):
    """A file that shows under its name once it is published, whole.

    Leaving its ``with`` block unpublished removes what there is of it, and so does dropping it.
    """

    path: str
    size: int = 0
    """Bytes written so far."""

    @abstractmethod
    def write(self, data: Buffer) -> None:
        """Put bytes behind those that are there. Raises FailedPreconditionError."""

    @property
    @abstractmethod
    def temporary_path(self) -> str:
        """A path of this machine, for a library that writes the file by itself."""

    @abstractmethod
    def flush(self) -> None:
        """Bring the bytes to where they stay, as far as that can be before they show."""

    @abstractmethod
    def publish(self) -> None:
        """Give the file its name, replacing what has it. Raises FailedPreconditionError."""

    @abstractmethod
    def is_at(self, path: str) -> bool:
        """Whether this very file has the name `path`."""

    @abstractmethod
    def withdraw(self, path: str) -> None:
        """Undo that it was given a name that nothing had, if it was."""

    @abstractmethod
    def discard(self) -> None:
        """Remove the file unless it is published."""

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{self.path}: a file in the making cannot be copied or pickled")

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.discard()
