"""Makes the golden files beside it with real TensorFlow (`make golden`)."""

from __future__ import annotations

import json
import os
import shutil
import struct
from pathlib import Path
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import crc32c
import ml_dtypes
import numpy as np
import snappy
import tensorflow as tf

HERE = Path(__file__).parent
EXPECTED: dict[str, dict[str, Any]] = {}

NUMPY_KINDS = [
    "float16",
    "float32",
    "float64",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "bool",
    "complex64",
    "complex128",
]
ML_KINDS = [
    "bfloat16",
    "float8_e5m2",
    "float8_e4m3fn",
    "float8_e4m3fnuz",
    "float8_e4m3b11fnuz",
    "float8_e5m2fnuz",
    "int4",
    "uint4",
    "int2",
    "uint2",
]
QUANTIZED = {"qint8": "int8", "quint8": "uint8", "qint16": "int16", "quint16": "uint16",
             "qint32": "int32"}  # fmt: skip


def record(prefix: str, name: str, value: Any, dtype: str) -> None:
    array = np.asarray(value)
    stored = (
        {"strings": [element.hex() for element in np.array(value, object).ravel().tolist()]}
        if dtype == "string"
        else {"hex": array.tobytes().hex()}
    )
    shape = list(np.array(value, object).shape if dtype == "string" else array.shape)
    EXPECTED.setdefault(prefix, {})[name] = {"dtype": dtype, "shape": shape, **stored}


def save(prefix: str, tensors: dict[str, tf.Tensor], slices: list[str] | None = None) -> None:
    tf.raw_ops.SaveV2(
        prefix=str(HERE / prefix),
        tensor_names=list(tensors),
        shape_and_slices=slices or [""] * len(tensors),
        tensors=list(tensors.values()),
    )


def every_dtype() -> None:
    rng = np.random.default_rng(0)
    tensors: dict[str, tf.Tensor] = {}
    for kind in [*NUMPY_KINDS, *ML_KINDS, *QUANTIZED]:
        plain = np.dtype(QUANTIZED.get(kind) or getattr(ml_dtypes, kind, kind))
        high = 2 if kind in {"bool", "int2", "uint2", "int4", "uint4"} else 100
        for name, shape in (("scalar", ()), ("empty", (0, 3)), ("matrix", (3, 4))):
            array = rng.integers(0, high, shape).astype(plain)
            tensor = tf.constant(array)
            tensors[f"{kind}/{name}"] = (
                tf.bitcast(tensor, tf.dtypes.as_dtype(kind)) if kind in QUANTIZED else tensor
            )
            record("dtypes/all", f"{kind}/{name}", array, kind)
    for name, value in (
        ("scalar", b"caf\xc3\xa9"),
        ("empty", np.empty((0, 3), object)),
        ("matrix", np.array([[b"", b"a\0"], [b"x" * 200, "漢字".encode()]], object)),
    ):
        tensors[f"string/{name}"] = tf.constant(value, tf.string)
        record("dtypes/all", f"string/{name}", value, "string")
    save("dtypes/all", tensors)


def sliced() -> None:
    rows = np.arange(24, dtype=np.float32).reshape(6, 4)
    blocks = np.arange(20, dtype=np.int64).reshape(4, 5)
    parts = [rows[:1], rows[1:5], rows[5:], blocks[:2, :3], blocks[:2, 3:], blocks[2:]]
    slices = ["6 4 0,1:-", "6 4 1,4:-", "6 4 5,1:-",
              "4 5 0,2:0,3", "4 5 0,2:3,2", "4 5 2,2:-"]  # fmt: skip
    tf.raw_ops.SaveV2(
        prefix=str(HERE / "sliced/parts"),
        tensor_names=["rows"] * 3 + ["blocks"] * 3,
        shape_and_slices=slices,
        tensors=[tf.constant(part) for part in parts],
    )
    record("sliced/parts", "rows", rows, "float32")
    record("sliced/parts", "blocks", blocks, "int64")


def sharded() -> None:
    parts = []
    for number in range(3):
        array = np.full((2, number + 1), number, np.float64)
        save(f"sharded/part-{number}", {f"layer_{number}/kernel": tf.constant(array)})
        record("sharded/model.ckpt", f"layer_{number}/kernel", array, "float64")
        parts.append(str(HERE / f"sharded/part-{number}"))
    tf.raw_ops.MergeV2Checkpoints(
        checkpoint_prefixes=parts, destination_prefix=str(HERE / "sharded/model.ckpt")
    )


def trained() -> None:
    """y = x @ kernel + bias, learnt by gradient descent, saved every 20 steps."""
    rng = np.random.default_rng(1)
    x = rng.standard_normal((64, 3)).astype(np.float32)
    y = x @ np.array([[1.0], [-2.0], [0.5]], np.float32) + 3
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        kernel = tf.compat.v1.get_variable("linear/kernel", (3, 1), tf.float32)
        bias = tf.compat.v1.get_variable("linear/bias", (1,), tf.float32)
        step = tf.compat.v1.train.get_or_create_global_step()
        loss = tf.reduce_mean((x @ kernel + bias - y) ** 2)
        train = tf.compat.v1.train.GradientDescentOptimizer(0.1).minimize(loss, step)
        session.run(tf.compat.v1.global_variables_initializer())
        saver = tf.compat.v1.train.Saver(max_to_keep=2, save_relative_paths=True)
        for _ in range(3):
            for _ in range(20):
                session.run(train)
            prefix = saver.save(session, str(HERE / "trained/model.ckpt"), step)
        for variable in tf.compat.v1.global_variables():
            name = f"trained/{Path(prefix).name}"
            record(name, variable.op.name, session.run(variable), variable.dtype.base_dtype.name)


