"""Makes the V1 files in `v1/` beside it with real TensorFlow."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import crc32c
import numpy as np
import snappy
import tensorflow as tf

HERE = Path(__file__).parent / "v1"
EXPECTED: dict[str, dict[str, Any]] = {}

KINDS = "float32 float64 int32 uint8 int16 int8 int64 bool uint16 float16 complex64 complex128"
QUANTIZED = {"qint8": "int8", "quint8": "uint8", "qint32": "int32"}


def record(path: str, name: str, value: Any, dtype: str) -> None:
    array = np.asarray(value)
    stored = (
        {"strings": [element.hex() for element in array.ravel().tolist()]}
        if dtype == "string"
        else {"hex": array.tobytes().hex()}
    )
    EXPECTED.setdefault(path, {})[name] = {"dtype": dtype, "shape": list(array.shape), **stored}


def make_all() -> None:
    """Write a scalar, an empty tensor and a matrix of every element type."""
    names, tensors = [], []

    def add(name: str, array: Any, dtype: str, tensor: tf.Tensor) -> None:
        record("all", name, array, dtype)
        names.append(name)
        tensors.append(tensor)

    for kind in KINDS.split():
        top = 2 if kind == "bool" else 100
        matrix = (np.arange(-4, 8).reshape(3, 4) * 9 % top).astype(kind)
        if kind[:3] in ("int", "flo", "com"):
            matrix = matrix * np.array(-1, kind)
        if kind == "uint16":
            matrix *= 600
        for label, array in {"matrix": matrix, "scalar": matrix[1, 1], "empty": matrix[:0]}.items():
            add(f"{kind}/{label}", array, kind, tf.constant(array, kind))
    for kind, plain in QUANTIZED.items():
        array = np.array([3, 100, 7], plain)
        add(f"{kind}/vector", array, kind, tf.bitcast(tf.constant(array), getattr(tf, kind)))
    strings = np.array([b"", b"a\0b", b"\xff" * 130], object)
    add("string/vector", strings, "string", tf.constant(strings.tolist()))
    add("string/scalar", np.array(b"one", object), "string", tf.constant(b"one"))
    tf.raw_ops.Save(filename=str(HERE / "all"), tensor_names=names, data=tensors)


def make_sliced() -> None:
    """Write partitioned tensors, one of them split both ways."""
    rows = np.arange(12, dtype=np.float32).reshape(6, 2)
    tiles = (np.arange(16) - 8).astype(np.float16).reshape(4, 4)
    tf.raw_ops.SaveSlices(
        filename=str(HERE / "sliced"),
        tensor_names=["rows", "rows", "tiles", "tiles", "tiles", "whole"],
        shapes_and_slices=["6 2 0,2:-", "6 2 2,4:-", "4 4 0,2:0,3", "4 4 2,2:0,3", "4 4 -:3,1", ""],
        data=[rows[:2], rows[2:], tiles[:2, :3], tiles[2:, :3], tiles[:, 3:], tf.constant(5)],
    )
    record("sliced", "rows", rows, "float32")
    record("sliced", "tiles", tiles, "float16")
    record("sliced", "whole", np.int32(5), "int32")


def make_sharded() -> None:
    """Write two files, a tensor partitioned over both."""
    table = np.arange(10, dtype=np.int64).reshape(5, 2) * 1000
    for shard, (first, last) in enumerate([(0, 3), (3, 5)]):
        tf.raw_ops.SaveSlices(
            filename=str(HERE / f"sharded-0000{shard}-of-00002"),
            tensor_names=["table", f"step{shard}"],
            shapes_and_slices=[f"5 2 {first},{last - first}:0,2", ""],
            data=[table[first:last], tf.constant(shard, tf.int64)],
        )
        record("sharded-?????-of-00002", f"step{shard}", np.int64(shard), "int64")
    record("sharded-?????-of-00002", "table", table, "int64")


def make_snappy() -> None:
    """Rewrite `all` with compressed blocks, as TensorFlow before 0.12 could leave it."""
    data = (HERE / "all").read_bytes()
    out = bytearray()

    def varint(value: int) -> bytes:
        groups = []
        while value >= 0x80:
            groups.append(value & 0x7F | 0x80)
            value >>= 7
        return bytes([*groups, value])

    def read_varint(at: int) -> tuple[int, int]:
        value = shift = 0
        while True:
            value |= (data[at] & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if data[at - 1] < 0x80:
                return value, at

    def block(contents: bytes) -> bytes:
        """Append a block; return its handle."""
        body = snappy.compress(contents) + b"\x01"
        crc = crc32c.crc32c(body)
        masked = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
        handle = varint(len(out)) + varint(len(body) - 1)
        out.extend(body + struct.pack("<I", masked))
        return handle

    metaindex_at, at = read_varint(len(data) - 48)
    metaindex_size, at = read_varint(at)
    index_at, at = read_varint(at)
    _, at = read_varint(at)
    assert data[index_at] == 0, "one data block: its index has one entry"
    key_size, value_size = data[index_at + 1], data[index_at + 2]
    key = data[index_at + 3 : index_at + 3 + key_size]
    offset, at = read_varint(index_at + 3 + key_size)
    size, at = read_varint(at)
    assert offset == 0
    assert at == index_at + 3 + key_size + value_size
    handle = block(data[:size])
    metaindex = block(data[metaindex_at : metaindex_at + metaindex_size])
    entry = bytes([0, key_size, len(handle)]) + key + handle
    index = block(entry + struct.pack("<II", 0, 1))
    out.extend((metaindex + index).ljust(40, b"\0") + data[-8:])
    (HERE / "snappy").write_bytes(out)
    EXPECTED["snappy"] = EXPECTED["all"]


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    make_all()
    make_sliced()
    make_sharded()
    make_snappy()
    text = json.dumps(EXPECTED, indent=1, sort_keys=True)
    (HERE / "expected.json").write_text(text + "\n")
