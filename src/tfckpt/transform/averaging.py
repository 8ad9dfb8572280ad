"""The average of several checkpoints.

Big tensors that lie in bundles are read a few hundred kilobytes of each checkpoint at a time: what
is read is checksummed and added up while a core's cache holds it, and a writer takes what comes of
it piece by piece, while threads work on the next ones. Others take the memory of one tensor,
however many checkpoints there are.
"""

from __future__ import annotations

import logging
import math
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from tfckpt.bundle.reader import BundleReader
from tfckpt.bundle.stored import StoredTensor, stored_at
from tfckpt.checksum import combine, crc32c, mask
from tfckpt.dtypes import number_kind
from tfckpt.errors import InvalidArgumentError
from tfckpt.names import shown
from tfckpt.tensors.selection import Index
from tfckpt.tensors.slices import volume
from tfckpt.tensors.stored import Array, new_array
from tfckpt.transform.merging import same_tensor
from tfckpt.transform.slots import without_slots
from tfckpt.transform.tensors import LazyTensor, LazyTensors, Tensors, as_lazy

Others: TypeAlias = Literal["newest", "equal"]
Missing: TypeAlias = Literal["error", "drop"]

_CHUNK = 1 << 16  # elements of each checkpoint that are added up together
_PIECE = 16 * _CHUNK  # what a thread does at a time
_TASK = 64 * _CHUNK  # what a task of an executor does, which may have to be sent to a process
_BIG = 1 << 20  # bytes; a smaller tensor is not worth any threads
_THREADS = min(4, os.cpu_count() or 1)

logger = logging.getLogger("tfckpt")


def average(
    checkpoints: Sequence[Tensors],
    weights: Sequence[float] | None = None,
    drop_slots: bool = True,
    *,
    decay: float | None = None,
    others: Others = "newest",
    missing: Missing = "error",
    executor: Executor | None = None,
) -> LazyTensors:
    """Return the average of checkpoints of one model, the newest of which is the last.

    Fractions and complex numbers are added up in double precision, and come in the dtype that they
    have. `weights` has a number for each checkpoint; `decay` is instead that of an exponential
    average: the newest counts 1, the one before it `decay`, and so on. Integers and strings (steps,
    counters) are the newest's; with `others` "equal" they have to be the same in all. Slots of
    optimizers are left out (`without_slots`) unless ``drop_slots=False``.

    `executor` runs the work on parts of big tensors; without one a few threads do. Those of a
    process pool open the files for themselves.

    Raises InvalidArgumentError for names that a checkpoint lacks, all of which it lists (with
    `missing` "drop" a logged warning does, and they are left out), and for dtypes and shapes that
    differ.

    >>> import numpy as np
    >>> average([{"w": np.zeros(2)}, {"w": np.ones(2)}], weights=[1, 3])["w"]
    array([0.75, 0.75])
    """
    if isinstance(checkpoints, str | bytes) or not checkpoints:
        raise ValueError("average needs several checkpoints, such as a list of prefixes")
    if others not in ("newest", "equal") or missing not in ("error", "drop"):
        raise ValueError("others is 'newest' or 'equal', missing is 'error' or 'drop'")
    factors = _factors(len(checkpoints), weights, decay)
    given = [as_lazy(checkpoint) for checkpoint in checkpoints]
    if drop_slots:
        given = [without_slots(tensors) for tensors in given]
    names = _common(given, missing)
    averaged: dict[str, LazyTensor] = {}
    wrong: list[str] = []
    for name in names:
        tensors = [checkpoint.tensors[name] for checkpoint in given]
        newest = tensors[-1]
        kinds = {(tensor.info.data_type, tensor.info.shape) for tensor in tensors}
        if number_kind(newest.info.dtype) in ("fraction", "complex"):
            averaged[name] = Average(tensors, factors, executor)
            wrong += [f"{name!r} differs in dtype or shape"] * (len(kinds) > 1)
        else:
            averaged[name] = newest
            if others == "equal" and not all(
                same_tensor(tensor, newest) for tensor in tensors[:-1]
            ):
                wrong.append(f"{name!r} has several values")
    if wrong:
        raise InvalidArgumentError(
            f"the checkpoints do not agree: {shown(wrong)}", path=given[-1].path
        )
    return LazyTensors(
        averaged, [reader for checkpoint in reversed(given) for reader in checkpoint.readers]
    )


