"""Asks types what they are, in the corners."""

import pickle

import numpy as np
import tensorflow as tf

for given in (np.float16, np.dtype("c16"), np.int32(3), np.zeros(2, bool), tf.float32, 7, 101, bool,
              object, "float32_ref", "string", np.dtype("S3")):  # fmt: skip
    print(repr(tf.as_dtype(given)), tf.as_dtype(given).as_datatype_enum)
for given in (None, "float33", 1000, np.dtype("M8[s]"), [1], np.dtype([("a", "i4")])):
    try:
        print(tf.as_dtype(given))
    except TypeError:
        print("no type")
for dtype in (tf.complex64, tf.complex128, tf.float32, tf.resource, tf.variant, tf.qint8):
    print(dtype.real_dtype.name, dtype.size, dtype.is_numpy_compatible, dtype.is_unsigned)
for dtype in (tf.float16, tf.bfloat16, tf.float64, tf.int16, tf.uint64):
    print(float(dtype.min), float(dtype.max))
for dtype in (tf.bool, tf.float32, tf.uint8, tf.int64, tf.string, tf.complex64, tf.float16):
    for what in ("limits", "max"):
        try:
            found = getattr(dtype, what)
            print(dtype.name, what, found if what == "limits" else float(found))
        except (TypeError, ValueError) as error:
            print(dtype.name, what, type(error).__name__)
ref = tf.as_dtype("int32_ref")
print(ref.name, ref.base_dtype.name, ref.is_compatible_with(tf.int32), tf.int32 == ref)
print(tf.int32.is_compatible_with("int32"), tf.int32.is_compatible_with(np.int64))
print(tf.float32 == None, tf.float32 == [1], tf.float32 != "float32")  # noqa: E711
print(pickle.loads(pickle.dumps(tf.bfloat16)) is tf.bfloat16)
