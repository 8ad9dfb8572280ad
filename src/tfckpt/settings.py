"""Settings that hold within a ``with`` block, in the thread or task that entered it."""

from __future__ import annotations

from contextvars import ContextVar
from types import TracebackType
from typing import Any, ClassVar, TypeVar

Self = TypeVar("Self", bound="Settings")


class Settings:
    """What is entered by ``with``; each subclass is a kind of its own, the innermost holds."""

    _entered: ClassVar[ContextVar[tuple[Any, ...]]]

    def __init_subclass__(cls) -> None:
        cls._entered = ContextVar(f"tfckpt.{cls.__name__}", default=())

    @classmethod
    def innermost(cls: type[Self]) -> Self | None:
        """Return the settings that hold here, None outside of any block."""
        entered = cls._entered.get()
        return entered[-1] if entered else None

    def __enter__(self: Self) -> Self:
        self._entered.set((*self._entered.get(), self))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._entered.set(self._entered.get()[:-1])
