"""Savers of TensorFlow and of tfckpt behind one face, for the cases of saver_test.py.

`Variables` are a few variables and hash tables with their values: in a session, or eager, for
TensorFlow; in a dict here. A `Program` is a graph that Python functions have built, with the
values of its variables; what has to be run is run by TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np
import tensorflow as tf
from google.protobuf import text_format
from tensorflow.core.framework import variable_pb2
from tensorflow.core.protobuf import control_flow_pb2, queue_runner_pb2
from tensorflow.python.framework import meta_graph
from tensorflow.python.training import saver_test_utils

import tfckpt
from tfckpt import graph as ours
from tfckpt.graph.meta_graph_import import import_graph_and_collections

v1 = tf.compat.v1
V1, V2 = tfckpt.SaverDef.V1, tfckpt.SaverDef.V2
TWO_CPUS = v1.ConfigProto(device_count={"CPU": 2})

VarList = Iterable[str] | Mapping[str, str] | None


def tf_like(value: Any) -> np.ndarray:
    """An array of the dtype that a variable of TensorFlow's would have."""
    array = np.asarray(value)
    if isinstance(value, np.ndarray | np.generic):
        return array.copy()
    return array.astype({"f": np.float32, "i": np.int32}.get(array.dtype.kind, array.dtype))


# --- variables


class TheirVariables:
    """Variables of a kind (reference, resource or eager), and tables from a string to a float."""

    def __init__(
        self,
        values: Mapping[str, Any],
        tables: Mapping[str, Mapping[str, float]] | None = None,
        *,
        kind: str = "resource",
        devices: Mapping[str, int] | None = None,
        initialize: bool = True,
    ) -> None:
        self.graph = None if kind == "eager" else tf.Graph()
        self.session: Any = None
        self.variables = {}
        self.tables = {}
        with self.entered():
            for name, value in values.items():
                with tf.device(f"/cpu:{(devices or {}).get(name, 0)}"):
                    self.variables[name] = (
                        tf.Variable(value, name=name)
                        if kind == "eager"
                        else v1.Variable(value, name=name, use_resource=kind == "resource")
                    )
            for name in tables or {}:
                with tf.device(f"/cpu:{(devices or {}).get(name, 0)}"):
                    self.tables[name] = saver_test_utils.CheckpointedOp(name=name)
            if self.graph is not None:
                self.session = v1.Session(graph=self.graph, config=TWO_CPUS)
                if initialize:
                    self.session.run(v1.global_variables_initializer())
            if initialize:
                for name, table in (tables or {}).items():
                    for key, value in table.items():
                        self.run(self.tables[name].insert(key, value))

    def entered(self) -> AbstractContextManager[Any]:
        return nullcontext() if self.graph is None else self.graph.as_default()

    def run(self, fetch: Any) -> Any:
        return fetch if self.session is None else self.session.run(fetch)

    def set(self, name: str, value: Any) -> None:
        with self.entered():
            if self.session is None:
                self.variables[name].assign(value)
            else:
                self.variables[name].load(value, self.session)

    def array(self, name: str) -> np.ndarray:
        return np.asarray(self.run(self.variables[name]))

    def value(self, name: str) -> Any:
        return self.array(name).tolist()

    def table(self, name: str) -> dict[bytes, float]:
        with self.entered():
            keys, values = self.run(self.tables[name]._export())
        return dict(zip(np.asarray(keys).tolist(), np.asarray(values).tolist(), strict=True))

    def is_initialized(self, name: str) -> bool:
        with self.entered():
            return bool(self.run(v1.is_variable_initialized(self.variables[name])))

    def saver(self, var_list: VarList = None, **settings: Any) -> TheirSaver:
        with self.entered():
            chosen = self._chosen(var_list)
            return TheirSaver(self, v1.train.Saver(chosen, **settings))

    def _chosen(self, var_list: VarList) -> Any:
        if var_list is None:  # in eager mode there is no graph to take them from
            return list(self.variables.values()) if self.graph is None else None
        if isinstance(var_list, Mapping):
            return {name: self._saveable(place) for name, place in var_list.items()}
        return [self._saveable(name) for name in var_list]

    def _saveable(self, name: str) -> Any:
        return self.tables[name].saveable if name in self.tables else self.variables[name]


