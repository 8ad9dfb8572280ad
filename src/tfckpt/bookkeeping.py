"""Tensors that TensorFlow keeps for itself beside a model's values.

_CHECKPOINTABLE_OBJECT_GRAPH                the objects of an object-based checkpoint
save_counter/.ATTRIBUTES/VARIABLE_VALUE     how often its ``tf.train.Checkpoint`` was saved
PATH/.ATTRIBUTES/OBJECT_CONFIG_JSON         how Keras (of TensorFlow 1.13 to 2.0) makes an object
"""

from __future__ import annotations

from tfckpt.names import OBJECT_GRAPH_KEY

_SAVE_COUNTER_KEY = "save_counter/.ATTRIBUTES/VARIABLE_VALUE"
_CONFIG_END = "/.ATTRIBUTES/OBJECT_CONFIG_JSON"


def is_bookkeeping(name: str) -> bool:
    """Whether a tensor of this name is none of a model's values.

    >>> is_bookkeeping("_CHECKPOINTABLE_OBJECT_GRAPH"), is_bookkeeping("dense/kernel")
    (True, False)
    """
    return name in (OBJECT_GRAPH_KEY, _SAVE_COUNTER_KEY) or name.endswith(_CONFIG_END)
