"""Asks types what they are."""

import numpy as np
import tensorflow as tf

for name in ("float16", "float32", "float64", "bfloat16", "int8", "uint16", "int64", "bool",
             "string", "complex64", "qint8", "quint8"):  # fmt: skip
    dtype = getattr(tf, name)
    print(repr(dtype), str(dtype), dtype.name, dtype.as_datatype_enum, dtype.size)
    print(dtype.is_floating, dtype.is_integer, dtype.is_quantized, dtype.is_bool, dtype.is_complex)
    print(
        np.dtype(dtype.as_numpy_dtype),
        hash(dtype),
        dtype == tf.as_dtype(name),
        dtype.base_dtype.name,
    )
print(tf.as_dtype(np.float32), tf.as_dtype(np.dtype("i8")), tf.as_dtype(float), tf.as_dtype("half"))
print(tf.float32 == np.float32, tf.float32 == "float32", tf.float32 != tf.float64, tf.int32 == 3)
print(tf.int8.min, tf.int8.max, tf.uint8.limits, tf.float32.max, {tf.float32: 1}[tf.float32])
try:
    tf.as_dtype("nothing")
except TypeError:
    print("no such type")
