"""From a name that a person uses for a tensor to the key that an object-based checkpoint has.

A variable has two names. The path of its object is unique. Its full name (``dense/kernel``), by
which name-based checkpoints know it, need not be: all variables that were given no name are called
"Variable".
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice
from typing import TYPE_CHECKING

from tfckpt.errors import InvalidArgumentError, TensorNotFoundError
from tfckpt.lazy import lazy
from tfckpt.names import OBJECT_GRAPH_KEY, shown
from tfckpt.objectgraph.nodes import NodePaths, attributes_of, node_at, read_object_graph
from tfckpt.reader import TensorReader, tensor_not_found

if TYPE_CHECKING:
    from tfckpt.protos import TrackableObjectGraph

_SUGGESTED = 10_000  # objects whose paths may be what was meant


def resolve(reader: TensorReader, name: str) -> str:
    """Resolve a name that a person uses for a tensor to the key that an open checkpoint has for it.

    In an object-based checkpoint `name` may be

    - a key, which stands for itself;
    - the path of an object, which stands for the one value that the object has;
    - the full name of a variable, which stands for the variable's value.

    In a name-based checkpoint each name stands for itself. A reader takes all of these itself:
    ``reader["layer/kernel"]``, `get_tensor`, `info`.

    >>> import numpy as np, tempfile, tfckpt
    >>> path = tfckpt.Checkpoint(w=np.zeros(2)).write(tempfile.mkdtemp() + "/ckpt")
    >>> with tfckpt.load_checkpoint(path) as reader:
    ...     tfckpt.resolve(reader, "w"), tfckpt.resolve(reader, "Variable")
    ('w/.ATTRIBUTES/VARIABLE_VALUE', 'w/.ATTRIBUTES/VARIABLE_VALUE')

    Raises TensorNotFoundError; InvalidArgumentError, which lists them, where the name means
    several tensors: variables with the same full name, an object with several values, a path that
    is another variable's full name.
    """
    if name in reader:
        return name
    if OBJECT_GRAPH_KEY not in reader:
        raise tensor_not_found(name, reader, reader.path)
    return Resolver(read_object_graph(reader), reader.path).key(name, reader)


class Resolver:
    """Knows what names mean in one object-based checkpoint."""

    def __init__(self, graph: TrackableObjectGraph, path: str) -> None:
        self._graph, self._path = graph, path

    @lazy
    def _by_name(self) -> dict[str, list[str]]:
        return variables_by_name(self._graph)

    def key(self, name: str, keys: Collection[str]) -> str:
        """Return the key of a path or a full name; `keys` are all there are.

        Raises as `resolve`.
        """
        at_path = node_at(self._graph, name)
        held = [] if at_path is None else self._graph.nodes[at_path].attributes
        by_path = [attribute.checkpoint_key for attribute in held]
        by_name = self._by_name.get(name, [])
        if by_path and by_name and by_path != by_name:
            problem = "it is the path of an object, and another variable's full name"
            return only([*by_path, *by_name], name, problem, self._path)
        if by_path:
            return only(by_path, name, "the object there has several values", self._path)
        if by_name:
            return only(by_name, name, "several variables have that name", self._path)
        if at_path is not None:
            below = [child.local_name for child in self._graph.nodes[at_path].children]
            raise TensorNotFoundError(
                f"the object there has no value of its own (below it: {shown(below)})",
                path=self._path,
                tensor=name,
            )
        paths = islice(NodePaths(self._graph).values(), _SUGGESTED)
        known = [*paths, *self._by_name, *islice(keys, _SUGGESTED)]
        raise tensor_not_found(name, known, self._path, count=len(keys))


def variables_by_name(graph: TrackableObjectGraph) -> dict[str, list[str]]:
    """Return the keys of the variables of each full name."""
    keys: dict[str, list[str]] = {}
    for _, attribute in attributes_of(graph):
        if attribute.full_name:
            keys.setdefault(attribute.full_name, []).append(attribute.checkpoint_key)
    return keys


def only(keys: list[str], name: str, problem: str, path: str | None) -> str:
    """Return the one key that there is. Raises InvalidArgumentError, which lists several."""
    if len(keys) > 1:
        raise InvalidArgumentError(f"{name!r}: {problem}: {', '.join(keys)}", path=path)
    return keys[0]
