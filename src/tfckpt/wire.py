"""Protobuf's wire format, read and written without message classes.

    message = [tag: varint, value]*        tag = field number << 3 | wire type
    value   = varint (type 0) | 8 bytes (1) | length: varint, bytes (2) | 4 bytes (5)

A tensor of a hundred megabytes is one field of a message: it is handed out here as a view of the
bytes, never parsed into Python numbers. A field that comes again counts as its bytes put behind
those before, which is protobuf's own rule for lists and for messages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from tfckpt.coding import MAX_VARINT64_BYTES, Buffer, decode_varint, encode_varint
from tfckpt.errors import DataLossError
from tfckpt.parallel import in_parallel

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_FIXED_SIZES = {FIXED64: 8, FIXED32: 4}
_MAX_FIELD_NUMBER = (1 << 29) - 1

# Varints are decoded and encoded this much at a time, so that all steps work inside the cache.
_CHUNK = 128 << 10

Field = tuple[int, int, "int | memoryview"]
Array = npt.NDArray[Any]
Unsigned = npt.NDArray[Any]  # of unsigned integers
Octets = npt.NDArray[np.uint8]


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
    chunks = [flat[at : at + _CHUNK] for at in range(0, len(flat), _CHUNK)]
    return b"".join([octets.data for octets in in_parallel(_encode_chunk, chunks)])


def _encode_chunk(values: npt.NDArray[Any]) -> Octets:
    wide = values.astype(np.uint64)  # sign-extends
    form = _form_of((int(wide.max()).bit_length() + 6) // 7)
    groups = wide.astype(form.dtype)
    extra = np.zeros(len(groups), np.uint8)  # bytes after the first
    for byte in range(1, form.longest):
        extra += groups >= form.dtype.type(1 << 7 * byte)
    ends = (extra.astype(np.intp) + 1).cumsum()
    starts = ends - 1 - extra
    octets = np.empty(int(ends[-1]) + form.dtype.itemsize, np.uint8)
    # Each is written with bytes to spare, and the next over those: numpy goes from first to last.
    form.windows(octets)[starts] = form.spread(groups) | form.continued[extra]
    if form.longest > 8:
        long = np.flatnonzero(extra > 7)
        at, values = starts[long], wide[long]
        tenth = (values >> np.uint64(63)).astype(np.uint8)
        octets[at + 8] = (values >> np.uint64(56)).astype(np.uint8) & 0x7F | tenth << 7
        octets[at[tenth > 0] + 9] = 1
    return octets[: ends[-1]]


def decode_packed(data: Buffer, made: Callable[[Unsigned], Array]) -> list[Array]:
    """Return what `made` makes of the varints of a packed field, some thousands at a time.

    Raises DataLossError if one is longer than 64 bits, or the last is cut short.
    """
    octets = np.frombuffer(data, np.uint8)
    return in_parallel(lambda chunk: made(_decode_chunk(chunk)), list(_chunks(octets)))


def _chunks(octets: Octets) -> Iterator[Octets]:
    """Cut a packed field where varints end."""
    start = 0
    while start < len(octets):
        stop = min(start + _CHUNK, len(octets))
        before = 1 if stop == len(octets) else MAX_VARINT64_BYTES
        ends = np.flatnonzero(octets[stop - before : stop] < 0x80)
        if not len(ends):
            raise DataLossError("a varint of a packed field overflows 64 bits, or is cut short")
        stop += int(ends[-1]) + 1 - before
        yield octets[start:stop]
        start = stop


def _decode_chunk(octets: Octets) -> Unsigned:
    ends = np.flatnonzero(octets < 0x80)
    if len(ends) == len(octets):
        return octets.astype(np.uint64)
    padded = np.zeros(len(octets) + 10, np.uint8)
    padded[: len(octets)] = octets
    starts = np.empty_like(ends)
    starts[0] = 0
    starts[1:] = ends[:-1] + 1
    extra = ends - starts
    longest = int(extra.max()) + 1
    form = _form_of(longest)
    # Each varint as the bytes that begin where it does, what lies behind it cut off.
    kept = form.kept[np.minimum(extra, 7) if longest > 8 else extra]
    values = form.gathered(form.windows(padded)[starts] & kept).astype(np.uint64)
    if longest > 8:
        long = np.flatnonzero(extra > 7)
        ninth, tenth = (padded[starts[long] + at].astype(np.uint64) for at in (8, 9))
        tenth[extra[long] < 9] = 0
        if int(tenth.max()) > 1:  # also where an eleventh follows: its highest bit says so
            raise DataLossError("a varint of a packed field overflows 64 bits")
        values[long] |= (ninth & np.uint64(0x7F)) << np.uint64(56) | tenth << np.uint64(63)
    return values


# Steps that take groups of 7, 14 and 28 bits from being 8, 16 and 32 bits apart to touching.
_STEPS = [
    (0x007F007F007F007F, 0x7F007F007F007F00, 1),
    (0x00003FFF00003FFF, 0x3FFF00003FFF0000, 2),
    (0x000000000FFFFFFF, 0x0FFFFFFF00000000, 4),
]


class _Form:
    """Varints of no more bytes than `longest`, as integers no wider than that takes.

    Narrow ones need fewer steps, and more of them fit into a register: half to a quarter of the
    time. Of nine and ten bytes the first eight are here.
    """

    def __init__(self, longest: int, width: int) -> None:
        self.longest = longest
        self.dtype = np.dtype(f"u{width}")
        bits = (1 << 8 * width) - 1
        self._steps = [
            tuple(map(self.dtype.type, (low & bits, high & bits, shift)))
            for low, high, shift in _STEPS[: width.bit_length() - 1]
        ]
        # By the number of bytes after the first: their sevens of bits, and who says more follow.
        self.kept = self._by_extra(0x7F7F7F7F7F7F7F7F >> 8 * (7 - min(e, 7)) for e in range(10))
        self.continued = self._by_extra(
            0x8080808080808080 >> 8 * (8 - min(e, 8)) for e in range(10)
        )

    def _by_extra(self, masks: Iterable[int]) -> Unsigned:
        return np.array(list(masks), np.uint64).astype(self.dtype)

    def windows(self, octets: Octets) -> Unsigned:
        """See an integer from each byte on, but for the last ones."""
        little = self.dtype.newbyteorder("<")
        count = len(octets) - self.dtype.itemsize + 1
        return np.ndarray((count,), little, octets, strides=(1,))

    def gathered(self, groups: Unsigned) -> Unsigned:
        """Join the low seven bits of each byte to one number."""
        for low, high, shift in self._steps:
            groups = (groups & low) | (groups & high) >> shift
        return groups

    def spread(self, values: Unsigned) -> Unsigned:
        """Put seven bits of a number into each byte."""
        for low, high, shift in reversed(self._steps):
            values = (values & low) | (values << shift & high)
        return values


@cache
def _form_of(longest: int) -> _Form:
    return _Form(longest, 2 if longest <= 2 else 4 if longest <= 4 else 8)
