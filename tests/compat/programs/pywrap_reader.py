"""Dumps a checkpoint with the reader of pywrap_tensorflow."""

import sys

from tensorflow.python import pywrap_tensorflow

reader = pywrap_tensorflow.NewCheckpointReader(sys.argv[1] + "/trained/model.ckpt-60")
shapes = reader.get_variable_to_shape_map()
for key in sorted(shapes):
    print("tensor_name:", key, shapes[key], reader.has_tensor(key))
    print(reader.get_tensor(key))
print(reader.has_tensor("nothing"))
