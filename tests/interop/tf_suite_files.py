"""TensorFlow's ops that save and restore tensors, and tfckpt, behind one face.

For the cases of TensorFlow's tests that go down to files. A part of a tensor is told as in the
ops: ``4 5 0,2:-`` are the first two rows of a tensor of 4 rows, an empty text is all of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import tensor_bundle_pb2

import tfckpt
from tfckpt.storage import open_source
from tfckpt.table import Table, write_table

QUANTIZED = {"qint8": np.int8, "quint8": np.uint8, "qint32": np.int32}
TENSOR_BUNDLE_DTYPES = [
    *("float32", "float64", "int32", "uint8", "int16", "int8", "complex64", "complex128"),
    *("int64", "bool", *QUANTIZED, "bfloat16"),
]


class Item(NamedTuple):
    """A tensor, or a part of one, on its way to a file."""

    name: str
    array: np.ndarray
    spec: str = ""


def data_type(name: str) -> int:
    """The number of a type of TensorFlow's, by its name."""
    return tf.as_dtype(name).as_datatype_enum


def typed(values: Any, dtype: str) -> np.ndarray:
    """An array of TensorFlow's dtype; quantized ones have the bits of the integer."""
    if dtype == "string":
        return np.array(values, object)
    if dtype in QUANTIZED:
        return np.array(values, QUANTIZED[dtype]).view(tf.as_dtype(dtype).as_numpy_dtype)
    return np.asarray(values).astype(tf.as_dtype(dtype).as_numpy_dtype)


def plain(value: Any) -> Any:
    """What a tensor's values are in Python, a quantized one's as integers."""
    if isinstance(value, bytes):
        return value
    array = np.asarray(value)
    if array.dtype.names:
        array = array.view(array.dtype[0])
    return array.tolist()


def as_tensor(array: np.ndarray) -> tf.Tensor:
    array = np.asarray(array)
    if array.dtype.names:  # quantized: there is no constant of these, but a cast of the bits
        base = np.ascontiguousarray(array).view(array.dtype[0]).reshape(array.shape)
        return tf.bitcast(tf.constant(base), tf.as_dtype(array.dtype.names[0]))
    return tf.constant(array, tf.string) if array.dtype == object else tf.constant(array)


def as_array(tensor: tf.Tensor) -> Any:
    """A tensor as tfckpt hands it out."""
    if tensor.dtype.name in QUANTIZED:
        bits = tf.bitcast(tensor, QUANTIZED[tensor.dtype.name]).numpy()
        return np.asarray(bits).view(tensor.dtype.as_numpy_dtype)
    return tensor.numpy()


def shape_of(spec: str) -> tuple[int, ...]:
    """The shape of the whole tensor that a spec is about."""
    return tuple(int(size) for size in spec.split()[:-1])


def extents_of(spec: str) -> list[tuple[int, int]]:
    parts = spec.split()[-1].split(":")
    return [
        (0, -1) if part == "-" else (int(part.split(",")[0]), int(part.split(",")[1]))
        for part in parts
    ]


def index_of(spec: str) -> tuple[slice, ...]:
    """The numpy index of a spec."""
    return tuple(
        slice(None) if length < 0 else slice(start, start + length)
        for start, length in extents_of(spec)
    )


def part(whole: np.ndarray, extents: str) -> Item:
    """A part of an array as an item named ``test``."""
    spec = f"{' '.join(map(str, whole.shape))} {extents}"
    return Item("test", np.ascontiguousarray(whole[index_of(spec)]), spec)


class Theirs:
    """SaveV2, SaveSlices, RestoreV2, MergeV2Checkpoints and the reader of checkpoints."""

    name = "tensorflow"
    is_ours = False
    NotFound = tf.errors.NotFoundError
    DataLoss = tf.errors.DataLossError
    InvalidArgument = tf.errors.InvalidArgumentError
    Error = (tf.errors.OpError, ValueError, IndexError)  # by the text of what the reader says

    open = staticmethod(tf.train.load_checkpoint)
    list_variables = staticmethod(tf.train.list_variables)

    def save(self, path: Path | str, items: Sequence[Item], version: int = 2) -> str:
        names, specs = [item.name for item in items], [item.spec for item in items]
        tensors = [as_tensor(item.array) for item in items]
        if version == 1:
            tf.raw_ops.SaveSlices(
                filename=str(path), tensor_names=names, shapes_and_slices=specs, data=tensors
            )
        else:
            tf.raw_ops.SaveV2(
                prefix=str(path), tensor_names=names, shape_and_slices=specs, tensors=tensors
            )
        return str(path)

    def save_shards(
        self, path: Path | str, shards: Sequence[Sequence[Item]], version: int = 2
    ) -> str:
        """Save each list of items to a file of its own."""
        count = len(shards)
        if version == 1:
            for number, items in enumerate(shards):
                self.save(f"{path}-{number:05d}-of-{count:05d}", items, 1)
            return f"{path}-?????-of-{count:05d}"
        parts = [self.save(f"{path}_part{n}", items) for n, items in enumerate(shards)]
        return self.merge(parts, path)

    def merge(self, prefixes: Sequence[Path | str], merged: Path | str) -> str:
        tf.raw_ops.MergeV2Checkpoints(
            checkpoint_prefixes=[str(prefix) for prefix in prefixes],
            destination_prefix=str(merged),
        )
        return str(merged)

    def restore(self, path: Path | str, name: str, dtype: str, spec: str = "") -> Any:
        return as_array(self.restore_tensor(path, name, tf.as_dtype(dtype), spec))

    def restore_tensor(
        self, path: Path | str, name: str, dtype: tf.DType, spec: str = ""
    ) -> tf.Tensor:
        (found,) = tf.raw_ops.RestoreV2(
            prefix=str(path), tensor_names=[name], shape_and_slices=[spec], dtypes=[dtype]
        )
        return found

    def data_type(self, path: Path | str, name: str) -> int:
        return self.open(str(path)).get_variable_to_dtype_map()[name].as_datatype_enum

    def slices(self, path: Path | str, name: str) -> list[str]:
        """The slices that the index of a V2 checkpoint lists."""
        return [
            ":".join(
                f"{one.start},{one.length}" if one.HasField("length") else "-"
                for one in found.extent
            )
            for found in entries(path)[name].slices
        ]


