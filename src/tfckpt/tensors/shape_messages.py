"""Shapes and slices as messages: TensorShapeProto and TensorSliceProto, as both formats hold them.

Written by hand, as protobuf would write them: an index has one or the other for every tensor.
TensorFlow's ``tensor_shape.proto`` and ``tensor_slice.proto``:

    shape     [dim: field 2]*       dim      size 1
    slice     [extent: field 1]*    extent   start 1, length 2
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tfckpt.coding import encode_varint
from tfckpt.errors import DataLossError
from tfckpt.tensors.slices import Shape, TensorSlice
from tfckpt.wire import fields, integer_field, message_field

_MAX_RANK = 254  # TensorFlow's TensorShape holds no more dimensions
_LENGTH = b"\x10"  # the tag of an extent's length


def encode_shape(shape: Iterable[int]) -> bytes:
    return b"".join([message_field(2, integer_field(1, size)) for size in shape])


def decode_plain_shape(message: bytes) -> Shape | None:
    """Return the shape of which `encode_shape` makes this message, None if there is none.

    A message in another form may have a shape all the same: protobuf reads that.
    """
    sizes = []
    try:
        for _, _, dim in fields(message):
            if isinstance(dim, int):
                return None
            sizes.append(next((size for _, _, size in fields(dim) if isinstance(size, int)), 0))
    except DataLossError:
        return None
    shape = tuple(sizes)
    return shape if max(shape, default=0) < 1 << 63 and encode_shape(shape) == message else None


def checked_shape(sizes: Sequence[int], *, unknown_rank: bool = False) -> Shape:
    """Return the shape of these sizes; DataLossError if TensorFlow has no such tensor."""
    if unknown_rank or len(sizes) > _MAX_RANK or min(sizes, default=0) < 0:
        raise DataLossError(f"no tensor has the shape {list(sizes)}")
    return tuple(sizes)


def encode_slice(part: TensorSlice) -> bytes:
    # A whole dimension is an empty extent. A length sits in a oneof, so zero is written too.
    extents = [
        b"" if length < 0 else integer_field(1, start) + _LENGTH + encode_varint(length)
        for start, length in part.extents
    ]
    return b"".join([message_field(1, extent) for extent in extents])
