"""tf.TensorShape: the shape of a tensor, of which less may be known."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any


class Dimension(int):
    """A known size of a shape: an int, with the ``.value`` that it had in TensorFlow 1."""

    @property
    def value(self) -> int:
        return int(self)


class TensorShape:
    """A tuple of sizes, each None where it is not known; or nothing at all known."""

    def __init__(self, dims: Any) -> None:
        self._dims: tuple[Dimension | None, ...] | None = _dims_of(dims)

    @property
    def dims(self) -> list[Dimension | None] | None:
        return None if self._dims is None else list(self._dims)

    @property
    def rank(self) -> int | None:
        return None if self._dims is None else len(self._dims)

    ndims = rank

    def as_list(self) -> list[int | None]:
        """Return the sizes. Raises ValueError if not even their number is known."""
        if self._dims is None:
            raise ValueError("as_list() is not defined on an unknown TensorShape.")
        return [None if size is None else int(size) for size in self._dims]

    def is_fully_defined(self) -> bool:
        return self._dims is not None and None not in self._dims

    def num_elements(self) -> int | None:
        """Return the number of elements, None if it is not known."""
        return math.prod(self.as_list()) if self.is_fully_defined() else None  # type: ignore[arg-type]

    def is_compatible_with(self, other: Any) -> bool:
        """Whether a tensor could have both shapes."""
        theirs = TensorShape(other)._dims
        if self._dims is None or theirs is None:
            return True
        pairs = zip(self._dims, theirs, strict=False)
        return len(self._dims) == len(theirs) and all(a == b or None in (a, b) for a, b in pairs)

    def __len__(self) -> int:
        if self._dims is None:
            raise ValueError("Cannot take the length of shape with unknown rank.")
        return len(self._dims)

    def __iter__(self) -> Iterator[Dimension | None]:
        if self._dims is None:
            raise ValueError("Cannot iterate over a shape with unknown rank.")
        return iter(self._dims)

    def __getitem__(self, key: Any) -> Any:
        if self._dims is None:
            return TensorShape(None) if isinstance(key, slice) else None
        return TensorShape(self._dims[key]) if isinstance(key, slice) else self._dims[key]

    def __bool__(self) -> bool:
        return self._dims is not None

    def __eq__(self, other: object) -> bool:
        try:
            return self._dims == TensorShape(other)._dims
        except TypeError:
            return NotImplemented

    def __hash__(self) -> int:
        return hash(self._dims)

    def __add__(self, other: Any) -> TensorShape:
        return TensorShape([*self, *TensorShape(other)])

    def __str__(self) -> str:
        if self._dims is None:
            return "<unknown>"
        return f"({', '.join(map(str, self._dims))}{',' * (len(self._dims) == 1)})"

    def __repr__(self) -> str:
        return f"TensorShape({None if self._dims is None else list(self._dims)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return TensorShape, (None if self._dims is None else self.as_list(),)


def _dims_of(dims: Any) -> tuple[Dimension | None, ...] | None:
    if dims is None:
        return None
    if isinstance(dims, TensorShape):
        return dims._dims
    if hasattr(dims, "unknown_rank"):  # a TensorShapeProto
        if dims.unknown_rank:
            return None
        dims = [None if dim.size < 0 else dim.size for dim in dims.dim]
    if isinstance(dims, int):
        dims = [dims]
    if isinstance(dims, str):
        raise TypeError(f"a shape is made of integers, not {dims!r}")
    sizes = tuple(None if size is None or size == -1 else Dimension(size) for size in dims)
    if any(size is not None and size < 0 for size in sizes):
        raise ValueError(f"a shape has no negative sizes: {dims!r}")
    return sizes
