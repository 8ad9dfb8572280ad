"""The nodes of a graph in the making, and those of a Saver among them.

What ``saver.py`` of TensorFlow builds for the variables of a graph:

    save/Const               the checkpoint's prefix, which a session feeds
    save/SaveV2              saves all variables; save/control_dependency gives the prefix after it
    save/RestoreV2           -> save/Identity_* -> save/AssignVariableOp_* -> save/restore_all

A sharded one has a SaveV2 and a RestoreV2 a shard, and save/MergeV2Checkpoints after the former.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from tfckpt.dtypes import DataType
from tfckpt.graphdef.attr_values import shape_proto
from tfckpt.protos import AttrValue, MetaGraphDef, SaverDef, TensorProto, TensorShapeProto
from tfckpt.tensors.slices import Shape

D = DataType
DEFAULT_FILENAME = b"model"  # the prefix where a session feeds none


class NodeMaker:
    """The nodes made so far, and the names that are taken."""

    def __init__(self, reserved: Iterable[str], meta: MetaGraphDef | None = None) -> None:
        self.meta = MetaGraphDef() if meta is None else meta
        self._taken = set(reserved)
        self._numbers: Counter[str] = Counter()  # the last that was put behind a name

    def add(self, name: str, op: str, inputs: Sequence[str] = (), **attrs: AttrValue) -> str:
        """Add a node; return its name, which has a number behind it where `name` is taken."""
        return self.add_exactly(self.unused(name), op, inputs, **attrs)

    def add_exactly(self, name: str, op: str, inputs: Sequence[str], **attrs: AttrValue) -> str:
        self._taken.add(name)
        node = self.meta.graph_def.node.add(name=name, op=op, input=inputs)
        for key, value in attrs.items():
            node.attr[key].CopyFrom(value)
        return name

    def constant(self, name: str, data_type: DataType, shape: Shape, **values: Any) -> str:
        tensor = TensorProto(dtype=int(data_type), tensor_shape=shape_proto(shape), **values)
        return self.add(name, "Const", dtype=type_attr(data_type), value=AttrValue(tensor=tensor))

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
        return name in self._taken or any(taken.startswith(inside) for taken in self._taken)

    def unused(self, wanted: str) -> str:
        return self._numbered(wanted, self._taken.__contains__)

    def _numbered(self, wanted: str, is_taken: Callable[[str], bool]) -> str:
        """Return a name that is not taken: `wanted`, or that with the next number."""
        name = wanted
        while is_taken(name):
            self._numbers[wanted] += 1
            name = f"{wanted}_{self._numbers[wanted]}"
        return name


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

    def add(
        self,
        shards: ShardVariables,
        saver_def: SaverDef,
        *,
        filename: bytes,
        reshape: bool,
    ) -> None:
        """Add everything, and put a SaverDef of these operations into the graph."""
        self._filename(filename)
        saved = self._save_shards(shards) if saver_def.sharded else self._save(shards[0])
        restore = self._restore(shards, reshape=reshape)
        definition = self.graph.meta.saver_def
        definition.CopyFrom(saver_def)
        definition.filename_tensor_name = f"{self.prefix}:0"
        definition.save_tensor_name = f"{saved}:0"
        definition.restore_op_name = restore

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
            for number, variable in enumerate(variables):
                value = f"{restored}:{number}" if number else restored
                if reshape:
                    value = self._reshaped(variable, value)
                assigned.append(self._assign(variable, value))
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

    def _assign(self, variable: SavedVariable, value: str) -> str:
        """Add the operation that gives a variable a value."""
        inputs, kind = [variable.node, value], type_attr(variable.data_type)
        if variable.is_resource:
            op = "AssignVariableOp"
            return self.graph.add(f"{self.scope}/{op}", op, inputs, dtype=kind)
        flags = {"validate_shape": AttrValue(b=True), "use_locking": AttrValue(b=True)}
        return self.graph.add(f"{self.scope}/Assign", "Assign", inputs, T=kind, **flags)

    def _read(self, variable: SavedVariable) -> str:
        """Return the tensor that is a variable's value."""
        if not variable.is_resource:
            return variable.node
        op, kind = "ReadVariableOp", type_attr(variable.data_type)
        return self.graph.add(f"{self.scope}/{op}", op, [variable.node], dtype=kind)

    def _save_v2(self, prefix: str, variables: Sequence[SavedVariable]) -> str:
        inputs = [prefix, *self._which("SaveV2", variables), *map(self._read, variables)]
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


def type_attr(data_type: DataType) -> AttrValue:
    return AttrValue(type=int(data_type))


def _types(variables: Sequence[SavedVariable]) -> AttrValue:
    kinds = [int(variable.data_type) for variable in variables]
    return AttrValue(list=AttrValue.ListValue(type=kinds))
