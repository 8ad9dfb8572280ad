"""HDF5 files, and Keras's in them, through h5py.

A tensor is a dataset, by its path. One that lies in the file as plain elements is read there as in
every other format; h5py reads what is packed, chunked or of strings. Keras writes

    *.weights.h5   layers/LAYER/vars/0 ...                   (Keras 3, ``saving/saving_lib.py``)
    *.h5           LAYER/.../kernel:0, below model_weights   (Keras 2, ``legacy_h5_format.py``)
                   in a whole model; the attributes layer_names and weight_names have the order
    *.keras        a zip archive with model.weights.h5

HDF5 has no bfloat16: as in Keras, two bytes of no type with the attribute ``dtype`` stand for one.

A file may refer to others, by links or for a dataset's elements. Such datasets are listed and not
read: a file that somebody sends must not choose which other files are opened.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count, takewhile
from math import prod
from typing import Any

import numpy as np

from tfckpt import limits
from tfckpt.errors import (
    CheckpointError,
    DataLossError,
    InvalidArgumentError,
    located,
)
from tfckpt.formats.raw import Checksummed, Elements, RawReader, dtype_named, info_of
from tfckpt.formats.zipped import STORED, Archive
from tfckpt.names import is_text
from tfckpt.reader import TensorInfo, Verify
from tfckpt.storage import MemorySource, NewFile, Source, Window
from tfckpt.tensors.selection import Axis, Index, Selection
from tfckpt.tensors.slices import Shape, volume
from tfckpt.tensors.stored import Array, new_array
from tfckpt.tensors.strings import to_bytes_list

MAGIC = b"\x89HDF\r\n\x1a\n"
KERAS_WEIGHTS = "model.weights.h5"
_KERAS_TEXTS = ("config.json", "metadata.json")
_DTYPE = "dtype"
# Many elements of a dataset may share one string of the file, so that all of them would take more
# memory than the file: so many are read at a time.
_STRINGS = 64
_HEAP = b"GCOL"
_HEAP_HEAD = 16
# To how many bytes one of a packed chunk can come at most, by HDF5's numbers of filters.
_DEFLATE, _LZF = 1, 32000
_GROWTH = {_DEFLATE: 1032, _LZF: 88}
_SPARE = 64  # what other filters may add to a chunk, such as checksums
# No link to a group or a dataset takes less of a file.
_LINK_BYTES = 16


def h5py() -> Any:
    """Return the package that reads and writes HDF5; ImportError says how to get it."""
    try:
        import h5py
    except ImportError:
        raise ImportError("HDF5 files need h5py: pip install 'tfckpt[hdf5]'") from None
    return h5py


@contextmanager
def _checked(what: str) -> Iterator[None]:
    """Turn whatever h5py raises over bytes that it does not understand into ours."""
    try:
        yield
    except (CheckpointError, ImportError):
        raise
    except Exception as error:
        raise DataLossError(f"{what}: HDF5 says {error!r:.200}") from None


# Reading


class Hdf5Reader(RawReader):
    """Reads an HDF5 file; `metadata` is its attributes: ``NAME``, or below the root ``PATH@NAME``.

    Names are paths. They come in the order of the file, of Keras 2 in the order of the model.

    Raises ImportError without h5py, DataLossError for what is no such file, or a damaged one.
    """

    def __init__(self, source: Source, *, verify: Verify = True) -> None:
        with located(source.path), _checked("it cannot be opened"):
            self._file = h5py().File(_SourceFile(source), "r")
        try:
            with located(source.path):
                self._objects = _Objects(self._file)
                tensors = self._listed(source)
                order = _keras_order(self._objects)
        except BaseException:
            self._file.close()
            raise
        first = {name: tensors[name] for name in order if name in tensors}
        super().__init__(source, first | tensors, {}, verify=verify)

    def _listed(self, source: Source) -> dict[str, Elements]:
        """Return all datasets below the root; note what there is."""
        tensors: dict[str, Elements] = {}
        waiting: list[tuple[str, tuple[Any, ...]]] = [("", ())]
        left = source.size // _LINK_BYTES + 1
        while waiting:
            path, above = waiting.pop()
            group = self._objects[path]
            above = (*above, group.id)
            limits.current().check("nesting", len(above), "groups below groups")
            inside = []
            with _checked(f"the group {path or '/'!r}"):
                for name, link in _links(group):
                    left -= 1
                    if left < 0:
                        raise DataLossError("it holds more than any file of its size")
                    place = f"{path}/{name}" if path else name
                    if link is not None:
                        tensors[place] = _unheld(f"in another place ({link})")
                        continue
                    member = group[name]
                    self._objects.add(place)
                    if isinstance(member, h5py().Dataset):
                        with _checked(f"the dataset {place!r}"):
                            tensors[place] = _stored(member)
                    elif isinstance(member, h5py().Group):
                        if any(member.id == upper for upper in above):
                            tensors[place] = _unheld("in another place (a group above)")
                            continue
                        inside.append((place, above))
            waiting.extend(reversed(inside))
        return tensors

    @property
    def metadata(self) -> Mapping[str, Any]:
        said = dict(self._metadata)
        with self._limits:
            for path, item in self._objects.items():
                with located(self.path), _checked(f"the attributes of {path or '/'!r}"):
                    for name in item.attrs:
                        said[f"{path}@{name}" if path else name] = _attribute(item, name)
        return said

    def read(self, name: str, index: Index | None = None) -> Array:
        info = self.readable(name)
        if not self._tensors[name].packed:
            return super().read(name, index)
        selection = Selection.of(... if index is None else index, info.shape)
        with located(self.path, name), self._limits:
            elements = self._read(name, info, selection.axes)
        if index is None:
            return elements
        return selection.finished(elements)

    def _read(self, name: str, info: TensorInfo, axes: Sequence[Axis]) -> Array:
        """Have h5py read chosen elements."""
        if not self._file:
            raise ValueError(f"{self.path} is closed")
        dataset = self._objects[name]
        shape = tuple(axis.length for axis in axes)
        box = tuple(slice(a.start, a.stop if a.length else a.start, a.step) for a in axes)
        needed = volume(shape) * info.dtype.itemsize
        limits.current().check_memory(needed, self._source.size, "a dataset")
        if dataset.chunks and volume(shape):
            chunk = volume(dataset.chunks) * dataset.dtype.itemsize
            limits.current().check_memory(chunk, self._source.size, "a chunk of a dataset")
            with _checked("its chunks cannot be read"):
                _check_chunks(dataset, box, chunk, self._source.size)
        if info.dtype.kind == "O":
            elements = new_array(shape, info.dtype)
            with _checked("it cannot be read"):
                self._read_strings(dataset, box, elements)
            return elements
        with _checked("it cannot be read"):
            read = np.array(dataset[box if shape else ()], dataset.dtype, ndmin=len(shape))
            is_bits = dataset.dtype.kind == "V" and dataset.dtype.names is None
            return read.view(info.dtype) if is_bits else read.astype(info.dtype, copy=False)

    def _read_strings(self, dataset: Any, box: tuple[slice, ...], elements: Array) -> None:
        """Read strings a few at a time: each is as long as it likes."""
        total = 0
        rows = elements.reshape(-1, elements.shape[-1]) if elements.ndim else elements.reshape(1, 1)
        for number, row in enumerate(rows):
            leading = np.unravel_index(number, elements.shape[:-1]) if elements.ndim > 1 else ()
            fixed = tuple(
                part.start + int(at) * part.step for part, at in zip(box, leading, strict=False)
            )
            for at in range(0, len(row), _STRINGS):
                last = box[-1:]
                part = tuple(_within(axis, at, min(at + _STRINGS, len(row))) for axis in last)
                read = np.asarray(dataset[(*fixed, *part)], object).reshape(-1)
                strings = to_bytes_list(read)
                total += sum(map(len, strings))
                limits.current().check_memory(total, self._source.size, "the strings")
                for place, string in enumerate(strings, at):
                    row[place] = string

    def close(self) -> None:
        self._file.close()
        super().close()


def _check_chunks(dataset: Any, box: tuple[slice, ...], chunk: int, stored: int) -> None:
    """Refuse packed chunks that hold more than a chunk: HDF5 would unpack whatever there is."""
    properties = dataset.id.get_create_plist()
    filters = [properties.get_filter(at)[0] for at in range(properties.get_nfilters())]
    allowed = limits.current().memory_for(stored)
    if _most(filters, dataset.id.get_storage_size()) <= allowed:
        return
    for part in dataset.iter_chunks(box):
        corner = tuple(
            axis.start // size * size for axis, size in zip(part, dataset.chunks, strict=True)
        )
        there = dataset.id.get_chunk_info_by_coord(corner)
        # A chunk that a filter would have made no smaller goes without it.
        used = [one for at, one in enumerate(filters) if not there.filter_mask >> at & 1]
        if not there.size or _most(used, there.size) <= allowed:
            continue
        if [one for one in used if one in _GROWTH] != [_DEFLATE]:
            limits.current().check_memory(_most(used, there.size), stored, "a packed chunk")
        packed = dataset.id.read_direct_chunk(corner)[1]
        if len(zlib.decompressobj().decompress(packed, chunk + _SPARE + 1)) > chunk + _SPARE:
            raise DataLossError(f"a chunk has more than the {chunk} bytes that it says")


def _most(filters: Sequence[int], size: int) -> int:
    """Return to how many bytes packed ones can come at most."""
    return size * prod(_GROWTH.get(one, 1) for one in filters)


def _within(part: slice, start: int, stop: int) -> slice:
    """Return the elements from number `start` to `stop` of those that a slice takes."""
    begin = part.start + start * part.step
    return slice(begin, begin + (stop - start - 1) * part.step + 1, part.step)


def _links(group: Any) -> Iterator[tuple[str, str | None]]:
    """Yield what is in a group, and of what is in another place, where."""
    names = list(group)
    if not all(isinstance(name, str) and is_text(name) for name in names):
        raise DataLossError("it has a name that is no text")
    if all(name.isdecimal() for name in names):  # the variables of a layer of Keras
        names.sort(key=lambda name: (len(name), name))
    for name in names:
        link = group.get(name, getlink=True)
        if isinstance(link, h5py().HardLink):
            yield name, None
        elif isinstance(link, h5py().ExternalLink):
            yield name, f"{link.path} of the file {link.filename}"
        else:
            yield name, str(getattr(link, "path", "of no known kind"))


def _unheld(kind: str, shape: Shape = (), size: int = 0) -> Elements:
    return Elements(TensorInfo(0, shape, stored_size=size, foreign=kind), 0)


def _stored(dataset: Any) -> Elements:
    """Say what a dataset is, and where it lies if as plain elements."""
    shape, size = dataset.shape, dataset.id.get_storage_size()
    if shape is None:
        return _unheld("nothing (an empty dataset)")
    if dataset.external or dataset.is_virtual:
        return _unheld("in another file", shape)
    dtype = _dtype_of(dataset)
    if isinstance(dtype, str):
        return _unheld(dtype, shape, size)
    info = info_of(dtype, shape, size)
    offset = dataset.id.get_offset()
    in_one = offset is not None and size == volume(shape) * dtype.itemsize
    if not in_one or dtype.kind in "OS" or dtype.names or not _is_as_numpy_has_it(dataset):
        return Elements(info, 0, packed=True)
    return Elements(info, offset, big_endian=not dtype.isnative)


def _is_as_numpy_has_it(dataset: Any) -> bool:
    """Whether numpy has this type; integers of 12 bits in 16, for example, need a conversion."""
    if dataset.dtype.kind == "V":
        return True
    h5t = h5py().h5t
    return bool(dataset.id.get_type().equal(h5t.py_create(dataset.dtype, logical=True)))


def _dtype_of(dataset: Any) -> np.dtype[Any] | str:
    """Return the dtype of a dataset's elements, or what they are if numpy has none."""
    dtype: np.dtype[Any] = dataset.dtype
    if dtype.kind == "O":
        if h5py().check_string_dtype(dtype) is not None:
            return np.dtype(object)
        return "references" if h5py().check_ref_dtype(dtype) else "lists of various lengths"
    if dtype.hasobject or dtype.subdtype is not None:
        return f"elements of several parts ({dtype})"
    if dtype.kind == "V" and dtype.names is None and _DTYPE in dataset.attrs:
        said = _attribute(dataset, _DTYPE)
        found = _noted_dtype(said)
        if found is not None and found.itemsize == dtype.itemsize:
            return found
    return dtype


