"""Whether weights are those that a graph restores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from tfckpt.dtypes import data_type_name
from tfckpt.errors import CheckpointError, InvalidArgumentError, TensorNotFoundError
from tfckpt.names import OBJECT_GRAPH_KEY, close_names
from tfckpt.objects.nodes import parse_object_graph
from tfckpt.protos import MetaGraphDef, TrackableObjectGraph
from tfckpt.saver.restored import Wanted, wanted_tensors
from tfckpt.saver.var_list import ToSave
from tfckpt.tensors.slices import Shape

_SHOWN = 20


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