class Average(LazyTensor):
    """The weighted average of tensors of one dtype and shape."""

    def __init__(
        self,
        tensors: Sequence[LazyTensor],
        factors: Sequence[float],
        executor: Executor | None = None,
    ) -> None:
        newest = tensors[-1].info
        size = volume(newest.shape) * newest.dtype.itemsize
        self.info = newest._replace(slices=(), stored_size=size)
        self._tensors = tensors
        self._factors = factors
        self._executor = executor

    @property
    def made_of(self) -> Sequence[LazyTensor]:
        return self._tensors

    def read(self, index: Index | None = None) -> Array:
        pieces = self.pieces() if index is None else None
        if pieces is None:
            return self._one_after_another(index)
        made = new_array(self.info.shape, self.info.dtype)
        flat, at = made.reshape(-1), 0
        for values in pieces:
            flat[at : at + values.size] = values
            at += values.size
        return made

    def pieces(self) -> Iterator[Array] | None:
        if self.info.stored_size < _BIG:
            return None
        stored = [
            found
            for tensor in self._tensors
            if tensor.origin is not None
            and (found := stored_at(*tensor.origin)) is not None
            and found.can_be_copied
            and not found.entry.slices
        ]
        if len(stored) < len(self._tensors):
            return None
        return _pieces(stored, self._factors, self.info.dtype, self._executor)

    def _one_after_another(self, index: Index | None) -> Array:
        """Add up tensors that have to be decoded first, or parts of tensors."""
        total: Array | None = None
        wide = np.empty(_CHUNK, _sum_dtype(self.info.dtype))
        for tensor, factor in zip(self._tensors, self._factors, strict=True):
            value = np.asarray(tensor.read(index))
            if total is None:
                total = np.empty(value.shape, wide.dtype)
                _scale(value, factor, total)
                continue
            for at in range(0, value.size, _CHUNK):
                part = slice(at, at + _CHUNK)
                values = value.reshape(-1)[part]
                _add(total.reshape(-1)[part], values, factor, wide[: values.size])
        assert total is not None
        made = np.empty(total.shape, self.info.dtype)
        _divide(total, sum(self._factors), made)
        return made


def _pieces(
    stored: Sequence[StoredTensor],
    factors: Sequence[float],
    dtype: np.dtype[Any],
    executor: Executor | None,
) -> Iterator[Array]:
    """Yield the average of tensors that lie in bundles, piece by piece of the files.

    Raises DataLossError, after the last, for a tensor whose bytes do not have their checksum.
    """
    for tensor in stored:
        tensor.reader.shard_of(tensor.name, tensor.entry).check(tensor.name, tensor.entry)
    sources = [_Source(tensor.reader, tensor.name) for tensor in stored]
    count = volume(stored[-1].entry.shape)
    size = _PIECE if executor is None else _TASK
    parts = [slice(at, min(at + size, count)) for at in range(0, count, size)]
    checksums: list[list[int]] = []
    for values, found in _in_order(partial(_piece, sources, factors, dtype), parts, executor):
        checksums.append(found)
        yield values
    sizes = [(part.stop - part.start) * dtype.itemsize for part in parts]
    for number, tensor in enumerate(stored):
        crc = combine((found[number], size) for found, size in zip(checksums, sizes, strict=True))
        if tensor.reader.verifies and mask(crc) != tensor.entry.crc32c:
            raise tensor.reader.shard_of(tensor.name, tensor.entry).mismatch(
                tensor.name, tensor.entry, crc
            )


_Piece: TypeAlias = tuple[Array, list[int]]


