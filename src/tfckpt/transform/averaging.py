"""The average of several checkpoints.

Tensors that lie in bundles are read a few hundred kilobytes of each checkpoint at a time: what is
read is checksummed and added up while a core's cache holds it. So an average takes the memory of
one tensor, however many checkpoints there are.
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
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
_PIECE = 64 * _CHUNK  # what a thread, or a task of an executor, does at a time
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
        stored = [
            found
            for tensor in self._tensors
            if tensor.origin is not None
            and (found := stored_at(*tensor.origin)) is not None
            and found.can_be_copied
            and not found.entry.slices
        ]
        if index is None and len(stored) == len(self._tensors):
            return _of_stored(stored, self._factors, self._executor)
        return self._one_after_another(index)

    def _one_after_another(self, index: Index | None) -> Array:
        """Add up tensors that have to be decoded first, or parts of tensors."""
        total: Array | None = None
        wide = np.empty(_CHUNK, _sum_dtype(self.info.dtype))
        for tensor, factor in zip(self._tensors, self._factors, strict=True):
            value = np.asarray(tensor.read(index))
            if total is None:
                total = np.zeros(value.shape, _sum_dtype(value.dtype))
            for at in range(0, value.size, _CHUNK):
                part = slice(at, at + _CHUNK)
                values = value.reshape(-1)[part]
                _add(total.reshape(-1)[part], values, factor, wide[: values.size])
        assert total is not None
        total /= sum(self._factors)
        return _rounded(total, self.info.dtype)


def _of_stored(
    stored: Sequence[StoredTensor], factors: Sequence[float], executor: Executor | None
) -> Array:
    """Average tensors that lie in bundles, piece by piece of the files."""
    sources = [_Source(tensor.reader, tensor.name) for tensor in stored]
    info = stored[-1].entry
    for tensor in stored:
        tensor.reader.shard_of(tensor.name, tensor.entry).check(tensor.name, tensor.entry)
    made = new_array(info.shape, stored[-1].reader.info(stored[-1].name).dtype)
    flat = made.reshape(-1)
    starts = range(0, flat.size, _PIECE)
    counts = [min(_PIECE, flat.size - start) for start in starts]
    crcs: list[list[int]] = []
    if executor is None:
        parts = [flat[start : start + count] for start, count in zip(starts, counts, strict=True)]
        if len(parts) < 2 or _THREADS == 1:
            crcs = list(map(partial(_fill, sources, factors), parts, starts))
        else:
            with ThreadPoolExecutor(_THREADS, thread_name_prefix="tfckpt-average") as threads:
                crcs = list(threads.map(partial(_fill, sources, factors), parts, starts))
    else:
        work = partial(_piece, sources, factors, flat.dtype)
        for start, (values, found) in zip(starts, executor.map(work, starts, counts), strict=True):
            flat[start : start + values.size] = values
            crcs.append(found)
    sizes = [count * flat.dtype.itemsize for count in counts]
    for number, tensor in enumerate(stored):
        crc = combine((found[number], size) for found, size in zip(crcs, sizes, strict=True))
        if tensor.reader.verifies and mask(crc) != tensor.entry.crc32c:
            raise tensor.reader.shard_of(tensor.name, tensor.entry).mismatch(
                tensor.name, tensor.entry, crc
            )
    return made


class _Source(NamedTuple):
    """A tensor of a bundle; a copy of it, in another process, opens the files for itself."""

    reader: BundleReader
    name: str


def _piece(
    sources: Sequence[_Source],
    factors: Sequence[float],
    dtype: np.dtype[Any],
    start: int,
    count: int,
) -> tuple[Array, list[int]]:
    """Return the average of `count` elements from `start` on, and the checksum of each source's."""
    values = np.empty(count, dtype)
    return values, _fill(sources, factors, values, start)


def _fill(
    sources: Sequence[_Source], factors: Sequence[float], target: Array, start: int
) -> list[int]:
    """Fill `target` with the average of elements from `start` on; return the checksums."""
    dtype = target.dtype
    entries = [source.reader.entry(source.name) for source in sources]
    files = [
        source.reader.shard_of(source.name, entry).source
        for source, entry in zip(sources, entries, strict=True)
    ]
    crcs = [0] * len(sources)
    buffer = np.empty(min(_CHUNK, target.size), dtype)
    total, wide = np.empty((2, buffer.size), _sum_dtype(dtype))
    weight = sum(factors)
    for at in range(0, target.size, _CHUNK):
        size = min(_CHUNK, target.size - at)
        values, sums = buffer[:size], total[:size]
        memory = values.view(np.uint8).data
        sums.fill(0)
        for number, (entry, file) in enumerate(zip(entries, files, strict=True)):
            file.read_into(entry.offset + (start + at) * dtype.itemsize, memory)
            crcs[number] = crc32c(memory, crcs[number])
            _add(sums, values, factors[number], wide[:size])
        sums /= weight
        target[at : at + size] = _rounded(sums, dtype)
    return crcs


def _sum_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return np.dtype(np.complex128 if dtype.kind == "c" else np.float64)


def _add(total: Array, values: Array, factor: float, wide: Array) -> None:
    """Add so many times the values; `wide` is memory for them in the sum's type."""
    np.copyto(wide, values, casting="unsafe")
    if factor != 1:
        np.multiply(wide, factor, out=wide)
    np.add(total, wide, out=total)


def _rounded(total: Array, dtype: np.dtype[Any]) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):
        return total.astype(dtype, copy=False)


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
