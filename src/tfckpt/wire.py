"""Protobuf's wire format, read and written without message classes.

    message = [tag: varint, value]*        tag = field number << 3 | wire type
    value   = varint (type 0) | 8 bytes (1) | length: varint, bytes (2) | 4 bytes (5)

A tensor of a hundred megabytes is one field of a message: it is handed out here as a view of the
bytes, never parsed into Python numbers. A field that comes again counts as its bytes put behind
those before, which is protobuf's own rule for lists and for messages.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from tfckpt.coding import Buffer, decode_varint, encode_varint
from tfckpt.errors import DataLossError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_FIXED_SIZES = {FIXED64: 8, FIXED32: 4}
_MAX_FIELD_NUMBER = (1 << 29) - 1

# Varints are decoded and encoded this much at a time, so that all steps work inside the cache.
_CHUNK = 32 << 10

Field = tuple[int, int, "int | memoryview"]
Unsigned = npt.NDArray[np.uint64]


def fields(message: Buffer) -> Iterator[Field]:
    """Yield (number, wire type, value) of each field; a varint as int, the rest as a view.

    Raises DataLossError where the bytes are no message.
    """
    data = memoryview(message)
    pos, end = 0, len(data)
    while pos < end:
        tag, pos = decode_varint(data, pos)
        number, kind = tag >> 3, tag & 7
        if not 0 < number <= _MAX_FIELD_NUMBER:
            raise DataLossError(f"no protobuf message: field number {number}")
        if kind == VARINT:
            value, pos = decode_varint(data, pos)
            yield number, kind, value
            continue
        if kind == BYTES:
            size, pos = decode_varint(data, pos)
        elif kind in _FIXED_SIZES:
            size = _FIXED_SIZES[kind]
        else:
            raise DataLossError(f"no protobuf message: field {number} has wire type {kind}")
        if size > end - pos:
            raise DataLossError(
                f"field {number} of a message takes {size} bytes, {end - pos} are left"
            )
        yield number, kind, data[pos : pos + size]
        pos += size


def bytes_field(number: int, size: int) -> bytes:
    """Return what comes before the `size` bytes of a length-delimited field."""
    return encode_varint(number << 3 | BYTES) + encode_varint(size)


def message_field(number: int, contents: bytes) -> bytes:
    """Return a field of bytes: a message, a string."""
    return bytes_field(number, len(contents)) + contents


def integer_field(number: int, value: int) -> bytes:
    """Return a field of an unsigned integer; as in all of protobuf, zero is left out."""
    return encode_varint(number << 3) + encode_varint(value) if value else b""


def encode_varints(values: npt.NDArray[Any]) -> bytes:
    """Return integers back to back as protobuf writes int32, int64, uint64 and bool.

    A negative one takes ten bytes, as it is sign-extended to 64 bits.
    """
    flat = values.reshape(-1)
    if len(flat) and int(flat.min()) >= 0 and int(flat.max()) < 0x80:
        return flat.astype(np.uint8).tobytes()
    chunks = (flat[at : at + _CHUNK] for at in range(0, len(flat), _CHUNK))
    return b"".join(map(_encode_chunk, chunks))


def _encode_chunk(values: npt.NDArray[Any]) -> bytes:
    unsigned = values.astype(np.uint64)  # sign-extends
    longest = (int(unsigned.max()).bit_length() + 6) // 7 or 1
    sizes = np.ones(len(unsigned), np.uint8)
    for byte in range(1, longest):
        sizes += unsigned >= np.uint64(1 << 7 * byte)
    octets = np.empty((len(unsigned), longest), np.uint8)
    first = min(longest, 8)
    octets[:, :first] = _spread(unsigned).astype("<u8").view(np.uint8).reshape(-1, 8)[:, :first]
    if longest > 8:
        octets[:, 8] = unsigned >> np.uint64(56) & np.uint64(0x7F)
        octets[:, 9:] = (unsigned >> np.uint64(63))[:, None]
    place = np.arange(longest, dtype=np.uint8)
    octets |= (place < (sizes - 1)[:, None]).view(np.uint8) << 7  # more bytes follow these
    return octets[place < sizes[:, None]].tobytes()


def decode_packed(data: Buffer) -> Iterator[Unsigned]:
    """Yield the varints of a packed field, some thousands at a time.

    Raises DataLossError if one is longer than 64 bits, or the last is cut short.
    """
    octets = np.frombuffer(data, np.uint8)
    start = 0
    while start < len(octets):
        chunk = octets[start : start + _CHUNK]
        ends = np.flatnonzero(chunk < 0x80)
        if not len(ends):
            raise DataLossError("a varint of a packed field overflows 64 bits, or is cut short")
        size = int(ends[-1]) + 1
        yield _decode_chunk(chunk[:size], ends)
        start += size


def _decode_chunk(octets: npt.NDArray[np.uint8], ends: npt.NDArray[np.intp]) -> Unsigned:
    if len(ends) == len(octets):
        return octets.astype(np.uint64)
    padded = np.zeros(len(octets) + 10, np.uint8)
    padded[: len(octets)] = octets
    starts = np.empty_like(ends)
    starts[0] = 0
    starts[1:] = ends[:-1] + 1
    extra = ends - starts
    # Each varint as the eight bytes that begin where it does, what lies behind it cut off.
    windows: Unsigned = np.ndarray((len(octets),), "<u8", padded, strides=(1,))
    values = _gathered(windows[starts].astype(np.uint64) & _KEPT_BITS[np.minimum(extra, 7)])
    if int(extra.max()) > 7:
        long = np.flatnonzero(extra > 7)
        ninth, tenth = (padded[starts[long] + at].astype(np.uint64) for at in (8, 9))
        tenth[extra[long] < 9] = 0
        if int(tenth.max()) > 1:  # also where an eleventh follows: its highest bit says so
            raise DataLossError("a varint of a packed field overflows 64 bits")
        values[long] |= (ninth & np.uint64(0x7F)) << np.uint64(56) | tenth << np.uint64(63)
    return values


# By the number of bytes after the first: the low seven bits of each byte that belongs to it.
_KEPT_BITS = np.array([0x7F7F7F7F7F7F7F7F >> 8 * (7 - extra) for extra in range(8)], np.uint64)
# Three steps take groups of 7, 14 and 28 bits from being 8, 16 and 32 bits apart to touching.
_STEPS = [
    (np.uint64(0x007F007F007F007F), np.uint64(0x7F007F007F007F00), np.uint64(1)),
    (np.uint64(0x00003FFF00003FFF), np.uint64(0x3FFF00003FFF0000), np.uint64(2)),
    (np.uint64(0x000000000FFFFFFF), np.uint64(0x0FFFFFFF00000000), np.uint64(4)),
]


def _gathered(groups: Unsigned) -> Unsigned:
    """Join the low seven bits of eight bytes to one number each."""
    for low, high, shift in _STEPS:
        groups = (groups & low) | (groups & high) >> shift
    return groups


def _spread(values: Unsigned) -> Unsigned:
    """Put the low 56 bits of each number into eight bytes, seven in each."""
    for low, high, shift in reversed(_STEPS):
        values = (values & low) | (values << shift & high)
    return values