def _noted_dtype(name: Any) -> np.dtype[Any] | None:
    """Return the dtype that Keras, or `write_hdf5`, has noted beside bytes of no type."""
    if not isinstance(name, str) or name not in NOTED:
        return None
    return dtype_named(name)


def _attribute(member: Any, name: str) -> Any:
    """Return an attribute as Python has it: texts, numbers, lists."""
    holder = member.attrs.get_id(name)
    space = volume(holder.shape or ()) * max(1, holder.dtype.itemsize)
    limits.current().check_memory(space, 0, "an attribute")
    value = member.attrs[name]
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    return _as_text(value)


def _as_text(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, list):
        return [_as_text(part) for part in value]
    return value if isinstance(value, str | int | float | bool | complex | tuple) else repr(value)


def _keras_order(objects: Mapping[str, Any]) -> list[str]:
    """Return the paths of weights as Keras 2 orders them: by layer, then within it."""
    paths = []
    for base in ("", "model_weights"):
        layers = _long_list(objects, base, "layer_names")
        for layer in (*layers, "top_level_model_weights"):
            group = f"{base}/{layer}" if base else layer
            paths += [f"{group}/{name}" for name in _long_list(objects, group, "weight_names")]
    names = _long_list(objects, "optimizer_weights", "weight_names")
    return paths + [f"optimizer_weights/{name}" for name in names]


