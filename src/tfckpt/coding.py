"""Integers as leveldb and protobuf lay them out: varints and little-endian fixed32.

Decoders take `(data, pos)` and return `(value, next_pos)`.
"""

from __future__ import annotations

import struct

import numpy as np
import numpy.typing as npt

from tfckpt.errors import DataLossError

Buffer = bytes | bytearray | memoryview

MAX_VARINT64_BYTES = 10
_FIXED32 = struct.Struct("<I")


def encode_fixed32(value: int) -> bytes:
    return _FIXED32.pack(value)


def decode_fixed32(data: Buffer, pos: int) -> tuple[int, int]:
    if not 0 <= pos <= len(data) - 4:
        raise DataLossError(f"a fixed32 at {pos} needs 4 bytes, {len(data) - pos} are left")
    return _FIXED32.unpack_from(data, pos)[0], pos + 4


def encode_varint(value: int) -> bytes:
    """Return `value` (0 to 2**64 - 1) as a base-128 varint, low groups first."""
    if value < 0x80:
        return _ONE_BYTE[value]
    if value < 0x4000:
        return bytes((value & 0x7F | 0x80, value >> 7))
    if value < 0x200000:
        return bytes((value & 0x7F | 0x80, value >> 7 & 0x7F | 0x80, value >> 14))
    if value < 0x10000000:
        return bytes(
            (value & 0x7F | 0x80, value >> 7 & 0x7F | 0x80, value >> 14 & 0x7F | 0x80, value >> 21)
        )
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


_ONE_BYTE = [bytes([value]) for value in range(0x80)]


def decode_varint(data: Buffer, pos: int) -> tuple[int, int]:
    """Read a varint of at most 64 bits."""
    end = min(pos + MAX_VARINT64_BYTES, len(data))
    value = shift = 0
    for here in range(pos, end):
        byte = data[here]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value >> 64:
                break
            return value, here + 1
        shift += 7
    raise DataLossError(f"no varint of 64 bits at {pos}: it overflows or is cut short")


def decode_varints(data: Buffer, count: int) -> tuple[npt.NDArray[np.uint64], int]:
    """Read `count` varints from the start of `data`, all at once.

    Returns the values and the number of bytes that they took.
    """
    window = np.frombuffer(data, np.uint8, min(len(data), count * MAX_VARINT64_BYTES))
    head = window[:count]
    if len(head) == count and not (head & 0x80).any():
        return head.astype(np.uint64), count
    ends = np.flatnonzero(window < 0x80)[:count] + 1
    if len(ends) < count:
        raise DataLossError(f"{count} varints expected, only {len(ends)} are there")
    starts = np.concatenate([np.zeros(1, ends.dtype), ends[:-1]])
    lengths = ends - starts
    if (lengths > MAX_VARINT64_BYTES).any() or (
        (lengths == MAX_VARINT64_BYTES) & (window[ends - 1] > 1)
    ).any():
        raise DataLossError("a varint overflows 64 bits")
    values = np.zeros(count, np.uint64)
    for byte in range(int(lengths.max())):
        longer = lengths > byte
        groups = window[starts[longer] + byte].astype(np.uint64) & np.uint64(0x7F)
        values[longer] |= groups << np.uint64(7 * byte)
    return values, int(ends[-1])
