"""Reading ahead, for whoever asks for one tensor after the other.

Tensor by tensor, a loop over a reader spends its time around the work: on lookups, system calls,
checksums by one core alone. Fetched together, 50,000 small tensors take a fifth of that, and those
of a megabyte are checked on all cores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from tfckpt.bundle.entry import Entry
from tfckpt.bundle.fetch import is_big
from tfckpt.errors import CheckpointError
from tfckpt.tensors.stored import Array

# With as much as this at a time the work is all that is left. Copies take memory, mappings none.
_MOST_TENSORS = 1024
_MOST_COPIED = 16 << 20
_MOST_BYTES = 64 << 20

Fetch = Callable[[Sequence[str]], Mapping[str, Array]]


class ReadAhead:
    """Hands out tensors that are asked for in the order of `names`.

    The number that is fetched together doubles as long as the caller asks for each of them. So a
    caller who stops has paid for at most twice what was used. An array is handed out once. Threads
    may ask at the same time; at worst a tensor is then fetched twice.

    `entry_of` says what is stored under a name; None where that is to be read by itself. `maps`
    says whether big tensors are mapped, and not copied.
    """

    def __init__(
        self, names: Iterable[str], entry_of: Callable[[str], Entry | None], *, maps: bool
    ) -> None:
        self._entry_of = entry_of
        self._maps = maps
        self._names = list(names)
        self._places: dict[str, int] | None = None
        self._arrays: dict[str, Array] = {}
        self._count = 0  # how many the last fetch brought
        self._end = 0  # where in the names the next fetch would begin

    def take(self, name: str, fetch: Fetch) -> Array | None:
        """Return a tensor, None for one that is to be read by itself.

        `fetch` returns tensors of these names, checked.
        """
        array = self._arrays.pop(name, None)
        return self._next(name, fetch) if array is None else array

    def clear(self) -> None:
        """Forget what was not asked for yet."""
        self._arrays = {}

    def _next(self, name: str, fetch: Fetch) -> Array | None:
        """Fetch some tensors from `name` on, if it follows those that were fetched last."""
        at = self._place(name)
        if at is None:
            return None
        follows = at == self._end and not self._arrays
        names = self._together(at, 2 * self._count) if follows else []
        arrays = {}
        if len(names) > 1:
            try:
                arrays = dict(fetch(names))
            except CheckpointError:  # raised again, with its name, when that tensor is asked for
                names = []
        self._count = max(1, len(names))
        self._end = at + self._count
        array = arrays.pop(name, None)
        self._arrays = arrays
        return array

    def _place(self, name: str) -> int | None:
        end = self._end
        if end < len(self._names) and self._names[end] == name:
            return end
        if self._places is None:
            self._places = {name: at for at, name in enumerate(self._names)}
        return self._places.get(name)

    def _together(self, at: int, count: int) -> list[str]:
        """Return the names from `at` on, up to `count`, that are worth fetching together."""
        names = []
        size = copied = 0
        for name in self._names[at : at + min(count, _MOST_TENSORS)]:
            entry = self._entry_of(name)
            if entry is None or entry.slices:
                break
            size += entry.size
            copied += 0 if self._maps and is_big(entry) else entry.size
            if size > _MOST_BYTES or copied > _MOST_COPIED:
                break
            names.append(name)
        return names
