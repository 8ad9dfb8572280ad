"""Writing a V1 checkpoint, byte for byte as TensorFlow's ``Save`` and ``SaveSlices`` do.

Takes tensors one by one, in any order, and gives files whose keys are sorted. The file begins with
a list of all tensors, so values wait in a spool (`tfckpt.storage.Spool`) and are copied once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import NamedTuple

from tfckpt.coding import Buffer
from tfckpt.dtypes import DataType
from tfckpt.errors import InvalidArgumentError, UnimplementedError
from tfckpt.names import AnyPath, check_prefix, encode_name
from tfckpt.storage import NewFile, Spool, create_file
from tfckpt.table import write_table
from tfckpt.tensors.slices import FULL, Shape, TensorSlice
from tfckpt.tensors.stored import Array, as_storable
from tfckpt.tensors.strings import to_bytes_list
from tfckpt.tensors.values import encode_values
from tfckpt.v1.commit import publish_file, publish_shards
from tfckpt.v1.naming import all_shards, pattern_of
from tfckpt.v1.records import META_KEY, Meta, encode_meta, encode_record, record_head
from tfckpt.writer import CheckpointWriter, NewSlice, check_apart, tensor_named

D = DataType

# Upper bounds of TensorFlow for an element's bytes. A type that is missing cannot be saved as V1
# (``core/util/tensor_slice_writer.cc`` and ``core/kernels/save_restore_tensor.cc``).
_MAX_ELEMENT_SIZES = {
    D.DT_FLOAT: 4,
    D.DT_DOUBLE: 8,
    D.DT_INT32: 10,
    D.DT_UINT8: 2,
    D.DT_INT16: 10,
    D.DT_INT8: 10,
    D.DT_STRING: 10,
    D.DT_COMPLEX64: 8,
    D.DT_INT64: 10,
    D.DT_BOOL: 1,
    D.DT_QINT8: 10,
    D.DT_QUINT8: 2,
    D.DT_QINT32: 10,
    D.DT_UINT16: 3,
    D.DT_COMPLEX128: 16,
    D.DT_HALF: 3,
}
DATA_TYPES = frozenset(_MAX_ELEMENT_SIZES)
_MAX_MESSAGE = 1 << 31
_HEADER_BYTES = 1 << 10  # TensorFlow's allowance for what surrounds the values

_Place = tuple[int, int]


class _Shard(NamedTuple):
    """One file in the making: its tensors, and where in the spool each record waits."""

    file: NewFile
    spool: Spool
    metas: dict[bytes, Meta]
    records: dict[bytes, _Place]

    def write(self) -> None:
        write_table(self.file.write, self._items())
        self.file.flush()

    def _items(self) -> Iterator[tuple[bytes, Buffer]]:
        yield META_KEY, encode_meta(self.metas[name] for name in sorted(self.metas))
        for key in sorted(self.records):
            yield key, self.spool.view(*self.records[key])


class V1Writer(CheckpointWriter):
    """Writes tensors to a V1 checkpoint, the default before TensorFlow 0.12.

    As the file begins with a list of all tensors, what is added waits in an unnamed temporary
    file of the same folder. `finish` (or leaving a ``with`` block without an error) writes the
    checkpoint, sorted by name, and makes it visible. Leaving by an error leaves no file behind,
    and whatever was at `path` stays.

    >>> import numpy as np, tempfile, tfckpt
    >>> path = tempfile.mkdtemp() + "/model.ckpt"
    >>> with tfckpt.V1Writer(path) as writer:
    ...     writer.add("step", np.int64(7))
    ...     writer.add_slice("table", (4, 2), [(0, 1), (0, -1)], np.zeros((1, 2), np.float32))
    ...     writer.add_slice("table", (4, 2), [(1, 3), (0, -1)], np.ones((3, 2), np.float32))
    >>> tfckpt.load(path)["table"].sum().item()
    6.0

    With `num_shards` the files are ``path-00000-of-00002`` and so on, each tensor goes to the
    shard its `add` names, and the attribute `path` is ``path-?????-of-00002``, by which the
    checkpoint is loaded. `fsync=False` trades safety against a loss of power for speed. A write
    that fails closes the writer.
    """

    def __init__(self, path: AnyPath, *, num_shards: int | None = None, fsync: bool = True) -> None:
        self._base = base = check_prefix(path)
        self._is_sharded = num_shards is not None
        if num_shards is not None and not 1 <= num_shards <= 99999:
            raise ValueError(f"num_shards goes from 1 to 99999, it cannot be {num_shards}")
        self.path = base if num_shards is None else pattern_of(base, num_shards)
        paths = [base] if num_shards is None else all_shards(base, num_shards)
        self._fsync = fsync
        self._metas: dict[bytes, Meta] = {}
        self._shards: list[_Shard] = []
        self._open_files = ExitStack()
        with ExitStack() as opened:
            for file_path in paths:
                file = opened.enter_context(create_file(file_path, fsync=fsync))
                spool = opened.enter_context(Spool(file_path))
                self._shards.append(_Shard(file, spool, {}, {}))
            self._open_files = opened.pop_all()

    def add(self, name: str, array: object, *, shard: int = 0) -> None:
        """Write a tensor: an array, or anything that numpy makes one of.

        Raises ValueError for an empty or repeated name, TypeError for a dtype that no checkpoint
        can hold, UnimplementedError for one that this format cannot (bfloat16, uint32, uint64,
        and all below a byte), InvalidArgumentError for a tensor of 2 GiB. None of these changes
        the checkpoint.
        """
        key = encode_name(name)
        with tensor_named(name):
            value, data_type = as_storable(array)
        if key in self._metas:
            raise ValueError(f"tensor {name!r} is in this checkpoint already")
        everything = TensorSlice(((0, FULL),) * value.ndim)
        self._add(
            key,
            value.shape,
            data_type=data_type,
            tensor_slice=everything,
            value=value,
            shard_id=shard,
        )

    def add_slice(
        self,
        full_name: str,
        full_shape: Sequence[int],
        slice_spec: Iterable[Sequence[int]],
        array: object,
        *,
        shard: int = 0,
    ) -> None:
        """Write one part of a partitioned tensor.

        `slice_spec` has a (start, length) for each dimension of `full_shape`; a length of -1
        takes the whole dimension. `array` has the shape of the slice.

        Raises ValueError where slice, array and what was added before do not fit together, else
        as `add`.
        """
        key, shape, tensor_slice, value, data_type = NewSlice.of(
            full_name, full_shape, slice_spec, array
        )
        known = self._metas.get(key, Meta(key, shape, data_type, ()))
        if (known.data_type, known.shape) != (data_type, shape):
            raise ValueError(
                f"tensor {full_name!r} is in this checkpoint already, with another dtype or shape"
            )
        check_apart(tensor_slice, known.slices, shape, full_name)
        self._add(
            key, shape, data_type=data_type, tensor_slice=tensor_slice, value=value, shard_id=shard
        )

    def _publish(self) -> None:
        for shard in self._shards:
            shard.write()
        files = [shard.file for shard in self._shards]
        if self._is_sharded:
            publish_shards(self._base, files, fsync=self._fsync)
        else:
            publish_file(files[0], fsync=self._fsync)

    def discard(self) -> None:
        self._finished = True
        self._open_files.close()

    def _add(
        self,
        key: bytes,
        shape: Shape,
        data_type: DataType,
        tensor_slice: TensorSlice,
        value: Array,
        shard_id: int,
    ) -> None:
        self._check_open()
        self._check_shard(shard_id, len(self._shards))
        shard = self._shards[shard_id]
        with tensor_named(key.decode("utf-8", "surrogateescape")):
            _check_size(key, tensor_slice, value, data_type)
            head, body = encode_values(value, data_type)
        try:
            place = shard.spool.append(encode_record(key, tensor_slice, head, len(body)), body)
        except BaseException:  # half a record: nothing can be put behind it
            self.discard()
            raise
        shard.records[tensor_slice.key(key)] = place
        for metas in (self._metas, shard.metas):
            known = metas.get(key, Meta(key, shape, int(data_type), ()))
            metas[key] = known._replace(slices=(*known.slices, tensor_slice))


def _check_size(key: bytes, tensor_slice: TensorSlice, value: Array, data_type: DataType) -> None:
    """Refuse what TensorFlow refuses to save as V1."""
    name = key.decode("utf-8", "surrogateescape")
    if data_type not in _MAX_ELEMENT_SIZES:
        raise UnimplementedError(
            f"the V1 format has no {data_type.name}; TensorFlow could not restore it either: "
            f"save the checkpoint as V2",
            tensor=name,
        )
    bound = (
        len(record_head(key, tensor_slice))
        + _HEADER_BYTES
        + value.size * _MAX_ELEMENT_SIZES[data_type]
    )
    if data_type is D.DT_STRING:
        bound += sum(map(len, to_bytes_list(value)))
    if bound > _MAX_MESSAGE:
        raise InvalidArgumentError(
            f"Tensor slice is too large to serialize (conservative estimate: {bound} bytes), "
            f"a V1 checkpoint takes {_MAX_MESSAGE}: save it in slices, or as V2",
            tensor=name,
        )
