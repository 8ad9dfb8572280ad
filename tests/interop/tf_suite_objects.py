"""TensorFlow and tfckpt behind one face, for the cases that both have to pass.

`variable` makes a leaf and `module` an object with children: a tf.Variable and an AutoTrackable
here, an array and a dict there. Floats are float32 and ints int32 on both sides, unless a dtype is
given.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.checkpoint import checkpoint as tf_checkpoint
from tensorflow.python.trackable.autotrackable import AutoTrackable

import tfckpt

v1 = tf.compat.v1
SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"


class TheirSaver:
    """A name-based Saver of variables."""

    def __init__(self, variables: dict[str, Any]) -> None:
        self.saver = v1.train.Saver(variables)

    def save(self, path: Path) -> str:
        return self.saver.save(None, str(path))

    def restore(self, path: str) -> None:
        self.saver.restore(None, path)


class OurSaver:
    """The same of arrays."""

    def __init__(self, variables: dict[str, Any]) -> None:
        self.variables = variables
        self.saver = tfckpt.Saver()

    def save(self, path: Path) -> str:
        return self.saver.save(self.variables, path)

    def restore(self, path: str) -> None:
        self.saver.restore(self.variables, path)


class Theirs:
    name = "tensorflow"
    is_ours = False
    Checkpoint = tf.train.Checkpoint
    NotFoundError = tf.errors.NotFoundError
    Saver = TheirSaver
    latest_checkpoint = staticmethod(tf.train.latest_checkpoint)
    get_checkpoint_state = staticmethod(tf.train.get_checkpoint_state)
    list_variables = staticmethod(tf.train.list_variables)
    load_checkpoint = staticmethod(tf.train.load_checkpoint)
    object_graph = staticmethod(tf_checkpoint.object_metadata)

    def __getattr__(self, name: str) -> Any:
        """Return CheckpointOptions and the like, which are looked up when a test needs them."""
        return getattr(tf.train, name, None) or getattr(tf.train.experimental, name)

    def variable(self, value: Any, dtype: Any = None, name: str | None = None) -> Any:
        return tf.Variable(value, dtype=dtype, name=name)

    def module(self, **children: Any) -> Any:
        made = AutoTrackable()
        for name, child in children.items():
            setattr(made, name, child)
        return made

    weak_module = module

    def put(self, owner: Any, name: str, child: Any) -> None:
        setattr(owner, name, child)

    def child(self, owner: Any, name: str) -> Any:
        return getattr(owner, name)

    def value(self, variable: Any) -> Any:
        return np.asarray(variable.numpy()).tolist()

    def assign(self, variable: Any, value: Any) -> None:
        variable.assign(value)

    def set_save_counter(self, checkpoint: Any, value: int) -> None:
        checkpoint.save_counter.assign(value)


class Ours:
    name = "tfckpt"
    is_ours = True
    Checkpoint = tfckpt.Checkpoint
    NotFoundError = tfckpt.errors.NotFoundError
    Saver = OurSaver
    latest_checkpoint = staticmethod(tfckpt.latest_checkpoint)
    get_checkpoint_state = staticmethod(tfckpt.get_checkpoint_state)
    list_variables = staticmethod(tfckpt.list_variables)
    load_checkpoint = staticmethod(tfckpt.load_checkpoint)
    object_graph = staticmethod(tfckpt.object_graph)

    def __getattr__(self, name: str) -> Any:
        return getattr(tfckpt, name)

    def variable(self, value: Any, dtype: Any = None, name: str | None = None) -> Any:
        array = tf_like(value) if dtype is None else np.array(value, dtype)
        return array if name is None else tfckpt.Variable(array, name=name)

    def module(self, **children: Any) -> Any:
        return dict(children)

    def weak_module(self, **children: Any) -> Any:
        return WeakDict(children)

    def put(self, owner: Any, name: str, child: Any) -> None:
        if isinstance(owner, dict):
            owner[name] = child
        else:
            setattr(owner, name, child)

    def child(self, owner: Any, name: str) -> Any:
        return owner[name] if isinstance(owner, dict) else getattr(owner, name)

    def value(self, variable: Any) -> Any:
        return np.asarray(variable).tolist()

    def assign(self, variable: Any, value: Any) -> None:
        variable[...] = value

    def set_save_counter(self, checkpoint: Any, value: int) -> None:
        checkpoint.save_counter = value


LIBS = [Theirs(), Ours()]


class WeakDict(dict):
    """A dict that a weak reference may lead to."""


def tf_like(value: Any) -> np.ndarray:
    """An array of the dtype that a tf.Variable would have."""
    array = np.array(value)
    if array.dtype.kind in "US":
        return np.array(value, object)
    return array.astype({"f": np.float32, "i": np.int32}.get(array.dtype.kind, array.dtype))


def lib_name(lib: Any) -> str:
    return lib.name


def keys(lib: Any, path: str) -> list[str]:
    """The keys of a checkpoint, without that of the object graph."""
    names = [name for name, _ in lib.list_variables(path)]
    return [name for name in names if name != "_CHECKPOINTABLE_OBJECT_GRAPH"]


def children(graph: Any, *path: str) -> dict[str, int]:
    """The children of the node that the path leads to, by name."""
    node_id = 0
    for name in path:
        node_id = {one.local_name: one.node_id for one in graph.nodes[node_id].children}[name]
    return {one.local_name: one.node_id for one in graph.nodes[node_id].children}
