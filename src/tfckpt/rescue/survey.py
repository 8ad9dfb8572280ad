"""What is left of a damaged checkpoint: which tensors are whole, and which are lost and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tfckpt.checking.finding import Finding
from tfckpt.storage import Source, open_source
from tfckpt.tensors.slices import FULL, Shape, TensorSlice
from tfckpt.tensors.stored import Array


class Lost(NamedTuple):
    """Something that is not there any more, or not as it was saved."""

    tensor: str | None
    """Its name; None for a stretch of a table that may have had any number of them."""
    reason: str
    path: str | None = None
    ranges: tuple[tuple[int, int], ...] = ()
    """Which bytes of that file: from the first of each to the second, which is not one of them."""
    parts: tuple[str, ...] = ()
    """Of a partitioned tensor of which the rest is whole, what is lost: ``[2:4, :]``."""

    def __str__(self) -> str:
        what = "entries of the table" if self.tensor is None else self.tensor
        where = "" if self.path is None else self.path
        if self.ranges:
            where += ", bytes " + ", ".join(f"{start} to {stop}" for start, stop in self.ranges)
        parts = f" {' '.join(self.parts)}" if self.parts else ""
        return f"{what}{parts}: {self.reason}{f' ({where})' if where else ''}"

    def to_json(self) -> dict[str, Any]:
        return self._asdict() | {"ranges": [list(ends) for ends in self.ranges]}


class Piece(NamedTuple):
    """A part of a tensor whose values are whole."""

    slice: TensorSlice
    size: int
    read: Callable[[], Array]


class Survivor(NamedTuple):
    """A tensor of which something is whole."""

    data_type: int
    shape: Shape
    pieces: tuple[Piece, ...]
    lost: Lost | None = None
    """What of it is not."""
    doubt: str | None = None
    """Why no checksum confirms that this is it; None where one does."""


def everything(shape: Shape) -> TensorSlice:
    return TensorSlice(((0, FULL),) * len(shape))


def notation(part: TensorSlice, shape: Shape) -> str:
    """Return a slice as numpy writes it.

    >>> notation(TensorSlice.parse("2,2:-"), (8, 3))
    '[2:4, :]'
    """
    index = (
        ":" if length == FULL else f"{start}:{start + length}" for start, length in part.extents
    )
    return f"[{', '.join(index)}]"


class Files:
    """The files of a damaged checkpoint, opened when they are needed."""

    def __init__(self) -> None:
        self._open: dict[str, Source] = {}

    def source(self, path: str) -> Source:
        """Return a file. Raises as `open_source`."""
        if path not in self._open:
            self._open[path] = open_source(path)
        return self._open[path]

    def close(self) -> None:
        while self._open:
            self._open.popitem()[1].close()


@dataclass
class Survey:
    """What was found of one checkpoint."""

    path: str
    tensors: dict[str, Survivor] = field(default_factory=dict)
    lost: list[Lost] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    files: Files = field(default_factory=Files)

    def lose(
        self,
        tensor: str | None,
        reason: str,
        path: str | None = None,
        ranges: Iterable[tuple[int, int]] = (),
        parts: Sequence[str] = (),
    ) -> None:
        self.lost.append(Lost(tensor, reason, path, ranges=tuple(ranges), parts=tuple(parts)))
