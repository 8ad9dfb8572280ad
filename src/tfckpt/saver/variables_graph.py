"""The graph beside a checkpoint (``.meta``), made for weights that came from no graph.

Each variable is what TensorFlow's resource variables are made of:

    <variable>  VarHandleOp  <- Initializer/zeros (Const), Assign, Read/ReadVariableOp
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tfckpt.dtypes import DataType
from tfckpt.graphdef.attr_values import shape_proto
from tfckpt.graphdef.meta_info import GIT_VERSION
from tfckpt.graphdef.names import is_node_name
from tfckpt.protos import AttrValue, MetaGraphDef, SaverDef, VariableDef
from tfckpt.saver.definition import scope_of
from tfckpt.saver.nodes import (
    DEFAULT_FILENAME,
    NodeMaker,
    SavedVariable,
    SaverNodes,
    encoded,
    type_attr,
)
from tfckpt.saver.var_list import Spec
from tfckpt.tensors.slices import volume
from tfckpt.versions import GRAPH_DEF_VERSION

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
) -> MetaGraphDef:
    """Make a graph of these variables with a Saver for them.

    `shards` has the names of each shard. The Saver's operations stand in the scope that `saver_def`
    names; if a variable has that name, the scope gets a number. A variable may have a name that
    no operation may have: then its operation gets one like it, and the Saver keeps the variable's
    own for the checkpoint. Types that TensorFlow has no variables of (`NO_VARIABLE`) are left
    out.
    """
    specs = {name: spec for name, spec in specs.items() if spec.data_type not in NO_VARIABLE}
    graph = _VariablesGraph(filter(is_valid_name, specs))
    variables = {variable: graph.variable(variable, spec) for variable, spec in specs.items()}
    saved = [[variables[name] for name in names if name in specs] for names in shards]
    meta = graph.meta
    if specs:
        saver = SaverNodes(graph, graph.scope(scope_of(saver_def)))
        saver.add(list(filter(None, saved)), saver_def, filename=filename, reshape=reshape)
    # An empty one would read as "unknown". TensorFlow's version is left out: it did not write this.
    meta.meta_info_def.tensorflow_git_version = GIT_VERSION
    meta.graph_def.versions.producer = GRAPH_DEF_VERSION
    return meta


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


class _VariablesGraph(NodeMaker):
    """Variables, and what TensorFlow makes around each."""

    def variable(self, name: str, spec: Spec) -> SavedVariable:
        """Add a variable and list it in the collections."""
        known = is_valid_name(name)
        node = name if known else self.unused(valid_name(name))
        kind, shape = type_attr(spec.data_type), AttrValue(shape=shape_proto(spec.shape))
        # What it is called inside a session, where two variables of one name would be one variable.
        shared = AttrValue(s=encoded(name))
        self.add_exactly(node, "VarHandleOp", [], dtype=kind, shape=shape, shared_name=shared)
        zeros = self._zeros(f"{node}/Initializer/zeros", spec)
        assign = self.add(f"{node}/Assign", "AssignVariableOp", [node, zeros], dtype=kind)
        read = self.add(f"{node}/Read/ReadVariableOp", "ReadVariableOp", [node], dtype=kind)
        trainable = spec.data_type in _TRAINABLE
        definition = VariableDef(
            variable_name=f"{node}:0",
            initializer_name=assign,
            snapshot_name=f"{read}:0",
            is_resource=True,
            initial_value_name=f"{zeros}:0",
            trainable=trainable,
        ).SerializeToString()
        for collection in ("variables", "trainable_variables")[: 1 + trainable]:
            self.meta.collection_def[collection].bytes_list.value.append(definition)
        return SavedVariable(name, node, spec.data_type, spec.shape)

    def _zeros(self, name: str, spec: Spec) -> str:
        field, zero = _ZERO.get(spec.data_type, _ZERO_INTEGER)
        values = {field: zero} if volume(spec.shape) else {}
        return self.constant(name, spec.data_type, spec.shape, **values)
