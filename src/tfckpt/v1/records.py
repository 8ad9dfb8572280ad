"""The records of a V1 table: SavedTensorSlices messages.

    key ""            field 1, meta:  [tensor: field 1]*, versions: field 2
        tensor        name 1, shape 2, type 3, [slice: 4]*
        versions      producer 1, min_consumer 2, [bad_consumers 3]*
    key of a slice    field 2, data:  name 1, slice 2, values 3 (a TensorProto)

The TensorProto holds values only; dtype and shape stand in the record of key "". A tensor in one
piece has one slice that takes all of every dimension. The rules are those of TensorFlow's
``core/util/tensor_slice_writer.cc`` and ``saved_tensor_slice.proto``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tfckpt.coding import Buffer
from tfckpt.errors import DataLossError
from tfckpt.parsing import parse_binary
from tfckpt.tensors.shape_messages import checked_shape, encode_shape, encode_slice
from tfckpt.tensors.slices import FULL, Shape, TensorSlice
from tfckpt.versions import check_versions
from tfckpt.wire import BYTES, VARINT, bytes_field, fields, integer_field, message_field

META_KEY = b""
V1_VERSION = 1  # TensorFlow's TF_CHECKPOINT_VERSION: what it writes, and the highest it reads
_VERSIONS = b"\x12\x02\x08\x01"


class Meta(NamedTuple):
    """What a file says of one tensor: of all of it, and which of its slices the file has."""

    name: bytes
    shape: Shape
    data_type: int
    slices: tuple[TensorSlice, ...]

    def encode(self) -> bytes:
        return b"".join(
            (
                message_field(1, self.name) if self.name else b"",
                message_field(2, encode_shape(self.shape)),
                integer_field(3, self.data_type),
                *(message_field(4, encode_slice(part)) for part in self.slices),
            )
        )

    @classmethod
    def decode(cls, message: Buffer) -> Meta:
        name, data_type, shape, slices = b"", 0, b"", []
        for number, kind, value in fields(message):
            if number == 1:
                name = bytes(_view(value, kind, "the name of a tensor"))
            elif number == 2:
                shape += _view(value, kind, "the shape of a tensor")
            elif number == 3:
                data_type = _number(value, kind, "the type of a tensor")
            elif number == 4:
                slices.append(_decode_slice(_view(value, kind, "a slice")))
        return cls(name, _decode_shape(shape), data_type, tuple(slices))


class Record(NamedTuple):
    """The values of one slice, still as the bytes of a TensorProto."""

    name: bytes
    slice: TensorSlice
    values: Buffer

    @classmethod
    def decode(cls, value: Buffer) -> Record:
        name, extents = b"", b""
        values: Buffer = b""
        for number, kind, part in fields(_only_field(value, 2, "the values of a slice")):
            if number == 1:
                name = bytes(_view(part, kind, "the name of a tensor"))
            elif number == 2:
                extents += _view(part, kind, "a slice")
            elif number == 3:
                view = _view(part, kind, "a tensor")
                values = b"".join((values, view)) if len(values) else view
        return cls(name, _decode_slice(extents), values)


def encode_record(name: bytes, part: TensorSlice, head: bytes, size: int) -> bytes:
    """Return a record up to the last `size` bytes of its TensorProto, which begins with `head`."""
    inner = record_head(name, part) + bytes_field(3, len(head) + size) + head
    return bytes_field(2, len(inner) + size) + inner


def record_head(name: bytes, part: TensorSlice) -> bytes:
    """Return the fields of a record that say whose values it holds."""
    return message_field(1, name) + message_field(2, encode_slice(part))


def encode_meta(metas: Iterable[Meta]) -> bytes:
    tensors = [message_field(1, meta.encode()) for meta in metas]
    return message_field(1, b"".join([*tensors, _VERSIONS]))


def decode_meta(value: Buffer) -> list[Meta]:
    """Read the record of key "".

    Raises DataLossError if it does not parse, InvalidArgumentError if it asks for a newer reader.
    """
    from tfckpt.protos import VersionDef

    metas, versions = [], b""
    for number, kind, part in fields(_only_field(value, 1, "the list of tensors")):
        if number == 1:
            metas.append(Meta.decode(_view(part, kind, "a tensor")))
        elif number == 2:
            versions += _view(part, kind, "the versions")
    check_versions(parse_binary(versions, VersionDef), V1_VERSION, "the checkpoint")
    return metas


def _only_field(value: Buffer, wanted: int, what: str) -> Buffer:
    """Return the bytes of field `wanted` of a record, which must be there."""
    found: list[memoryview] = []
    for number, kind, part in fields(value):
        if number == wanted:
            found.append(_view(part, kind, what))
    if not found:
        raise DataLossError(f"a record holds no field {wanted}, {what}")
    return found[0] if len(found) == 1 else b"".join(found)


def _decode_shape(message: Buffer) -> Shape:
    sizes: list[int] = []
    for number, kind, value in fields(message):
        if number == 2:
            sizes.append(_decode_dim(_view(value, kind, "a dimension")))
        elif number == 3 and value:
            raise DataLossError("a tensor of unknown rank has no values")
    return checked_shape(sizes)


def _decode_dim(message: Buffer) -> int:
    size = 0
    for number, kind, value in fields(message):
        if number == 1:
            size = _number(value, kind, "the size of a dimension")
    return size


def _decode_slice(message: Buffer) -> TensorSlice:
    extents = []
    for number, kind, value in fields(message):
        if number == 1:
            extents.append(_decode_extent(_view(value, kind, "an extent")))
    return TensorSlice(tuple(extents))


def _decode_extent(message: Buffer) -> tuple[int, int]:
    start, length = 0, FULL
    for number, kind, value in fields(message):
        if number == 1:
            start = _number(value, kind, "the start of a slice")
        elif number == 2:
            length = _number(value, kind, "the length of a slice")
            if length < 0:
                raise DataLossError(f"no slice has the length {length}")
    if start < 0 or (length == FULL and start):
        raise DataLossError(f"no slice has start {start} with length {length}")
    return start, length


def _view(value: int | memoryview, kind: int, what: str) -> memoryview:
    if kind != BYTES or isinstance(value, int):
        raise DataLossError(f"{what} has wire type {kind}, not {BYTES}")
    return value


def _number(value: int | memoryview, kind: int, what: str) -> int:
    if kind != VARINT or not isinstance(value, int):
        raise DataLossError(f"{what} has wire type {kind}, not {VARINT}")
    return value - (1 << 64) if value >> 63 else value
