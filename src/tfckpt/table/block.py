"""The inside of a block: prefix-compressed entries, then restart points.

    entry   = shared: varint32, unshared: varint32, value size: varint32,
              unshared bytes of the key, value
    block   = [entry]*  [offset of a restart: u32]*  number of restarts: u32

An entry's key is the first `shared` bytes of the key before it, then its own. Every 16th entry
(every one in an index block) is a restart: it shares nothing, so a search can begin there.
As TensorFlow's ``tsl/lib/io/block_builder.cc`` writes it; an empty block still lists one restart.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Generator, Iterator

from tfckpt.coding import Buffer, decode_fixed32, decode_varint, encode_varint
from tfckpt.errors import DataLossError

RESTART_INTERVAL = 16

KeyValue = tuple[bytes, Buffer]


class BlockBuilder:
    """Gathers entries, in key order, into one block."""

    def __init__(self, restart_interval: int = RESTART_INTERVAL) -> None:
        self._restart_interval = restart_interval
        self._pieces: list[Buffer] = []
        self._entries_size = 0
        self._restarts = [0]
        self._since_restart = 0
        self.first_key: bytes | None = None
        self.last_key = b""

    def __bool__(self) -> bool:
        return bool(self._pieces)

    @property
    def size(self) -> int:
        """Bytes that `finish` would return now."""
        return self._entries_size + 4 * len(self._restarts) + 4

    def add(self, key: bytes, value: Buffer) -> None:
        self.fill(iter([(key, value)]), 0)

    def fill(
        self, items: Iterator[KeyValue], size: int, oversize: int = sys.maxsize
    ) -> KeyValue | None:
        """Take entries until the block has grown to `size` bytes, or there are no more.

        An entry of `oversize` bytes or more ends a block that has others; it is returned.

        Raises ValueError for a key that does not come after the one before it.
        """
        # One loop over local names: an index of many small tensors spends its time here.
        pieces, restarts = self._pieces, self._restarts
        last_key, since_restart, at = self.last_key, self._since_restart, self._entries_size
        last_size, last_number = len(last_key), int.from_bytes(last_key, "big")
        oversized = None
        for key, value in items:
            key_size, value_size = len(key), len(value)
            if self.first_key is None:
                self.first_key = key
            elif key <= last_key:
                raise ValueError(f"table keys must increase: {key!r} after {last_key!r}")
            elif value_size + key_size >= oversize:
                oversized = (key, value)
                break
            # As big-endian numbers two keys of a size differ from the highest bit of the first
            # unequal byte on: a few calls into C, whatever the length.
            number = int.from_bytes(key, "big")
            if since_restart == self._restart_interval:
                shared = since_restart = 0
                restarts.append(at)
            elif key_size == last_size:
                shared = key_size - ((number ^ last_number).bit_length() + 7) // 8
            else:
                shared = shared_prefix(last_key, key)
            unshared = key_size - shared
            if (shared | unshared | value_size) < 0x80:
                head = bytes((shared, unshared, value_size))
            else:
                head = encode_varint(shared) + encode_varint(unshared) + encode_varint(value_size)
            pieces.append(head + key[shared:])
            pieces.append(value)
            at += len(head) + unshared + value_size
            since_restart += 1
            last_key, last_size, last_number = key, key_size, number
            if at + 4 * len(restarts) + 4 >= size:
                break
        self.last_key, self._since_restart, self._entries_size = last_key, since_restart, at
        return oversized

    def finish(self) -> bytes:
        return b"".join(self.pieces())

    def pieces(self) -> list[Buffer]:
        """Return the block in pieces; long values are the objects that were given, uncopied."""
        restarts = (*self._restarts, len(self._restarts))
        return [*self._pieces, struct.pack(f"<{len(restarts)}I", *restarts)]


def shared_prefix(a: bytes, b: bytes) -> int:
    """Return how many bytes `a` and `b` have in common at their start."""
    size = min(len(a), len(b))
    difference = int.from_bytes(a[:size], "big") ^ int.from_bytes(b[:size], "big")
    return size - (difference.bit_length() + 7) // 8


def find_restarts(block: Buffer) -> tuple[int, int]:
    """Return where the entries end (and the restarts begin), and how many restarts there are."""
    if len(block) < 4:
        raise DataLossError(f"a block of {len(block)} bytes has no room for its restart count")
    count, _ = decode_fixed32(block, len(block) - 4)
    entries_end = len(block) - 4 - 4 * count
    if entries_end < 0:
        raise DataLossError(f"a block of {len(block)} bytes cannot hold {count} restarts")
    return entries_end, count


KeyValues = Generator[KeyValue, None, "bytes | None"]


def decode_block(block: Buffer, after: bytes | None = None) -> KeyValues:
    """Yield the block's (key, value) pairs; their keys strictly increase, from `after` on.

    What it returns is the last key.
    """
    entries_end, _ = find_restarts(block)
    return decode_key_values(block, 0, entries_end, after)


def decode_key_values(
    block: Buffer, pos: int, end: int, previous: bytes | None = None
) -> KeyValues:
    """Yield the entries between a restart at `pos` and `end`."""
    key = b""
    while pos < end:
        # Nearly all three sizes take one byte. Going straight for them halves the time of a
        # listing; a value past the end is caught below.
        if pos + 3 > end:
            raise DataLossError(f"a block's entry is cut short at {pos}")
        shared, unshared, value_size = block[pos], block[pos + 1], block[pos + 2]
        if (shared | unshared | value_size) < 0x80:
            pos += 3
        else:
            shared, pos = decode_varint(block, pos)
            unshared, pos = decode_varint(block, pos)
            value_size, pos = decode_varint(block, pos)
        value_at = pos + unshared
        next_pos = value_at + value_size
        if next_pos > end or shared > len(key):
            raise DataLossError(
                f"a block's entry at {pos} does not fit: shares {shared} bytes, has a key of "
                f"{unshared} more and a value of {value_size}, {end - pos} bytes are left"
            )
        key = key[:shared] + block[pos:value_at]
        if previous is not None and key <= previous:
            raise DataLossError(f"a block's keys are out of order: {key!r} after {previous!r}")
        yield key, block[value_at:next_pos]
        pos, previous = next_pos, key
    return previous


def search_block(block: Buffer, wanted: bytes) -> Buffer | None:
    """Return the value of one key, by halving between restarts; None if it is not there."""
    entries_end, count = find_restarts(block)
    start = low = 0
    high = count
    while high - low > 1:
        middle = (low + high) // 2
        restart, _ = decode_fixed32(block, entries_end + 4 * middle)
        key = next((key for key, _ in decode_key_values(block, restart, entries_end)), None)
        if key is not None and key <= wanted:
            low, start = middle, restart
        else:
            high = middle
    for key, value in decode_key_values(block, start, entries_end):
        if key >= wanted:
            return value if key == wanted else None
    return None