def _long_list(objects: Mapping[str, Any], path: str, name: str) -> list[str]:
    """Return a list of names; one that does not fit an attribute is in several, numbered."""
    if path not in objects:
        return []
    with _checked(f"the order of what is in {path or '/'!r}"):
        there = set(objects[path].attrs)
        numbered = takewhile(there.__contains__, (f"{name}{number}" for number in count()))
        keys = [name] if name in there else list(numbered)
        parts = [_attribute(objects[path], key) for key in keys]
    return [
        text for part in parts if isinstance(part, list) for text in part if isinstance(text, str)
    ]


class _Objects(Mapping[str, Any]):
    """Groups and datasets by path, the root's "". None stays open: HDF5 takes 14 kB for each."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._paths = {"": None}

    def add(self, path: str) -> None:
        self._paths[path] = None

    def __getitem__(self, path: str) -> Any:
        if path not in self._paths:
            raise KeyError(path)
        with _checked(f"what is at {path or '/'!r}"):
            return self._file[path or "/"]

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


class _SourceFile(io.RawIOBase):
    """A source as Python's files are, for h5py."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._source.size}[whence]
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        target = memoryview(buffer).cast("B")
        size = max(0, min(len(target), self._source.size - self._at))
        self._source.read_into(self._at, target[:size])
        self._at += size
        if target[:4] == _HEAP:
            _check_heap(target[:size])
        return size


