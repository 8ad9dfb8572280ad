"""A save that was checked and named, and has yet to be written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy.typing as npt

Arrays: TypeAlias = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True, eq=False)
class PreparedSave:
    """What `save` does once its arguments were found to be right; `run` does it.

    Every `save` prepares and runs at once; a background save runs later, with copies of the
    arrays.
    """

    path: str
    """What names the checkpoint."""
    arrays: Arrays
    """The arrays that are going to be written, as they are in the caller's hands."""
    write: Callable[[Arrays, int | None], str]
    """Writes these, with at most so many threads; returns the path."""

    def run(self, threads: int | None = None) -> str:
        """Write the checkpoint; return its path. `threads` None takes what the machine has."""
        return self.write(self.arrays, threads)

    def of(self, arrays: Arrays) -> PreparedSave:
        """Return the same save, of other arrays."""
        return replace(self, arrays=arrays)

    def then(self, after: Callable[[str], object]) -> PreparedSave:
        """Return the same save, after which `after` is called with its path."""

        def write(arrays: Arrays, threads: int | None) -> str:
            path = self.write(arrays, threads)
            after(path)
            return path

        return replace(self, write=write)
