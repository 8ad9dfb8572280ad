"""The graph beside a checkpoint (``.meta``), made for weights that came from no graph.

Each variable is what TensorFlow's resource variables are made of:

    <variable>  VarHandleOp  <- Initializer/zeros (Const), Assign, Read/ReadVariableOp
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import compress
from typing import Any, NamedTuple

from tfckpt.dtypes import DataType
from tfckpt.graphdef.attr_values import shape_proto
from tfckpt.graphdef.messages import check_message_size
from tfckpt.graphdef.meta_info import GIT_VERSION
from tfckpt.graphdef.names import is_node_name
from tfckpt.protos import AttrValue, GraphDef, MetaGraphDef, SaverDef, VariableDef, VersionDef
from tfckpt.saver.alike import Alike
from tfckpt.saver.definition import scope_of
from tfckpt.saver.nodes import (
    DEFAULT_FILENAME,
    NodeMaker,
    SavedVariable,
    SaverNodes,
    constant_attrs,
    encoded,
    node_field,
    type_attr,
)
from tfckpt.saver.var_list import Spec
from tfckpt.tensors.slices import volume
from tfckpt.versions import GRAPH_DEF_VERSION
from tfckpt.wire import bytes_field

_INVALID_LETTER = re.compile(r"[^A-Za-z0-9_.\-/]")

D = DataType
# Which field of a TensorProto holds one zero of a type.
_ZERO: dict[DataType, tuple[str, Any]] = {
    D.DT_FLOAT: ("float_val", [0.0]),
    D.DT_DOUBLE: ("double_val", [0.0]),
    D.DT_STRING: ("string_val", [b""]),
    D.DT_COMPLEX64: ("scomplex_val", [0.0, 0.0]),
    D.DT_COMPLEX128: ("dcomplex_val", [0.0, 0.0]),
    D.DT_INT64: ("int64_val", [0]),
    D.DT_BOOL: ("bool_val", [False]),
    D.DT_HALF: ("half_val", [0]),
    D.DT_BFLOAT16: ("half_val", [0]),
    D.DT_UINT32: ("uint32_val", [0]),
    D.DT_UINT64: ("uint64_val", [0]),
    **dict.fromkeys(
        (
            D.DT_FLOAT8_E5M2,
            D.DT_FLOAT8_E4M3FN,
            D.DT_FLOAT8_E4M3FNUZ,
            D.DT_FLOAT8_E4M3B11FNUZ,
            D.DT_FLOAT8_E5M2FNUZ,
        ),
        ("float8_val", b"\0"),
    ),
}
_ZERO_INTEGER: tuple[str, Any] = ("int_val", [0])

# TensorFlow 2.21 has no kernel that assigns a variable of these: a graph with one would restore
# nothing at all, so they are left out.
NO_VARIABLE = frozenset(
    {
        D.DT_QINT16,
        D.DT_QUINT16,
        D.DT_FLOAT8_E4M3FNUZ,
        D.DT_FLOAT8_E4M3B11FNUZ,
        D.DT_FLOAT8_E5M2FNUZ,
    }
)

_TRAINABLE = frozenset(
    {D.DT_FLOAT, D.DT_DOUBLE, D.DT_HALF, D.DT_BFLOAT16, D.DT_COMPLEX64, D.DT_COMPLEX128}
)


def make_meta_graph(
    specs: Mapping[str, Spec],
    shards: Sequence[Sequence[str]],
    saver_def: SaverDef,
    *,
    filename: bytes = DEFAULT_FILENAME,
    reshape: bool = False,
    stripped: bool = False,
) -> bytes:
    """Make a MetaGraphDef, as bytes, of these variables with a Saver for them.

    `shards` has the names of each shard. The Saver's operations stand in the scope that `saver_def`
    names; if a variable has that name, the scope gets a number. A variable may have a name that
    no operation may have: then its operation gets one like it, and the Saver keeps the variable's
    own for the checkpoint. Types that TensorFlow has no variables of (`NO_VARIABLE`) are left
    out. `stripped` says that there are no attributes of defaults, which holds anyway.

    Raises ValueError for a graph of more than 2 GiB.
    """
    specs = {name: spec for name, spec in specs.items() if spec.data_type not in NO_VARIABLE}
    graph = _VariablesGraph(specs)
    variables = graph.add_variables(specs)
    saved = [[variables[name] for name in names if name in specs] for names in shards]
    rest = MetaGraphDef()
    if specs:
        saver = SaverNodes(graph, graph.scope(scope_of(saver_def)))
        kept = list(filter(None, saved))
        rest.saver_def.CopyFrom(saver.add(kept, saver_def, filename=filename, reshape=reshape))
    trainable = list(compress(graph.definitions, map(_is_trainable, specs.values())))
    collections = {"variables": graph.definitions, "trainable_variables": trainable}
    for collection, definitions in collections.items():
        if definitions:
            rest.collection_def[collection].bytes_list.value.extend(definitions)
    # An empty one would read as "unknown". TensorFlow's version is left out: it did not write this.
    info = MetaGraphDef.MetaInfoDef(
        tensorflow_git_version=GIT_VERSION, stripped_default_attrs=stripped
    )
    return _in_order(MetaGraphDef(meta_info_def=info), graph.nodes, rest)


def _in_order(info: MetaGraphDef, nodes: list[bytes], rest: MetaGraphDef) -> bytes:
    """Return a MetaGraphDef as protobuf writes it: by the numbers of its fields."""
    versions = GraphDef(versions=VersionDef(producer=GRAPH_DEF_VERSION))
    nodes.append(versions.SerializeToString())
    parts = [
        info.SerializeToString(),
        bytes_field(MetaGraphDef.GRAPH_DEF_FIELD_NUMBER, sum(map(len, nodes))),
        *nodes,
        rest.SerializeToString(deterministic=True),
    ]
    check_message_size(sum(map(len, parts)))
    return b"".join(parts)


def is_valid_name(name: str) -> bool:
    """Whether an operation may have a variable's name, and no scope is taken for it."""
    return is_node_name(name) and not name.endswith("/")