def _check_heap(heap: memoryview) -> None:
    """Refuse a heap of strings over which HDF5 would never come to an end (``H5HGcache.c``).

    [GCOL, version, size of all: u64] [number: u16, uses: u16, 0: u32, size: u64, data] ...
    """
    at = _HEAP_HEAD
    while at + _HEAP_HEAD <= len(heap):
        number = int.from_bytes(heap[at : at + 2], "little")
        size = int.from_bytes(heap[at + 8 : at + 16], "little")
        if not number and size < _HEAP_HEAD:  # free room, of which its head is a part
            raise DataLossError("a heap of strings is damaged: free room of no size")
        at += size if not number else _HEAP_HEAD + -(-size // 8) * 8


class KerasReader(Hdf5Reader):
    """Reads a ``.keras`` file: the weights in it, as a ``.weights.h5`` file has them.

    `metadata` also has the texts of ``config.json`` and ``metadata.json``. The archive has one
    checksum of all weights: it is checked when the first of them is asked for.

    Raises DataLossError for what is no such file.
    """

    def __init__(self, source: Source, *, verify: Verify = True) -> None:
        with located(source.path):
            archive = Archive(source)
            member = archive.members.get(KERAS_WEIGHTS)
            if member is None:
                raise DataLossError(f"an archive without {KERAS_WEIGHTS}: no Keras model")
            if member.method == STORED:
                offset = archive.offset(member)
                weights: Source = Window(source, offset, member.size, source.path)
                self._unchecked = [Checksummed(0, member.size, member.crc32)] if verify else []
            else:
                weights = MemorySource(archive.read(member), source.path)
                self._unchecked = []
            texts = {
                name: archive.read(archive.members[name]).decode("utf-8", "replace")
                for name in _KERAS_TEXTS
                if name in archive.members
            }
        super().__init__(weights, verify=verify)
        self._metadata |= texts

    def readable(self, name: str) -> TensorInfo:
        info = super().readable(name)
        while self._unchecked:
            self._unchecked[0].check(self._source)
            self._unchecked.pop()
        return info


# Writing

NOTED = frozenset(
    {
        *("bfloat16", "float8_e5m2", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e4m3b11fnuz"),
        *("float8_e5m2fnuz", "float8_e8m0fnu", "int4", "uint4", "int2", "uint2", "float4_e2m1fn"),
    }
)
"""The types that HDF5 lacks: their bytes, with the name as an attribute."""


def holds(info: TensorInfo) -> bool:
    """Whether a type has a place in HDF5."""
    dtype = info.dtype
    is_plain = dtype.kind in "biufcV" and dtype.type.__module__ == "numpy" and not dtype.names
    return is_plain or info.type_name in NOTED or dtype.kind == "O"


def why_no_name(infos: Mapping[str, TensorInfo]) -> dict[str, str]:
    """Say why datasets cannot have the names that they have."""
    bad = {}
    for name in infos:
        parts = name.split("/")
        above = ("/".join(parts[:count]) for count in range(1, len(parts)))
        if not is_text(name) or "\0" in name or not set(parts).isdisjoint(("", ".", "..")):
            bad[name] = "no path of names"
        elif (group := next((path for path in above if path in infos), None)) is not None:
            bad[name] = f"within {group}, which is a dataset"
    return bad


def write_hdf5(
    file: NewFile,
    infos: Mapping[str, TensorInfo],
    value: Callable[[str], Array],
    metadata: Mapping[str, Any] | None,
    *,
    compressed: bool,
) -> None:
    """Write datasets by their paths, and metadata as attributes, as a reader gives them."""
    how = {"compression": "gzip"} if compressed else {}
    with h5py().File(file.temporary_path, "w", locking=False) as made:
        for name, info in infos.items():
            packed = how if info.size else {}
            if info.dtype.kind == "O":
                _write_strings(made, name, value(name), packed if info.shape else {})
                continue
            array = np.ascontiguousarray(value(name), info.dtype).reshape(info.shape)
            noted = info.type_name in NOTED
            bits = array.view(f"V{array.dtype.itemsize}") if noted else array
            dataset = made.create_dataset(name, data=bits, **(packed if info.shape else {}))
            if noted:
                dataset.attrs[_DTYPE] = info.type_name
        for key, said in (metadata or {}).items():
            _write_attribute(made, key, said)


def _write_attribute(made: Any, key: str, said: Any) -> None:
    """Write an attribute of the root, ``NAME``, or of what is in the file, ``PATH@NAME``."""
    path, _, name = key.rpartition("@")
    try:
        target = made.get(path) if path else made
        (made.create_group(path) if target is None else target).attrs[name] = said
    except (OSError, RuntimeError, TypeError, ValueError) as error:
        raise InvalidArgumentError(f"HDF5 cannot hold the metadata {key!r}: {error}") from None


def _write_strings(made: Any, name: str, array: Array, how: Mapping[str, Any]) -> None:
    strings = to_bytes_list(np.asarray(array))
    if any(b"\0" in string for string in strings):
        raise InvalidArgumentError(
            "HDF5 cannot hold strings with a zero byte: leave it out (skip=[...])", tensor=name
        )
    data = np.array([*strings, None], object)[:-1].reshape(np.shape(array))
    made.create_dataset(name, data=data, dtype=h5py().string_dtype(), **how)
