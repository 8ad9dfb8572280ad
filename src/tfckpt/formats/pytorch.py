"""PyTorch's files: what ``torch.save`` writes, without torch, and without running its pickle.

A zip archive, since PyTorch 1.6 (``caffe2/serialize/inline_container.cc``):

    NAME/data.pkl    a pickle, in which a tensor is a view of a storage: offset, size, strides
    NAME/data/0 ...  the elements of each storage, uncompressed, aligned to 64 bytes
    NAME/byteorder   "little" or "big"; NAME/version and others say nothing of the tensors

Before that, one file (``torch/serialization.py``): pickles of a magic number, a version, what the
machine was, the value and a list of storages; then of each storage how many elements it has (64
bits), and these.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from tfckpt import limits
from tfckpt.bundle.part import c_strides
from tfckpt.coding import encode_fixed32
from tfckpt.errors import (
    DataLossError,
    UnimplementedError,
    located,
)
from tfckpt.formats.pickled import Attributes, Machine, Name, as_key, is_plain
from tfckpt.formats.raw import (
    ROOT,
    Checked,
    RawReader,
    Stored,
    chunks_of,
    described,
    dtype_named,
    held,
    size_of,
)
from tfckpt.formats.zipped import STORED, Archive, ZipWriter
from tfckpt.names import is_text
from tfckpt.pause import no_collection
from tfckpt.reader import TensorInfo, Verify
from tfckpt.storage import FileWriter, Source, Window
from tfckpt.tensors.slices import volume
from tfckpt.tensors.stored import Array

DATA = "data.pkl"
MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
_LEGACY_VERSION = 1001

# The names that a pickle has for element types: torch's own, and those of its classes of storages.
_DTYPES = {
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
_STORAGES = {
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
_UNTYPED = "torch.storage.UntypedStorage"
# No numpy array has them: name, and bytes of an element.
_FOREIGN = {
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


class _Storage(NamedTuple):
    key: str
    dtype: str
    size: int  # in elements
    offset: int = 0  # of the first, in a view of another storage


class _View(NamedTuple):
    """A tensor: elements of a storage. `trait` says why they are not its values, if they aren't."""

    storage: _Storage
    dtype: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    trait: str | None = None


class _Unheld(NamedTuple):
    """A tensor that is no array of elements."""

    kind: str
    shape: tuple[int, ...] = ()


class _Dtype:
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


class _Array:
    """An array of numpy within a pickle."""

    def __init__(self, *_: object) -> None:
        self.array: Array | None = None

    def set_state(self, state: object) -> None:
        if not isinstance(state, tuple) or len(state) != 5:
            raise DataLossError("the pickle has an array of numpy that is none")
        _, shape, dtype, fortran, data = state
        self.array = _numpy_array(dtype, data, _sizes(shape), "F" if fortran else "C")


def _numpy_array(dtype: object, data: object, shape: tuple[int, ...], order: Any) -> Array:
    if not isinstance(dtype, _Dtype) or not isinstance(data, bytes):
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


def _tensor(storage: Any, offset: Any, size: Any, strides: Any) -> _View:
    if not isinstance(storage, _Storage):
        raise DataLossError("the pickle has a tensor without a storage")
    (offset,) = _sizes((offset,))
    shape, steps = _sizes(size), _sizes(strides)
    if len(shape) != len(steps):
        raise DataLossError(f"the pickle has a tensor of {len(shape)} sizes, {len(steps)} strides")
    return _View(storage, storage.dtype, storage.offset + offset, shape, steps)


def _tensor_v2(
    storage: Any, offset: Any, size: Any, strides: Any, grad: Any, hooks: Any, traits: Any = None
) -> _View:
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
) -> _View:
    view = _tensor_v2(storage, offset, size, strides, grad, hooks, traits)
    found = dtype.name.removeprefix("torch.") if isinstance(dtype, Name) else ""
    if found not in _DTYPES and found not in _FOREIGN:
        raise DataLossError("the pickle has a tensor without a dtype")
    return view._replace(dtype=_DTYPES.get(found, found))


def _quantized(storage: Any, offset: Any, size: Any, strides: Any, *_: object) -> _View:
    view = _tensor(storage, offset, size, strides)
    return view._replace(trait=f"quantized ({view.dtype}) with a scale of their own")