def objects() -> None:
    root = tf.train.Checkpoint(
        layer={"kernel": tf.Variable([[1.0, 2.0]]), "bias": tf.Variable([3.0])},
        step=tf.Variable(7, dtype=tf.int64),
    )
    root.save(str(HERE / "objects/ckpt"))
    end = "/.ATTRIBUTES/VARIABLE_VALUE"
    record("objects/ckpt-1", "layer/kernel" + end, np.array([[1, 2]], np.float32), "float32")
    record("objects/ckpt-1", "layer/bias" + end, np.array([3], np.float32), "float32")
    record("objects/ckpt-1", "step" + end, np.int64(7), "int64")
    record("objects/ckpt-1", "save_counter" + end, np.int64(1), "int64")


def saved_model() -> None:
    class Scale(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.factor = tf.Variable(2.0, name="factor")

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
        def __call__(self, x: tf.Tensor) -> tf.Tensor:
            return x * self.factor

    tf.saved_model.save(Scale(), str(HERE / "saved_model"))
    record("saved_model/variables/variables", "factor/.ATTRIBUTES/VARIABLE_VALUE",
           np.float32(2), "float32")  # fmt: skip


def snappy_index() -> None:
    """The index of dtypes/all with its data blocks compressed, as TensorFlow 0.11 wrote them."""
    from tfckpt.coding import encode_varint
    from tfckpt.table.block import BlockBuilder
    from tfckpt.table.format import BlockHandle, Footer

    plain = (HERE / "dtypes/all.index").read_bytes()
    footer = Footer.decode(plain[-48:])
    data_block = plain[: footer.metaindex_handle.offset - 5]
    out = bytearray()

    def put(contents: bytes, kind: int) -> BlockHandle:
        sealed = contents + bytes([kind])
        crc = crc32c.crc32c(sealed)
        masked = (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF
        handle = BlockHandle(len(out), len(contents))
        out.extend(sealed + struct.pack("<I", masked))
        return handle

    handle = put(bytes(snappy.compress(data_block)), 1)
    metaindex = put(BlockBuilder().finish(), 0)
    index = BlockBuilder(1)
    index.add(b"v", encode_varint(handle.offset) + encode_varint(handle.size))
    index_handle = put(index.finish(), 0)
    out += Footer(metaindex, index_handle).encode()
    (HERE / "snappy/all.index").write_bytes(out)
    shutil.copy(HERE / "dtypes/all.data-00000-of-00001", HERE / "snappy/")
    EXPECTED["snappy/all"] = EXPECTED["dtypes/all"]


def big_endian() -> None:
    """A bundle as a big-endian machine would have written it: numbers swapped, header saying so."""
    from tfckpt.bundle.entry import Entry
    from tfckpt.table import write_table

    def masked(data: bytes) -> int:
        crc = crc32c.crc32c(data)
        return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF

    numbers = {
        "float32": np.array([1.5, -2.25, 3e30], np.float32),
        "int16": np.array([[1, -2], [300, 4]], np.int16),
        "complex64": np.array([1 + 2j, -3j], np.complex64),
        "bool": np.array([True, False]),
        "float64": np.array(np.pi),
    }
    data, entries = b"", {}
    types = {"float32": 1, "int16": 5, "complex64": 8, "bool": 10, "float64": 2}
    for name, array in numbers.items():
        stored = array.astype(array.dtype.newbyteorder(">")).tobytes()
        entries[name] = Entry(types[name], array.shape, 0, len(data), len(stored), masked(stored))
        data += stored
        record("big_endian/all", name, array, name)
    lengths = struct.pack(">II", 2, 300)
    length_crc = struct.pack(">I", masked(lengths))
    characters = b"hi" + b"y" * 300
    stored = b"\x02\xac\x02" + length_crc + characters
    crc = masked(lengths + length_crc + characters)
    entries["string"] = Entry(7, (2,), 0, len(data), len(stored), crc)
    data += stored
    record("big_endian/all", "string", np.array([b"hi", b"y" * 300], object), "string")
    header = b"\x08\x01\x10\x01\x1a\x02\x08\x01"
    items = [(b"", header), *sorted((k.encode(), e.encode()) for k, e in entries.items())]
    index = bytearray()
    write_table(index.extend, items)
    (HERE / "big_endian/all.index").write_bytes(index)
    (HERE / "big_endian/all.data-00000-of-00001").write_bytes(data)


def main() -> None:
    for made in (every_dtype, sliced, sharded, trained, objects, saved_model, snappy_index,
                 big_endian):  # fmt: skip
        folder = HERE / {"every_dtype": "dtypes", "snappy_index": "snappy"}.get(
            made.__name__, made.__name__
        )
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        made()
    (HERE / "expected.json").write_text(json.dumps(EXPECTED, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