class TheirSaver:
    """A Saver, bound to its variables' session."""

    def __init__(self, variables: Any, saver: Any) -> None:
        self.variables = variables
        self.saver = saver

    def save(self, path: Any, **arguments: Any) -> str | None:
        with self.variables.entered():
            return self.saver.save(self.variables.session, str(path), **arguments)

    def restore(self, path: Any) -> None:
        with self.variables.entered():
            self.saver.restore(self.variables.session, str(path))

    def build(self) -> None:
        with self.variables.entered():
            self.saver.build()

    def export_meta_graph(self, filename: Any = None, **options: Any) -> Any:
        with self.variables.entered():
            return self.saver.export_meta_graph(filename, **options)

    def again(self) -> TheirSaver:
        """Another Saver with this one's SaverDef."""
        with self.variables.entered():
            saver = v1.train.Saver(saver_def=self.saver.as_saver_def())
            return TheirSaver(self.variables, saver)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.saver, name)


class OurVariables:
    """The same in a dict. A table is two arrays: its keys and its values."""

    def __init__(
        self,
        values: Mapping[str, Any],
        tables: Mapping[str, Mapping[str, float]] | None = None,
        *,
        kind: str = "resource",
        devices: Mapping[str, int] | None = None,
        initialize: bool = True,
    ) -> None:
        self.devices = devices or {}
        self.names = dict.fromkeys(values)
        self.tables = dict.fromkeys(tables or ())
        self.weights: dict[str, Any] = {}
        if initialize:
            self.weights = {name: tf_like(value) for name, value in values.items()}
            for name, table in (tables or {}).items():
                self.weights[f"{name}-keys"] = np.array([key.encode() for key in table], object)
                self.weights[f"{name}-values"] = np.array([*table.values()], np.float32)

    def set(self, name: str, value: Any) -> None:
        self.weights[name][...] = value

    def array(self, name: str) -> np.ndarray:
        return np.asarray(self.weights[name])

    def value(self, name: str) -> Any:
        return self.array(name).tolist()

    def table(self, name: str) -> dict[bytes, float]:
        if f"{name}-keys" not in self.weights:
            return {}
        keys, values = self.weights[f"{name}-keys"], self.weights[f"{name}-values"]
        return dict(zip(keys.tolist(), values.tolist(), strict=True))

    def is_initialized(self, name: str) -> bool:
        return name in self.weights

    def saver(self, var_list: VarList = None, **settings: Any) -> OurSaver:
        if settings.get("sharded") and self.devices:
            settings["shards"] = self._shards()
        return OurSaver(self, tfckpt.Saver(self._chosen(var_list), **settings, fsync=False))

    def _shards(self) -> dict[str, int]:
        shards = {name: self.devices.get(name, 0) for name in self.names}
        for name in self.tables:
            shards |= {f"{name}-{part}": self.devices.get(name, 0) for part in ("keys", "values")}
        return shards

    def _chosen(self, var_list: VarList) -> Any:
        if var_list is None:
            return None
        if isinstance(var_list, Mapping):
            return {
                key: place
                for name, wanted in var_list.items()
                for key, place in self._places(name, wanted)
            }
        return [place for name in var_list for _, place in self._places(name, name)]

    def _places(self, name: str, wanted: str) -> list[tuple[str, str]]:
        if wanted in self.tables:  # whose names in a checkpoint are their own
            places = [f"{wanted}-keys", f"{wanted}-values"]
            suffixes = ("-keys", "-values")
            return list(zip((name + one for one in suffixes), places, strict=True))
        return [(name, wanted)]


class OurSaver:
    """A Saver, bound to its weights."""

    def __init__(self, variables: Any, saver: Any) -> None:
        self.variables = variables
        self.saver = saver

    def save(self, path: Any, **arguments: Any) -> str | None:
        return self.saver.save(self.variables.weights, path, **arguments)

    def restore(self, path: Any) -> None:
        self.saver.restore(self.variables.weights, path)

    def export_meta_graph(self, filename: Any = None, **options: Any) -> Any:
        if self.saver.meta_graph is None:
            options["variables"] = self.variables.weights
        return self.saver.export_meta_graph(filename, **options)

    def again(self) -> OurSaver:
        saver = tfckpt.Saver(saver_def=self.saver.as_saver_def(), fsync=False)
        return OurSaver(self.variables, saver)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.saver, name)


