"""The values of an index: what each says, and its bytes.

    key ""             BundleHeaderProto: number of shards, byte order, version
    key of a tensor    BundleEntryProto: dtype, shape, and either where its bytes lie
                       (shard, offset, size, crc32c) or which slices hold them
    key of a slice     the same for one slice; such keys begin with a zero byte

Messages of TensorFlow's ``tensor_bundle.proto``, encoded here by hand: tens of thousands of them
are read or written at a time, and always in the one form that protobuf writes. Anything else
goes through protobuf itself.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from tfckpt.coding import (
    Buffer,
    decode_fixed32,
    decode_varint,
    encode_fixed32,
    encode_varint,
)
from tfckpt.errors import DataLossError
from tfckpt.tensors.shape_messages import (
    checked_shape,
    decode_plain_shape,
    encode_shape,
    encode_slice,
)
from tfckpt.tensors.slices import FULL, TensorSlice
from tfckpt.versions import check_versions
from tfckpt.wire import integer_field, message_field

if TYPE_CHECKING:
    from tfckpt.protos import TensorSliceProto

HEADER_KEY = b""
BUNDLE_VERSION = 1  # the producer that TensorFlow writes; it reads any up to this


class Header(NamedTuple):
    """How many shards there are, and whether numbers in them are big-endian."""

    num_shards: int
    big_endian: bool = False

    def encode(self) -> bytes:
        byte_order = b"\x10\x01" if self.big_endian else b""
        return b"\x08" + encode_varint(self.num_shards) + byte_order + b"\x1a\x02\x08\x01"

    @classmethod
    def decode(cls, value: Buffer) -> Header:
        """Read a header. Raises DataLossError; InvalidArgumentError for a version of another age.

        The form that is always written needs no protobuf, which takes as long to import as all the
        rest of opening.
        """
        value = bytes(value)
        plain = cls(value[1] if len(value) > 1 else 0, big_endian=b"\x10\x01" in value)
        if 0 < plain.num_shards < 0x80 and plain.encode() == value:
            return plain
        return cls._decode_any(value)

    @classmethod
    def _decode_any(cls, value: bytes) -> Header:
        from tfckpt.parsing import parse_binary
        from tfckpt.protos import BundleHeaderProto

        try:
            header = parse_binary(value, BundleHeaderProto)
        except DataLossError as error:
            raise DataLossError(f"the header of the index does not parse: {error}") from None
        check_versions(header.version, BUNDLE_VERSION, "the checkpoint")
        if header.num_shards < 1:
            raise DataLossError(f"the header of the index speaks of {header.num_shards} shards")
        return cls(header.num_shards, header.endianness == BundleHeaderProto.BIG)


class Entry(NamedTuple):
    """Where a tensor is, and what. `crc32c` is in its masked form, as it is stored."""

    data_type: int
    shape: tuple[int, ...]
    shard_id: int = 0
    offset: int = 0
    size: int = 0
    crc32c: int = 0
    slices: tuple[TensorSlice, ...] = ()

    def encode(self) -> bytes:
        """Return the message; as in all of protobuf, zeros are left out."""
        return b"".join(
            (
                encode_head(self.data_type, self.shape),
                integer_field(3, self.shard_id),
                integer_field(4, self.offset),
                integer_field(5, self.size),
                b"\x35" + encode_fixed32(self.crc32c) if self.crc32c else b"",
                *(message_field(7, encode_slice(part)) for part in self.slices),
            )
        )

    @classmethod
    def decode(cls, value: Buffer) -> Entry:
        """Read an entry.

        Raises DataLossError if it does not parse or describes no tensor.
        """
        value = bytes(value)
        # dtype and shape first, in one byte each for type and length: nearly every entry.
        if (
            len(value) > 4
            and value[0] == 0x08
            and value[2] == 0x12
            and (value[1] | value[3]) < 0x80
        ):
            pos = 4 + value[3]
            numbers = _decode_place(value, pos)
            if numbers is not None:
                return cls(*decode_head(value[:pos]), *numbers)
        return _decode_any(value)


def _decode_place(value: bytes, pos: int) -> tuple[int, int, int, int] | None:
    """Read shard, offset, size and checksum in protobuf's own order; None if not in that form."""
    end = len(value)
    shard_id = offset = size = crc32c = 0
    if pos < end and value[pos] == 0x18:
        shard_id, pos = decode_varint(value, pos + 1)
    if pos < end and value[pos] == 0x20:
        offset, pos = decode_varint(value, pos + 1)
    if pos < end and value[pos] == 0x28:
        size, pos = decode_varint(value, pos + 1)
    if pos == end - 5 and value[pos] == 0x35:
        crc32c, pos = decode_fixed32(value, pos + 1)
    if pos != end or shard_id >> 31 or offset >> 63 or size >> 63:
        return None
    return shard_id, offset, size, crc32c


@lru_cache(maxsize=4096)
def decode_head(head: bytes) -> tuple[int, tuple[int, ...]]:
    """Read the fields that `encode_head` writes."""
    shape = decode_plain_shape(head[4:])
    if shape is not None and encode_head(head[1], shape) == head:
        return head[1], checked_shape(shape)
    entry = _decode_any(head)
    return entry.data_type, entry.shape


def _decode_any(value: bytes) -> Entry:
    from tfckpt.parsing import parse_binary
    from tfckpt.protos import BundleEntryProto

    try:
        entry = parse_binary(value, BundleEntryProto)
    except DataLossError as error:
        raise DataLossError(f"an entry of the index does not parse: {error}") from None
    sizes = [dim.size for dim in entry.shape.dim]
    shape = checked_shape(sizes, unknown_rank=entry.shape.unknown_rank)
    if entry.shard_id < 0 or entry.offset < 0 or entry.size < 0:
        raise DataLossError(
            f"no tensor lies in shard {entry.shard_id} at {entry.offset} with {entry.size} bytes"
        )
    return Entry(
        data_type=entry.dtype,
        shape=shape,
        shard_id=entry.shard_id,
        offset=entry.offset,
        size=entry.size,
        crc32c=entry.crc32c,
        slices=tuple(TensorSlice(tuple(map(_extent, part.extent))) for part in entry.slices),
    )


def _extent(extent: TensorSliceProto.Extent) -> tuple[int, int]:
    if extent.HasField("length"):
        return extent.start, extent.length
    if extent.start:  # TensorFlow takes no such extent either (``tensor_slice.cc``)
        raise DataLossError(f"a slice begins at {extent.start} and has no length")
    return 0, FULL


@lru_cache(maxsize=4096)
def encode_head(data_type: int, shape: tuple[int, ...]) -> bytes:
    """Return the fields that tensors of one kind share: dtype and shape."""
    number = data_type % (1 << 64)  # that of an unknown type may be negative
    return b"\x08" + encode_varint(number) + message_field(2, encode_shape(shape))
