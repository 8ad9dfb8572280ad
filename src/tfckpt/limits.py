"""How much a file may ask for: memory beyond its size, and work beyond what any writer causes.

A format can say a great deal in a few bytes: one value that stands for a gigabyte of them, a
million outputs, objects below objects. No checkpoint that a program wrote comes near these limits;
one that was made to do harm meets them instead of the machine's.

>>> import tempfile, tfckpt
>>> prefix = tfckpt.save(tempfile.mkdtemp() + "/model.ckpt", {"w": [1.0, 2.0]})
>>> with tfckpt.Limits.untrusted():
...     weights = tfckpt.load(prefix)
"""

from __future__ import annotations

from dataclasses import dataclass

from tfckpt.errors import ResourceExhaustedError
from tfckpt.settings import Settings


@dataclass(frozen=True)
class Limits(Settings):
    """Limits that hold within a ``with`` block, and for the readers that are opened there.

    Raises ValueError for one that is negative.
    """

    memory: int = 256 << 20
    """Bytes that values may take whatever the size of the file that they come from."""
    memory_ratio: int = 64
    """How many times the bytes of their file values may take, where that is more."""
    slices: int = 65_536
    """Slices of one partitioned tensor."""
    nesting: int = 1_000
    """Objects below objects in an object-based checkpoint."""
    objects: int = 4_000_000
    """Objects, and what they refer to, in an object-based checkpoint."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value < 0:
                raise ValueError(f"the limit {name!r} cannot be {value}")

    @classmethod
    def untrusted(cls) -> Limits:
        """Return limits for files from anybody: generous for any model, close to their own size."""
        return cls(
            memory=16 << 20,
            memory_ratio=8,
            slices=4_096,
            nesting=100,
            objects=200_000,
        )

    def memory_for(self, stored: int) -> int:
        """Return how many bytes values may take that come from so many stored bytes."""
        return max(self.memory, self.memory_ratio * stored)

    def check_memory(self, needed: int, stored: int, what: str) -> None:
        """Raise ResourceExhaustedError where values are out of proportion to their stored bytes."""
        allowed = self.memory_for(stored)
        if needed > allowed:
            raise ResourceExhaustedError(
                f"{what} would take {needed} bytes of memory, made of {stored}: no more than "
                f"{allowed} are allowed (tfckpt.Limits(memory={needed}) allows it)"
            )

    def check(self, limit: str, found: int, what: str) -> None:
        """Raise ResourceExhaustedError where something is more than a limit."""
        allowed = getattr(self, limit)
        if found > allowed:
            raise ResourceExhaustedError(
                f"{found} {what}, no more than {allowed} are allowed "
                f"(tfckpt.Limits({limit}={found}) allows it)"
            )


_DEFAULT = Limits()


def current() -> Limits:
    """Return the limits that hold here."""
    return Limits.innermost() or _DEFAULT
