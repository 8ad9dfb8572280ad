"""Checksums of stretches of files, by whoever has a processor to spare.

Tasks and answers are small and can be pickled, so any `concurrent.futures.Executor` will do:
threads, processes, those of a cluster that sees the same files.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Literal, NamedTuple, TypeAlias

from tfckpt.bundle.entry import Entry
from tfckpt.checksum import combine, crc32c, mask
from tfckpt.coding import decode_varint
from tfckpt.dtypes import DataType
from tfckpt.errors import CheckpointError, DataLossError
from tfckpt.storage import Source, is_remote, open_source
from tfckpt.tensors.slices import volume
from tfckpt.tensors.strings import decode_strings

_TASK = 16 << 20  # bytes that one task is given
_READ = 1 << 20  # what is read at a time: small enough to stay in a cache
_GAP = 4 << 10  # tensors no further apart than a page are read in one go
_RUN = 1 << 20
_WORTH_THREADS = 8 << 20
_THREADS = min(4, os.cpu_count() or 1)
_REQUESTS = 8  # to a remote store at once
# Their checksum is not that of the stored bytes: lengths enter it as integers of a fixed size.
_WHOLE = (DataType.DT_STRING, DataType.DT_VARIANT)


class Stretch(NamedTuple):
    """Some bytes of a tensor; of one of strings or variants also how many it has."""

    offset: int
    size: int
    data_type: int
    elements: int = 0


class Task(NamedTuple):
    path: str
    big_endian: bool
    stretches: tuple[Stretch, ...]

    @property
    def size(self) -> int:
        return sum(stretch.size for stretch in self.stretches)


# The CRC-32C of a stretch, or what is wrong with it.
Answer: TypeAlias = "int | CheckpointError"


@contextmanager
def workers(executor: Executor | None, size: int, path: str) -> Iterator[Executor | None]:
    """Give the executor that there is, or threads where so many bytes are worth them."""
    threads = _REQUESTS if is_remote(path) else _THREADS
    if executor is not None or threads == 1 or size < _WORTH_THREADS:
        yield executor
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="tfckpt-verify") as pool:
        yield pool


def wrong_checksums(
    path: str,
    big_endian: bool,
    entries: Sequence[tuple[str, Entry]],
    executor: Executor | None,
    report: Callable[[int], object],
) -> Iterator[tuple[str, Entry, int | CheckpointError]]:
    """Yield the tensors of one shard whose bytes have another checksum: it, or what is wrong.

    `report` is called with the bytes that were looked at since.
    """
    ordered = sorted(entries, key=lambda named: named[1].offset)
    tasks, pieces = _tasks(path, big_endian, [entry for _, entry in ordered])
    crcs: list[Answer] = []
    answers = map(checksums, tasks) if executor is None else executor.map(checksums, tasks)
    for task, answer in zip(tasks, answers, strict=True):
        crcs += answer
        report(task.size)
    at = 0
    for (name, entry), sizes in zip(ordered, pieces, strict=True):
        mine = crcs[at : at + len(sizes)]
        at += len(sizes)
        failed = next((crc for crc in mine if isinstance(crc, CheckpointError)), None)
        if failed is not None:
            yield name, entry, failed
            continue
        parts = [(crc, size) for crc, size in zip(mine, sizes, strict=True) if isinstance(crc, int)]
        crc = mask(parts[0][0] if len(parts) == 1 else combine(parts))
        if crc != entry.crc32c:
            yield name, entry, crc


def _tasks(
    path: str, big_endian: bool, entries: Iterable[Entry]
) -> tuple[list[Task], list[list[int]]]:
    """Share tensors out into tasks of some size; also return the sizes of each tensor's pieces."""
    tasks: list[Task] = []
    pieces: list[list[int]] = []
    pending: list[Stretch] = []
    size = 0
    for entry in entries:
        mine = list(_stretches(entry))
        pieces.append([stretch.size for stretch in mine])
        for stretch in mine:
            if pending and size + stretch.size > _TASK:
                tasks.append(Task(path, big_endian, tuple(pending)))
                pending, size = [], 0
            pending.append(stretch)
            size += stretch.size
    if pending:
        tasks.append(Task(path, big_endian, tuple(pending)))
    return tasks, pieces


def _stretches(entry: Entry) -> Iterator[Stretch]:
    if entry.data_type in _WHOLE:
        yield Stretch(entry.offset, entry.size, entry.data_type, volume(entry.shape))
        return
    for at in range(0, entry.size or 1, _TASK):
        yield Stretch(entry.offset + at, min(_TASK, entry.size - at), entry.data_type)


def checksums(task: Task) -> list[Answer]:
    """Return the checksum of each stretch, unmasked."""
    try:
        source = open_source(task.path, mmap=False)
    except CheckpointError as error:
        return [error] * len(task.stretches)
    buffer = memoryview(bytearray(_READ))
    answers: list[Answer] = []
    try:
        first, last = task.stretches[0], task.stretches[-1]
        span = last.offset + last.size - first.offset
        if source.distant and span <= 2 * _TASK:
            source.hold(first.offset, span)
        for run in _runs(task.stretches):
            start = run[0].offset
            size = run[-1].offset + run[-1].size - start
            if len(run) == 1 and size > _READ and run[0].data_type not in _WHOLE:
                answers.append(_long(source, run[0], buffer))
                continue
            try:
                data = memoryview(source.read(start, size))
            except CheckpointError as error:
                answers += [error] * len(run)
                continue
            answers += (
                _short(data[stretch.offset - start :], stretch, task.big_endian) for stretch in run
            )
    finally:
        source.close()
    return answers


def _runs(stretches: Sequence[Stretch]) -> Iterator[list[Stretch]]:
    """Group stretches that lie close together, in their order."""
    run: list[Stretch] = []
    for stretch in stretches:
        if run:
            end = run[-1].offset + run[-1].size
            near = end <= stretch.offset <= end + _GAP
            if not near or stretch.offset + stretch.size - run[0].offset > _RUN:
                yield run
                run = []
        run.append(stretch)
    if run:
        yield run


def _long(source: Source, stretch: Stretch, buffer: memoryview) -> Answer:
    crc = 0
    try:
        for at in range(0, stretch.size, _READ):
            part = buffer[: min(_READ, stretch.size - at)]
            source.read_into(stretch.offset + at, part)
            crc = crc32c(part, crc)
    except CheckpointError as error:
        return error
    return crc


def _short(data: memoryview, stretch: Stretch, big_endian: bool) -> Answer:
    data = data[: stretch.size]
    try:
        if stretch.data_type == DataType.DT_STRING:
            return decode_strings(data, stretch.elements, big_endian=big_endian)[1]
        if stretch.data_type == DataType.DT_VARIANT:
            return _variants(bytes(data), stretch.elements, "big" if big_endian else "little")
    except CheckpointError as error:
        return error
    return crc32c(data, 0)


def _variants(data: bytes, count: int, order: Literal["little", "big"]) -> int:
    """Return the checksum of variants: each its length, its bytes, and a checksum of all before.

    As ``WriteVariantTensor`` of ``tensor_bundle.cc`` computes it: lengths as eight bytes.
    """
    crc = at = 0
    for _ in range(count):
        size, at = decode_varint(data, at)
        crc = crc32c(data[at : at + size], crc32c(size.to_bytes(8, order), crc))
        crc = crc32c(data[at + size : at + size + 4], crc)
        at += size + 4
    if at != len(data):
        raise DataLossError(
            f"the variants take {at} bytes by their lengths, {len(data)} are stored"
        )
    return crc
