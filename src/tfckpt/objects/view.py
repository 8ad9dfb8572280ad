"""CheckpointView: the objects of a checkpoint by their numbers, beside those of a program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tfckpt.checkpoint import load_checkpoint
from tfckpt.names import AnyPath
from tfckpt.objectgraph.nodes import NodePaths, read_object_graph
from tfckpt.objects.building import build
from tfckpt.objects.matching import match_children
from tfckpt.objects.trackable import is_container

if TYPE_CHECKING:
    from tfckpt.protos import TrackableObjectGraph


def object_graph(path: AnyPath) -> TrackableObjectGraph:
    """Return the graph of the objects that an object-based checkpoint was made of.

    `path` is whatever `load_checkpoint` takes.

    >>> import numpy as np, tempfile, tfckpt
    >>> path = tfckpt.Checkpoint(w=np.zeros(2)).write(tempfile.mkdtemp() + "/ckpt")
    >>> [child.local_name for child in tfckpt.object_graph(path).nodes[0].children]
    ['w']

    Raises InvalidArgumentError for a name-based checkpoint, DataLossError for a graph that
    contradicts itself: no root, or a reference to a node that is not there.
    """
    with load_checkpoint(path) as reader:
        return read_object_graph(reader)


class CheckpointView:
    """Which objects an object-based checkpoint has, and which objects of a program they are.

    Stands in for ``tf.train.CheckpointView``. Objects of the checkpoint are numbers of nodes: 0
    is the root. Objects of the program are what `Checkpoint` takes: dicts, lists, tuples and
    arrays, or a `Checkpoint` itself. Only the graph is read, no values.

    >>> import numpy as np, tempfile, tfckpt
    >>> tree = {"kernel": np.zeros(2), "layers": [np.ones(1)]}
    >>> path = tfckpt.Checkpoint(**tree).write(tempfile.mkdtemp() + "/ckpt")
    >>> view = tfckpt.CheckpointView(path)
    >>> view.children(0), view.descendants()
    ({'kernel': 1, 'layers': 2}, [0, 1, 2, 3])
    >>> view.match({"layers": [np.zeros(1)]})
    {0: {'layers': [array([0.])]}, 2: [array([0.])], 3: array([0.])}

    Raises what `object_graph` raises: InvalidArgumentError (a ValueError) for a name-based
    checkpoint.
    """

    def __init__(self, save_path: AnyPath) -> None:
        self._graph = object_graph(save_path)

    def children(self, node_id: int) -> dict[str, int]:
        """Return the children of a node: local name -> node.

        Raises IndexError for a number that is no node's.
        """
        count = len(self._graph.nodes)
        if not 0 <= node_id < count:
            raise IndexError(f"there is no node {node_id}: this checkpoint has {count}")
        return {child.local_name: child.node_id for child in self._graph.nodes[node_id].children}

    def descendants(self) -> list[int]:
        """Return the nodes that the root leads to, itself first, nearer ones before others."""
        return list(NodePaths(self._graph).links)

    def match(self, obj: object) -> dict[int, Any]:
        """Return the objects below `obj` that nodes have, by node: the same way leads to both.

        The roots always match. A node to which several ways lead is matched by the first.

        Raises ValueError for what is no object, and what `Checkpoint.write` raises for values that
        no checkpoint can hold.
        """
        objects, matched = self._matched(obj)
        return {node: objects[own] for node, own in matched.items()}

    def diff(self, obj: object) -> tuple[dict[int, Any], list[int], list[Any]]:
        """Return what `match` does, the nodes without an object, and the objects without a node.

        Raises as `match`.
        """
        objects, matched = self._matched(obj)
        found = {node: objects[own] for node, own in matched.items()}
        only_stored = [node for node in self.descendants() if node not in matched]
        with_node = set(matched.values())
        only_here = [here for own, here in enumerate(objects) if own not in with_node]
        return found, only_stored, only_here

    def _matched(self, obj: object) -> tuple[list[Any], dict[int, int]]:
        """Return the objects of the program, and by node the number of its object there."""
        if isinstance(obj, np.ndarray):  # a value, which has no children
            return [obj], {0: 0}
        if not is_container(obj):
            raise ValueError(
                f"Expected a Checkpoint, dict, list, tuple or array, got {obj!r:.80} of type "
                f"{type(obj)}."
            )
        own = build(obj)
        return own.objects, match_children(own.graph, self._graph)
