"""What can still be read of a damaged table file.

1. Where footer and index block are whole they say where the data blocks lie; each stands alone.
2. Where not, the file is walked from its start. A block says by itself where it ends: after its
   entries come the restarts, the first of them 0, then their number, which no restart at that place
   can equal, as every entry takes more bytes. A Snappy block ends where it has made the bytes that
   its beginning speaks of. The block's checksum then says whether that is so.
3. After bytes that are no block, the next is looked for: near by at every place where one can
   begin, further on (V1 blocks may be big) where one before it seems to end.

Only entries of blocks whose checksum fits are believed. Of the others the entries between two
restarts are decoded as far as they go, for whoever can confirm them by other means.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tfckpt.coding import Buffer, decode_fixed32, decode_varint
from tfckpt.errors import CheckpointError, DataLossError
from tfckpt.storage import Source
from tfckpt.table import Table
from tfckpt.table.block import decode_block, decode_key_values, find_restarts
from tfckpt.table.format import SNAPPY, TRAILER_SIZE, BlockHandle, uncompress, unseal

Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]

_LEAST = 13  # bytes of a block: one restart, how many there are, compression, checksum
_SCAN = 1 << 20  # places that are looked at together for the start of a block
_NEAR = 32 << 10  # all of a small index; at each place it takes some microseconds
_LONGEST_KEY = 16 << 10
_LAST_ENTRY = 1 << 20  # TensorFlow closes a block once it has grown to 256 KiB


class Hole(NamedTuple):
    """A stretch of the file whose entries are lost: their keys lie after `after`, up to `upto`."""

    start: int
    stop: int
    reason: str
    after: bytes | None = None
    upto: bytes | None = None


class Recovered(NamedTuple):
    """What a table file still has."""

    items: dict[bytes, Buffer]
    doubtful: dict[bytes, bytes]
    """Of blocks whose checksum does not fit; none of `items`."""
    holes: list[Hole]
    is_table: bool = True
    """Whether there was anything of a table."""
    doubt: str = "its entry is in a damaged block of the index"
    """Why the doubtful ones are not believed ..."""
    support: str = "its bytes have the checksum that stands there"
    """... and what can be said for those whose bytes have the checksum of their entries."""


class _Block(NamedTuple):
    start: int
    stop: int
    entries: list[tuple[bytes, Buffer]]


def recover(source: Source) -> Recovered:
    """Read what is whole of a table file, whatever is wrong with the rest."""
    try:
        blocks = Table(source).blocks
    except CheckpointError:
        return _walk(source)
    return _by_handles(source, blocks)


def _by_handles(source: Source, blocks: list[tuple[bytes, BlockHandle]]) -> Recovered:
    items: dict[bytes, Buffer] = {}
    doubtful: dict[bytes, bytes] = {}
    holes = []
    before: bytes | None = None
    for separator, handle in blocks:
        start, stop = handle.offset, handle.offset + handle.size + TRAILER_SIZE
        try:
            items.update(decode_block(unseal(memoryview(source.read(start, stop - start)))))
        except CheckpointError as error:
            holes.append(Hole(start, stop, error.message, before, separator))
            if stop <= source.size:
                doubtful.update(_loosely(source.read(start, stop - start)))
        before = separator
    return Recovered(items, _without(doubtful, items), holes)


def _walk(source: Source) -> Recovered:
    mapped = source.map(0, source.size) if source.size else b""
    data = memoryview(source.read(0, source.size) if mapped is None else mapped)
    items: dict[bytes, Buffer] = {}
    doubtful: dict[bytes, bytes] = {}
    holes: list[Hole] = []
    at, ended = 0, False
    last: bytes | None = None
    for block in _blocks(data):
        listed = _handles(block.entries)
        if listed is not None:
            return _by_handles(source, listed)
        if block.start > at:
            upto = block.entries[0][0] if block.entries else None
            holes.append(Hole(at, block.start, "it is no block that checks", last, upto))
            doubtful.update(_loosely(data[at : block.start]))
        items.update(block.entries)
        ended = not block.entries  # the metaindex block, which comes after the data
        last = block.entries[-1][0] if block.entries else last
        at = block.stop
        if ended:
            break
    if not ended:
        reason = "it is no block that checks" if at < len(data) else "the file ends here"
        holes.append(Hole(at, len(data), reason, last))
        doubtful.update(_loosely(data[at:]))
    return Recovered(items, _without(doubtful, items), holes, bool(items or doubtful or ended))


def _without(doubtful: dict[bytes, bytes], items: dict[bytes, Buffer]) -> dict[bytes, bytes]:
    return {key: value for key, value in doubtful.items() if key not in items}


def _handles(entries: list[tuple[bytes, Buffer]]) -> list[tuple[bytes, BlockHandle]] | None:
    """Return what an index block lists; None for another block.

    No entry of a data block is made of two numbers and nothing else, one block behind the other.
    """
    found: list[tuple[bytes, BlockHandle]] = []
    at = 0
    for key, value in entries:
        try:
            handle, end = BlockHandle.decode(value)
        except DataLossError:
            return None
        if end != len(value) or handle.offset != at:
            return None
        found.append((key, handle))
        at = handle.offset + handle.size + TRAILER_SIZE
    return found or None


# Walking


def _blocks(data: memoryview) -> Iterator[_Block]:
    """Yield the blocks that check, in the order of the file."""
    at, last = 0, b""
    while True:
        block = _block_at(data, at) or _next_block(data, at + 1, last)
        if block is None:
            return
        yield block
        at = block.stop
        last = block.entries[-1][0] if block.entries else last


def _next_block(data: memoryview, at: int, last: bytes) -> _Block | None:
    """Return the first block that begins at `at` or behind."""
    for place in _starts(data, at):
        # A cheap look at the first key, which comes after all others, saves most attempts.
        key_size = data[place + 1]
        if (
            data[place]
            or data[place + 2] >= 0x80
            or key_size >= 0x80
            or (not key_size or bytes(data[place + 3 : place + 3 + key_size]) > last)
        ):
            block = _block_at(data, place)
            if block is not None:
                return block
    return None


def _block_at(data: memoryview, at: int) -> _Block | None:
    for end_of in (_plain_end, _snappy_end):
        try:
            stop = end_of(data, at) + TRAILER_SIZE
            if stop > len(data):
                continue
            return _Block(at, stop, list(decode_block(unseal(data[at:stop]))))
        except (DataLossError, IndexError):
            continue
    return None


def _plain_end(data: memoryview, at: int) -> int:
    """Return where the contents of the uncompressed block at `at` end, if one is there."""
    pos, key_size = at, 0
    while bytes(data[pos : pos + 4]) != b"\0\0\0\0":
        shared, unshared, value_size = data[pos], data[pos + 1], data[pos + 2]
        if (shared | unshared | value_size) < 0x80:
            pos += 3
        else:
            shared, pos = decode_varint(data, pos)
            unshared, pos = decode_varint(data, pos)
            value_size, pos = decode_varint(data, pos)
        is_first = pos - at <= 3  # the header's key is empty; all others grow
        if shared > key_size or unshared > _LONGEST_KEY or not (unshared or is_first):
            raise DataLossError("no entry")
        if pos - at > _LAST_ENTRY:
            raise DataLossError("no block has an entry so far from its start")
        key_size = shared + unshared
        pos += unshared + value_size
    count, last = 0, -1
    while True:
        number, pos = decode_fixed32(data, pos)
        if count and number == count:
            return pos
        if number <= last:
            raise DataLossError("no restart")
        count, last = count + 1, number


def _snappy_end(data: memoryview, at: int) -> int:
    """Return where the Snappy stream at `at` ends, if one is there."""
    size, pos = decode_varint(data, at)
    made = 0
    while made < size:
        tag = data[pos]
        kind = tag & 3
        pos += 1
        if kind == 0:
            length = tag >> 2
            if length >= 60:
                extra = length - 59
                length = int.from_bytes(data[pos : pos + extra], "little")
                pos += extra
            made += length + 1
            pos += length + 1
        elif not made:
            raise DataLossError("a copy of nothing")
        else:
            made += 4 + (tag >> 2 & 7) if kind == 1 else 1 + (tag >> 2)
            pos += (0, 1, 2, 4)[kind]
    if made != size or not size:
        raise DataLossError("no Snappy stream")
    return pos


def _starts(data: memoryview, at: int) -> Iterator[int]:
    """Yield places from `at` on where a block can begin, in the order of the file."""
    octets = np.frombuffer(data, np.uint8)
    for start in range(at, len(octets) - TRAILER_SIZE, _SCAN):
        stop = min(start + _SCAN, len(octets) - TRAILER_SIZE)
        can = _ends_before(octets, start, stop)
        near = min(stop, at + _NEAR) - start
        if near > 0:
            can[:near] |= _can_begin(octets, start, start + near)
        yield from (np.flatnonzero(can) + start).tolist()


def _ends_before(octets: Bytes, start: int, stop: int) -> Flags:
    """Return for each place whether the bytes before it look like the end of a plain block.

    That is restarts, the first of them 0, their number, of which no block has as many as 65,536,
    no compression, and a checksum.
    """
    places = np.arange(max(start, _LEAST), max(stop, _LEAST))
    flags = np.zeros(stop - start, bool)
    for back in (5, 6, 7):
        places = places[octets[places - back] == 0]
    counts = octets[places - 9].astype(np.intp) + 256 * octets[places - 8].astype(np.intp)
    first = places - 9 - 4 * counts
    fits = (counts > 0) & (first >= 0)
    places, first = places[fits], first[fits]
    for byte in range(4):
        zero = octets[first + byte] == 0
        places, first = places[zero], first[zero]
    flags[places - start] = True
    return flags


def _can_begin(octets: Bytes, start: int, stop: int) -> Flags:
    """Return for each place whether a block can begin there.

    Its first entry shares nothing with one before it, and (but for the header, which is first of
    all) has a key; one without entries has a restart. Snappy begins with a literal, in which that
    lies.
    """
    window = np.full(stop - start + 16, -1, np.int16)
    there = octets[start : stop + 16]
    window[: len(there)] = there
    here, zero = stop - start, window == 0
    can = zero[:here] & (window > 0)[1 : here + 1]
    empty = window[4 : here + 4] == 1
    for byte in range(4):
        empty &= zero[byte : here + byte]
    literal = (window >= 0) & (window & 3 == 0)
    for head in (1, 2, 3, 4):  # bytes of the size before the first literal's tag
        for tag in (1, 2, 3, 4):  # and of that tag
            can |= literal[head : here + head] & zero[head + tag : here + head + tag]
    flags: Flags = can | empty
    return flags


# Blocks whose checksum does not fit


def _loosely(block: Buffer) -> dict[bytes, bytes]:
    """Return the entries of a block that is damaged, as far as they decode, in key order."""
    block = bytes(block)
    contents, kind = block[:-TRAILER_SIZE], block[-TRAILER_SIZE:][:1]
    if kind == bytes([SNAPPY]):
        try:
            contents = uncompress(contents)
        except DataLossError:
            return {}
    found: dict[bytes, bytes] = {}
    last: bytes | None = None
    for start, end in _groups(contents):
        try:
            for key, value in decode_key_values(contents, start, end, last):
                found[key] = bytes(value)
                last = key
        except DataLossError:
            continue
    return found


def _groups(contents: bytes) -> Iterator[tuple[int, int]]:
    """Yield the stretches between two restarts, within which entries depend on each other."""
    try:
        end, count = find_restarts(contents)
        restarts = [decode_fixed32(contents, end + 4 * at)[0] for at in range(count)]
    except DataLossError:
        end, restarts = len(contents), [0]
    if sorted(restarts) != restarts or not restarts or restarts[-1] > end:
        restarts = [0]
    yield from zip(restarts, [*restarts[1:], end], strict=True)
