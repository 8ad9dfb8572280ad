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
_CHUNK = 64 << 10

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
    signed = values.dtype.kind == "i"
    unsigned = values.astype(np.int64).view(np.uint64) if signed else values.astype(np.uint64)
    longest = (int(unsigned.max()).bit_length() + 6) // 7 or 1
    groups = np.empty((len(unsigned), longest), np.uint8)
    kept = np.empty((len(unsigned), longest), bool)
    for byte in range(longest):
        rest = unsigned >> np.uint64(7 * byte)
        kept[:, byte] = rest != 0
        groups[:, byte] = rest | np.uint64(0x80)  # the cast keeps the low eight bits
    kept[:, 0] = True
    sizes = kept.sum(axis=1)
    groups[np.arange(len(groups)), sizes - 1] &= 0x7F
    return groups[kept].tobytes()


def decode_packed(data: Buffer) -> Unsigned:
    """Return all varints of a packed field.

    Raises DataLossError if one is longer than 64 bits, or the last is cut short.
    """
    octets = np.frombuffer(data, np.uint8)
    if not len(octets):
        return np.empty(0, np.uint64)
    if octets[-1] & 0x80:
        raise DataLossError("the last varint of a packed field is cut short")
    parts, start = [], 0
    while start < len(octets):
        chunk = octets[start : start + _CHUNK]
        ends = np.flatnonzero(chunk < 0x80)
        if not len(ends):
            raise DataLossError("a varint of a packed field overflows 64 bits")
        size = int(ends[-1]) + 1
        parts.append(_decode_chunk(chunk[:size], ends))
        start += size
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _decode_chunk(octets: npt.NDArray[np.uint8], ends: npt.NDArray[np.intp]) -> Unsigned:
    if len(ends) == len(octets):
        return octets.astype(np.uint64)
    starts = np.empty_like(ends)
    starts[0] = 0
    starts[1:] = ends[:-1] + 1
    extra = ends - starts
    longest = int(extra.max())
    if longest > 9 or (longest == 9 and (octets[ends[extra == 9]] > 1).any()):
        raise DataLossError("a varint of a packed field overflows 64 bits")
    groups = octets & np.uint8(0x7F)
    values = groups[starts].astype(np.uint64)
    for byte in range(1, longest + 1):
        longer = np.flatnonzero(extra >= byte)
        more = groups[starts[longer] + byte].astype(np.uint64)
        values[longer] |= more << np.uint64(7 * byte)
    return values
