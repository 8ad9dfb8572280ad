"""The names that PyTorch's pickles use, and the inert values that are made in place of objects."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tfckpt.errors import DataLossError, UnimplementedError
from tfckpt.formats.pickled import Attributes, Name, as_key
from tfckpt.formats.raw import dtype_named
from tfckpt.tensors.slices import volume
from tfckpt.tensors.stored import Array

# The names that a pickle has for element types: torch's own, and those of its classes of storages.
DTYPES = {
    "bool": "bool",
    "uint8": "uint8",
    "int8": "int8",
    "uint16": "uint16",
    "int16": "int16",
    "short": "int16",
    "uint32": "uint32",
    "int32": "int32",
    "int": "int32",
    "uint64": "uint64",
    "int64": "int64",
    "long": "int64",
    "float16": "float16",
    "half": "float16",
    "bfloat16": "bfloat16",
    "float32": "float32",
    "float": "float32",
    "float64": "float64",
    "double": "float64",
    "complex64": "complex64",
    "cfloat": "complex64",
    "complex128": "complex128",
    "cdouble": "complex128",
    "float8_e5m2": "float8_e5m2",
    "float8_e4m3fn": "float8_e4m3fn",
    "float8_e5m2fnuz": "float8_e5m2fnuz",
    "float8_e4m3fnuz": "float8_e4m3fnuz",
    "float8_e8m0fnu": "float8_e8m0fnu",
}
STORAGES = {
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
    "BFloat16Storage": "bfloat16",
    "ComplexDoubleStorage": "complex128",
    "ComplexFloatStorage": "complex64",
}
UNTYPED = "torch.storage.UntypedStorage"
# No numpy array has them: name, and bytes of an element.
FOREIGN = {
    "complex32": 4,
    "bits8": 1,
    "bits16": 2,
    "bits1x8": 1,
    "bits2x4": 1,
    "bits4x2": 1,
    "float4_e2m1fn_x2": 1,
    "qint8": 1,
    "quint8": 1,
    "qint32": 4,
    "quint4x2": 1,
    "quint2x4": 1,
}
_FOREIGN_STORAGES = {
    "QInt8Storage": "qint8",
    "QUInt8Storage": "quint8",
    "QInt32Storage": "qint32",
    "QUInt4x2Storage": "quint4x2",
    "QUInt2x4Storage": "quint2x4",
}


# What a pickle says


class Storage(NamedTuple):
    key: str
    dtype: str
    size: int  # in elements
    offset: int = 0  # of the first, in a view of another storage


class View(NamedTuple):
    """A tensor: elements of a storage. `trait` says why they are not its values, if they aren't."""

    storage: Storage
    dtype: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    trait: str | None = None


class Unheld(NamedTuple):
    """A tensor that is no array of elements."""

    kind: str
    shape: tuple[int, ...] = ()


class NumpyDtype:
    """A dtype of numpy, as numpy's own pickles make it."""

    def __init__(self, code: object, *_: object) -> None:
        if not isinstance(code, str) or not re.fullmatch(r"[?biufcSU]\d{0,9}", code):
            raise UnimplementedError("the pickle has an array of numpy with elements of its own")
        self.dtype = np.dtype(code)

    def set_state(self, state: object) -> None:
        order = state[1] if isinstance(state, tuple) and len(state) > 1 else None
        if order not in ("<", ">", "|", "="):
            raise DataLossError("the pickle has a dtype of numpy without a byte order")
        if order in ("<", ">"):
            self.dtype = self.dtype.newbyteorder(order)


class NumpyArray:
    """An array of numpy within a pickle."""

    def __init__(self, *_: object) -> None:
        self.array: Array | None = None

    def set_state(self, state: object) -> None:
        if not isinstance(state, tuple) or len(state) != 5:
            raise DataLossError("the pickle has an array of numpy that is none")
        _, shape, dtype, fortran, data = state
        self.array = _numpy_array(dtype, data, _sizes(shape), "F" if fortran else "C")


