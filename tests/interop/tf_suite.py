"""One face over TensorFlow and tfckpt, for TensorFlow's own test cases (``test_tf_suite_*``).

Graphs that a case builds with Python functions are built by TensorFlow; `Ours` takes them over as
a MetaGraphDef. What has to be run is run by TensorFlow, on the GraphDef that either side gives.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from google.protobuf import text_format
from tensorflow.core.framework import op_def_pb2, types_pb2, variable_pb2
from tensorflow.core.protobuf import (
    control_flow_pb2,
    meta_graph_pb2,
    queue_runner_pb2,
    saved_model_pb2,
)
from tensorflow.python.framework import graph_util_impl, meta_graph
from tensorflow.python.saved_model import (
    builder_impl,
    loader_impl,
    method_name_updater,
    signature_def_utils_impl,
    utils_impl,
)

import tfckpt
from tfckpt import graph as ours
from tfckpt import protos, saved_model
from tfckpt.graph.meta_graph_import import import_graph_and_collections  # adds no Saver

v1 = tf.compat.v1
Build = Callable[[], Any]


@contextmanager
def control_flow(v2: bool) -> Iterator[None]:
    """Build loops and conditionals as functions (v2), or as Switch and Merge nodes."""
    was = v1.control_flow_v2_enabled()
    (v1.enable_control_flow_v2 if v2 else v1.disable_control_flow_v2)()
    try:
        yield
    finally:
        (v1.enable_control_flow_v2 if was else v1.disable_control_flow_v2)()


def run(
    graph_def: Any,
    fetches: Any,
    feed: Mapping[str, Any] | None = None,
    init: Sequence[str] = (),
) -> Any:
    """Import a GraphDef of either library into TensorFlow and run it."""
    theirs = v1.GraphDef.FromString(graph_def.SerializeToString())
    with v1.Graph().as_default() as graph:
        v1.import_graph_def(theirs, name="")
        with v1.Session(graph=graph) as session:
            for name in init:
                session.run(name)
            return session.run(fetches, feed)


def session(graph: Any) -> Any:
    """A session with two processors, as some of TensorFlow's tests want."""
    return v1.Session(graph=graph, config=v1.ConfigProto(device_count={"CPU": 2}))


class Served(NamedTuple):
    """A SavedModel that TensorFlow has loaded, its init op run."""

    graph: Any
    session: Any
    meta_graph: Any

    def value(self, name: str) -> Any:
        return self.session.run(value_tensor(self.graph, name))


def serve(export_dir: Any, tags: Sequence[str], import_scope: str | None = None) -> Served:
    """Load a SavedModel with TensorFlow, whoever wrote it."""
    graph = v1.Graph()
    running = session(graph)
    with graph.as_default():
        loader = loader_impl.SavedModelLoader(str(export_dir))
        meta = loader.load(running, list(tags), import_scope)
    return Served(graph, running, meta)


def value_tensor(graph: Any, name: str) -> str:
    """Name the tensor that reads a variable, of either kind."""
    if graph.get_operation_by_name(name).type == "VarHandleOp":
        return f"{name}/Read/ReadVariableOp:0"
    return f"{name}:0"


class Model(NamedTuple):
    """A graph, and the values of its variables: in a session for TensorFlow, in a dict for us."""

    graph: Any
    values: Any  # v1.Session or dict[str, np.ndarray]


class Library:
    """What both have in common. Subclasses give `name`, `protos` and the functions."""

    name: str
    protos: Any
    Graph: Any

    def graph_def(self, text: str, **versions: int) -> Any:
        """A GraphDef from text; of TensorFlow's newest version unless told otherwise."""
        graph_def = text_format.Parse(text, self.protos.GraphDef())
        if not graph_def.HasField("versions"):
            graph_def.versions.producer = versions.get("producer", tf.version.GRAPH_DEF_VERSION)
            graph_def.versions.min_consumer = versions.get("min_consumer", 0)
        return graph_def

    def message(self, kind: str, text: str = "") -> Any:
        return text_format.Parse(text, getattr(self.protos, kind)())

    def run(self, graph: Any, fetches: Any, feed: Any = None, init: Sequence[str] = ()) -> Any:
        return run(graph.as_graph_def(), fetches, feed, init)

    def data_type(self, tensor: Any) -> int:
        """The DataType of a tensor, that of a reference being 100 higher."""
        raise NotImplementedError

    def names(self, graph: Any) -> list[str]:
        return [op.name for op in graph.get_operations()]

    def __repr__(self) -> str:
        return self.name


