"""Makes and reads messages."""

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import attr_value_pb2, node_def_pb2, tensor_pb2, types_pb2
from tensorflow.core.protobuf import config_pb2, rewriter_config_pb2, saver_pb2

config = tf.compat.v1.ConfigProto(allow_soft_placement=True, device_count={"GPU": 0})
config.gpu_options.allow_growth = True
config.gpu_options.per_process_gpu_memory_fraction = 0.5
config.graph_options.rewrite_options.constant_folding = rewriter_config_pb2.RewriterConfig.OFF
print(config, config_pb2.ConfigProto.FromString(config.SerializeToString()) == config)
node = node_def_pb2.NodeDef(name="c", op="Const")
value = tf.make_tensor_proto(np.arange(4, dtype=np.float32).reshape(2, 2))
node.attr["value"].tensor.CopyFrom(value)
node.attr["dtype"].CopyFrom(attr_value_pb2.AttrValue(type=types_pb2.DT_FLOAT))
print(node)
print(tf.make_ndarray(node.attr["value"].tensor), tensor_pb2.TensorProto(dtype=1).dtype)
print(tf.make_ndarray(tf.make_tensor_proto(["a", b"b"])), saver_pb2.SaverDef.V2)
print(tf.compat.as_bytes("a"), tf.compat.as_text(b"b"), tf.compat.as_str("c"))