# --- programs


@contextmanager
def control_flow(v2: bool) -> Iterator[None]:
    """Build loops and conditionals as functions (v2), or as Switch and Merge nodes."""
    was = v1.control_flow_v2_enabled()
    (v1.enable_control_flow_v2 if v2 else v1.disable_control_flow_v2)()
    v1.experimental.output_all_intermediates(True)  # for gradients of an imported graph
    try:
        yield
    finally:
        v1.experimental.output_all_intermediates(None)
        (v1.enable_control_flow_v2 if was else v1.disable_control_flow_v2)()


class TheirProgram:
    """A graph and a session. If `build` returns a Saver, that is `built_saver`."""

    def __init__(self, build: Callable[[], Any] | None = None) -> None:
        self.graph = tf.Graph()
        self.built_saver: Any = None
        with self.entered():
            built = None if build is None else build()
            if isinstance(built, v1.train.Saver):
                self.built_saver = TheirSaver(self, built)
            self.session = v1.Session(graph=self.graph)

    def entered(self) -> AbstractContextManager[Any]:
        return self.graph.as_default()

    def initialize(self) -> TheirProgram:
        names = {operation.name for operation in self.graph.get_operations()}
        with self.entered():
            self.session.run("init" if "init" in names else v1.global_variables_initializer())
        return self

    def add(self, build: Callable[[], Any]) -> None:
        """Add what Python functions build, to the graph that there is."""
        with self.entered():
            build()

    def run(self, fetches: Any, feed: Mapping[str, Any] | None = None) -> Any:
        return self.session.run(fetches, feed)

    def values(self) -> dict[str, Any]:
        """The variables that have a value."""
        with self.entered():
            found = {}
            for variable in v1.global_variables():
                try:
                    found[variable.op.name] = self.session.run(variable)
                except tf.errors.FailedPreconditionError:
                    continue
            return found

    def saver(self, names: Iterable[str] | None = None, **settings: Any) -> TheirSaver:
        with self.entered():
            known = {one.op.name: one for one in v1.global_variables()}
            chosen = None if names is None else _picked(names, known)
            return TheirSaver(self, v1.train.Saver(chosen, **settings))

    def import_meta_graph(
        self, source: Any, name_scope: str | None = None, **options: Any
    ) -> TheirSaver | None:
        scope = nullcontext() if name_scope is None else v1.name_scope(name_scope)
        with self.entered(), scope:
            saver = v1.train.import_meta_graph(source, **options)
        return None if saver is None else TheirSaver(self, saver)

    def import_scoped(self, source: Any, **options: Any) -> dict[str, str]:
        """Import without a Saver; return the variables' names by those in the message."""
        with self.entered():
            options["input_map"] = {
                key: self.graph.as_graph_element(name)
                for key, name in options.get("input_map", {}).items()
            }
            found = meta_graph.import_scoped_meta_graph(str(source), **options)
        return {key: variable.op.name for key, variable in found.items()}

    def export_meta_graph(self, filename: Any = None, **options: Any) -> Any:
        with self.entered():
            return v1.train.export_meta_graph(filename, **options)

    def export_scoped(self, filename: Any = None, **options: Any) -> dict[str, str]:
        """Export a scope; return the variables in it, by their names in the message."""
        with self.entered():
            _, found = meta_graph.export_scoped_meta_graph(filename, **options)
        return {key: variable.op.name for key, variable in found.items()}

    def copy_scope(self, from_scope: str, to_scope: str, into: Any = None) -> dict[str, str]:
        with self.entered():
            found = meta_graph.copy_scoped_meta_graph(
                from_scope=from_scope,
                to_scope=to_scope,
                from_graph=self.graph,
                to_graph=(into or self).graph,
            )
        return {key: variable.op.name for key, variable in found.items()}

    def add_to_collection(self, key: Any, value: Any) -> None:
        with self.entered():
            v1.add_to_collection(key, value)

    def element(self, name: str) -> Any:
        return self.graph.as_graph_element(name)

    def variable(self, name: str) -> Any:
        """The item of the collection of variables."""
        (found,) = [
            one for one in self.graph.get_collection("variables") if one.name == f"{name}:0"
        ]
        return found

    def get_collection(self, key: str) -> list[Any]:
        return self.graph.get_collection(key)

    def savers(self) -> list[TheirSaver]:
        return [TheirSaver(self, saver) for saver in self.graph.get_collection("savers")]


