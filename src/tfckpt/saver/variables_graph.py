"""The graph beside a checkpoint (``.meta``), made for weights that came from no graph.

Each variable is what TensorFlow's resource variables are made of, and the Saver what
``saver.py`` builds from them:

    <variable>  VarHandleOp  <- Initializer/zeros (Const), Assign, Read/ReadVariableOp
    save/Const               the checkpoint's prefix, which a session feeds
    save/SaveV2              reads all variables; save/control_dependency gives the prefix back
    save/RestoreV2           -> save/Identity_* -> save/AssignVariableOp_* -> save/restore_all

A sharded one has a SaveV2 and a RestoreV2 a shard, and save/MergeV2Checkpoints after the former.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tfckpt.dtypes import DataType
from tfckpt.protos import (
    AttrValue,
    MetaGraphDef,
    SaverDef,
    TensorProto,
    TensorShapeProto,
    VariableDef,
)
from tfckpt.saver.var_list import Spec
from tfckpt.tensors.slices import Shape, volume
from tfckpt.versions import GRAPH_DEF_VERSION

# What an operation may be called, but for names with ">" inside (``graph_constructor.cc``).
_VALID_NAME = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\-/]*")
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
    name: str | None = None,
    filename: str | None = None,
    reshape: bool = False,
) -> MetaGraphDef:
    """Make a graph of these variables with a Saver for them.

    `shards` has the names of each shard. The Saver's operations stand under `name`, ``save`` if
    None; under another name where a variable has that. Operations of variables whose names
    TensorFlow's graphs do not allow get one like it; the Saver finds them in a checkpoint under
    their own. Variables of types that TensorFlow has no variables of (`NO_VARIABLE`) are left out.
    """
    import tfckpt

    specs = {name: spec for name, spec in specs.items() if spec.data_type not in NO_VARIABLE}
    shards = [shard for names in shards if (shard := [name for name in names if name in specs])]
    graph = NodeMaker(filter(is_valid_name, specs))
    variables = {variable: graph.variable(variable, spec) for variable, spec in specs.items()}
    meta = graph.meta
    if specs:
        saver = SaverNodes(graph, graph.scope((name or "save").rstrip("/")), variables)
        saver.add(specs, shards, saver_def, filename=filename, reshape=reshape)
    # Empty would be "unknown"; no TensorFlow wrote this, so its own version is not named.
    meta.meta_info_def.tensorflow_git_version = f"tfckpt {tfckpt.__version__}"
    meta.graph_def.versions.producer = GRAPH_DEF_VERSION
    return meta


def is_valid_name(name: str) -> bool:
    return bool(_VALID_NAME.fullmatch(name)) and not name.endswith("/")


def valid_name(name: str) -> str:
    """Return a name for an operation that is like `name`.

    >>> valid_name("encoder/layer 1/w:0"), valid_name("_CHECKPOINTABLE_OBJECT_GRAPH")
    ('encoder/layer_1/w_0', 'v_CHECKPOINTABLE_OBJECT_GRAPH')
    """
    name = _INVALID_LETTER.sub("_", name)
    if name.endswith("/"):
        name = name[:-1] + "_"
    return name if name[0] not in "_-/" else "v" + name


class NodeMaker:
    """The nodes made so far, and the names that are taken."""

    def __init__(self, reserved: Iterable[str], meta: MetaGraphDef | None = None) -> None:
        self.meta = MetaGraphDef() if meta is None else meta
        self._taken = set(reserved)
        self._numbers: Counter[str] = Counter()  # the last that was put behind a name

    def add(self, name: str, op: str, inputs: Sequence[str] = (), **attrs: AttrValue) -> str:
        """Add a node; return its name, which has a number behind it where `name` is taken."""
        return self.add_exactly(self._unused(name), op, inputs, **attrs)

    def add_exactly(self, name: str, op: str, inputs: Sequence[str], **attrs: AttrValue) -> str:
        self._taken.add(name)
        node = self.meta.graph_def.node.add(name=name, op=op, input=inputs)
        for key, value in attrs.items():
            node.attr[key].CopyFrom(value)
        return name

    def constant(self, name: str, data_type: DataType, shape: Shape, **values: Any) -> str:
        tensor = TensorProto(dtype=int(data_type), tensor_shape=_shape_proto(shape), **values)
        return self.add(name, "Const", dtype=_type(data_type), value=AttrValue(tensor=tensor))

    def string(self, name: str, value: bytes) -> str:
        return self.constant(name, D.DT_STRING, (), string_val=[value])

    def strings(self, name: str, values: Sequence[bytes]) -> str:
        return self.constant(name, D.DT_STRING, (len(values),), string_val=values)

    def integer(self, name: str, value: int) -> str:
        return self.constant(name, D.DT_INT32, (), int_val=[value])

    def scope(self, wanted: str) -> str:
        """Return a name under which no node stands."""
        return self._numbered(wanted, self._has_scope)

    def _has_scope(self, name: str) -> bool:
        inside = f"{name}/"
        return name in self._taken or any(one.startswith(inside) for one in self._taken)

    def variable(self, name: str, spec: Spec) -> str:
        """Add a variable and list it in the collections; return its handle's node."""
        known = is_valid_name(name)
        node = name if known else self._unused(valid_name(name))
        kind, shape = _type(spec.data_type), AttrValue(shape=_shape_proto(spec.shape))
        # What it is called inside a session; two variables with one name would be one.
        shared = AttrValue(s=_encoded(name))
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
        return node

    def _zeros(self, name: str, spec: Spec) -> str:
        field, zero = _ZERO.get(spec.data_type, _ZERO_INTEGER)
        values = {field: zero} if volume(spec.shape) else {}
        return self.constant(name, spec.data_type, spec.shape, **values)

    def _unused(self, wanted: str) -> str:
        return self._numbered(wanted, self._taken.__contains__)

    def _numbered(self, wanted: str, is_taken: Callable[[str], bool]) -> str:
        """Return a name that is not taken: `wanted`, or that with the next number."""
        name = wanted
        while is_taken(name):
            self._numbers[wanted] += 1
            name = f"{wanted}_{self._numbers[wanted]}"
        return name