def node(graph_def: Any, name: str) -> Any:
    (found,) = [one for one in graph_def.node if one.name == name]
    return found


# --- what two MetaGraphDefs have to have in common

_KINDS = {
    **dict.fromkeys(
        ("variables", "trainable_variables", "local_variables", "model_variables"),
        variable_pb2.VariableDef,
    ),
    "metric_variables": variable_pb2.VariableDef,
    "queue_runners": queue_runner_pb2.QueueRunnerDef,
    "cond_context": control_flow_pb2.CondContextDef,
    "while_context": control_flow_pb2.WhileContextDef,
}


def _item(key: str, value: Any) -> str:
    if key not in _KINDS:
        return str(value)
    message = _KINDS[key].FromString(value)
    if hasattr(message, "values_def"):  # a set, in any order
        message.values_def.values[:] = sorted(message.values_def.values)
    return text_format.MessageToString(message)


def comparable_nodes(graph_def: Any) -> dict[str, str]:
    """The nodes as text, by name: their order does not count, nor that of control inputs."""
    theirs = v1.GraphDef.FromString(graph_def.SerializeToString())
    for one in theirs.node:
        one.ClearField("experimental_debug_info")
        data = [text.removesuffix(":0") for text in one.input if not text.startswith("^")]
        one.input[:] = data + sorted(text for text in one.input if text.startswith("^"))
    return {one.name: text_format.MessageToString(one) for one in theirs.node}


def comparable(meta: Any) -> dict[str, Any]:
    """A MetaGraphDef as what TensorFlow's tests compare of it: the order of nodes is left out."""
    collections = {}
    for key, definition in meta.collection_def.items():
        kind = definition.WhichOneof("kind")
        values = [_item(key, value) for value in getattr(definition, kind).value]
        collections[key] = (kind, sorted(values))
    info = meta.meta_info_def
    return {
        "nodes": comparable_nodes(meta.graph_def),
        "functions": sorted(str(one) for one in meta.graph_def.library.function),
        "versions": str(meta.graph_def.versions),
        "collections": collections,
        "saver": str(meta.saver_def),
        "ops": [one.name for one in info.stripped_op_list.op],
        "tensorflow": info.tensorflow_version,
        "stripped": info.stripped_default_attrs,
    }


# --- TensorFlow


