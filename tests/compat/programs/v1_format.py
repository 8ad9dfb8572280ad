"""Lists a checkpoint of the format before TensorFlow 0.12."""

import sys

import tensorflow as tf

path = sys.argv[1] + "/v1/all"
reader = tf.compat.v1.train.NewCheckpointReader(path)
for name, shape in sorted(reader.get_variable_to_shape_map().items()):
    print(name, shape, reader.get_variable_to_dtype_map()[name].name)
    if reader.get_variable_to_dtype_map()[name] in (tf.float32, tf.int64, tf.bool):
        print("  ", reader.get_tensor(name))
