"""The nodes of a graph in the making, and those of a Saver among them.

What ``saver.py`` of TensorFlow builds for the variables of a graph:

    save/Const               the checkpoint's prefix, which a session feeds
    save/SaveV2              saves all variables; save/control_dependency gives the prefix after it
    save/RestoreV2           -> save/Identity_* -> save/AssignVariableOp_* -> save/restore_all

A sharded one has a SaveV2 and a RestoreV2 a shard, and save/MergeV2Checkpoints after the former.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from tfckpt.dtypes import DataType
from tfckpt.graphdef.attr_values import shape_proto
from tfckpt.graphdef.messages import copied
from tfckpt.protos import AttrValue, GraphDef, NodeDef, SaverDef, TensorProto, TensorShapeProto
from tfckpt.saver.alike import Alike
from tfckpt.tensors.slices import Shape
from tfckpt.wire import message_field

D = DataType
_NODE = GraphDef.NODE_FIELD_NUMBER
DEFAULT_FILENAME = b"model"  # the prefix where a session feeds none


class NodeMaker:
    """The nodes made so far, as a GraphDef's bytes have them, and the names that are taken."""

    def __init__(self, reserved: Iterable[str]) -> None:
        self.nodes: list[bytes] = []
        self._taken = set(reserved)
        self._numbers: dict[str, int] = {}  # the last that was put behind a name

    def add(self, name: str, op: str, inputs: Sequence[str] = (), **attrs: AttrValue) -> str:
        """Add a node; return its name, which has a number behind it where `name` is taken."""
        name = self.take(name)
        self.nodes.append(node_field(name, op, inputs, **attrs))
        return name

    def add_each(
        self, name: str, nodes: Alike, kinds: Sequence[DataType], *inputs: Sequence[str]
    ) -> list[str]:
        """Add nodes that differ only in their types, their names and those of their inputs."""
        names = self._take_each(name, len(kinds))
        columns = (map(str.encode, column) for column in (names, *inputs))
        self.nodes += nodes.each(kinds, *columns)
        return names

    def constant(self, name: str, data_type: DataType, shape: Shape, **values: Any) -> str:
        return self.add(name, "Const", (), **constant_attrs(data_type, shape, **values))

    def string(self, name: str, value: bytes) -> str:
        return self.constant(name, D.DT_STRING, (), string_val=[value])

    def strings(self, name: str, values: Sequence[bytes]) -> str:
        return self.constant(name, D.DT_STRING, (len(values),), string_val=values)

    def integer(self, name: str, value: int) -> str:
        return self.constant(name, D.DT_INT32, (), int_val=[value])

    def scope(self, wanted: str) -> str:
        """Return a name under which no node stands."""
        name = wanted
        while self._has_scope(name):
            name = self._numbered(wanted)
        return name

    def _has_scope(self, name: str) -> bool:
        inside = f"{name}/"
        return name in self._taken or any(taken.startswith(inside) for taken in self._taken)

    def take(self, wanted: str) -> str:
        """Take a name for a node: `wanted`, or that with the next number."""
        name = wanted
        while name in self._taken:
            name = self._numbered(wanted)
        self._taken.add(name)
        return name

    def _take_each(self, wanted: str, count: int) -> list[str]:
        names = [wanted, *(f"{wanted}_{number}" for number in range(1, count))][:count]
        if wanted in self._numbers or not self._taken.isdisjoint(names):
            return [self.take(wanted) for _ in range(count)]
        self._taken.update(names)
        self._numbers[wanted] = len(names[1:])
        return names

    def _numbered(self, wanted: str) -> str:
        number = self._numbers[wanted] = self._numbers.get(wanted, 0) + 1
        return f"{wanted}_{number}"


class SavedVariable(NamedTuple):
    """A variable of a graph, as a Saver of it handles it."""

    name: str
    """In a checkpoint; the parts of a partitioned variable have that of the whole."""
    node: str
    data_type: DataType
    shape: Shape
    part: str = ""
    """Which slice of the whole it is, as ``4 2 0,2:0,2``: its shape, start,length by dimension."""
    is_resource: bool = True
    """Whether it is a VarHandleOp, and no reference variable, TensorFlow 1's first kind."""


