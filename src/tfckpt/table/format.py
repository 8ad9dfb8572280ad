"""Blocks, handles and the footer of a table file.

    [data block]*  [metaindex block]  [index block]  [footer: 48 bytes]
    block   = contents, compression: u8, masked crc32c(contents + compression): u32
    handle  = offset: varint64, size: varint64      (size leaves out the 5 bytes of the trailer)
    footer  = metaindex handle, index handle, zeros up to 40, magic: u64
    entry of the index block = a key >= every key of one data block -> that block's handle

All integers are little-endian. As TensorFlow's ``tsl/lib/io/format.cc`` and
``table_builder.cc`` write it. What is inside a block: `tfckpt.table.block`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tfckpt.checksum import crc32c, mask
from tfckpt.coding import Buffer, decode_fixed32, decode_varint, encode_fixed32, encode_varint
from tfckpt.errors import DataLossError

MAGIC = 0xDB4775248B80FB57.to_bytes(8, "little")  # fixed by leveldb; TensorFlow kept it
FOOTER_SIZE = 48
TRAILER_SIZE = 5

NO_COMPRESSION = 0
SNAPPY = 1
# A Snappy element makes at most 64 bytes out of 3, so a larger claim is forged.
_SNAPPY_MAX_RATIO = 22


class BlockHandle(NamedTuple):
    """Where a block lies in its file; the trailer is not counted in `size`."""

    offset: int
    size: int

    def encode(self) -> bytes:
        return encode_varint(self.offset) + encode_varint(self.size)

    @classmethod
    def decode(cls, data: Buffer, pos: int = 0) -> tuple[BlockHandle, int]:
        offset, pos = decode_varint(data, pos)
        size, pos = decode_varint(data, pos)
        return cls(offset, size), pos


class Footer(NamedTuple):
    """The last 48 bytes: where to begin reading."""

    metaindex_handle: BlockHandle
    index_handle: BlockHandle

    def encode(self) -> bytes:
        handles = self.metaindex_handle.encode() + self.index_handle.encode()
        # Padded, so that readers find it from the end of the file whatever the handles' length.
        return handles.ljust(FOOTER_SIZE - len(MAGIC), b"\0") + MAGIC

    @classmethod
    def decode(cls, data: Buffer) -> Footer:
        found = bytes(data[-len(MAGIC) :])
        if len(data) != FOOTER_SIZE or found != MAGIC:
            raise DataLossError(
                f"no table file: its last 8 bytes should be {MAGIC.hex(' ')}, "
                f"they are {found.hex(' ')}"
            )
        metaindex, pos = BlockHandle.decode(data)
        index, _ = BlockHandle.decode(data, pos)
        return cls(metaindex, index)


def seal(pieces: Iterable[Buffer]) -> bytes:
    """Return the trailer of an uncompressed block that is made of `pieces`."""
    kind = bytes([NO_COMPRESSION])
    crc = 0
    for piece in (*pieces, kind):
        crc = crc32c(piece, crc)
    return kind + encode_fixed32(mask(crc))


def unseal(block: Buffer) -> Buffer:
    """Check a block's trailer and return its contents, uncompressed."""
    contents, kind = block[:-TRAILER_SIZE], block[-TRAILER_SIZE]
    stored, _ = decode_fixed32(block, len(block) - 4)
    computed = mask(crc32c(memoryview(block)[:-4], 0))
    if computed != stored:
        raise DataLossError(
            f"the checksum of the block of {len(contents)} bytes does not fit: "
            f"stored {stored:#010x}, computed {computed:#010x}"
        )
    if kind == NO_COMPRESSION:
        return contents
    if kind == SNAPPY:
        return uncompress(contents)
    raise DataLossError(f"unknown block compression {kind} (0 is none, 1 is Snappy)")


def uncompress(contents: Buffer) -> bytes:
    import snappy

    size, _ = decode_varint(contents, 0)
    if size > len(contents) * _SNAPPY_MAX_RATIO:
        raise DataLossError(
            f"a Snappy block of {len(contents)} bytes claims to hold {size}, "
            f"more than the format can"
        )
    try:
        uncompressed = bytes(snappy.uncompress(bytes(contents)))
    except Exception as error:  # the exception's class depends on python-snappy's backend
        raise DataLossError(f"damaged Snappy block: {error}") from error
    if len(uncompressed) != size:
        raise DataLossError(f"a Snappy block holds {len(uncompressed)} bytes, it claims {size}")
    return uncompressed
