"""What a graph restores: the tensors that its restore operation asks a checkpoint for.

    tensor_names (Const) -> RestoreV2:n [-> Identity, Reshape, Cast] -> Assign -> variable

In a TensorFlow 2 model these nodes are inside of functions, and the variables are its objects'.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from tfckpt.errors import DataLossError, InvalidArgumentError
from tfckpt.graphdef.calls import called_names, functions_by_name
from tfckpt.graphdef.names import TensorId, op_name, parse_input
from tfckpt.graphdef.op_defs import VARIABLE_OPS
from tfckpt.names import decode_name
from tfckpt.protos import GraphDef, MetaGraphDef, NodeDef, SaverDef, TensorProto
from tfckpt.tensors.slices import Shape, TensorSlice, volume

# Operations -> the attribute that says the types of their tensors.
_RESTORES = {"RestoreV2": "dtypes", "Restore": "dt", "RestoreSlice": "dt"}
_TYPES = _RESTORES | {"SaveV2": "dtypes"}
ASSIGNS = ("AssignVariableOp", "Assign")
_PASSED_ON = ("Identity", "IdentityN", "Reshape", "Cast")


class Wanted(NamedTuple):
    """A tensor that a graph restores. The shape is None where the graph does not say it."""

    data_type: int
    shape: Shape | None = None


def wanted_tensors(meta_graph: MetaGraphDef) -> dict[str, Wanted]:
    """Return the tensors that the restore operation of a graph reads, by name in the checkpoint."""
    shapes = _shapes(meta_graph.graph_def.node)
    takers = restored_variables(meta_graph.graph_def, meta_graph.saver_def) or {}
    return {
        name: Wanted(data_type, shapes.get(takers.get(name, name)))
        for nodes in _running(meta_graph, meta_graph.saver_def.restore_op_name)
        for node in nodes.values()
        if node.op in _RESTORES
        for name, data_type in zip(_names(node, nodes), _types(node), strict=False)
    }


class Laid(NamedTuple):
    """A tensor that a graph saves, or the slice of one that `part` says."""

    name: str
    data_type: int
    part: str = ""


def laid_out(meta_graph: MetaGraphDef) -> list[list[Laid]]:
    """Return what each data file is given that a graph saves, in the order in which it lies there.

    A SaveV2 operation writes the tensors of a data file one after another as its arguments name
    them (``save_restore_v2_ops.cc``). Where there are several, MergeV2Checkpoints numbers their
    files as it names them (``MergeBundles`` in ``tensor_bundle.cc``).

    Raises DataLossError for a graph that does not say which file is which.
    """
    given: list[list[Laid]] = []
    for nodes in _running(meta_graph, meta_graph.saver_def.save_tensor_name):
        files = _saved_to(nodes)
        order = _merged(nodes) if len(files) > 1 else list(files)
        if (given and files) or sorted(order) != sorted(files):
            raise DataLossError("this graph does not say in which order it saves its data files")
        given += [files[place] for place in order]
    return given


def _saved_to(nodes: Mapping[str, NodeDef]) -> dict[str, list[Laid]]:
    """Return what the SaveV2 operations write, by the node that names the file of each."""
    files: dict[str, list[Laid]] = {}
    for node in nodes.values():
        if node.op == "SaveV2":
            columns = _names(node, nodes), _types(node), _names(node, nodes, at=2)
            place = _namer(node.input[0], nodes) if node.input else ""
            if len(set(map(len, columns))) == 1 and place not in files:
                files[place] = [Laid(*saved) for saved in zip(*columns, strict=True)]
            else:
                raise DataLossError(f"{node.name} does not say what it saves")
    return files


def _merged(nodes: Mapping[str, NodeDef]) -> list[str]:
    """Return the nodes that name the files which are merged, in order."""
    for node in nodes.values():
        if node.op == "MergeV2Checkpoints" and node.input:
            packed = nodes.get(node_and_slot(node.input[0]).node)
            if packed is not None and packed.op == "Pack":
                return [_namer(text, nodes) for text in packed.input if not text.startswith("^")]
    return []


def _namer(text: str, nodes: Mapping[str, NodeDef]) -> str:
    """Follow an input back over what only passes it on."""
    seen: set[str] = set()
    name = node_and_slot(text).node
    while name in nodes and nodes[name].op == "Identity" and name not in seen:
        seen.add(name)
        name = node_and_slot(nodes[name].input[0]).node if nodes[name].input else name
    return name


def has_restore(graph_def: GraphDef, saver_def: SaverDef) -> bool:
    """Whether a graph has the restore operation that a SaverDef names."""
    name = op_name(saver_def.restore_op_name)
    return bool(name) and any(node.name == name for node in graph_def.node)


def _running(meta_graph: MetaGraphDef, last: str) -> Iterator[Mapping[str, NodeDef]]:
    """Yield the nodes that run before an operation is done, and those of functions called."""
    everything = {node.name: node for node in meta_graph.graph_def.node}
    library = functions_by_name(meta_graph.graph_def.library)
    main = running_before(op_name(last), everything)
    yield main
    called, waiting = set[str](), called_names(main.values())
    while waiting:
        name = waiting.pop()
        if name in library and name not in called:
            called.add(name)
            body = {node.name: node for node in library[name].node_def}
            yield body
            waiting |= called_names(body.values())


def running_before(name: str, nodes: Mapping[str, NodeDef]) -> dict[str, NodeDef]:
    """Return a node and all that it depends on."""
    found: dict[str, NodeDef] = {}
    waiting = [name]
    while waiting:
        name = waiting.pop()
        if name in nodes and name not in found:
            found[name] = nodes[name]
            waiting += [op_name(text) for text in nodes[name].input]
    return found


def _names(node: NodeDef, nodes: Mapping[str, NodeDef], at: int = 1) -> list[str]:
    """Return the texts of the constant at an input, the names of tensors; [] if that is none."""
    tensor, count = _constant(node, nodes, at)
    values = [decode_name(value) for value in tensor.string_val]
    return values + values[-1:] * (count - len(values))


def _name_at(node: NodeDef, nodes: Mapping[str, NodeDef], at: int, slot: int) -> str | None:
    """Return what the constant at input `at` says of one output; None if that is no constant."""
    tensor, count = _constant(node, nodes, at)
    if not tensor.string_val or not 0 <= slot < max(count, len(tensor.string_val)):
        return None
    return decode_name(tensor.string_val[min(slot, len(tensor.string_val) - 1)])


def _constant(node: NodeDef, nodes: Mapping[str, NodeDef], at: int) -> tuple[TensorProto, int]:
    """Return the constant at an input, and for how many tensors it is; an empty one for others.

    Values that repeat are written once (``tensor.proto``).
    """
    source = nodes.get(node_and_slot(node.input[at]).node) if len(node.input) > at else None
    if source is None or source.op != "Const":
        return TensorProto(), 0
    tensor = source.attr["value"].tensor
    count = volume(dim.size for dim in tensor.tensor_shape.dim)
    return tensor, max(0, min(count, len(_types(node))))


def _types(node: NodeDef) -> Sequence[int]:
    attr = node.attr[_TYPES[node.op]]
    return attr.list.type if _TYPES[node.op] == "dtypes" else [attr.type]


def _shapes(nodes: Iterable[NodeDef]) -> dict[str, Shape]:
    """Return the shapes of variables whose node says it."""
    return {
        node.name: tuple(dim.size for dim in node.attr["shape"].shape.dim)
        for node in nodes
        if node.op in VARIABLE_OPS
        and "shape" in node.attr
        and not node.attr["shape"].shape.unknown_rank
        and all(dim.size >= 0 for dim in node.attr["shape"].shape.dim)
    }


def restored_variables(graph_def: GraphDef, saver_def: SaverDef) -> dict[str, str] | None:
    """Return which variable takes each tensor that a Saver in a graph restores.

    Names in a checkpoint -> names of variables' operations. A tensor that goes to anything else (a
    table), or in parts to several variables, stands for itself. None where the graph does not say
    it: it lacks the restore operation, or functions do the work.
    """
    nodes = {node.name: node for node in graph_def.node}
    restore = op_name(saver_def.restore_op_name)
    running = running_before(restore, nodes)
    library = functions_by_name(graph_def.library).keys()
    if restore not in nodes or not called_names(running.values()).isdisjoint(library):
        return None
    takers: dict[str, list[str]] = {}
    for node in running.values():
        if node.op in _RESTORES:
            takers.update((name, []) for name in _names(node, running))
    for node in running.values():
        source = _source(node.input[1], running) if node.op in ASSIGNS else None
        if source is not None:
            takers[source].append(op_name(node.input[0]))
    return {name: those[0] if len(those) == 1 else name for name, those in takers.items()}


def _source(text: str, nodes: Mapping[str, NodeDef]) -> str | None:
    """Return which tensor of a checkpoint an input of a node is, None if it is none."""
    origin = origin_of(text, nodes)
    return None if origin is None else origin.name


class Origin(NamedTuple):
    """What a variable is restored from: a tensor of a checkpoint, or a part of it."""

    name: str
    part: str = ""  # the tensor's shape and a slice (``4 2 0,2:-``), as RestoreV2 has them

    def value(self, tensors: Mapping[str, Any]) -> Any:
        if not self.part:
            return tensors[self.name]
        whole = np.asarray(tensors[self.name])
        *sizes, part = self.part.split()
        try:
            shape = tuple(map(int, sizes))
            index = TensorSlice.parse(part).index_in(shape)
        except ValueError as error:
            raise DataLossError(f"the graph restores the part {self.part!r}: {error}") from error
        if whole.shape != shape:
            raise InvalidArgumentError(
                f"the graph restores the part {part} of shape {shape} of {self.name!r}, which has "
                f"shape {whole.shape}"
            )
        return whole[index]


def origin_of(text: str, nodes: Mapping[str, NodeDef]) -> Origin | None:
    """Follow an input back to what restores it; None if nothing of a checkpoint comes that way."""
    seen: set[str] = set()
    while True:
        name, slot = node_and_slot(text)
        node = nodes.get(name)
        if node is None or name in seen:
            return None
        if node.op in _RESTORES:
            name_of_tensor = _name_at(node, nodes, 1, slot)
            part = _name_at(node, nodes, 2, slot) or ""
            return None if name_of_tensor is None else Origin(name_of_tensor, part)
        if node.op not in _PASSED_ON or not node.input:
            return None
        seen.add(name)
        text = node.input[slot if node.op == "IdentityN" and slot < len(node.input) else 0]


def node_and_slot(text: str) -> TensorId:
    """Read an input of a node in a graph (``node:1``), or in a function (``node:output:1``)."""
    name, slot = parse_input(text)
    return TensorId(name.partition(":")[0], slot)
