"""Values of a name-based checkpoint as those of an object-based one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tfckpt.errors import InvalidArgumentError
from tfckpt.names import OBJECT_GRAPH_KEY, shown
from tfckpt.objectgraph.keys import split_path
from tfckpt.objectgraph.nodes import attributes_of, check_object_graph
from tfckpt.objectgraph.resolving import only, variables_by_name
from tfckpt.objects.building import build
from tfckpt.tensors.stored import Array, as_storable
from tfckpt.writer import tensor_named

if TYPE_CHECKING:
    from tfckpt.protos import TrackableObjectGraph

PathOfName = Mapping[str, str] | Callable[[str], str]


def to_object_based(
    variables: Mapping[str, Any], graph_or_places: TrackableObjectGraph | PathOfName
) -> dict[str, Any]:
    """Return the tensors of an object-based checkpoint with the values of a name-based one.

    `graph_or_places` tells which object takes each variable: the object graph of a checkpoint
    that the program wrote, where full names decide; or a mapping (or function) from the name to
    the object's path, as `resolve` takes it: names joined by "/", escaped. `tfckpt.save` writes
    what comes out.

    Raises InvalidArgumentError for variables of the graph that are not there or share a name,
    ValueError for paths that contradict each other, KeyError for a name without a path.
    """
    if isinstance(graph_or_places, Mapping) or callable(graph_or_places):
        return _placed(variables, graph_or_places)
    from tfckpt import protos

    graph = protos.adopt(graph_or_places, protos.TrackableObjectGraph)
    check_object_graph(graph)
    return _filled(variables, graph)


def _filled(variables: Mapping[str, Any], graph: TrackableObjectGraph) -> dict[str, Any]:
    named = variables_by_name(graph)
    missing = [name for name in named if name not in variables]
    if missing:
        raise InvalidArgumentError(
            f"{len(missing)} variables of the object graph have no value: {shown(missing)}"
        )
    for name, keys in named.items():
        only(keys, name, "several variables of the object graph have that name", None)
    nameless = [
        attribute.checkpoint_key for _, attribute in attributes_of(graph) if not attribute.full_name
    ]
    if nameless:
        raise InvalidArgumentError(
            f"values of the object graph without a full name: {shown(nameless)}"
        )
    values = {keys[0]: variables[name] for name, keys in named.items()}
    return {**values, OBJECT_GRAPH_KEY: graph.SerializeToString()}


def _placed(variables: Mapping[str, Any], places: PathOfName) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    full_names: dict[str, str] = {}
    for name in variables:
        path = places[name] if isinstance(places, Mapping) else places(name)
        *above, last = split_path(path) or ("",)
        node = tree
        for step in above:
            node = node.setdefault(step, {})
            if not isinstance(node, dict):
                raise ValueError(f"{path!r}, the path of {name!r}, leads through a variable")
        if last in node or not path:
            raise ValueError(f"{path!r}, the path of {name!r}, is taken or empty")
        with tensor_named(name):  # a view: the same array under two names stays two variables
            node[last] = _Value(as_storable(variables[name])[0][...])
        full_names[path] = name
    built = build(_unwrapped(tree), full_names)
    return {**built.values, OBJECT_GRAPH_KEY: built.graph.SerializeToString()}


class _Value:
    """A variable's value while the tree is made, to tell it from an object with children."""

    def __init__(self, array: Array) -> None:
        self.array = array


def _unwrapped(tree: dict[str, Any]) -> dict[str, Any]:
    return {
        name: child.array if isinstance(child, _Value) else _unwrapped(child)
        for name, child in tree.items()
    }