ShardVariables = Sequence[Sequence[SavedVariable]]


class SaverNodes:
    """The operations of a Saver, under one scope."""

    def __init__(self, graph: NodeMaker, scope: str) -> None:
        self.graph = graph
        self.scope = scope
        self._reads = Alike(_read_node)
        self._assigns = Alike(_assign_node)

    def add(
        self,
        shards: ShardVariables,
        saver_def: SaverDef,
        *,
        filename: bytes,
        reshape: bool,
    ) -> SaverDef:
        """Add everything; return the SaverDef of these operations."""
        self._filename(filename)
        saved = self._save_shards(shards) if saver_def.sharded else self._save(shards[0])
        restore = self._restore(shards, reshape=reshape)
        definition = copied(saver_def)
        definition.filename_tensor_name = f"{self.prefix}:0"
        definition.save_tensor_name = f"{saved}:0"
        definition.restore_op_name = restore
        return definition

    def _filename(self, default: bytes) -> None:
        scope, scalar = self.scope, AttrValue(shape=TensorShapeProto())
        node = self.graph.string(f"{scope}/filename/input", default)
        for name in (f"{scope}/filename", f"{scope}/Const"):
            node = self.graph.add(
                name, "PlaceholderWithDefault", [node], dtype=type_attr(D.DT_STRING), shape=scalar
            )
        self.prefix = node

    def _save(self, variables: Sequence[SavedVariable]) -> str:
        save = self._save_v2(self.prefix, variables)
        return self._after(f"{self.scope}/control_dependency", self.prefix, [save])

    def _save_shards(self, shards: ShardVariables) -> str:
        """Save each shard to a prefix of its own, in a folder of its own, then merge them."""
        add, scope = self.graph.add, self.scope
        part = self.graph.string(f"{scope}/Const_1", b"_temp/part")
        joined = add(f"{scope}/StringJoin", "StringJoin", [self.prefix, part], N=AttrValue(i=2))
        num_shards = self.graph.integer(f"{scope}/num_shards", len(shards))
        prefixes, saved = [], []
        for shard_id, variables in enumerate(shards):
            shard = self.graph.integer(f"{scope}/ShardedFilename/shard", shard_id)
            inputs = [joined, shard, num_shards]
            prefixes.append(add(f"{scope}/ShardedFilename", "ShardedFilename", inputs))
            save = self._save_v2(prefixes[-1], variables)
            saved.append(self._after(f"{scope}/control_dependency", prefixes[-1], [save]))
        packed = add(
            f"{scope}/MergeV2Checkpoints/checkpoint_prefixes",
            "Pack",
            [*prefixes, *(f"^{node}" for node in saved)],
            N=AttrValue(i=len(prefixes)),
            T=type_attr(D.DT_STRING),
        )
        merge = add(f"{scope}/MergeV2Checkpoints", "MergeV2Checkpoints", [packed, self.prefix])
        return self._after(f"{scope}/Identity", self.prefix, [merge])

    def _restore(self, shards: ShardVariables, *, reshape: bool) -> str:
        assigned = []
        for variables in shards:
            restored = self.graph.add(
                f"{self.scope}/RestoreV2",
                "RestoreV2",
                [self.prefix, *self._which("RestoreV2", variables)],
                dtypes=_types(variables),
            )
            values = [restored, *(f"{restored}:{n}" for n in range(1, len(variables)))]
            if reshape or not all(variable.is_resource for variable in variables):
                for variable, value in zip(variables, values):
                    given = self._reshaped(variable, value) if reshape else value
                    assigned += self._assign([variable], [given])
            else:
                assigned += self._assign(variables, values)
        after = [f"^{node}" for node in assigned]
        return self.graph.add(f"{self.scope}/restore_all", "NoOp", after)

    def _reshaped(self, variable: SavedVariable, value: str) -> str:
        shape = self.graph.constant(
            f"{self.scope}/Reshape/shape",
            D.DT_INT64,
            (len(variable.shape),),
            int64_val=variable.shape,
        )
        kinds = {"T": type_attr(variable.data_type), "Tshape": type_attr(D.DT_INT64)}
        return self.graph.add(f"{self.scope}/Reshape", "Reshape", [value, shape], **kinds)

    def _assign(self, variables: Sequence[SavedVariable], values: Sequence[str]) -> list[str]:
        """Add the operations that give variables, all of one sort, their values."""
        nodes = [variable.node for variable in variables]
        if variables[0].is_resource:
            name, kinds = f"{self.scope}/AssignVariableOp", _kinds(variables)
            return self.graph.add_each(name, self._assigns, kinds, nodes, values)
        flags = {"validate_shape": AttrValue(b=True), "use_locking": AttrValue(b=True)}
        name = f"{self.scope}/Assign"
        return [
            self.graph.add(
                name, "Assign", [variable.node, value], T=type_attr(variable.data_type), **flags
            )
            for variable, value in zip(variables, values)
        ]

    def _read(self, variables: Sequence[SavedVariable]) -> list[str]:
        """Return the tensors that are the variables' values."""
        resources = [variable for variable in variables if variable.is_resource]
        nodes = [variable.node for variable in resources]
        name = f"{self.scope}/ReadVariableOp"
        reads = iter(self.graph.add_each(name, self._reads, _kinds(resources), nodes))
        return [next(reads) if variable.is_resource else variable.node for variable in variables]

    def _save_v2(self, prefix: str, variables: Sequence[SavedVariable]) -> str:
        inputs = [prefix, *self._which("SaveV2", variables), *self._read(variables)]
        return self.graph.add(f"{self.scope}/SaveV2", "SaveV2", inputs, dtypes=_types(variables))

    def _which(self, op: str, variables: Sequence[SavedVariable]) -> list[str]:
        """Add the constants that say which tensors an operation handles: names, and slices."""
        start = f"{self.scope}/{op}"
        return [
            self.graph.strings(
                f"{start}/tensor_names", [encoded(saved.name) for saved in variables]
            ),
            self.graph.strings(
                f"{start}/shape_and_slices", [encoded(saved.part) for saved in variables]
            ),
        ]

    def _after(self, name: str, value: str, nodes: Sequence[str]) -> str:
        """Add a node that gives `value` once `nodes` have run."""
        inputs = [value, *(f"^{node}" for node in nodes)]
        return self.graph.add(name, "Identity", inputs, T=type_attr(D.DT_STRING))


