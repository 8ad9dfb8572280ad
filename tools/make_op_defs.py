"""Write the table of TensorFlow's ops that `tfckpt.graphdef.op_defs` reads.

    python tools/make_op_defs.py      # in an environment with the TensorFlow to follow

What is kept of each op are the facts of its interface: names, arguments, attributes, types,
defaults, allowed values. Its prose is dropped.
"""

from __future__ import annotations

import os
import pathlib
import zlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf
from tensorflow.core.framework import op_def_pb2
from tensorflow.python.client import pywrap_tf_session

TARGET = pathlib.Path(__file__).parents[1] / "src/tfckpt/graphdef/op_defs.binpb.z"


def without_prose(op_def: op_def_pb2.OpDef) -> op_def_pb2.OpDef:
    op_def.summary = op_def.description = ""
    for part in (*op_def.input_arg, *op_def.output_arg, *op_def.attr):
        part.description = ""
    if op_def.HasField("deprecation"):
        op_def.deprecation.explanation = ""
    return op_def


def all_op_defs() -> list[op_def_pb2.OpDef]:
    buffer = pywrap_tf_session.TF_GetAllOpList()
    ops = op_def_pb2.OpList.FromString(pywrap_tf_session.TF_GetBuffer(buffer)).op
    return sorted((without_prose(op) for op in ops), key=lambda op: op.name)


def main() -> None:
    ops = op_def_pb2.OpList(op=all_op_defs())
    packed = zlib.compress(ops.SerializeToString(deterministic=True), 9)
    TARGET.write_bytes(packed)
    print(f"{len(ops.op)} ops of TensorFlow {tf.__version__}: {len(packed)} bytes in {TARGET}")


if __name__ == "__main__":
    main()