def valid_name(name: str) -> str:
    """Return a name for an operation that is like `name`.

    >>> valid_name("encoder/layer 1/w:0"), valid_name("_CHECKPOINTABLE_OBJECT_GRAPH")
    ('encoder/layer_1/w_0', 'v_CHECKPOINTABLE_OBJECT_GRAPH')
    """
    name = _INVALID_LETTER.sub("_", name)
    if name.endswith("/"):
        name = name[:-1] + "_"
    return name if name[0] not in "_-/" else "v" + name


class _Around(NamedTuple):
    """The names of the nodes that TensorFlow makes around a variable."""

    zeros: str
    assign: str
    read: str


_ENDINGS = _Around("/Initializer/zeros", "/Assign", "/Read/ReadVariableOp")


class _VariablesGraph(NodeMaker):
    """Variables, what TensorFlow makes around each, and the collections that list them."""

    def __init__(self, names: Collection[str]) -> None:
        self._valid = set(filter(is_valid_name, names))
        super().__init__(self._valid)
        self.definitions: list[bytes] = []

    def add_variables(self, specs: Mapping[str, Spec]) -> dict[str, SavedVariable]:
        """Add variables, and their definitions to the list."""
        plain = self._plain(specs)
        names, kinds = [name.encode() for name in plain], map(_is_trainable, plain.values())
        nodes = Alike(_own_nodes).each(plain.values(), names)
        definitions = Alike(_own_definition).each(kinds, names)
        ready = dict(zip(plain, zip(nodes, definitions)))
        variables = {}
        for name, spec in specs.items():
            if name in ready:
                own, definition = ready[name]
                self.nodes.append(own)
                self.definitions.append(definition)
                variables[name] = SavedVariable(name, name, spec.data_type, spec.shape)
            else:
                variables[name] = self._add_variable(name, spec)
        return variables

    def _plain(self, specs: Mapping[str, Spec]) -> Mapping[str, Spec]:
        """Return the variables whose nodes have the names that they have in every graph."""
        nodes = (name if name in self._valid else valid_name(name) for name in specs)
        if any(node.endswith(_ENDINGS) for node in nodes):
            return {}  # what stands around one may have the name of another
        return {name: spec for name, spec in specs.items() if name in self._valid}

    def _add_variable(self, name: str, spec: Spec) -> SavedVariable:
        node = name if name in self._valid else self.take(valid_name(name))
        around = _Around(*(self.take(around) for around in _around(node)))
        self.nodes.append(_nodes(spec, name, node, around))
        self.definitions.append(_definition(_is_trainable(spec), node, around))
        return SavedVariable(name, node, spec.data_type, spec.shape)


def _around(node: str) -> _Around:
    return _Around(*(node + ending for ending in _ENDINGS))


def _is_trainable(spec: Spec) -> bool:
    return spec.data_type in _TRAINABLE


def _own_nodes(spec: Spec, name: bytes) -> bytes:
    node = name.decode()
    return _nodes(spec, node, node, _around(node))


def _own_definition(trainable: bool, name: bytes) -> bytes:
    node = name.decode()
    return _definition(trainable, node, _around(node))


def _nodes(spec: Spec, name: str, node: str, around: _Around) -> bytes:
    """Return a variable's nodes as fields of a GraphDef."""
    kind, shape = type_attr(spec.data_type), AttrValue(shape=shape_proto(spec.shape))
    # What it is called inside a session, where two variables of one name would be one variable.
    shared = AttrValue(s=encoded(name))
    field, zero = _ZERO.get(spec.data_type, _ZERO_INTEGER)
    zeros = constant_attrs(
        spec.data_type, spec.shape, **({field: zero} if volume(spec.shape) else {})
    )
    return b"".join(
        [
            node_field(node, "VarHandleOp", dtype=kind, shape=shape, shared_name=shared),
            node_field(around.zeros, "Const", (), **zeros),
            node_field(around.assign, "AssignVariableOp", [node, around.zeros], dtype=kind),
            node_field(around.read, "ReadVariableOp", [node], dtype=kind),
        ]
    )


def _definition(trainable: bool, node: str, around: _Around) -> bytes:
    """Return what a collection has of a variable."""
    return VariableDef(
        variable_name=f"{node}:0",
        initializer_name=around.assign,
        snapshot_name=f"{around.read}:0",
        is_resource=True,
        initial_value_name=f"{around.zeros}:0",
        trainable=trainable,
    ).SerializeToString()