def _unheld(kind: str, shape_at: int | None = None) -> Callable[..., _Unheld]:
    def call(*arguments: Any) -> _Unheld:
        return _Unheld(kind, () if shape_at is None else _sizes(arguments[shape_at]))

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
    "complex": _complex,
    "dict": _ordered,
    "list": None,
    "int": None,
    "float": None,
}
_NAMES: dict[str, Callable[..., object] | None] = {
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
    _UNTYPED: None,
    **{f"torch.{name}": None for name in ("per_tensor_affine", "per_channel_affine")},
    **{f"torch.{name}": None for name in (*_DTYPES, *_FOREIGN)},
    **{f"torch.{name}": None for name in (*_STORAGES, *_FOREIGN_STORAGES)},
    **{f"builtins.{name}": call for name, call in _BUILTINS.items()},
    **{f"__builtin__.{name}": call for name, call in _BUILTINS.items()},
    "numpy.core.multiarray._reconstruct": _Array,
    "numpy._core.multiarray._reconstruct": _Array,
    "numpy.core.multiarray.scalar": _scalar,
    "numpy._core.multiarray.scalar": _scalar,
    "numpy.core.numeric._frombuffer": _from_buffer,
    "numpy._core.numeric._frombuffer": _from_buffer,
    "numpy.dtype": _Dtype,
    "numpy.ndarray": None,
}


def _storage_of(reference: Any) -> _Storage:
    """Make something of what a pickle says of a storage: ("storage", class, key, place, size)."""
    if not isinstance(reference, tuple) or len(reference) < 5 or reference[0] != "storage":
        raise UnimplementedError("the pickle refers to something else than a storage")
    _, kind, key, _, size = reference[:5]
    name = kind.name.removeprefix("torch.") if isinstance(kind, Name) else ""
    dtype = _STORAGES.get(name) or _FOREIGN_STORAGES.get(name)
    if isinstance(kind, Name) and kind.name == _UNTYPED:
        dtype = "uint8"
    if dtype is None or not isinstance(key, str) or type(size) is not int or size < 0:
        raise DataLossError("the pickle has a storage of no known kind")
    return _Storage(key, dtype, size)


def _viewed_storage(reference: Any) -> _Storage:
    """The same in the old format, in which a storage may be a part of another."""
    storage = _storage_of(reference)
    part = reference[5] if len(reference) > 5 else None
    if part is None:
        return storage
    if not isinstance(part, tuple) or len(part) != 3:
        raise DataLossError("the pickle has a view of a storage that is none")
    offset, size = _sizes(part[1:])
    if offset + size > storage.size:
        raise DataLossError("the pickle has a view that reaches out of its storage")
    return storage._replace(offset=offset)


def _element_size(dtype: str) -> int:
    return _FOREIGN.get(dtype) or dtype_named(dtype).itemsize


# From a pickle to names


def _leaves(value: object, steps: int) -> Iterator[tuple[str, object]]:
    """Yield what lies in dicts and lists, by path: the keys on the way, joined by ``/``.

    Refuses after so many `steps`: what a pickle refers to twice may be as large as one wants.
    """
    nesting = limits.current().nesting
    waiting: list[tuple[str, object, int]] = [("", value, 0)]
    while waiting:
        path, one, depth = waiting.pop()
        steps -= 1
        if steps < 0 or depth > nesting:
            raise DataLossError("the pickle holds more, or deeper, than any that was written")
        inside = _inside(one)
        if inside is None or not (inside or depth == 0):
            yield path, one
        else:
            steps -= len(inside)
            waiting.extend(
                (f"{path}/{key}" if depth else str(key), part, depth + 1)
                for key, part in reversed(inside)
            )


def _inside(value: object) -> Sequence[tuple[object, object]] | None:
    if isinstance(value, dict):
        return list(value.items())
    if (isinstance(value, list) or type(value) is tuple) and not all(map(is_plain, value)):
        return list(enumerate(value))
    return None


class _Found(NamedTuple):
    """What a pickle holds: tensors by name, arrays of numpy's, and all the rest."""

    views: dict[str, _View | _Unheld]
    arrays: dict[str, Array]
    rest: dict[str, Any]


def _found(value: object, steps: int) -> _Found:
    found = _Found({}, {}, {})
    for path, one in _leaves(value, steps):
        name = path or ROOT
        if any(name in held for held in found):
            raise UnimplementedError(f"the file has two values under the path {name!r}")
        if isinstance(one, _Storage):
            one = _View(one, one.dtype, one.offset, (one.size - one.offset,), (1,))
        if isinstance(one, _View | _Unheld):
            found.views[name] = one
        elif isinstance(one, _Array) and one.array is not None:
            found.arrays[name] = one.array
        elif isinstance(one, np.ndarray):
            found.arrays[name] = one
        elif isinstance(one, _Array | _Dtype):
            raise DataLossError(f"the pickle has an array of numpy's without a value: {name!r}")
        else:
            found.rest[name] = one.name if isinstance(one, Name) else one
    return found


def _info(view: _View | _Unheld) -> TensorInfo:
    if isinstance(view, _Unheld):
        return TensorInfo(0, view.shape, 0, (), view.kind)
    size = volume(view.shape) * _element_size(view.dtype)
    foreign = view.trait or (view.dtype if view.dtype in _FOREIGN else None)
    if foreign:
        return TensorInfo(0, view.shape, size, (), foreign)
    return described(dtype_named(view.dtype), view.shape, size)


