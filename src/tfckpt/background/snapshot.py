"""Copies of arrays as they are at one moment, in memory that the next copies use again."""

from __future__ import annotations

import logging
import mmap
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from tfckpt.background.prepared import Arrays

Array: TypeAlias = npt.NDArray[Any]

logger = logging.getLogger("tfckpt")

_ALIGNMENT = 64  # a cache line, and what vector instructions want
_PIECE = 8 << 20  # so much is copied by one thread at a time
_MOST_THREADS = 8  # more do not fill the memory's bus any better


class Buffer:
    """Memory for one snapshot, which starts at a page and is taken again by the next.

    It is private to the process: after a fork, parent and child have one each.
    """

    def __init__(self) -> None:
        self.size = 0
        self._memory: mmap.mmap | None = None

    def snapshot(self, arrays: Arrays) -> Arrays:
        """Return the arrays as they are now; what nobody can change is not copied.

        Raises MemoryError where there is not so much memory, before anything is copied.
        """
        changing = {id(array): array for array in arrays.values() if not is_immutable(array)}
        plain = {key: array for key, array in changing.items() if not array.dtype.hasobject}
        self._reserve(sum(_padded(array.nbytes) for array in plain.values()))
        copies = dict(self._laid_out(plain))
        _copy_all([(copies[key], array) for key, array in plain.items()])
        copies |= {key: array.copy() for key, array in changing.items() if key not in plain}
        return {name: copies.get(id(array), array) for name, array in arrays.items()}

    def _reserve(self, size: int) -> None:
        if size <= self.size:
            return
        logger.info("snapshots take %d bytes of memory from now on", size)
        self._memory, self.size = None, 0
        try:
            if os.name == "nt":
                self._memory = mmap.mmap(-1, size)
            else:
                flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
                self._memory = mmap.mmap(-1, size, flags=flags)
        except OSError as error:
            raise MemoryError(f"a snapshot needs {size} bytes of memory: {error}") from error
        self.size = size

    def _laid_out(self, arrays: dict[int, Array]) -> Iterator[tuple[int, Array]]:
        at = 0
        for key, array in arrays.items():
            # An array in Fortran's order is copied in that order: it is turned when it is written.
            turned = array.flags.f_contiguous and not array.flags.c_contiguous
            shape = array.shape[::-1] if turned else array.shape
            copy: Array
            if array.nbytes:
                copy = np.ndarray(shape, array.dtype, buffer=self._memory, offset=at)
            else:
                copy = np.empty(shape, array.dtype)
            yield key, copy.T if turned else copy
            at += _padded(array.nbytes)


def is_immutable(array: Array) -> bool:
    """Whether nobody can change an array's elements.

    One that is read-only may be a view of another that is not, or be made writable again by its
    owner. But bytes, and the arrays of jax, never change.
    """
    base: Any = array
    while isinstance(base, np.ndarray):
        if base.flags.writeable:
            return False
        base = base.base
    if isinstance(base, memoryview):
        base = base.obj if base.readonly else None
    return isinstance(base, bytes) or type(base).__module__.partition(".")[0] in ("jax", "jaxlib")


def _padded(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT


def _copy_all(pairs: list[tuple[Array, Array]]) -> None:
    pieces = [piece for target, source in pairs for piece in _pieces(target, source)]
    threads = min(os.cpu_count() or 1, len(pieces), _MOST_THREADS)
    if threads < 2 or sum(source.nbytes for _, source in pieces) < _PIECE:
        for target, source in pieces:
            np.copyto(target, source)
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="tfckpt-snapshot") as pool:
        for done in [pool.submit(np.copyto, target, source) for target, source in pieces]:
            done.result()


def _pieces(target: Array, source: Array) -> Iterator[tuple[Array, Array]]:
    """Cut a copy into parts for several threads."""
    if source.flags.f_contiguous:
        target, source = target.T, source.T
    if not source.flags.c_contiguous or source.nbytes <= _PIECE:
        yield target, source
        return
    flat_target, flat_source = target.reshape(-1), source.reshape(-1)
    step = max(1, _PIECE // source.itemsize)
    for at in range(0, source.size, step):
        yield flat_target[at : at + step], flat_source[at : at + step]