class OurProgram:
    """The same graph, taken over from TensorFlow as a MetaGraphDef, and weights."""

    def __init__(self, build: Callable[[], Any] | None = None) -> None:
        self.graph = ours.Graph()
        self.weights: dict[str, Any] = {}
        self.built_saver: Any = None
        self._build = build
        if build is not None:
            theirs = TheirProgram(build)
            saver = theirs.built_saver
            if saver is None:  # an import would add one
                with self.entered():
                    import_graph_and_collections(taken_over(theirs.export_meta_graph()))
            else:
                self.built_saver = self.import_meta_graph(saver.export_meta_graph())
            self._theirs = theirs

    def entered(self) -> AbstractContextManager[Any]:
        return self.graph.as_default()

    def initialize(self) -> OurProgram:
        self.weights = self._theirs.initialize().values()
        return self

    def add(self, build: Callable[[], Any]) -> None:
        added = TheirProgram(build)
        with self.entered():
            import_graph_and_collections(taken_over(added.export_meta_graph()))
        self.weights |= added.initialize().values()

    def run(self, fetches: Any, feed: Mapping[str, Any] | None = None) -> Any:
        """Let TensorFlow run the graph, with these weights, and take over what becomes of them."""
        message = ours.export_meta_graph(graph=self.graph).SerializeToString()
        with tf.Graph().as_default() as graph, v1.Session(graph=graph) as session:
            v1.train.import_meta_graph(v1.MetaGraphDef.FromString(message))
            variables = {one.op.name: one for one in v1.global_variables()}
            for name in variables.keys() & self.weights.keys():
                variables[name].load(self.weights[name], session)
            result = session.run(fetches, feed)
            for name in variables.keys() & self.weights.keys():
                self.weights[name] = session.run(variables[name])
            return result

    def values(self) -> dict[str, Any]:
        return self.weights

    def saver(self, names: Iterable[str] | None = None, **settings: Any) -> OurSaver:
        saver = tfckpt.Saver(names, meta_graph=self.graph, **settings, fsync=False)
        return OurSaver(self, saver)

    def import_meta_graph(
        self, source: Any, name_scope: str | None = None, **options: Any
    ) -> OurSaver | None:
        scope = nullcontext() if name_scope is None else self.graph.name_scope(name_scope)
        with self.entered(), scope:
            saver = ours.import_meta_graph(source, **options)
        return None if saver is None else OurSaver(self, saver)

    def import_scoped(self, source: Any, **options: Any) -> dict[str, str]:
        before = {one.name for one in self.graph.get_collection("variables")}
        options["input_map"] = {
            key: self.graph.as_graph_element(name)
            for key, name in options.get("input_map", {}).items()
        }
        with self.entered():
            ours.import_meta_graph(str(source), **options)
        new = [one.name for one in self.graph.get_collection("variables") if one.name not in before]
        return _by_name_in(_variables_in(ours.read_meta_graph(source)), new)

    def export_meta_graph(self, filename: Any = None, **options: Any) -> Any:
        return ours.export_meta_graph(filename, graph=self.graph, **options)

    def export_scoped(self, filename: Any = None, **options: Any) -> dict[str, str]:
        message = self.export_meta_graph(filename, **options)
        scope = options["export_scope"]
        inside = [
            one.name for one in self.graph.get_collection("variables") if one.name.startswith(scope)
        ]
        return _by_name_in(_variables_in(message), inside)

    def copy_scope(self, from_scope: str, to_scope: str, into: Any = None) -> dict[str, str]:
        found = ours.copy_scoped_meta_graph(
            from_scope, to_scope, from_graph=self.graph, to_graph=(into or self).graph
        )
        return {key: variable.name.removesuffix(":0") for key, variable in found.items()}

    def add_to_collection(self, key: Any, value: Any) -> None:
        with self.entered():
            ours.add_to_collection(key, value)

    def element(self, name: str) -> Any:
        return self.graph.as_graph_element(name)

    def variable(self, name: str) -> Any:
        (found,) = [
            one
            for one in self.graph.get_collection("variables")
            if one.name.removesuffix(":0") == name
        ]
        return found

    def get_collection(self, key: str) -> list[Any]:
        return self.graph.get_collection(key)

    def savers(self) -> list[OurSaver]:
        return [OurSaver(self, saver) for saver in self.graph.get_collection("savers")]