def _numpy_array(dtype: object, data: object, shape: tuple[int, ...], order: Any) -> Array:
    if not isinstance(dtype, NumpyDtype) or not isinstance(data, bytes):
        raise UnimplementedError("the pickle has an array of numpy's that holds objects")
    if volume(shape) * dtype.dtype.itemsize != len(data) or not dtype.dtype.itemsize:
        raise DataLossError(f"the pickle has an array {list(shape)} of {len(data)} bytes")
    flat = np.frombuffer(data, dtype.dtype) if data else np.zeros(volume(shape), dtype.dtype)
    return flat.reshape(shape, order=order).astype(dtype.dtype.newbyteorder("="))


def _from_buffer(data: Any, dtype: Any, shape: Any, order: Any) -> Array:
    return _numpy_array(dtype, data, _sizes(shape), "F" if order == "F" else "C")


def _scalar(dtype: object, data: object = b"") -> Array:
    return _numpy_array(dtype, data, (), "C")


def _sizes(sizes: Any) -> tuple[int, ...]:
    if not isinstance(sizes, tuple | list) or not all(type(n) is int and n >= 0 for n in sizes):
        raise DataLossError("the pickle has a tensor whose size or strides are no sizes")
    return tuple(sizes)


def _tensor(storage: Any, offset: Any, size: Any, strides: Any) -> View:
    if not isinstance(storage, Storage):
        raise DataLossError("the pickle has a tensor without a storage")
    (offset,) = _sizes((offset,))
    shape, steps = _sizes(size), _sizes(strides)
    if len(shape) != len(steps):
        raise DataLossError(f"the pickle has a tensor of {len(shape)} sizes, {len(steps)} strides")
    return View(
        storage, dtype=storage.dtype, offset=storage.offset + offset, shape=shape, strides=steps
    )


def _tensor_v2(
    storage: Any, offset: Any, size: Any, strides: Any, grad: Any, hooks: Any, traits: Any = None
) -> View:
    view = _tensor(storage, offset, size, strides)
    for name in ("conj", "neg"):
        if isinstance(traits, dict) and traits.get(name):
            view = view._replace(trait=f"a lazy {name} of others")
    return view


def _tensor_v3(
    storage: Any,
    offset: Any,
    size: Any,
    strides: Any,
    grad: Any,
    hooks: Any,
    dtype: Any,
    traits: Any = None,
) -> View:
    view = _tensor_v2(
        storage, offset, size=size, strides=strides, grad=grad, hooks=hooks, traits=traits
    )
    found = dtype.name.removeprefix("torch.") if isinstance(dtype, Name) else ""
    if found not in DTYPES and found not in FOREIGN:
        raise DataLossError("the pickle has a tensor without a dtype")
    return view._replace(dtype=DTYPES.get(found, found))


def _quantized(storage: Any, offset: Any, size: Any, strides: Any, *_: object) -> View:
    view = _tensor(storage, offset, size, strides)
    return view._replace(trait=f"quantized ({view.dtype}) with a scale of their own")


def _unheld(kind: str, shape_at: int | None = None) -> Callable[..., Unheld]:
    def call(*arguments: Any) -> Unheld:
        return Unheld(kind, () if shape_at is None else _sizes(arguments[shape_at]))

    return call


def _of_type(function: Any, kind: Any, arguments: Any, *state: object) -> object:
    """Make a tensor that had attributes, or a class of its own."""
    makes = isinstance(function, Name) and function.call not in (None, _of_type)
    if not makes or type(arguments) is not tuple:
        raise DataLossError("the pickle has a tensor that nothing makes")
    return function.call(*arguments)


def _parameter(data: Any, *_: object) -> object:
    return data


def _ordered(items: Any = ()) -> Attributes:
    if isinstance(items, dict):
        return Attributes(items)
    if not isinstance(items, list | tuple):
        raise DataLossError("the pickle has a dict of no items")
    return Attributes({as_key(key): value for key, value in items})


def _set(items: Any = ()) -> set[Any]:
    return set(map(as_key, items))


def _encoded(text: Any, encoding: Any = "utf-8") -> bytes:
    if encoding not in ("latin1", "latin-1", "utf-8", "utf8", "ascii") or type(text) is not str:
        raise DataLossError("the pickle has bytes of no known encoding")
    return text.encode(encoding)


def _bytearray(*arguments: Any) -> bytes:
    if arguments and type(arguments[0]) is bytes:
        return arguments[0]
    return _encoded(*arguments) if arguments else b""


def _text(*arguments: Any) -> str:
    return ":".join(str(part) for part in arguments if type(part) in (str, int))