class _Place(NamedTuple):
    """Where the elements of a storage lie."""

    offset: int
    size: int
    checked: Checked | None


def _stored(view: _View | _Unheld, place: _Place | None, big_endian: bool) -> Stored:
    """Say where a tensor lies. Raises DataLossError if it reaches out of its storage."""
    info = _info(view)
    if place is None or isinstance(view, _Unheld):
        return Stored(info, 0)
    size = _element_size(view.dtype)
    last = sum((n - 1) * step for n, step in zip(view.shape, view.strides, strict=True))
    if volume(view.shape) and (view.offset + last + 1) * size > place.size:
        raise DataLossError(
            f"a tensor {list(view.shape)} reaches out of its storage of {place.size} bytes"
        )
    offset = place.offset + view.offset * size if volume(view.shape) else place.offset
    strides: tuple[int, ...] | None = tuple(size * step for step in view.strides)
    if not volume(view.shape) or _is_c_order(view.shape, view.strides):
        strides = None
    return Stored(info, offset, strides, big_endian, place.checked)


def _is_c_order(shape: Sequence[int], strides: Sequence[int]) -> bool:
    expected = c_strides(tuple(shape), 1)
    return all(n == 1 or a == b for n, a, b in zip(shape, strides, expected, strict=True))


# The readers


class TorchReader(RawReader):
    """Reads a file of ``torch.save``, of either format; `metadata` is what are no tensors.

    Dicts and lists within each other become paths: ``model/conv.weight``. Views of one storage are
    tensors of their own. Sparse and quantized tensors are listed, not read.

    Nothing is run: a pickle that names anything but what tensors need is refused.

    Raises DataLossError for what is no such file, or a damaged one; UnimplementedError for a
    pickle of other objects (a whole model).
    """

    def __init__(self, source: Source, *, verify: Verify = True) -> None:
        with located(source.path), no_collection():
            is_zip = bytes(source.read(0, min(2, source.size))) == b"PK"
            found, tensors = _read_archive(source, verify) if is_zip else _read_legacy(source)
        super().__init__(source, tensors, found.rest, verify=verify)


def _read_archive(source: Source, verify: Verify) -> tuple[_Found, dict[str, Stored]]:
    archive = Archive(source)
    members = archive.members
    found_data = [name for name in members if name.rpartition("/")[2] == DATA]
    if len(found_data) != 1:
        raise DataLossError(f"an archive with {len(found_data)} members {DATA}: not of PyTorch")
    data = found_data[0]
    begin = data.removesuffix(DATA)
    place_of_data = _place(archive, data)
    if verify and place_of_data.checked is not None:
        place_of_data.checked.check(source)
    pickle = Window(source, place_of_data.offset, place_of_data.size, source.path)
    value = Machine(pickle, _NAMES, _storage_of).load()
    found = _found(value, 4 * pickle.size + 1000)
    order = members.get(f"{begin}byteorder")
    big_endian = order is not None and archive.read(order, verify=bool(order.crc32)) == b"big"

    places: dict[str, _Place] = {}

    def place(storage: _Storage) -> _Place:
        if storage.key not in places:
            places[storage.key] = _place(archive, f"{begin}data/{storage.key}")
        return places[storage.key]

    return found, _all_stored(found, place, big_endian)


def _place(archive: Archive, name: str) -> _Place:
    """Return where a member lies that is there and not packed."""
    member = archive.members.get(name)
    if member is None:
        raise DataLossError(f"the archive has no member {name!r}")
    if member.method != STORED:
        raise UnimplementedError(f"member {name!r} is packed, which PyTorch never does: unpack it")
    offset = archive.offset(member)
    # torch may be told to compute no checksums: they are 0 then
    checked = Checked(offset, member.size, member.crc32) if member.crc32 else None
    return _Place(offset, member.size, checked)


