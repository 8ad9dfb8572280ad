"""tf.saved_model: a SavedModel's variables, and its graph in a session."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

import tfckpt
from tfckpt.compat.absent import NeedsTensorFlow, NeedsTensorFlowAttribute
from tfckpt.compat.errors import tensorflow_errors
from tfckpt.compat.saving import Saver
from tfckpt.compat.session import BaseSession
from tfckpt.compat.tensors import Run
from tfckpt.compat.variables import Variable
from tfckpt.objectgraph.keys import VARIABLE_VALUE
from tfckpt.objectgraph.nodes import read_object_graph
from tfckpt.objects.matching import matched_objects
from tfckpt.saved_model.loader import SavedModelLoader, get_init_op, maybe_saved_model_directory

logger = logging.getLogger("tfckpt")


class _Loaded:
    """What was tracked in a SavedModel: variables, and objects that have some."""

    def __init__(self, tree: Any, variables: list[Variable], where: str) -> None:
        self._tree, self._where = tree, where
        self.variables = variables
        self.trainable_variables = [variable for variable in variables if variable.trainable]

    @property
    def signatures(self) -> Any:
        raise NeedsTensorFlowAttribute(f"the signatures of {self._where}", "they compute")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if isinstance(self._tree, Mapping) and name in self._tree:
            value = self._tree[name]
            if isinstance(value, np.ndarray):
                return Variable(value, name=name, collections=[])
            return _Loaded(value, [], f"{self._where}.{name}")
        raise NeedsTensorFlowAttribute(f"{self._where}.{name}", "it is no variable of the model")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise NeedsTensorFlow(f"calling {self._where}", "it computes")


@tensorflow_errors
def load(export_dir: Any, tags: Any = None, options: Any = None) -> Any:
    """Load a SavedModel's variables; with a session first, as TensorFlow 1 does, its graph too."""
    if isinstance(export_dir, BaseSession):
        return load_graph(export_dir, tags, options)
    loader = SavedModelLoader(export_dir)
    graphs = loader.saved_model.meta_graphs
    message = graphs[0] if tags is None and len(graphs) == 1 else None
    if message is None:
        message = loader.get_meta_graph_def_from_tags(tags or ["serve"])
    with tfckpt.load_checkpoint(loader.variables_path) as reader:
        if not message.HasField("object_graph_def"):
            variables = [_variable(name, reader[name]) for name in reader]
            return _Loaded({}, variables, "the model")
        found = list(_in_order(message.object_graph_def, read_object_graph(reader)))
        made = {key: _variable(name, reader[key]) for name, key in found if key in reader}
    tree = tfckpt.load_object_tree(export_dir)
    return _Loaded(tree, list(made.values()), "the model")


def _in_order(saved: Any, tracked: Any) -> Iterator[tuple[str, str]]:
    """Yield names and keys of the model's variables, in the order of its own list if it has one."""
    keys = {
        here: attribute.checkpoint_key
        for there, here in matched_objects(saved, tracked).items()
        for attribute in tracked.nodes[there].attributes
        if attribute.name == VARIABLE_VALUE
    }
    listed = [child.node_id for child in saved.nodes[0].children if child.local_name == "variables"]
    order = [child.node_id for at in listed for child in saved.nodes[at].children] or sorted(keys)
    for at in order:
        if at in keys:
            yield saved.nodes[at].variable.name or keys[at], keys[at]


def _variable(name: str, value: Any) -> Variable:
    made = Variable(value, name=name.partition(":")[0], collections=[])
    made._own = value
    return made


@tensorflow_errors
def load_graph(
    sess: Any, tags: Any, export_dir: Any, import_scope: str | None = None, **saver_kwargs: Any
) -> Any:
    """Load the graph of a SavedModel into a session's, with its variables."""
    loader = SavedModelLoader(export_dir)
    message = loader.get_meta_graph_def_from_tags(tags)
    saver, _ = loader.load_graph(sess.graph, tags, import_scope, **saver_kwargs)
    if saver is not None:
        Saver._of(saver).restore(sess, loader.variables_path)
    name = get_init_op(message, import_scope)
    if name:
        try:
            sess.node_value(sess.graph.as_graph_element(name), Run(sess))
        except NeedsTensorFlow as error:
            logger.warning("the model's init op was not run: %s", str(error).partition("\n")[0])
    return message


@tensorflow_errors
def contains_saved_model(export_dir: Any) -> bool:
    """Whether a folder has a SavedModel."""
    return maybe_saved_model_directory(export_dir)
