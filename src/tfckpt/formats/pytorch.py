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
from tfckpt.formats.pickled import Machine, Name, is_plain
from tfckpt.formats.raw import (
    ONLY_TENSOR,
    Checksummed,
    Elements,
    RawReader,
    chunks_of,
    dtype_named,
    held,
    info_of,
    size_of,
)
from tfckpt.formats.torch_values import (
    DTYPES,
    FOREIGN,
    NAMES,
    STORAGES,
    UNTYPED,
    NumpyArray,
    NumpyDtype,
    Storage,
    Unheld,
    View,
    element_size,
    storage_of,
    viewed_storage,
)
from tfckpt.formats.zipped import STORED, Archive, ZipWriter
from tfckpt.names import is_text
from tfckpt.pause import no_collection
from tfckpt.reader import TensorInfo, Verify
from tfckpt.storage import NewFile, Source, Window
from tfckpt.tensors.slices import volume
from tfckpt.tensors.stored import Array

DATA = "data.pkl"
MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
_LEGACY_VERSION = 1001

# From a pickle to names


def _leaves(value: object, steps: int) -> Iterator[tuple[str, object]]:
    """Yield what lies in dicts and lists, by path: the keys on the way, joined by ``/``.

    Refuses after so many `steps`: what a pickle refers to twice may be as large as one wants.
    """
    nesting = limits.current().nesting
    waiting: list[tuple[str, object, int]] = [("", value, 0)]
    while waiting:
        path, found, depth = waiting.pop()
        steps -= 1
        if steps < 0 or depth > nesting:
            raise DataLossError("the pickle holds more, or deeper, than any that was written")
        inside = _inside(found)
        if inside is None or not (inside or depth == 0):
            yield path, found
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

    views: dict[str, View | Unheld]
    arrays: dict[str, Array]
    rest: dict[str, Any]


def _found(value: object, steps: int) -> _Found:
    found = _Found({}, {}, {})
    for path, leaf in _leaves(value, steps):
        name = path or ONLY_TENSOR
        if any(name in held for held in found):
            raise UnimplementedError(f"the file has two values under the path {name!r}")
        if isinstance(leaf, Storage):
            leaf = View(
                leaf,
                dtype=leaf.dtype,
                offset=leaf.offset,
                shape=(leaf.size - leaf.offset,),
                strides=(1,),
            )
        if isinstance(leaf, View | Unheld):
            found.views[name] = leaf
        elif isinstance(leaf, NumpyArray) and leaf.array is not None:
            found.arrays[name] = leaf.array
        elif isinstance(leaf, np.ndarray):
            found.arrays[name] = leaf
        elif isinstance(leaf, NumpyArray | NumpyDtype):
            raise DataLossError(f"the pickle has an array of numpy's without a value: {name!r}")
        else:
            found.rest[name] = leaf.name if isinstance(leaf, Name) else leaf
    return found


def _info(view: View | Unheld) -> TensorInfo:
    if isinstance(view, Unheld):
        return TensorInfo(0, view.shape, stored_size=0, foreign=view.kind)
    size = volume(view.shape) * element_size(view.dtype)
    foreign = view.trait or (view.dtype if view.dtype in FOREIGN else None)
    if foreign:
        return TensorInfo(0, view.shape, stored_size=size, foreign=foreign)
    return info_of(dtype_named(view.dtype), view.shape, size)


class _Place(NamedTuple):
    """Where the elements of a storage lie."""

    offset: int
    size: int
    checked: Checksummed | None


def _stored(view: View | Unheld, place: _Place | None, big_endian: bool) -> Elements:
    """Say where a tensor lies. Raises DataLossError if it reaches out of its storage."""
    info = _info(view)
    if place is None or isinstance(view, Unheld):
        return Elements(info, 0)
    size = element_size(view.dtype)
    last = sum((n - 1) * step for n, step in zip(view.shape, view.strides, strict=True))
    if volume(view.shape) and (view.offset + last + 1) * size > place.size:
        raise DataLossError(
            f"a tensor {list(view.shape)} reaches out of its storage of {place.size} bytes"
        )
    offset = place.offset + view.offset * size if volume(view.shape) else place.offset
    strides: tuple[int, ...] | None = tuple(size * step for step in view.strides)
    if not volume(view.shape) or _is_c_order(view.shape, view.strides):
        strides = None
    return Elements(info, offset, strides=strides, big_endian=big_endian, checked=place.checked)


def _is_c_order(shape: Sequence[int], strides: Sequence[int]) -> bool:
    expected = c_strides(tuple(shape), 1)
    return all(n == 1 or a == b for n, a, b in zip(shape, strides, expected, strict=True))


# The readers


class TorchReader(RawReader):
    """Reads a file of ``torch.save``, in either format; `metadata` is all that is no tensor.

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


def _read_archive(source: Source, verify: Verify) -> tuple[_Found, dict[str, Elements]]:
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
    value = Machine(pickle, NAMES, storage_of).load()
    found = _found(value, 4 * pickle.size + 1000)
    order = members.get(f"{begin}byteorder")
    big_endian = order is not None and archive.read(order, verify=bool(order.crc32)) == b"big"

    places: dict[str, _Place] = {}

    def place(storage: Storage) -> _Place:
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
    checked = Checksummed(offset, member.size, member.crc32) if member.crc32 else None
    return _Place(offset, member.size, checked)


def _read_legacy(source: Source) -> tuple[_Found, dict[str, Elements]]:
    sizes: dict[str, int] = {}  # of the elements of each storage

    def persistent(reference: object) -> Storage:
        storage = viewed_storage(reference)
        sizes[storage.key] = element_size(storage.dtype)
        return storage

    machine = Machine(source, NAMES, persistent)
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
        # a storage that no tensor uses has no known type, so where the next one begins is unknown
        if key not in sizes:
            raise DataLossError(f"the file has a storage {key!r} that nothing refers to")
        size = count * sizes[key]
        if at + 8 + size > source.size:
            raise DataLossError(f"a storage of {size} bytes, the file ends before", offset=at)
        places[key] = _Place(at + 8, size, None)
        at += 8 + size

    def place(storage: Storage) -> _Place:
        if storage.key not in places:
            raise DataLossError(f"the file does not have the storage {storage.key!r}")
        return places[storage.key]

    big_endian = isinstance(system, dict) and system.get("little_endian") is False
    return found, _all_stored(found, place, big_endian)


def _all_stored(
    found: _Found, place: Callable[[Storage], _Place], big_endian: bool
) -> dict[str, Elements]:
    tensors = {}
    for name, view in found.views.items():
        with located(tensor=name):
            where = place(view.storage) if isinstance(view, View) else None
            tensors[name] = _stored(view, where, big_endian)
    return tensors | {name: held(array) for name, array in found.arrays.items()}


# Writing

_ALIGNMENT = 64
_NAME = "archive"
_CLASSES = {dtype: name for name, dtype in STORAGES.items()}
# These have no class of storages: elements without a type, and the type with the tensor.
_LATER = frozenset(set(DTYPES.values()) - set(_CLASSES))

TYPES = frozenset(_CLASSES) | _LATER
"""The names of the element types that the format holds."""


def write_torch(
    file: NewFile, infos: Mapping[str, TensorInfo], value: Callable[[str], Array]
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
        archive.add(
            member, chunks_of(array), size=size_of(infos[name]), crc32=crc32, align=_ALIGNMENT
        )
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
    kind = UNTYPED if later else f"torch.{_CLASSES[dtype]}"
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
