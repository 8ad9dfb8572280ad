"""The files of a group as one save left them, opened when they are needed.

Some are kept open, so that they can be read even after a later save has replaced them. A process
has few descriptors: beyond that a file is opened each time, and refused if it is another by then.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from tfckpt.errors import DataLossError, FailedPreconditionError, FileMissingError
from tfckpt.storage.commit import Group, committed
from tfckpt.storage.descriptor import fair_share
from tfckpt.storage.lock import ThreadLock
from tfckpt.storage.opening import open_source
from tfckpt.storage.places import is_remote
from tfckpt.storage.source import Source
from tfckpt.storage.store import Info

_KEPT = 64
_NO_DESCRIPTOR = frozenset({errno.EMFILE, errno.ENFILE})


T = TypeVar("T")


class _Open(Generic[T]):
    __slots__ = ("made", "source")

    def __init__(self, source: Source, made: T) -> None:
        self.source = source
        self.made = made


class Members(Generic[T]):
    """Files of a group by number, each as what `make` makes of its source.

    `path_of` names them; where there is no group a file is never committed with others. `infos`
    are those behind a URL, if a listing has told of all of them. Any number of threads may ask.
    """

    def __init__(
        self,
        group: Group | None,
        path_of: Callable[[int], str],
        make: Callable[[Source], T],
        *,
        mmap: bool,
        infos: Mapping[str, Info] | None = None,
    ) -> None:
        self._group = group
        self._path_of = path_of
        self._make = make
        self._mmap = mmap
        self._infos = infos
        self._lock = ThreadLock()
        self._most = fair_share(_KEPT)
        self._open: dict[int, _Open[T]] = {}
        self.versions: dict[int, object] = {}
        """What each file was when it was opened first."""
        self.sizes: dict[int, int] = {}
        """The bytes of each file that was opened."""

    def open_first(self, count: int) -> None:
        """Open the first of `count` files, as many as are kept; what is missing is said later.

        Not those behind a URL: nothing can be kept open there, and each would be a request.
        """
        if count and is_remote(self._path_of(0)):
            return
        for number in range(min(count, self._most)):
            try:
                self._keep(number, self._opened(number, under_way=self._under_way()))
            except FileMissingError:
                continue
            except FailedPreconditionError as error:
                if error.errno in _NO_DESCRIPTOR:
                    return

    def open(self, number: int, is_current: Callable[[], bool]) -> T:
        """Return what is made of a file.

        `is_current` says whether the save that is read is still the one in place; that is asked of
        a file that is opened for the first time later than the others.

        Raises FileMissingError; DataLossError if a later save has replaced it.
        """
        found = self._open.get(number)
        if found is None:
            with self._lock:
                found = self._open.get(number) or self._open_later(number, is_current)
        return found.made

    def where(self, number: int) -> str:
        """Return the path that a file has at this moment."""
        return self._place(self._path_of(number), under_way=self._under_way())

    def close(self) -> None:
        with self._lock:
            for member in self._open.values():
                member.source.close()
            self._open.clear()

    def _keep(self, number: int, source: Source) -> _Open[T]:
        while len(self._open) >= self._most:
            # Not closed here: another thread may be reading it. The last to hold it closes it.
            del self._open[next(iter(self._open))]
        found = self._open[number] = _Open(source, self._make(source))
        self.versions.setdefault(number, source.version)
        self.sizes[number] = source.size
        return found

    def _open_later(self, number: int, is_current: Callable[[], bool]) -> _Open[T]:
        """Open a file that was not opened with the others."""
        missing: FileMissingError | None = None
        for under_way in (self._under_way(), False):  # again, if a commit ended meanwhile
            try:
                source = self._with_room(number, under_way=under_way)
            except FileMissingError as error:
                missing = error
                continue
            known = self.versions.get(number)
            if source.distant and known is None:  # checksums tell whether it belongs here
                return self._keep(number, source)
            if source.version == known if known is not None else is_current():
                return self._keep(number, source)
            source.close()
            missing = None
        if missing is not None:
            raise missing
        raise DataLossError("the checkpoint was replaced since it was opened: open it again")

    def _with_room(self, number: int, *, under_way: bool) -> Source:
        try:
            return self._opened(number, under_way=under_way)
        except FailedPreconditionError as error:
            if error.errno not in _NO_DESCRIPTOR or not self._open:
                raise
        self._open.clear()
        return self._opened(number, under_way=under_way)

    def _opened(self, number: int, *, under_way: bool) -> Source:
        path = self._path_of(number)
        place = self._place(path, under_way=under_way)
        info = None
        if self._infos is not None:
            info = self._infos.get(place)
            if info is None:
                raise FileMissingError("no such file", path=place)
        try:
            return open_source(place, mmap=self._mmap, info=info)
        except FileMissingError:
            if place == path:
                raise
            return open_source(path, mmap=self._mmap)  # its commit went on meanwhile

    def _under_way(self) -> bool:
        return self._group is not None and self._group.under_way

    @staticmethod
    def _place(path: str, *, under_way: bool) -> str:
        return path if is_remote(path) else committed(path, under_way=under_way)
