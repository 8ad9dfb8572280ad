"""Object-based checkpoints, which ``tf.train.Checkpoint`` and Keras write since TensorFlow 2.

A V2 checkpoint whose tensors are named after the way to them through the program's objects, with
a graph of these objects as one more tensor.

naming.py      full names -> keys                matching.py    which objects are which
values.py      values by attribute               tree.py, view.py   a checkpoint to look into
trackable.py   what has children                 building.py    a tree -> its graph and values
checkpoint.py  the class Checkpoint; parts of it: root.py, restoring.py, assigning.py, status.py,
               stored.py (one that was read to be changed), options.py
sharding.py, max_shard_size.py, pieces.py        which data file holds what
variable.py    an array with a full name
"""

from tfckpt.objects.checkpoint import Checkpoint
from tfckpt.objects.max_shard_size import MaxShardSizePolicy
from tfckpt.objects.naming import to_object_based
from tfckpt.objects.options import CheckpointOptions
from tfckpt.objects.sharding import ShardableTensor, ShardByTaskPolicy, ShardingCallback
from tfckpt.objects.status import LoadStatus
from tfckpt.objects.tree import load_object_tree
from tfckpt.objects.variable import Variable
from tfckpt.objects.view import CheckpointView, object_graph

__all__ = [
    "Checkpoint",
    "CheckpointOptions",
    "CheckpointView",
    "LoadStatus",
    "MaxShardSizePolicy",
    "ShardByTaskPolicy",
    "ShardableTensor",
    "ShardingCallback",
    "Variable",
    "load_object_tree",
    "object_graph",
    "to_object_based",
]
