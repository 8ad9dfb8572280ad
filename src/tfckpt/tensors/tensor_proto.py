"""Arrays as TensorProto messages, and back: TensorFlow's ``tf.make_tensor_proto`` and its inverse.

Where the values lie in the message: `tfckpt.tensors.values`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tfckpt.dtypes import DataType, data_type_of, numpy_dtype
from tfckpt.errors import DataLossError
from tfckpt.tensors.slices import volume
from tfckpt.tensors.stored import Array, as_storable, little_endian, reshaped
from tfckpt.tensors.values import BELOW_A_BYTE, decode_content, decode_values, encode_values

if TYPE_CHECKING:
    from tfckpt.protos import TensorProto

D = DataType

# The only types whose many values TensorFlow's Python code does not put into tensor_content.
_NEVER_CONTENT = BELOW_A_BYTE | {
    D.DT_STRING,
    D.DT_BOOL,
    D.DT_UINT16,
    D.DT_COMPLEX64,
    D.DT_COMPLEX128,
}
_MAX_CONTENT = 1 << 31  # a protobuf message ends here


def make_tensor_proto(
    values: Any,
    dtype: object = None,
    shape: Sequence[int] | None = None,
    verify_shape: bool = False,
    allow_broadcast: bool = False,
) -> TensorProto:
    """Return a tensor as a message, byte for byte what ``tf.make_tensor_proto`` makes.

    An array keeps its dtype. Python's numbers and lists become float32 and int32 as in
    TensorFlow (int64 where an integer needs it), unless `dtype` (a DataType or what numpy takes)
    says otherwise. With a `shape` that has more elements than `values`, the last value stands
    for the rest.

    Raises TypeError for what no tensor can hold or is not what `dtype` says, ValueError for None,
    a shape too small, or a content of 2 GiB.

    >>> import numpy as np, tfckpt
    >>> tfckpt.make_tensor_proto(np.arange(2, dtype=np.uint8)).tensor_content
    b'\\x00\\x01'
    >>> list(tfckpt.make_tensor_proto(7).int_val)
    [7]
    """
    from tfckpt.protos import TensorProto, adopt, is_message

    if allow_broadcast and verify_shape:
        raise ValueError("allow_broadcast and verify_shape are not both allowed.")
    if is_message(values, TensorProto):
        return adopt(values, TensorProto)
    array, data_type = _to_array(values, dtype)
    dims = array.shape if shape is None else tuple(int(size) for size in shape)
    if shape is not None:
        _check_shape(array, dims, verify_shape, allow_broadcast)
    proto = TensorProto(dtype=int(data_type))
    proto.tensor_shape.SetInParent()
    for size in dims:
        proto.tensor_shape.dim.add(size=size)
    if array.size == volume(dims) > 1 and data_type not in _NEVER_CONTENT:
        if array.nbytes >= _MAX_CONTENT:
            raise ValueError(
                f"a tensor proto cannot hold {array.nbytes} bytes: a message ends at 2 GiB"
            )
        proto.tensor_content = little_endian(array).tobytes()
    else:
        head, body = encode_values(array, data_type)
        proto.MergeFromString(head + bytes(body))
    return proto


def _to_array(values: object, dtype: object) -> tuple[Array, DataType]:
    if values is None:
        raise ValueError("None values not supported.")
    wanted = None if dtype is None else _dtype_of(dtype)
    if wanted is not None and wanted.kind != "O":
        return _cast(values, wanted), data_type_of(wanted)
    array, data_type = as_storable(values)
    if wanted is not None and data_type is not D.DT_STRING:
        raise TypeError(f"a string tensor cannot hold values of {array.dtype}")
    if wanted is None and not isinstance(values, (np.ndarray, np.generic)):
        array = _narrowed(array)
    return array, data_type_of(array.dtype)


def _cast(values: object, wanted: np.dtype[Any]) -> Array:
    array = np.asarray(values)
    if array.dtype == wanted or isinstance(values, (np.ndarray, np.generic)):
        return array.astype(wanted)
    fits = np.can_cast(array.dtype, wanted, "same_kind") or array.dtype.kind in "iu"
    if array.size and not fits:
        raise TypeError(f"values of {array.dtype} do not fit {wanted}: {values!r}")
    return np.array(values, wanted)


def _dtype_of(dtype: object) -> np.dtype[Any]:
    if isinstance(dtype, int):
        found = numpy_dtype(dtype)
        if found is None or dtype in (D.DT_RESOURCE, D.DT_VARIANT):
            raise TypeError(f"no tensor proto holds values of type {dtype}")
        return found
    as_numpy: Any = getattr(dtype, "as_numpy_dtype", dtype)  # TensorFlow's own DType, too
    found = np.dtype(as_numpy)
    return np.dtype(object) if data_type_of(found) is D.DT_STRING else found


def _narrowed(array: Array) -> Array:
    """Take TensorFlow's default types where numpy chose its own, and nothing is lost."""
    if array.dtype == np.float64:
        return array.astype(np.float32)
    if array.dtype == np.int64:
        narrow = array.astype(np.int32)
        return narrow if np.array_equal(narrow, array) else array
    return array


def _check_shape(array: Array, dims: tuple[int, ...], verify: bool, broadcast: bool) -> None:
    if broadcast:
        if array.shape not in ((), (1,)) and array.size != volume(dims):
            raise TypeError(f"Expected Tensor's shape: {dims}, but got {array.shape}.")
    elif verify and array.shape != dims:
        raise TypeError(f"Expected Tensor's shape: {dims}, but got {array.shape}.")
    elif array.size > volume(dims):
        raise ValueError(
            f"Too many elements provided. Takes at most {volume(dims)}, but got {array.size}."
        )


def make_ndarray(tensor: TensorProto) -> Array:
    """Return the array that a message holds, as ``tf.make_ndarray`` does.

    Strings come as an object array of bytes, whatever the shape. All forms are read: the typed
    fields, those with fewer values than elements, and ``tensor_content``.

    Raises DataLossError (a ValueError) if the values do not fit the shape, UnimplementedError for
    resources and variants.

    >>> import numpy as np, tfckpt
    >>> tfckpt.make_ndarray(tfckpt.make_tensor_proto(np.eye(2, dtype=np.float32)))
    array([[1., 0.],
           [0., 1.]], dtype=float32)
    """
    shape = tuple(dim.size for dim in tensor.tensor_shape.dim)
    if tensor.tensor_shape.unknown_rank or min(shape, default=0) < 0:
        raise DataLossError(f"a tensor's values need a known shape, not {list(shape)}")
    count = volume(shape)
    if tensor.tensor_content:
        flat = decode_content(tensor.tensor_content, tensor.dtype, count)
    else:
        flat = decode_values(tensor.SerializeToString(), tensor.dtype, count)
    return reshaped(flat, shape)