def taken_over(message: Any) -> tfckpt.MetaGraphDef:
    return tfckpt.MetaGraphDef.FromString(message.SerializeToString())


def _picked(names: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(names, Mapping):
        return {name: known[place] for name, place in names.items()}
    return [known[name] for name in names]


def _variables_in(message: Any) -> list[str]:
    values = message.collection_def["variables"].bytes_list.value
    return [variable_pb2.VariableDef.FromString(one).variable_name for one in values]


def _by_name_in(names: Iterable[str], found: Iterable[str]) -> dict[str, str]:
    """Pair variables by the ends of their names."""
    plain = [name.removesuffix(":0") for name in found]
    pairs = {}
    for name in names:
        end = "/" + name.removesuffix(":0")
        (pairs[name],) = [one for one in plain if ("/" + one).endswith(end)]
    return pairs


# --- what two MetaGraphDefs have to have in common

_KINDS = {
    **dict.fromkeys(("variables", "trainable_variables"), variable_pb2.VariableDef),
    "queue_runners": queue_runner_pb2.QueueRunnerDef,
    "cond_context": control_flow_pb2.CondContextDef,
    "while_context": control_flow_pb2.WhileContextDef,
}


def described(message: Any) -> dict[str, Any]:
    """A MetaGraphDef as a dict, without the order of nodes and of what lies in collections."""
    theirs = v1.MetaGraphDef.FromString(message.SerializeToString())
    for node in theirs.graph_def.node:
        node.ClearField("experimental_debug_info")
    return {
        "nodes": {one.name: str(one) for one in theirs.graph_def.node},
        "functions": sorted(str(one) for one in theirs.graph_def.library.function),
        "versions": str(theirs.graph_def.versions),
        "collections": {key: _items(key, one) for key, one in theirs.collection_def.items()},
        "saver": str(theirs.saver_def),
        "ops": [one.name for one in theirs.meta_info_def.stripped_op_list.op],
        "tensorflow": theirs.meta_info_def.tensorflow_version,
    }


def _items(key: str, definition: Any) -> tuple[str, list[str]]:
    kind = definition.WhichOneof("kind")
    values = getattr(definition, kind).value
    if key not in _KINDS:
        return kind, sorted(map(str, values))
    messages = [_KINDS[key].FromString(value) for value in values]
    for message in messages:
        if hasattr(message, "values_def"):  # a set, in any order
            message.values_def.values[:] = sorted(message.values_def.values)
    return kind, sorted(map(text_format.MessageToString, messages))


# --- the libraries


class Theirs:
    name = "tensorflow"
    is_ours = False
    Variables = TheirVariables
    Program = TheirProgram
    Saver = v1.train.Saver
    NotFoundError = tf.errors.NotFoundError
    InvalidArgumentError = tf.errors.InvalidArgumentError
    checkpoint_exists = staticmethod(v1.train.checkpoint_exists)
    get_checkpoint_state = staticmethod(tf.train.get_checkpoint_state)
    latest_checkpoint = staticmethod(tf.train.latest_checkpoint)
    load_checkpoint = staticmethod(tf.train.load_checkpoint)
    write_graph = staticmethod(v1.train.write_graph)


class Ours:
    name = "tfckpt"
    is_ours = True
    Variables = OurVariables
    Program = OurProgram
    Saver = tfckpt.Saver
    NotFoundError = tfckpt.errors.NotFoundError
    InvalidArgumentError = tfckpt.errors.InvalidArgumentError
    checkpoint_exists = staticmethod(tfckpt.checkpoint_exists)
    get_checkpoint_state = staticmethod(tfckpt.get_checkpoint_state)
    latest_checkpoint = staticmethod(tfckpt.latest_checkpoint)
    load_checkpoint = staticmethod(tfckpt.load_checkpoint)
    write_graph = staticmethod(tfckpt.write_graph)


BOTH = [Theirs(), Ours()]


def lib_name(lib: Any) -> str:
    return lib.name