class Theirs(Library):
    name = "tensorflow"
    Graph = v1.Graph
    Variable = tf.Variable
    protos = SimpleNamespace(
        GraphDef=v1.GraphDef,
        MetaGraphDef=v1.MetaGraphDef,
        NodeDef=v1.NodeDef,
        AttrValue=v1.AttrValue,
        OpList=op_def_pb2.OpList,
        SavedModel=saved_model_pb2.SavedModel,
        TensorInfo=meta_graph_pb2.TensorInfo,
        AssetFileDef=meta_graph_pb2.AssetFileDef,
        SaverDef=v1.train.SaverDef,
        DataType=types_pb2,
    )
    NotFound = (tf.errors.NotFoundError, KeyError)

    import_graph_def = staticmethod(v1.import_graph_def)
    extract_sub_graph = staticmethod(graph_util_impl.extract_sub_graph)
    remove_training_nodes = staticmethod(graph_util_impl.remove_training_nodes)
    graph_defs_equal = staticmethod(graph_util_impl.graph_defs_equal)
    write_graph = staticmethod(v1.train.write_graph)

    def graph(self, build: Build) -> Any:
        """The graph that `build` fills."""
        graph = v1.Graph()
        with graph.as_default():
            build()
        return graph

    def add(
        self,
        graph: Any,
        op: str,
        inputs: Sequence[Any] = (),
        name: str | None = None,
        **attrs: str,
    ) -> Any:
        """Add an operation; attributes are AttrValues as text."""
        values = {key: self.message("AttrValue", text) for key, text in attrs.items()}
        with graph.as_default():
            return graph._create_op_internal(op, list(inputs), None, name=name, attrs=values)

    def constant(self, graph: Any, value: Any, name: str = "Const") -> Any:
        with graph.as_default():
            return tf.constant(value, name=name)

    def data_type(self, tensor: Any) -> int:
        return tensor.dtype.as_datatype_enum

    def export_meta_graph(self, filename: str | None = None, **options: Any) -> Any:
        return meta_graph.export_scoped_meta_graph(filename, **options)[0]

    def import_meta_graph(
        self, meta: Any, graph: Any, restore_collections_predicate: Any = None, **options: Any
    ) -> dict[str, str]:
        """Import without a Saver; return the variables' names by those in the message."""
        if restore_collections_predicate is not None:
            options["restore_collections_predicate"] = restore_collections_predicate
        with graph.as_default():
            found = meta_graph.import_scoped_meta_graph(meta, graph=graph, **options)
        return {key: variable.name for key, variable in found.items()}

    def copy_scoped_meta_graph(self, *args: Any, **options: Any) -> dict[str, str]:
        found = meta_graph.copy_scoped_meta_graph(*args, **options)
        return {key: variable.name for key, variable in found.items()}

    # SavedModels

    build_signature_def = staticmethod(v1.saved_model.build_signature_def)
    predict_signature_def = staticmethod(v1.saved_model.predict_signature_def)
    regression_signature_def = staticmethod(v1.saved_model.regression_signature_def)
    classification_signature_def = staticmethod(v1.saved_model.classification_signature_def)
    is_valid_signature = staticmethod(v1.saved_model.is_valid_signature)
    build_tensor_info = staticmethod(v1.saved_model.build_tensor_info)
    build_tensor_info_from_op = staticmethod(utils_impl.build_tensor_info_from_op)
    get_tensor_from_tensor_info = staticmethod(v1.saved_model.get_tensor_from_tensor_info)
    signature_def_utils = signature_def_utils_impl
    maybe_saved_model_directory = staticmethod(loader_impl.maybe_saved_model_directory)
    parse_saved_model = staticmethod(loader_impl.parse_saved_model)
    MethodNameUpdater = method_name_updater.MethodNameUpdater
    SavedModelLoader = loader_impl.SavedModelLoader
    SparseTensor = tf.SparseTensor

    def model(self, build: Build, init: Sequence[str] = (), run: Sequence[str] = ()) -> Model:
        """A graph with its variables at their initial values; then `run` has been run."""
        graph = v1.Graph()
        running = session(graph)
        with graph.as_default():
            build()
            running.run([v1.global_variables_initializer(), v1.local_variables_initializer()])
        for name in (*init, *run):
            running.run(name)
        return Model(graph, running)

    def builder(self, export_dir: Any, new: bool = True) -> Any:
        kind = builder_impl._SavedModelBuilder if new else builder_impl.SavedModelBuilder
        return kind(str(export_dir))

    def add_first(self, builder: Any, model: Model, tags: Sequence[str], **options: Any) -> None:
        """Add a model's graph and variables. Operations and tensors are given by their names."""
        with model.graph.as_default():
            builder.add_meta_graph_and_variables(model.values, tags, **_resolve(model, options))

    def add_next(self, builder: Any, model: Model, tags: Sequence[str], **options: Any) -> None:
        with model.graph.as_default():
            builder.add_meta_graph(tags, **_resolve(model, options))

    def saver(
        self, model: Model, names: Sequence[str] | None = None, name: str | None = None
    ) -> Any:
        """A Saver of a model's variables (all of them)."""
        with model.graph.as_default():
            chosen = None if names is None else [_variable(model.graph, one) for one in names]
            return v1.train.Saver(chosen, name=name)

    def load(self, export_dir: Any, tags: Sequence[str], import_scope: str | None = None) -> Served:
        return serve(export_dir, tags, import_scope)

    def init_op(self, loaded: Served, import_scope: str | None = None) -> str | None:
        """Name the operation that is run after restoring."""
        with loaded.graph.as_default():
            found = loader_impl.get_init_op(loaded.meta_graph, import_scope)
        return None if found is None else found.name

    def train_op(self, loaded: Served, import_scope: str | None = None) -> str | None:
        with loaded.graph.as_default():
            found = loader_impl.get_train_op(loaded.meta_graph, import_scope)
        return None if found is None else found.name

    def simple_save(
        self, model: Model, export_dir: Any, inputs: Any, outputs: Any, **options: Any
    ) -> None:
        """Save with the signature serving_default, of tensors and variables of the graph."""
        with model.graph.as_default():
            v1.saved_model.simple_save(
                model.values, str(export_dir), inputs, outputs, **_resolve(model, options)
            )

    def state(self, graph: Any, zeros: Sequence[str] = ()) -> Any:
        """Where variables go: a session whose variables have no values yet."""
        return session(graph)

    def value(self, state: Any, name: str) -> Any:
        return state.run(value_tensor(state.graph, name))

    def has_value(self, state: Any, name: str) -> bool:
        try:
            self.value(state, name)
        except tf.errors.FailedPreconditionError:
            return False
        return True

    def default_saver(self, state: Any) -> Any:
        with state.graph.as_default():
            return v1.train.Saver()