def _read_legacy(source: Source) -> tuple[_Found, dict[str, Stored]]:
    sizes: dict[str, int] = {}  # of the elements of each storage

    def persistent(reference: object) -> _Storage:
        storage = _viewed_storage(reference)
        sizes[storage.key] = _element_size(storage.dtype)
        return storage

    machine = Machine(source, _NAMES, persistent)
    if machine.load() != MAGIC_NUMBER or machine.load() != _LEGACY_VERSION:
        raise DataLossError("a pickle, but not of PyTorch")
    system = machine.load()
    begin = machine.position
    value = machine.load()
    found = _found(value, 4 * (machine.position - begin) + 1000)
    keys = machine.load()
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise DataLossError("the file has no list of its storages")
    places = {}
    at = machine.position
    for key in keys:
        count = int.from_bytes(source.read(at, 8), "little")
        # one that no tensor uses is of unknown type: nothing behind it can be found
        if key not in sizes:
            raise DataLossError(f"the file has a storage {key!r} that nothing refers to")
        size = count * sizes[key]
        if at + 8 + size > source.size:
            raise DataLossError(f"a storage of {size} bytes, the file ends before", offset=at)
        places[key] = _Place(at + 8, size, None)
        at += 8 + size

    def place(storage: _Storage) -> _Place:
        if storage.key not in places:
            raise DataLossError(f"the file does not have the storage {storage.key!r}")
        return places[storage.key]

    big_endian = isinstance(system, dict) and system.get("little_endian") is False
    return found, _all_stored(found, place, big_endian)


def _all_stored(
    found: _Found, place: Callable[[_Storage], _Place], big_endian: bool
) -> dict[str, Stored]:
    tensors = {}
    for name, view in found.views.items():
        with located(tensor=name):
            where = place(view.storage) if isinstance(view, _View) else None
            tensors[name] = _stored(view, where, big_endian)
    return tensors | {name: held(array) for name, array in found.arrays.items()}


# Writing

_ALIGNMENT = 64
_NAME = "archive"
_CLASSES = {dtype: name for name, dtype in _STORAGES.items()}
# These have no class of storages: elements without a type, and the type with the tensor.
_LATER = frozenset(set(_DTYPES.values()) - set(_CLASSES))

TYPES = frozenset(_CLASSES) | _LATER
"""The names of the element types that the format holds."""


def write_torch(
    file: FileWriter, infos: Mapping[str, TensorInfo], value: Callable[[str], Array]
) -> None:
    """Write a dict of tensors, as ``torch.load`` takes it with ``weights_only`` and ``mmap``."""
    archive = ZipWriter(file)
    archive.add_bytes(f"{_NAME}/{DATA}", _encode(infos), _ALIGNMENT)
    archive.add_bytes(f"{_NAME}/byteorder", b"little", _ALIGNMENT)
    for number, name in enumerate(infos):
        array = value(name)
        crc32 = 0
        for chunk in chunks_of(array):
            crc32 = zlib.crc32(chunk, crc32)
        member = f"{_NAME}/data/{number}"
        archive.add(member, chunks_of(array), size_of(infos[name]), crc32, _ALIGNMENT)
    archive.add_bytes(f"{_NAME}/version", b"3\n", _ALIGNMENT)
    archive.finish()


def why_no_name(infos: Mapping[str, TensorInfo]) -> dict[str, str]:
    """Say why tensors cannot have the names that they have."""
    return {name: "not UTF-8" for name in infos if not is_text(name)}


def _encode(infos: Mapping[str, TensorInfo]) -> bytes:
    """Return the pickle of a dict of tensors, each of its own storage."""
    items = b"".join(
        _encode_text(name) + _encode_tensor(str(number), info)
        for number, (name, info) in enumerate(infos.items())
    )
    return b"\x80\x02}(" + items + b"u."


def _encode_tensor(key: str, info: TensorInfo) -> bytes:
    dtype = info.type_name
    later = dtype in _LATER
    kind = _UNTYPED if later else f"torch.{_CLASSES[dtype]}"
    count = size_of(info) if later else info.size
    # as torch reckons them: a dimension of no elements counts for one
    shape = tuple(info.shape)
    strides = c_strides(tuple(max(n, 1) for n in shape), 1)
    return b"".join(
        (
            _encode_name(f"torch._utils._rebuild_tensor_v{3 if later else 2}"),
            b"((",
            *map(_encode_text, ("storage",)),
            _encode_name(kind),
            *map(_encode_text, (key, "cpu")),
            _encode_integer(count) + b"tQ",
            _encode_integer(0),
            b"(" + b"".join(map(_encode_integer, shape)) + b"t",
            b"(" + b"".join(map(_encode_integer, strides)) + b"t",
            b"\x89" + _encode_name("collections.OrderedDict") + b")R",
            _encode_name(f"torch.{dtype}") if later else b"",
            b"tR",
        )
    )


def _encode_text(text: str) -> bytes:
    data = text.encode()
    return b"X" + encode_fixed32(len(data)) + data


def _encode_name(name: str) -> bytes:
    module, _, name = name.rpartition(".")
    return f"c{module}\n{name}\n".encode()


def _encode_integer(value: int) -> bytes:
    if value < 1 << 8:
        return b"K" + value.to_bytes(1, "little")
    if value < 1 << 31:
        return b"J" + value.to_bytes(4, "little")
    size = value.bit_length() // 8 + 1
    return b"\x8a" + size.to_bytes(1, "little") + value.to_bytes(size, "little")
