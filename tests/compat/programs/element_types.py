"""Reports the element type and class of every tensor."""

import sys

import numpy as np
import tensorflow as tf

reader = tf.train.load_checkpoint(sys.argv[1] + "/dtypes/all")
types = reader.get_variable_to_dtype_map()
for name in sorted(types):
    value = reader.get_tensor(name)
    print(
        name,
        types[name],
        types[name].as_datatype_enum,
        type(value).__name__.rstrip("_"),
        np.shape(value),
    )
    if types[name] == tf.float32:
        print("  is float32", types[name] == np.float32, types[name].is_floating)
    if types[name] in (tf.int32, tf.int64):
        print("  is an integer", types[name].size, np.dtype(types[name].as_numpy_dtype))
