"""What a graph restores: the tensors that its restore operation asks a checkpoint for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from tfckpt.dtypes import data_type_name
from tfckpt.errors import CheckpointError, InvalidArgumentError, TensorNotFoundError
from tfckpt.graph.names import op_name
from tfckpt.names import close_names
from tfckpt.objects.keys import OBJECT_GRAPH_KEY
from tfckpt.objects.nodes import parse_object_graph
from tfckpt.protos import MetaGraphDef, NodeDef, TrackableObjectGraph
from tfckpt.saver.var_list import ToSave
from tfckpt.tensors.slices import Shape, volume

VARIABLE_OPS = ("VarHandleOp", "VariableV2", "Variable")
_RESTORES = {"RestoreV2": "dtypes", "Restore": "dt", "RestoreSlice": "dt"}  # -> attribute of types
_SHOWN = 20


class Wanted(NamedTuple):
    """A tensor that a graph restores. The shape is None where the graph does not say it."""

    data_type: int
    shape: Shape | None = None


def wanted_tensors(meta_graph: MetaGraphDef) -> dict[str, Wanted]:
    """Return the tensors that the restore operation of a graph reads, by name in the checkpoint."""
    shapes = _shapes(meta_graph.graph_def.node)
    return {
        name: Wanted(data_type, shapes.get(name))
        for nodes in _restoring(meta_graph)
        for node in nodes.values()
        if node.op in _RESTORES
        for name, data_type in zip(_names(node, nodes), _types(node), strict=False)
    }


def restores(meta_graph: MetaGraphDef) -> bool:
    """Whether a graph has the restore operation that its SaverDef names."""
    name = op_name(meta_graph.saver_def.restore_op_name)
    return bool(name) and any(node.name == name for node in meta_graph.graph_def.node)


def _restoring(meta_graph: MetaGraphDef) -> Iterator[Mapping[str, NodeDef]]:
    """Yield the nodes that run when variables are restored, and those of functions called."""
    everything = {node.name: node for node in meta_graph.graph_def.node}
    library = {one.signature.name: one for one in meta_graph.graph_def.library.function}
    main = _before(op_name(meta_graph.saver_def.restore_op_name), everything)
    yield main
    called, waiting = set[str](), _calls(main.values())
    while waiting:
        name = waiting.pop()
        if name in library and name not in called:
            called.add(name)
            body = {node.name: node for node in library[name].node_def}
            yield body
            waiting |= _calls(body.values())


def _before(name: str, nodes: Mapping[str, NodeDef]) -> dict[str, NodeDef]:
    """Return a node and all that it depends on."""
    found: dict[str, NodeDef] = {}
    waiting = [name]
    while waiting:
        name = waiting.pop()
        if name in nodes and name not in found:
            found[name] = nodes[name]
            waiting += [op_name(text) for text in nodes[name].input]
    return found


def _calls(nodes: Iterable[NodeDef]) -> set[str]:
    names = set()
    for node in nodes:
        names.add(node.op)  # a function may be an op by its own name
        names |= {attr.func.name for attr in node.attr.values() if attr.HasField("func")}
    return names


def _names(node: NodeDef, nodes: Mapping[str, NodeDef]) -> list[str]:
    """Read the constant that names the tensors; empty if it is none."""
    source = nodes.get(node.input[1].split(":")[0]) if len(node.input) > 1 else None
    if source is None or source.op != "Const":
        return []
    tensor = source.attr["value"].tensor
    values = [value.decode("utf-8", "surrogateescape") for value in tensor.string_val]
    # Values that repeat are written once (``tensor.proto``).
    count = min(volume(dim.size for dim in tensor.tensor_shape.dim), len(_types(node)))
    return values + values[-1:] * (count - len(values))


def _types(node: NodeDef) -> Sequence[int]:
    attr = node.attr[_RESTORES[node.op]]
    return attr.list.type if node.op == "RestoreV2" else [attr.type]


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


def check_variables(meta_graph: MetaGraphDef, variables: Mapping[str, ToSave]) -> None:
    """Refuse weights that the graph could not restore.

    Raises TensorNotFoundError (a KeyError), which lists all that are missing, with close names;
    InvalidArgumentError (a ValueError) where only dtypes or shapes differ.
    """
    wanted = wanted_tensors(meta_graph)
    missing = [name for name in sorted(wanted) if name not in variables]
    known = _object_shapes(meta_graph, variables)
    differing = [
        text
        for name, one in sorted(wanted.items())
        if name in variables and (text := _difference(name, one, known.get(name), variables[name]))
    ]
    if not missing and not differing:
        return
    lines = [f"the graph's variables do not fit the weights; of {len(wanted)} that it restores"]
    if missing:
        lines.append(f"{len(missing)} are missing:")
        names = list(variables)
        lines += _shortened(missing, lambda name: f"{name}{_hint(name, names)}")
    if differing:
        lines.append(f"{len(differing)} differ in dtype or shape:")
        lines += _shortened(differing, str)
    kind: type[CheckpointError] = TensorNotFoundError if missing else InvalidArgumentError
    raise kind("\n".join(lines))


def without_values(variables: Mapping[str, ToSave]) -> dict[str, ToSave]:
    """Return what `check_variables` needs of some weights, without holding on to them."""
    kept = {name: ToSave(one.spec, lambda: None) for name, one in variables.items()}
    if OBJECT_GRAPH_KEY in variables:
        objects = variables[OBJECT_GRAPH_KEY].value()
        kept[OBJECT_GRAPH_KEY] = ToSave(variables[OBJECT_GRAPH_KEY].spec, lambda: objects)
    return kept


def _difference(name: str, wanted: Wanted, shape: Shape | None, found: ToSave) -> str:
    shape = wanted.shape if shape is None else shape
    spec = found.spec
    if wanted.data_type == spec.data_type and shape in (None, spec.shape):
        return ""
    asked = data_type_name(wanted.data_type) + ("" if shape is None else f" {list(shape)}")
    return f"{name}: the graph has {asked}, the weights {spec.data_type.name} {list(spec.shape)}"


def _hint(name: str, names: list[str]) -> str:
    close = close_names(name, names)
    return f" (there is {close[0]!r})" if close else ""


def _shortened(items: Sequence[str], line: Callable[[str], str]) -> list[str]:
    more = [f"... and {len(items) - _SHOWN} more"] if len(items) > _SHOWN else []
    return [f"  {one}" for one in [*map(line, items[:_SHOWN]), *more]]


def _object_shapes(meta_graph: MetaGraphDef, variables: Mapping[str, ToSave]) -> dict[str, Shape]:
    """Return the shapes of the variables of a TensorFlow 2 model, by key in the checkpoint."""
    if not meta_graph.HasField("object_graph_def") or OBJECT_GRAPH_KEY not in variables:
        return {}
    tracked = _object_graph(variables[OBJECT_GRAPH_KEY].value()).nodes
    saved = meta_graph.object_graph_def.nodes
    shapes = {}
    for ours, theirs in _side_by_side(saved, tracked):
        proto = saved[ours].variable.shape
        sizes = tuple(dim.size for dim in proto.dim)
        if saved[ours].WhichOneof("kind") != "variable" or proto.unknown_rank or -1 in sizes:
            continue
        shapes.update({one.checkpoint_key: sizes for one in tracked[theirs].attributes})
    return shapes


def _object_graph(value: object) -> TrackableObjectGraph:
    item = value if isinstance(value, (bytes, str)) else value.item()  # type: ignore[attr-defined]
    return parse_object_graph(item.encode() if isinstance(item, str) else item)


def _side_by_side(saved: Sequence[Any], tracked: Sequence[Any]) -> Iterator[tuple[int, int]]:
    """Yield the numbers of nodes that have the same path in both graphs of objects."""
    waiting, seen = [(0, 0)], set[tuple[int, int]]()
    while waiting:
        pair = waiting.pop()
        ours, theirs = pair
        if pair in seen or not (0 <= ours < len(saved) and 0 <= theirs < len(tracked)):
            continue
        seen.add(pair)
        yield pair
        children = {child.local_name: child.node_id for child in tracked[theirs].children}
        waiting += [
            (child.node_id, children[child.local_name])
            for child in saved[ours].children
            if child.local_name in children
        ]