def _variable(graph: Any, name: str) -> Any:
    every = {
        one.op.name: one
        for key in graph.get_all_collection_keys()
        for one in graph.get_collection(key)
        if hasattr(one, "initializer")
    }
    return every[name]


# Arguments of builders that are operations or tensors of the graph.
_ELEMENTS = ("init_op", "train_op", "main_op", "legacy_init_op")
_LISTS = ("assets_list", "assets_collection")


def _resolve(model: Model, options: Mapping[str, Any]) -> dict[str, Any]:
    find = model.graph.as_graph_element
    resolved = dict(options)
    for key in _ELEMENTS:
        if key in options:
            resolved[key] = find(options[key])
    for key in _LISTS:
        if key in options:
            resolved[key] = [find(one) for one in options[key]]
    return resolved


# --- tfckpt


class Taken(NamedTuple):
    """A SavedModel that tfckpt has loaded."""

    graph: Any
    values: dict[str, Any]
    meta_graph: Any

    def value(self, name: str) -> Any:
        return self.values[name]


class Ours(Library):
    name = "tfckpt"
    Graph = ours.Graph
    Variable = ours.Variable
    protos = protos
    NotFound = (tfckpt.errors.NotFoundError,)

    import_graph_def = staticmethod(ours.import_graph_def)
    extract_sub_graph = staticmethod(ours.extract_sub_graph)
    write_graph = staticmethod(ours.write_graph)

    # Planned when these tests were written: looked up when called.

    def remove_training_nodes(self, *args: Any, **options: Any) -> Any:
        return ours.remove_training_nodes(*args, **options)

    def graph_defs_equal(self, *args: Any, **options: Any) -> bool:
        return ours.graph_defs_equal(*args, **options)

    def graph(self, build: Build) -> Any:
        graph = ours.Graph()
        with graph.as_default():
            import_graph_and_collections(_built(build))
        return graph

    def add(
        self,
        graph: Any,
        op: str,
        inputs: Sequence[Any] = (),
        name: str | None = None,
        **attrs: str,
    ) -> Any:
        values = {key: self.message("AttrValue", text) for key, text in attrs.items()}
        return graph.create_op(op, inputs, name=name, attrs=values)

    def constant(self, graph: Any, value: Any, name: str = "Const") -> Any:
        # TensorFlow's types: float32 and int32.
        array = np.asarray(tf.constant(value))
        attrs = {"dtype": array.dtype.type, "value": array}
        return graph.create_op("Const", name=name, attrs=attrs).outputs[0]

    def data_type(self, tensor: Any) -> int:
        return tensor.op.output_types[tensor.value_index]

    def export_meta_graph(self, filename: str | None = None, **options: Any) -> Any:
        return ours.export_meta_graph(filename, **options)

    def import_meta_graph(self, meta: Any, graph: Any, **options: Any) -> dict[str, str]:
        before = _variable_names(graph)
        message = ours.read_meta_graph(meta) if isinstance(meta, (str, os.PathLike)) else meta
        with graph.as_default():
            import_graph_and_collections(message, **options)
        new = sorted(_variable_names(graph) - before)
        if "variables" not in message.collection_def or not new:
            return {}
        values = message.collection_def["variables"].bytes_list.value
        old = sorted(variable_pb2.VariableDef.FromString(one).variable_name for one in values)
        return dict(zip(old, new, strict=True))

    def copy_scoped_meta_graph(self, *args: Any, **options: Any) -> dict[str, str]:
        found = ours.copy_scoped_meta_graph(*args, **options)
        return {key: variable.name for key, variable in found.items()}

    # SavedModels

    build_signature_def = staticmethod(saved_model.build_signature_def)
    predict_signature_def = staticmethod(saved_model.predict_signature_def)
    regression_signature_def = staticmethod(saved_model.regression_signature_def)
    classification_signature_def = staticmethod(saved_model.classification_signature_def)
    is_valid_signature = staticmethod(saved_model.is_valid_signature)
    build_tensor_info = staticmethod(saved_model.build_tensor_info)
    build_tensor_info_from_op = staticmethod(saved_model.utils.build_tensor_info_from_op)
    get_tensor_from_tensor_info = staticmethod(saved_model.get_tensor_from_tensor_info)
    signature_def_utils = saved_model.signature_def_utils
    maybe_saved_model_directory = staticmethod(saved_model.maybe_saved_model_directory)
    parse_saved_model = staticmethod(saved_model.parse_saved_model)
    MethodNameUpdater = saved_model.MethodNameUpdater
    SparseTensor = saved_model.SparseTensor

    def SavedModelLoader(self, export_dir: Any) -> Any:
        return saved_model.SavedModelLoader(export_dir)

    def model(self, build: Build, init: Sequence[str] = (), run: Sequence[str] = ()) -> Model:
        theirs = Theirs().model(build, init, run)
        values = {}
        for op in theirs.graph.get_operations():
            if op.type in ("VarHandleOp", "VariableV2"):
                try:
                    values[op.name] = theirs.values.run(value_tensor(theirs.graph, op.name))
                except tf.errors.FailedPreconditionError:
                    continue  # no initializer was run for it
        theirs.values.close()
        return Model(self.graph(build), values)

    def builder(self, export_dir: Any, new: bool = True) -> Any:
        return saved_model.SavedModelBuilder(export_dir, fsync=False)

    def add_first(self, builder: Any, model: Model, tags: Sequence[str], **options: Any) -> None:
        builder.add_meta_graph_and_variables(
            model.values, tags, graph=model.graph, **_resolve(model, options)
        )

    def add_next(self, builder: Any, model: Model, tags: Sequence[str], **options: Any) -> None:
        builder.add_meta_graph(tags, graph=model.graph, **_resolve(model, options))

    def saver(
        self, model: Model, names: Sequence[str] | None = None, name: str | None = None
    ) -> Any:
        return tfckpt.Saver(names, name=name)

    def load(self, export_dir: Any, tags: Sequence[str], import_scope: str | None = None) -> Taken:
        graph, values = ours.Graph(), dict[str, Any]()
        meta = saved_model.load(values, tags, export_dir, import_scope, graph=graph)
        return Taken(graph, values, meta)

    def init_op(self, loaded: Taken, import_scope: str | None = None) -> str | None:
        return saved_model.loader.get_init_op(loaded.meta_graph, import_scope)

    def train_op(self, loaded: Taken, import_scope: str | None = None) -> str | None:
        return saved_model.loader.get_train_op(loaded.meta_graph, import_scope)

    def simple_save(
        self, model: Model, export_dir: Any, inputs: Any, outputs: Any, **options: Any
    ) -> None:
        resolved = _resolve(model, options)
        with model.graph.as_default():  # whose collection lists the assets
            saved_model.simple_save(
                model.values, export_dir, inputs, outputs, graph=model.graph, **resolved
            )

    def state(self, graph: Any, zeros: Sequence[str] = ()) -> dict[str, Any]:
        """Where variables go: a mapping, with zeros (int32) for the variables that are expected."""
        return {name: np.zeros((), np.int32) for name in zeros}

    def value(self, state: dict[str, Any], name: str) -> Any:
        return state[name]

    def has_value(self, state: dict[str, Any], name: str) -> bool:
        return name in state

    def default_saver(self, state: dict[str, Any]) -> Any:
        return tfckpt.Saver()


def _built(build: Build) -> Any:
    with v1.Graph().as_default() as graph:
        build()
        return meta_graph.export_scoped_meta_graph(graph=graph)[0]


def _variable_names(graph: Any) -> set[str]:
    return {one.name for one in graph.get_collection("variables")}


BOTH = [Theirs(), Ours()]


def under_devices(graph: Any, *devices: Any) -> AbstractContextManager[Any]:
    """`Graph.device` scopes, one in another."""
    return _under_devices(graph, devices)


@contextmanager
def _under_devices(graph: Any, devices: Sequence[Any]) -> Iterator[None]:
    if not devices:
        yield
        return
    with graph.device(devices[0]), _under_devices(graph, devices[1:]):
        yield