def _size(items: Any = ()) -> tuple[int, ...]:
    return _sizes(items)


def _complex(real: Any = 0.0, imaginary: Any = 0.0) -> complex:
    if {type(real), type(imaginary)} - {int, float}:
        raise DataLossError("the pickle has a complex number of no numbers")
    return complex(real, imaginary)


_BUILTINS: dict[str, Callable[..., object] | None] = {
    "set": _set,
    "frozenset": _set,
    "bytearray": _bytearray,
    "bytes": _bytearray,  # protocol 2 has no other way to say an empty one
    "complex": _complex,
    "dict": _ordered,
    "list": None,
    "int": None,
    "float": None,
}
NAMES: dict[str, Callable[..., object] | None] = {
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor_v2,
    "torch._utils._rebuild_tensor_v3": _tensor_v3,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_parameter_with_state": _parameter,
    "torch._utils._rebuild_qtensor": _quantized,
    "torch._utils._rebuild_sparse_tensor": _unheld("a sparse tensor"),
    "torch._utils._rebuild_nested_tensor": _unheld("a nested tensor"),
    "torch._utils._rebuild_meta_tensor_no_storage": _unheld("nothing (a meta tensor)", 1),
    "torch._tensor._rebuild_from_type": _of_type,
    "torch._tensor._rebuild_from_type_v2": _of_type,
    "torch.tensor._rebuild_from_type_v2": _of_type,
    "torch.Tensor": None,
    "torch.nn.parameter.Parameter": _parameter,
    "torch.nn.parameter.Buffer": _parameter,
    "torch.Size": _size,
    "torch.device": _text,
    "torch.serialization._get_layout": _text,
    "collections.OrderedDict": _ordered,
    "collections.Counter": _ordered,
    "collections.defaultdict": lambda *factory: Attributes(),
    "_codecs.encode": _encoded,
    UNTYPED: None,
    **{f"torch.{name}": None for name in ("per_tensor_affine", "per_channel_affine")},
    **{f"torch.{name}": None for name in (*DTYPES, *FOREIGN)},
    **{f"torch.{name}": None for name in (*STORAGES, *_FOREIGN_STORAGES)},
    **{f"builtins.{name}": call for name, call in _BUILTINS.items()},
    **{f"__builtin__.{name}": call for name, call in _BUILTINS.items()},
    "numpy.core.multiarray._reconstruct": NumpyArray,
    "numpy._core.multiarray._reconstruct": NumpyArray,
    "numpy.core.multiarray.scalar": _scalar,
    "numpy._core.multiarray.scalar": _scalar,
    "numpy.core.numeric._frombuffer": _from_buffer,
    "numpy._core.numeric._frombuffer": _from_buffer,
    "numpy.dtype": NumpyDtype,
    "numpy.ndarray": None,
}


def storage_of(reference: Any) -> Storage:
    """Make something of what a pickle says of a storage: ("storage", class, key, place, size)."""
    if not isinstance(reference, tuple) or len(reference) < 5 or reference[0] != "storage":
        raise UnimplementedError("the pickle refers to something else than a storage")
    _, kind, key, _, size = reference[:5]
    name = kind.name.removeprefix("torch.") if isinstance(kind, Name) else ""
    dtype = STORAGES.get(name) or _FOREIGN_STORAGES.get(name)
    if isinstance(kind, Name) and kind.name == UNTYPED:
        dtype = "uint8"
    if dtype is None or not isinstance(key, str) or type(size) is not int or size < 0:
        raise DataLossError("the pickle has a storage of no known kind")
    return Storage(key, dtype, size)


def viewed_storage(reference: Any) -> Storage:
    """The same in the old format, in which a storage may be a part of another."""
    storage = storage_of(reference)
    part = reference[5] if len(reference) > 5 else None
    if part is None:
        return storage
    if not isinstance(part, tuple) or len(part) != 3:
        raise DataLossError("the pickle has a view of a storage that is none")
    offset, size = _sizes(part[1:])
    if offset + size > storage.size:
        raise DataLossError("the pickle has a view that reaches out of its storage")
    return storage._replace(offset=offset)


def element_size(dtype: str) -> int:
    return FOREIGN.get(dtype) or dtype_named(dtype).itemsize