class SaverNodes:
    """The operations of a Saver, under one scope."""

    def __init__(self, graph: NodeMaker, scope: str, variables: Mapping[str, str]) -> None:
        self.graph = graph
        self.scope = scope
        self.variables = variables  # name in a checkpoint -> node

    def add(
        self,
        specs: Mapping[str, Spec],
        shards: Sequence[Sequence[str]],
        saver_def: SaverDef,
        *,
        filename: str | None = None,
        reshape: bool = False,
    ) -> None:
        """Add everything, and put a SaverDef of these operations into the graph."""
        self.filename(filename or "model")
        if saver_def.sharded:
            saved = self.save_shards(shards, specs)
        else:
            saved = self.save(shards[0], specs)
        self.restore(shards, specs, reshape=reshape)
        definition = self.graph.meta.saver_def
        definition.CopyFrom(saver_def)
        definition.filename_tensor_name = f"{self.scope}/Const:0"
        definition.save_tensor_name = f"{saved}:0"
        definition.restore_op_name = f"{self.scope}/restore_all"

    def filename(self, default: str) -> None:
        scope, one = self.scope, AttrValue(shape=TensorShapeProto())
        node = self.graph.string(f"{scope}/filename/input", default.encode())
        for name in (f"{scope}/filename", f"{scope}/Const"):
            node = self.graph.add(
                name, "PlaceholderWithDefault", [node], dtype=_type(D.DT_STRING), shape=one
            )
        self.prefix = node

    def save(self, names: Sequence[str], specs: Mapping[str, Spec]) -> str:
        save = self._save_v2(self.prefix, names, specs)
        return self._after(f"{self.scope}/control_dependency", self.prefix, [save])

    def save_shards(self, shards: Sequence[Sequence[str]], specs: Mapping[str, Spec]) -> str:
        """Save each shard to a prefix of its own, in a folder of its own, then merge them."""
        add, scope = self.graph.add, self.scope
        part = self.graph.string(f"{scope}/Const_1", b"_temp/part")
        joined = add(f"{scope}/StringJoin", "StringJoin", [self.prefix, part], N=AttrValue(i=2))
        num_shards = self.graph.integer(f"{scope}/num_shards", len(shards))
        prefixes, saved = [], []
        for shard_id, names in enumerate(shards):
            shard = self.graph.integer(f"{scope}/ShardedFilename/shard", shard_id)
            inputs = [joined, shard, num_shards]
            prefixes.append(add(f"{scope}/ShardedFilename", "ShardedFilename", inputs))
            save = self._save_v2(prefixes[-1], names, specs)
            saved.append(self._after(f"{scope}/control_dependency", prefixes[-1], [save]))
        packed = add(
            f"{scope}/MergeV2Checkpoints/checkpoint_prefixes",
            "Pack",
            [*prefixes, *(f"^{node}" for node in saved)],
            N=AttrValue(i=len(prefixes)),
            T=_type(D.DT_STRING),
        )
        merge = add(f"{scope}/MergeV2Checkpoints", "MergeV2Checkpoints", [packed, self.prefix])
        return self._after(f"{scope}/Identity", self.prefix, [merge])

    def restore(
        self, shards: Sequence[Sequence[str]], specs: Mapping[str, Spec], *, reshape: bool
    ) -> None:
        assigned = []
        for names in shards:
            restored = self.graph.add(
                f"{self.scope}/RestoreV2",
                "RestoreV2",
                [self.prefix, *self._which("RestoreV2", names)],
                dtypes=_types(names, specs),
            )
            for number, name in enumerate(names):
                output = f"{restored}:{number}" if number else restored
                assigned.append(self._assign(name, output, specs[name], reshape=reshape))
        self.graph.add(f"{self.scope}/restore_all", "NoOp", [f"^{node}" for node in assigned])

    def _assign(self, name: str, value: str, spec: Spec, *, reshape: bool) -> str:
        kind = _type(spec.data_type)
        if reshape:
            rank = len(spec.shape)
            shape = self.graph.constant(
                f"{self.scope}/Reshape/shape", D.DT_INT64, (rank,), int64_val=spec.shape
            )
            value = self.graph.add(
                f"{self.scope}/Reshape",
                "Reshape",
                [value, shape],
                T=kind,
                Tshape=_type(D.DT_INT64),
            )
        return self.assign(name, value, kind)

    def assign(self, name: str, value: str, kind: AttrValue) -> str:
        """Add the operation that gives a variable a value."""
        inputs = [self.variables[name], value]
        return self.graph.add(
            f"{self.scope}/AssignVariableOp", "AssignVariableOp", inputs, dtype=kind
        )

    def read(self, name: str, kind: AttrValue) -> str:
        """Return the tensor that is a variable's value."""
        inputs = [self.variables[name]]
        return self.graph.add(f"{self.scope}/ReadVariableOp", "ReadVariableOp", inputs, dtype=kind)

    def _save_v2(self, prefix: str, names: Sequence[str], specs: Mapping[str, Spec]) -> str:
        reads = [self.read(name, _type(specs[name].data_type)) for name in names]
        inputs = [prefix, *self._which("SaveV2", names), *reads]
        return self.graph.add(f"{self.scope}/SaveV2", "SaveV2", inputs, dtypes=_types(names, specs))

    def _which(self, op: str, names: Sequence[str]) -> list[str]:
        """Add the constants that say which tensors an operation handles: names, and slices."""
        start = f"{self.scope}/{op}"
        return [
            self.graph.strings(f"{start}/tensor_names", [_encoded(name) for name in names]),
            self.graph.strings(f"{start}/shape_and_slices", [b""] * len(names)),
        ]

    def _after(self, name: str, value: str, nodes: Sequence[str]) -> str:
        """Add a node that gives `value` once `nodes` have run."""
        inputs = [value, *(f"^{node}" for node in nodes)]
        return self.graph.add(name, "Identity", inputs, T=_type(D.DT_STRING))


def _encoded(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _type(data_type: DataType) -> AttrValue:
    return AttrValue(type=int(data_type))


def _types(names: Sequence[str], specs: Mapping[str, Spec]) -> AttrValue:
    kinds = [int(specs[name].data_type) for name in names]
    return AttrValue(list=AttrValue.ListValue(type=kinds))


def _shape_proto(shape: Shape) -> TensorShapeProto:
    return TensorShapeProto(dim=[TensorShapeProto.Dim(size=size) for size in shape])
