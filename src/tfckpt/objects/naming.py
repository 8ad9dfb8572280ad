"""The two names of a variable: the path of its object, and the full name it has in a graph.

Name-based checkpoints know a variable by its full name (``dense/kernel``). An object-based
checkpoint has it beside the key. It need not be unique: all variables that were given no name are
called "Variable".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from tfckpt.errors import InvalidArgumentError, TensorNotFoundError
from tfckpt.names import OBJECT_GRAPH_KEY, shown
from tfckpt.objects.building import build
from tfckpt.objects.keys import split_path
from tfckpt.objects.nodes import (
    NodePaths,
    attributes_of,
    check_object_graph,
    node_at,
    read_object_graph,
)
from tfckpt.reader import TensorReader, tensor_not_found
from tfckpt.tensors.stored import Array, as_storable
from tfckpt.writer import tensor_named

if TYPE_CHECKING:
    from tfckpt.protos import TrackableObjectGraph

_SUGGESTED = 10_000  # objects whose paths may be what was meant

PathOfName = Mapping[str, str] | Callable[[str], str]


def resolve(reader: TensorReader, name: str) -> str:
    """Resolve a name that a person uses for a tensor to the key that an open checkpoint has for it.

    In an object-based checkpoint `name` may be

    - a key, which stands for itself;
    - the path of an object, which stands for the one value that the object has;
    - the full name of a variable, which stands for the variable's value.

    They are tried in this order. In a name-based checkpoint each name stands for itself.

    >>> import numpy as np, tempfile, tfckpt
    >>> path = tfckpt.Checkpoint(w=np.zeros(2)).write(tempfile.mkdtemp() + "/ckpt")
    >>> with tfckpt.load_checkpoint(path) as reader:
    ...     tfckpt.resolve(reader, "w"), tfckpt.resolve(reader, "Variable")
    ('w/.ATTRIBUTES/VARIABLE_VALUE', 'w/.ATTRIBUTES/VARIABLE_VALUE')

    Raises TensorNotFoundError; InvalidArgumentError, which lists them, where several variables
    have the full name or the object has several values.
    """
    if name in reader:
        return name
    if OBJECT_GRAPH_KEY not in reader:
        raise tensor_not_found(name, reader, reader.path)
    graph = read_object_graph(reader)
    at_path = node_at(graph, name)
    if at_path is not None and graph.nodes[at_path].attributes:
        keys = [held.checkpoint_key for held in graph.nodes[at_path].attributes]
        return _only(keys, name, "the object there has several values", reader.path)
    names = variables_by_name(graph)
    if name not in names and at_path is not None:
        below = [child.local_name for child in graph.nodes[at_path].children]
        raise TensorNotFoundError(
            f"the object there has no value of its own (below it: {shown(below)})",
            path=reader.path,
            tensor=name,
        )
    if name in names:
        return _only(names[name], name, "several variables have that name", reader.path)
    paths = islice(NodePaths(graph).values(), _SUGGESTED)
    raise tensor_not_found(name, [*paths, *names], reader.path)


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


def variables_by_name(graph: TrackableObjectGraph) -> dict[str, list[str]]:
    """Return the keys of the variables of each full name."""
    keys: dict[str, list[str]] = {}
    for _, attribute in attributes_of(graph):
        if attribute.full_name:
            keys.setdefault(attribute.full_name, []).append(attribute.checkpoint_key)
    return keys


def _filled(variables: Mapping[str, Any], graph: TrackableObjectGraph) -> dict[str, Any]:
    named = variables_by_name(graph)
    missing = [name for name in named if name not in variables]
    if missing:
        raise InvalidArgumentError(
            f"{len(missing)} variables of the object graph have no value: {shown(missing)}"
        )
    for name, keys in named.items():
        _only(keys, name, "several variables of the object graph have that name", None)
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


def _only(keys: list[str], name: str, problem: str, path: str | None) -> str:
    if len(keys) > 1:
        raise InvalidArgumentError(f"{name!r}: {problem}: {', '.join(keys)}", path=path)
    return keys[0]