def encoded(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def node_field(name: str, op: str, inputs: Sequence[str] = (), **attrs: AttrValue) -> bytes:
    """Return a node as a field of a GraphDef's bytes."""
    node = NodeDef(name=name, op=op, input=inputs, attr=attrs)
    return message_field(_NODE, node.SerializeToString(deterministic=True))


def constant_attrs(data_type: DataType, shape: Shape, **values: Any) -> dict[str, AttrValue]:
    """Return the attributes of a Const of these values, by the field of a TensorProto."""
    tensor = TensorProto(dtype=int(data_type), tensor_shape=shape_proto(shape), **values)
    return {"dtype": type_attr(data_type), "value": AttrValue(tensor=tensor)}


def _read_node(kind: DataType, name: bytes, variable: bytes) -> bytes:
    return node_field(name.decode(), "ReadVariableOp", [variable.decode()], dtype=type_attr(kind))


def _assign_node(kind: DataType, name: bytes, variable: bytes, value: bytes) -> bytes:
    inputs = [variable.decode(), value.decode()]
    return node_field(name.decode(), "AssignVariableOp", inputs, dtype=type_attr(kind))


def type_attr(data_type: DataType) -> AttrValue:
    return AttrValue(type=int(data_type))


def _kinds(variables: Sequence[SavedVariable]) -> list[DataType]:
    return [variable.data_type for variable in variables]


def _types(variables: Sequence[SavedVariable]) -> AttrValue:
    return AttrValue(list=AttrValue.ListValue(type=list(map(int, _kinds(variables)))))