class Ours:
    """Writers of bundles and V1 files, and the readers."""

    name = "tfckpt"
    is_ours = True
    NotFound = tfckpt.errors.NotFoundError
    DataLoss = tfckpt.errors.DataLossError
    InvalidArgument = tfckpt.errors.InvalidArgumentError
    Error = (tfckpt.errors.CheckpointError, ValueError)

    open = staticmethod(tfckpt.load_checkpoint)
    list_variables = staticmethod(tfckpt.list_variables)

    def save(self, path: Path | str, items: Sequence[Item], version: int = 2) -> str:
        with self._writer(path, version) as writer:
            self._fill(writer, items)
        return writer.path

    def save_shards(
        self, path: Path | str, shards: Sequence[Sequence[Item]], version: int = 2
    ) -> str:
        with self._writer(path, version, num_shards=len(shards)) as writer:
            for number, items in enumerate(shards):
                self._fill(writer, items, number)
        return writer.path

    def _writer(self, path: Path | str, version: int, **options: Any) -> Any:
        kind = tfckpt.V1Writer if version == 1 else tfckpt.BundleWriter
        return kind(path, fsync=False, **options)

    def _fill(self, writer: Any, items: Iterable[Item], shard: int = 0) -> None:
        for item in items:
            if item.spec:
                shape, extents = shape_of(item.spec), extents_of(item.spec)
                writer.add_slice(item.name, shape, extents, item.array, shard=shard)
            else:
                writer.add(item.name, item.array, shard=shard)

    def merge(self, prefixes: Sequence[Path | str], merged: Path | str) -> str:
        return tfckpt.merge_bundles(prefixes, merged, fsync=False)

    def restore(self, path: Path | str, name: str, dtype: str, spec: str = "") -> Any:
        with tfckpt.load_checkpoint(path) as reader:
            return reader.read(name, index_of(spec) if spec else None)

    def data_type(self, path: Path | str, name: str) -> int:
        return int(tfckpt.load_checkpoint(path).info(name).data_type)

    def slices(self, path: Path | str, name: str) -> list[str]:
        return [str(one) for one in tfckpt.load_checkpoint(path).info(name).slices]


BOTH = [Theirs(), Ours()]


def lib_name(lib: Any) -> str:
    return lib.name


# Files as they are


def read_table(path: Path | str) -> dict[bytes, bytes]:
    """The records of an index, or of a V1 file."""
    source = open_source(str(path))
    try:
        return {key: bytes(value) for key, value in Table(source).items()}
    finally:
        source.close()


def replace_table(path: Path | str, records: Mapping[bytes, bytes]) -> None:
    """Write an index or a V1 file anew, with checksums that are right."""
    with open(path, "wb") as file:
        write_table(file.write, sorted(records.items()))


def header(prefix: Path | str) -> tensor_bundle_pb2.BundleHeaderProto:
    return tensor_bundle_pb2.BundleHeaderProto.FromString(read_table(f"{prefix}.index")[b""])


def entries(prefix: Path | str) -> dict[str, tensor_bundle_pb2.BundleEntryProto]:
    """What an index says of each tensor."""
    return {
        key.decode(): tensor_bundle_pb2.BundleEntryProto.FromString(value)
        for key, value in read_table(f"{prefix}.index").items()
        if not key.startswith(b"\x00") and key
    }


def data_file(prefix: Path | str, shard: int = 0, count: int = 1) -> str:
    return f"{prefix}.data-{shard:05d}-of-{count:05d}"


def files_beside(path: Path | str) -> set[str]:
    """The names in a checkpoint's folder that begin as it does."""
    folder, base = os.path.split(str(path))
    return {name for name in os.listdir(folder) if name.startswith(base)}