def _in_order(
    work: Callable[[slice], _Piece], parts: Sequence[slice], executor: Executor | None
) -> Iterator[_Piece]:
    """Yield what comes of each part; threads are no more than a few parts ahead."""
    if executor is not None:
        yield from executor.map(work, parts)
        return
    waiting: deque[Future[_Piece]] = deque()
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="tfckpt-average") as threads:
        for part in parts:
            waiting.append(threads.submit(work, part))
            if len(waiting) > _THREADS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


class _Source(NamedTuple):
    """A tensor of a bundle; a copy of it, in another process, opens the files for itself."""

    reader: BundleReader
    name: str


def _piece(
    sources: Sequence[_Source], factors: Sequence[float], dtype: np.dtype[Any], part: slice
) -> _Piece:
    """Return the average of a part of the elements, and the checksum of each source's."""
    entries = [source.reader.entry(source.name) for source in sources]
    files = [
        source.reader.shard_of(source.name, entry).source
        for source, entry in zip(sources, entries, strict=True)
    ]
    crcs = [0] * len(sources)
    made = np.empty(part.stop - part.start, dtype)
    buffer = np.empty(min(_CHUNK, made.size), dtype)
    total, wide = np.empty((2, buffer.size), _sum_dtype(dtype))
    weight = sum(factors)
    for at in range(0, made.size, _CHUNK):
        size = min(_CHUNK, made.size - at)
        values, sums = buffer[:size], total[:size]
        memory = values.view(np.uint8).data
        for number, (entry, file) in enumerate(zip(entries, files, strict=True)):
            file.read_into(entry.offset + (part.start + at) * dtype.itemsize, memory)
            crcs[number] = crc32c(memory, crcs[number])
            if number:
                _add(sums, values, factors[number], wide[:size])
            else:
                _scale(values, factors[number], sums)
        _divide(sums, weight, made[at : at + size])
    return made, crcs


def _sum_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return np.dtype(np.complex128 if dtype.kind == "c" else np.float64)


def _add(total: Array, values: Array, factor: float, wide: Array) -> None:
    """Add so many times the values; `wide` is memory for them in the sum's type."""
    _scale(values, factor, wide)
    np.add(total, wide, out=total)


def _scale(values: Array, factor: float, target: Array) -> None:
    np.copyto(target, values, casting="unsafe")
    if factor != 1:
        np.multiply(target, factor, out=target)


def _divide(total: Array, weight: float, target: Array) -> None:
    """Fill `target` with what `total`, which is changed, is divided by the weight."""
    np.divide(total, weight, out=total)
    with np.errstate(over="ignore", invalid="ignore"):
        np.copyto(target, total, casting="unsafe")


def _factors(count: int, weights: Sequence[float] | None, decay: float | None) -> list[float]:
    if weights is not None and decay is not None:
        raise ValueError("weights and decay exclude each other")
    if decay is not None:
        if not 0 < decay <= 1:
            raise ValueError(f"decay is above 0 and at most 1, not {decay!r}")
        return [decay ** (count - 1 - number) for number in range(count)]
    factors = [1.0] * count if weights is None else [float(weight) for weight in weights]
    if len(factors) != count:
        raise ValueError(f"{len(factors)} weights for {count} checkpoints")
    if not math.isfinite(sum(factors)) or not sum(factors):
        raise ValueError(f"the weights of an average add up to {sum(factors)}")
    return factors


def _common(given: Sequence[LazyTensors], missing: Missing) -> list[str]:
    """Return the names that all have, in the order of the newest."""
    everywhere = set(given[0].tensors).intersection(*(checkpoint.tensors for checkpoint in given))
    lacking = [
        f"{name!r} (not in {', '.join(tensors.path for tensors in given if name not in tensors)})"
        for name in sorted(set().union(*given) - everywhere)
    ]
    if lacking and missing == "error":
        raise InvalidArgumentError(
            f"{len(lacking)} tensors are not in all checkpoints: {shown(lacking)} "
            f"(missing='drop' leaves them out)",
            path=given[-1].path,
        )
    if lacking:
        logger.warning("%s: left out: %s", given[-1].path, ", ".join(lacking))
    return [name for name in given[-1] if name in everywhere]
