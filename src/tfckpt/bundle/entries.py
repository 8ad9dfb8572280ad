"""All entries of an index at once.

One by one they take two microseconds each; here numpy steps through all of them together, a byte
of each at a time, at a fifth of that. What is not in the usual form goes through `Entry.decode`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from tfckpt.bundle.entry import Entry, decode_head

Positions = npt.NDArray[np.intp]
_FIELDS = (0x18, 0x20, 0x28)  # shard_id, offset, size
_CRC = 0x35
_TRAILING = 16  # zeros behind the last entry, so that looking ahead never leaves the buffer


def decode_entries(values: Sequence[bytes]) -> list[Entry]:
    """Decode each value, as `Entry.decode` would.

    Raises DataLossError for the first that is none.
    """
    sizes = [len(value) for value in values]
    data = np.frombuffer(b"".join((*values, bytes(_TRAILING))), np.uint8)
    ends = np.fromiter(accumulate(sizes), np.intp, len(sizes))
    starts = ends - np.fromiter(sizes, np.intp, len(sizes))

    shapes_end = starts + 4 + data[starts + 3]
    usual = (data[starts] == 0x08) & (data[starts + 1] < 0x80) & (data[starts + 2] == 0x12)
    usual &= (data[starts + 3] < 0x80) & (shapes_end <= ends)
    pos = np.where(usual, shapes_end, starts)
    columns = []
    for tag in _FIELDS:
        numbers, pos = _optional_varint(data, pos, ends, tag)
        columns.append(numbers.tolist())
    has_crc = (pos + 5 == ends) & (data[pos] == _CRC)
    crcs = _fixed32(data, np.where(has_crc, pos + 1, 0))
    crcs[~has_crc] = 0
    usual &= has_crc | (pos == ends)

    make = tuple.__new__  # half the time of calling Entry
    heads = (shapes_end - starts).tolist()
    rows = zip(values, heads, usual.tolist(), *columns, crcs.tolist(), strict=True)
    return [
        make(Entry, (*decode_head(value[:head]), shard_id, offset, size, crc, ()))
        if as_usual
        else Entry.decode(value)
        for value, head, as_usual, shard_id, offset, size, crc in rows
    ]


def _optional_varint(
    data: npt.NDArray[np.uint8], pos: Positions, ends: Positions, tag: int
) -> tuple[npt.NDArray[np.int64], Positions]:
    """Read the varint field `tag` of every entry that has it next; 0 elsewhere.

    One of over 63 bits, or past its entry's end, leaves a position that fits nothing after it.
    """
    numbers = np.zeros(len(pos), np.int64)
    active = np.flatnonzero((pos < ends) & (data[pos] == tag))
    at = pos[active] + 1
    pos = pos.copy()
    for shift in range(0, 63, 7):
        byte = data[at]
        numbers[active] |= (byte & 0x7F).astype(np.int64) << shift
        at += 1
        more = byte >= 0x80
        pos[active] = at
        active, at = active[more], at[more]
        if not len(active):
            break
    pos[active] = ends[active] + 1
    return numbers, np.minimum(pos, ends + 1)


def _fixed32(data: npt.NDArray[np.uint8], pos: Positions) -> npt.NDArray[np.uint32]:
    numbers = np.zeros(len(pos), np.uint32)
    for byte in range(4):
        numbers |= data[pos + byte].astype(np.uint32) << np.uint32(8 * byte)
    return numbers
